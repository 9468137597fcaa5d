"""Images that a prompt shows: found when a task is loaded, encoded when they are sent."""

import base64
import hashlib
import re
from pathlib import Path

from izcore.plugin.calls import Image, Prompt
from izcore.plugin.errors import DataError, FatalScorerError, UsageError
from izcore.plugin.record import Record

IMAGE_SUFFIXES = (".png", ".jpg", ".jpeg", ".gif", ".webp")
"""Endings of the files that models take."""

_BEGINNINGS = {
    "image/png": re.compile(rb"\x89PNG\r\n\x1a\n"),
    "image/jpeg": re.compile(rb"\xff\xd8\xff"),
    "image/gif": re.compile(rb"GIF8[79]a"),
    "image/webp": re.compile(rb"RIFF....WEBP", re.DOTALL),
}
_URL = re.compile(r"https?://\S+", re.IGNORECASE)
_DATA_URL = re.compile(r"data:(image/(?:png|jpeg|gif|webp));base64,([A-Za-z0-9+/]+={0,2})")


class EncodedImage(Record):
    """The content of an image's file: its media type (``image/png`` …), and the bytes in Base64."""

    media_type: str
    data: str


class ImageLimits(Record):
    """What a model takes of images.

    ``tokens`` is the most that one image counts, ``likely`` what one of usual size does. ``each`` and
    ``together`` are the most bytes, in Base64, of one image and of all images of a prompt; 0 where there is
    no such limit, or none that is known.
    """

    tokens: int
    likely: int = 1_000
    each: int = 0
    together: int = 0


def find_image(source: str, folder: str = "") -> Image:
    """Return the image that a task names by a URL (http, https, data), or by a path, relative to ``folder``.

    A file is read, to know it again. Raises DataError for one that is missing or is not a PNG, JPEG, GIF or
    WebP image.
    """
    source = source.strip()
    if source.startswith("data:") and not _DATA_URL.fullmatch(source):
        raise DataError("a data URL holds no PNG, JPEG, GIF or WebP image in Base64")
    if _URL.fullmatch(source) or _DATA_URL.fullmatch(source):
        return Image(source=source)
    try:
        path = (Path(folder) / Path(source).expanduser()).absolute()
        content = path.read_bytes()
    except FileNotFoundError:
        raise DataError(f"the image {source} is missing") from None
    except (OSError, ValueError, RuntimeError) as error:
        reason = getattr(error, "strerror", None) or error
        raise DataError(f"the image {source} cannot be read: {reason}") from None
    if _media_type(content) is None:
        what = "empty" if not content else "no PNG, JPEG, GIF or WebP image"
        raise DataError(f"the image {source} is {what}")
    return Image(source=str(path), digest=hashlib.sha256(content).hexdigest())


def encode_image(image: Image) -> EncodedImage | None:
    """Return the content of an image's file or data URL; None for a URL whose content is elsewhere.

    Raises FatalScorerError if the file is gone or is another than it was when the task was loaded.
    """
    if image.is_url:
        held = _DATA_URL.fullmatch(image.source)
        return EncodedImage(media_type=held[1], data=held[2]) if held else None
    try:
        content = Path(image.source).read_bytes()
    except OSError as error:
        raise FatalScorerError(f"The image {image.source} cannot be read: {error.strerror}.") from None
    media_type = _media_type(content)
    if media_type is None or hashlib.sha256(content).hexdigest() != image.digest:
        raise FatalScorerError(
            f"The image {image.source} is not what it was when the task was loaded.",
            hint="Put the former file back, or start another run.",
        )
    return EncodedImage(media_type=media_type, data=base64.b64encode(content).decode())


def check_images(prompt: Prompt, limits: ImageLimits, model: str) -> None:
    """Raise UsageError for images of a prompt that are gone, or too large for a model."""
    total = 0
    for image in prompt.all_images:
        size, name = _sent_size(image), f"image {image.label if image.is_url else image.source}"
        total += size
        for limit, found, what in (
            (limits.each, size, f"The {name} is"),
            (limits.together, total, f"The images of a prompt, with the {name}, are"),
        ):
            if limit and found > limit:
                raise UsageError(
                    f"{what} too large for {model}: {_megabytes(found)} as it is sent, "
                    f"and {_megabytes(limit)} are allowed.",
                    hint="Make it smaller: models scale large images down anyway.",
                )


def _sent_size(image: Image) -> int:
    """Return the bytes that an image has in Base64; 0 where only its URL is sent."""
    if image.is_url:
        return len(image.source) if image.source.startswith("data:") else 0
    try:
        return -(-Path(image.source).stat().st_size // 3) * 4
    except OSError as error:
        raise UsageError(f"The image {image.source} cannot be read: {error.strerror}.") from None


def _media_type(content: bytes) -> str | None:
    return next((name for name, begins in _BEGINNINGS.items() if begins.match(content)), None)


def _megabytes(size: int) -> str:
    return f"{size / 2**20:.1f} MiB"
