"""How Claude models differ in what a request may hold. Everything that depends on a model is here.

Sources: the SDK's own documentation of the request fields and Anthropic's model and migration pages, as of
2026-11. A model that the table does not know is taken for an open model behind a compatible server.
"""

import re
from dataclasses import dataclass, replace
from typing import Any

from izcore.plugin import UsageError
from izcore_anthropic.options import AnthropicOptions

PLAIN_OUTPUT_TOKENS = 256
REASONING_OUTPUT_TOKENS = 4096
"""Default room for an answer; a model that reasons spends most of it before it answers."""

SAMPLING_VERSION = "2023-06-01"
"""The last version of the API that takes a temperature; the SDK asks for a later one by itself."""


@dataclass(frozen=True)
class Quirks:
    """What is special about a model.

    ``takes_temperature``: while it does not reason. ``takes_effort``: whether it can reason in steps.
    ``reasons``: whether it does so unless told not to. ``thinking_on`` and ``thinking_off``: the ``thinking``
    that turns reasoning on or off; empty where nothing need be sent, None where it cannot be done.
    ``takes_images``: whether it can be shown images.
    """

    takes_temperature: bool = False
    takes_effort: bool = True
    reasons: bool = False
    thinking_on: str = ""
    thinking_off: str | None = ""
    takes_images: bool = True


OPEN_MODEL = Quirks(takes_temperature=True, thinking_off="disabled")
ON_REQUEST = Quirks(thinking_on="adaptive")
BY_DEFAULT = Quirks(reasons=True, thinking_off="disabled")

TABLE = (
    (r"claude-(opus|sonnet)-4-6", replace(ON_REQUEST, takes_temperature=True)),
    (r"claude-opus-4-[78]", ON_REQUEST),
    (r"claude-(instant|2)", Quirks(takes_temperature=True, takes_effort=False, takes_images=False)),
    (r"claude-(3|(opus|sonnet|haiku)-4)", Quirks(takes_temperature=True, takes_effort=False)),
    (r"claude-sonnet-5-5", replace(BY_DEFAULT, thinking_off="between_tools")),
    (r"claude-(opus-5-5|fable|mythos)", replace(BY_DEFAULT, thinking_off=None)),
    (r"claude-", BY_DEFAULT),
)


def quirks_of(model: str) -> Quirks:
    """Return the quirks of a model by its name (``provider/`` and ``provider.`` prefixes do not matter)."""
    name = re.sub(r"^.*[/.](?=claude-)", "", model.lower())
    return next((quirks for pattern, quirks in TABLE if re.match(pattern, name)), OPEN_MODEL)


REASONING_TOKENS = 500
"""About so many tokens a model spends on reasoning about a short question."""


def reasons(options: AnthropicOptions, quirks: Quirks) -> bool:
    """Whether the model reasons before it answers."""
    return quirks.reasons if options.reasoning_effort is None else options.reasoning_effort != "none"


def takes_temperature(options: AnthropicOptions, quirks: Quirks) -> bool:
    """Whether a call with these options may hold a temperature."""
    return quirks.takes_temperature and not reasons(options, quirks)


def request_fields(options: AnthropicOptions, quirks: Quirks) -> dict[str, Any]:
    """Return the fields of a request that are the same for every prompt.

    Raises UsageError for an option that the model does not take, rather than leaving it out silently;
    only the default temperature of 0 is left out.
    """
    effort = options.reasoning_effort
    thinks = reasons(options, quirks)
    if thinks and not quirks.takes_effort:
        raise _not_taken(options.model, "reasoning_effort", "it has no such steps")
    if effort == "none" and quirks.thinking_off is None:
        raise _not_taken(options.model, "reasoning_effort", "it always reasons; the least is low")
    fields: dict[str, Any] = {
        "model": options.model,
        "max_tokens": options.max_output_tokens
        or (REASONING_OUTPUT_TOKENS if thinks else PLAIN_OUTPUT_TOKENS),
    }
    if takes_temperature(options, quirks):
        if options.temperature is not None:
            fields["temperature"] = options.temperature
    elif options.temperature:
        only = " while it reasons" if quirks.takes_temperature else ""
        raise _not_taken(options.model, "temperature", f"it samples in its own way{only}")
    if effort not in (None, "none"):
        fields["output_config"] = {"effort": effort}
    thinking = "" if effort is None else quirks.thinking_on if thinks else quirks.thinking_off
    if thinking:
        fields["thinking"] = {"type": thinking}
    if options.stop:
        fields["stop_sequences"] = list(options.stop)
    if options.system:
        fields["system"] = options.system
    return fields


def _not_taken(model: str, option: str, reason: str) -> UsageError:
    return UsageError(
        f"scorer.{option}: {model} does not take it; {reason}.",
        hint=f"Leave scorer.{option} out, or choose another model.",
    )
