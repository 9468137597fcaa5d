"""The coordinate ``form``: how the answer shall look, as far as the targets tell."""

from collections.abc import Iterator

from izcore.builtins.options import OutputFormOptions
from izcore.plugin import (
    BackendContext,
    Coordinate,
    CoordinateRequest,
    CoordinateResult,
    CoordinateValue,
    TargetProfile,
)

MOST_LABELS = 20
"""More labels than this make a prompt long; the model is then only asked for the answer."""

SHORT = 2
"""Words of the median target up to which "one or two words" is true."""

ANSWER_MARK = "Answer:"


class OutputForm(Coordinate):
    """Offers no demand, "only the answer", and what the targets' profile makes sense of.

    Models that were trained to chat like to answer in sentences, which a strict metric does not count.
    """

    def __init__(self, options: OutputFormOptions, context: BackendContext) -> None:
        self._options = options

    def values(self, request: CoordinateRequest) -> CoordinateResult:
        """Return the forms that fit the profile."""
        own = [CoordinateValue(name=clause, clause=clause) for clause in self._options.clauses]
        found = [
            CoordinateValue(name="no demand"),
            CoordinateValue(name="only the answer", clause="Write only the answer."),
            *_forms_of(request.profile),
            *([self._reasoned()] if self._options.reason else []),
            *own,
        ]
        return CoordinateResult(values=tuple({value.name: value for value in found}.values()))

    def _reasoned(self) -> CoordinateValue:
        return CoordinateValue(
            name="reason first",
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
