"""What a message holds: text, and images before it."""

from typing import Any

from izcore.plugin import Image, ImageLimits, Message, encode_image
from izcore_openai.options import OpenAIOptions
from izcore_openai.quirks import Quirks

LARGEST_REQUEST = 50 * 2**20
"""Bytes of a request that OpenAI takes: https://platform.openai.com/docs/guides/images-vision"""
OTHER_IMAGE_TOKENS = 16_384
"""Most tokens of an image for open models, such as Qwen's, which count most."""


def image_limits(options: OpenAIOptions, quirks: Quirks, *, official: bool) -> ImageLimits | None:
    """Return what a model takes of images; None where it takes none."""
    if not quirks.image_tokens and not options.image_tokens:
        return None
    listed = quirks.image_tokens if official else max(quirks.image_tokens, OTHER_IMAGE_TOKENS)
    return ImageLimits(
        tokens=options.image_tokens or listed,
        likely=quirks.likely_image_tokens,
        together=LARGEST_REQUEST if official else 0,
    )


def content_of(message: Message, detail: str) -> str | list[dict[str, Any]]:
    """Return the content of a message: its text, or parts where it shows images."""
    if not message.images:
        return message.text
    images = [{"type": "image_url", "image_url": _image_url(image, detail)} for image in message.images]
    return [*images, {"type": "text", "text": message.text}]


def _image_url(image: Image, detail: str) -> dict[str, str]:
    encoded = encode_image(image)
    url = f"data:{encoded.media_type};base64,{encoded.data}" if encoded else image.source
    return {"url": url} if detail == "auto" else {"url": url, "detail": detail}
