"""How OpenAI's models differ in what a request may hold. Everything that depends on a model is here.

Sources: the SDK's own documentation of the request fields, OpenAI's model pages and parameter guides, as
of 2026-11. A model that the table does not know is taken for an open model behind a compatible server.
"""

import re
from dataclasses import dataclass, replace
from typing import Any, Literal

from izcore.plugin import UsageError
from izcore_openai.options import OpenAIOptions

PLAIN_OUTPUT_TOKENS = 256
REASONING_OUTPUT_TOKENS = 4096
"""Default room for an answer; a model that reasons spends most of it before it answers."""


@dataclass(frozen=True)
class Quirks:
    """What is special about a model.

    ``reasons``: one of OpenAI's reasoning models (``max_completion_tokens``, ``developer`` role).
    ``temperature``: whether the model takes temperature and top_p. ``default_effort``: what it does where
    no effort is sent. ``takes_effort``: whether it knows ``reasoning_effort`` at all. ``takes_stop``:
    whether it takes stop sequences. ``writes_cache``: OpenAI bills what it caches at a higher price.
    ``image_tokens``: the most that an image counts; 0 for a model that takes none. ``likely_image_tokens``:
    what one of 1024 × 1024 pixels does.
    """

    reasons: bool = False
    temperature: Literal["always", "without reasoning", "never"] = "always"
    default_effort: str = "none"
    takes_effort: bool = True
    takes_stop: bool = True
    writes_cache: bool = False
    image_tokens: int = 12_000
    likely_image_tokens: int = 1_000


REASONING_TOKENS = {
    "none": 0,
    "minimal": 50,
    "low": 200,
    "medium": 500,
    "high": 1500,
    "xhigh": 3000,
    "max": 4000,
}
"""About so many tokens a model spends on reasoning about a short question, by its effort."""

OPEN_MODEL = Quirks()
PLAIN = Quirks(takes_effort=False)
REASONING = Quirks(reasons=True, temperature="never", default_effort="medium")
FIRST_REASONING = replace(REASONING, takes_stop=False)

TABLE = (
    (r"gpt-(3\.5|35|4(-\d{4}|-32k|$))", replace(PLAIN, image_tokens=0)),
    (r"gpt-4o-mini", replace(PLAIN, image_tokens=48_200, likely_image_tokens=25_500)),
    (r"o1-(mini|preview)", replace(REASONING, image_tokens=0)),
    (r"o3-mini", replace(FIRST_REASONING, image_tokens=0)),
    (r"gpt-oss", replace(OPEN_MODEL, image_tokens=0)),
    (r"gpt-(3\.5|35|4)|chatgpt-4o|gpt-5-chat", PLAIN),
    (r"gpt-5\.[1-4]\b", replace(REASONING, temperature="without reasoning", default_effort="none")),
    (r"gpt-5\.6\b", replace(REASONING, temperature="without reasoning", writes_cache=True)),
    (r"gpt-5\b", REASONING),
    (r"gpt-\d", replace(REASONING, writes_cache=True)),
    (r"o1\b", REASONING),
    (r"o\d+\b", FIRST_REASONING),
)


def quirks_of(model: str, reasoning: bool | None = None) -> Quirks:
    """Return the quirks of a model by its name (``provider/`` prefixes do not matter).

    ``reasoning`` says what a name that tells nothing cannot: whether it is an OpenAI reasoning model.
    """
    name = model.rpartition("/")[2].lower()
    found = next((quirks for pattern, quirks in TABLE if re.match(pattern, name)), OPEN_MODEL)
    if reasoning is None or reasoning == found.reasons:
        return found
    return REASONING if reasoning else OPEN_MODEL


def takes_temperature(options: OpenAIOptions, quirks: Quirks) -> bool:
    """Whether a call with these options may hold a temperature."""
    effort = options.reasoning_effort or quirks.default_effort
    return quirks.temperature == "always" or (quirks.temperature == "without reasoning" and effort == "none")


def request_fields(options: OpenAIOptions, quirks: Quirks) -> dict[str, Any]:
    """Return the fields of a request that are the same for every prompt.

    Raises UsageError for an option that the model does not take, rather than leaving it out silently;
    only the default temperature of 0 is left out.
    """
    effort = options.reasoning_effort or quirks.default_effort
    if options.reasoning_effort and not quirks.takes_effort:
        raise _not_taken(options.model, "reasoning_effort", "it does not reason")
    if options.stop and not quirks.takes_stop:
        raise _not_taken(options.model, "stop", "OpenAI's reasoning models take no stop sequences")
    fields: dict[str, Any] = {"model": options.model}
    if takes_temperature(options, quirks):
        if options.temperature is not None:
            fields["temperature"] = options.temperature
        if options.top_p is not None:
            fields["top_p"] = options.top_p
    elif options.temperature or options.top_p is not None:
        name = "temperature" if options.temperature else "top_p"
        only = " unless reasoning_effort is none" if quirks.temperature == "without reasoning" else ""
        raise _not_taken(options.model, name, f"it samples in its own way{only}")
    fields["max_completion_tokens" if quirks.reasons else "max_tokens"] = options.max_output_tokens or (
        PLAIN_OUTPUT_TOKENS if effort == "none" else REASONING_OUTPUT_TOKENS
    )
    if options.stop:
        fields["stop"] = list(options.stop)
    if options.seed is not None:
        fields["seed"] = options.seed
    if options.reasoning_effort:
        fields["reasoning_effort"] = options.reasoning_effort
    return fields


def _not_taken(model: str, option: str, reason: str) -> UsageError:
    return UsageError(
        f"scorer.{option}: {model} does not take it; {reason}.",
        hint=f"Leave scorer.{option} out, or choose another model.",
    )
