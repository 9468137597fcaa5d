"""What a message holds: text, and images before it."""

from typing import Any

from izcore.plugin import Image, ImageLimits, Message, Prompt, encode_image
from izcore_anthropic.options import AnthropicOptions
from izcore_anthropic.quirks import Quirks

IMAGE_TOKENS = 5_000
"""Most tokens that Claude counts for an image, which is scaled down before:
https://platform.claude.com/docs/en/build-with-claude/vision"""
LARGEST_IMAGE = 5 * 2**20
LARGEST_REQUEST = 32 * 2**20
"""Bytes that Anthropic takes of one image, and of a request."""


def image_limits(options: AnthropicOptions, quirks: Quirks) -> ImageLimits | None:
    """Return what a model takes of images; None where it takes none."""
    if not quirks.takes_images:
        return None
    tokens = options.image_tokens or IMAGE_TOKENS
    return ImageLimits(tokens=tokens, each=LARGEST_IMAGE, together=LARGEST_REQUEST)


def messages_of(prompt: Prompt) -> tuple[Message, ...]:
    """Return the messages of a prompt; they are one where the assistant would have the first word."""
    messages = prompt.messages
    if messages[0].role == "user":
        return messages
    return Prompt(text=prompt.text, turns=prompt.turns, images=prompt.images).folded().messages


def content_of(message: Message) -> str | list[dict[str, Any]]:
    """Return the content of a message: its text, or blocks where it shows images."""
    if not message.images:
        return message.text
    images = [{"type": "image", "source": _source(image)} for image in message.images]
    return [*images, {"type": "text", "text": message.text}]


def _source(image: Image) -> dict[str, str]:
    encoded = encode_image(image)
    if encoded is None:
        return {"type": "url", "url": image.source}
    return {"type": "base64", "media_type": encoded.media_type, "data": encoded.data}
