"""Images: found when a task is loaded, known by their content, and sent only as they were then."""

import base64
from pathlib import Path

import pytest
from support import PNG

from izcore.plugin import DataError, FatalScorerError, Image, encode_image, find_image

CONTENTS = {
    "image/png": PNG,
    "image/jpeg": b"\xff\xd8\xff\xe0 and more",
    "image/gif": b"GIF89a and more",
    "image/webp": b"RIFF\x0a\x00\n\x00WEBP and more",
}


@pytest.mark.parametrize("media_type", CONTENTS)
def test_a_file_is_encoded_as_what_it_holds(tmp_path: Path, media_type: str) -> None:
    (tmp_path / "picture.bin").write_bytes(CONTENTS[media_type])
    image = find_image("picture.bin", str(tmp_path))
    encoded = encode_image(image)
    assert encoded is not None
    assert (encoded.media_type, base64.b64decode(encoded.data)) == (media_type, CONTENTS[media_type])
    assert not image.is_url


def test_a_file_is_the_same_image_wherever_it_lies(tmp_path: Path) -> None:
    for name in ("a.png", "b.png"):
        (tmp_path / name).write_bytes(PNG)
    first, second = (find_image(str(tmp_path / name)) for name in ("a.png", "b.png"))
    assert first != second
    assert first.identity == second.identity


def test_a_url_is_taken_as_it_is() -> None:
    image = find_image(" https://example.org/a%20cat.png?size=2 ")
    assert image == Image(source="https://example.org/a%20cat.png?size=2")
    assert image.is_url


def test_a_data_url_holds_its_content() -> None:
    image = find_image("data:image/png;base64," + base64.b64encode(PNG).decode())
    encoded = encode_image(image)
    assert encoded is not None
    assert (encoded.media_type, base64.b64decode(encoded.data)) == ("image/png", PNG)
    assert len(image.label) == 16
    with pytest.raises(DataError, match="data URL"):
        find_image("data:text/html,<p>")


@pytest.mark.parametrize(
    ("content", "words"),
    [(None, "is missing"), (b"", "is empty"), (b"<svg/>", "no PNG, JPEG, GIF or WebP image")],
)
def test_what_is_no_image_is_told(tmp_path: Path, content: bytes | None, words: str) -> None:
    if content is not None:
        (tmp_path / "a.png").write_bytes(content)
    with pytest.raises(DataError, match=f"the image a.png {'' if content is None else 'is '}.*{words[3:]}"):
        find_image("a.png", str(tmp_path))


@pytest.mark.parametrize("source", [".", "a\0.png", "x" * 5000])
def test_what_is_no_path_is_told(tmp_path: Path, source: str) -> None:
    with pytest.raises(DataError, match="cannot be read"):
        find_image(source, str(tmp_path))


def test_a_file_that_changed_is_not_sent(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(PNG)
    image = find_image(str(path))
    path.write_bytes(PNG + b"!")
    with pytest.raises(FatalScorerError, match="not what it was"):
        encode_image(image)
    path.unlink()
    with pytest.raises(FatalScorerError, match="cannot be read"):
        encode_image(image)
