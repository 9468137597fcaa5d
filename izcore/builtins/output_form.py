"""The coordinate ``form``: how the answer shall look, as far as the targets tell."""

from collections.abc import Iterator

from izcore.builtins.options import OutputFormOptions
from izcore.plugin import (
    BackendContext,
    ConfigError,
    Coordinate,
    CoordinateRequest,
    CoordinateResult,
    CoordinateValue,
    TargetProfile,
)
from izcore.plugin.target_profile import MOST

MOST_LABELS = 20
"""More labels than this make a prompt long; the model is then only asked for the answer."""

SHORT = 2
"""Words of the median target up to which "one or two words" is true."""

ANSWER_MARK = "Answer:"

REASONED = "reason first"

OTHER_LANGUAGE = 0.2
"""Of the targets this share has letters that English does without, where the language is another."""


class OutputForm(Coordinate):
    """Offers no demand, "only the answer", and what the targets' profile makes sense of.

    Models that were trained to chat like to answer in sentences, which a strict metric does not count.
    """

    def __init__(self, options: OutputFormOptions, context: BackendContext) -> None:
        self._options = options

    def values(self, request: CoordinateRequest) -> CoordinateResult:
        """Return the forms that fit the profile."""
        own = [CoordinateValue(name=clause, clause=clause) for clause in self._options.clauses]
        reason = self._options.reason or REASONED in self._options.forms
        fitting = [
            CoordinateValue(name="only the answer", clause="Write only the answer."),
            *_forms_of(request.profile),
            *([self._reasoned()] if reason else []),
        ]
        found = [CoordinateValue(name="no demand"), *self._wanted(fitting, request.profile), *own]
        return CoordinateResult(values=tuple({value.name: value for value in found}.values()))

    def _wanted(self, fitting: list[CoordinateValue], profile: TargetProfile) -> list[CoordinateValue]:
        """Return the forms that the user named, or all; raises ConfigError for one that does not fit."""
        forms, names = self._options.forms, [value.name for value in fitting]
        if unfit := [form for form in forms if form not in names]:
            raise ConfigError(
                f"coordinates.form.forms: {unfit[0]!r} does not fit this task, whose targets are "
                f"{profile.summary}.",
                hint=f"What fits: {', '.join(map(repr, names))}.",
            )
        return [value for value in fitting if not forms or value.name in forms]

    def _reasoned(self) -> CoordinateValue:
        return CoordinateValue(
            name=REASONED,
            clause="Think step by step. Then write the answer alone on a last line that begins with "
            f'"{ANSWER_MARK}".',
            answer_mark=ANSWER_MARK,
            room=self._options.room,
        )


def _forms_of(profile: TargetProfile) -> Iterator[CoordinateValue]:
    match profile.form:
        case "labels":
            if len(profile.labels) <= MOST_LABELS:
                labels = ", ".join(profile.labels)
                yield CoordinateValue(
                    name="one of the labels", clause=f"Answer with exactly one of these: {labels}."
                )
        case "numbers":
            yield CoordinateValue(name="a number", clause="Answer with a number only.")
        case "json":
            keys = f" with the keys {', '.join(profile.keys)}" if profile.keys else ""
            yield CoordinateValue(name="JSON", clause=f"Answer with JSON only{keys}, without any other text.")
        case "list":
            yield CoordinateValue(
                name="a list", clause="Answer only with a list on one line, its items between commas."
            )
        case "text":
            if profile.words <= SHORT:
                yield CoordinateValue(name="one or two words", clause="Answer with one or two words.")
            elif profile.one_line:
                yield CoordinateValue(name="one line", clause="Answer in one line, without explanation.")
            if (
                profile.words > SHORT
                and profile.input_script >= MOST
                and profile.beyond_ascii >= OTHER_LANGUAGE
            ):
                yield CoordinateValue(
                    name="the input's language", clause="Answer in the language of the input."
                )
