"""Options of the named tasks."""

from typing import Annotated, Literal

from izcore.plugin import Meta, Options


class PublishedOptions(Options, frozen=True, kw_only=True):
    """Which published task, and where it is downloaded from."""

    name: Annotated[str, Meta(description="The task's name in the collection")]
    base_url: Annotated[
        str,
        Meta(
            pattern="^https?://",
            description="Download from here; repository, commit and path follow. What comes is checked all "
            "the same",
        ),
    ] = "https://raw.githubusercontent.com"


class SyntheticOptions(Options, frozen=True, kw_only=True):
    """How many examples are made."""

    size: Annotated[int, Meta(ge=1, le=5_000, description="Number of examples, all different")] = 200


class NumberWordsOptions(SyntheticOptions, frozen=True, kw_only=True):
    """How many numbers, in which language and form."""

    language: Annotated[
        str, Meta(min_length=2, description="Language of the words, as num2words names it: en, de, fr …")
    ] = "en"
    form: Annotated[Literal["cardinal", "ordinal"], Meta(description="Forty-two, or forty-second")] = (
        "cardinal"
    )
