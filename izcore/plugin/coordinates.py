"""Records of coordinates: the discrete choices that complete an instruction."""

from typing import Annotated, Literal

from msgspec import Meta

from izcore.plugin.examples import Example
from izcore.plugin.record import Record
from izcore.plugin.target_profile import TargetProfile

Place = Literal["", "system", "before", "after"]
"""Where an instruction stands: in the system message, before or after the input; empty, as a run has it."""


class CoordinateValue(Record):
    """One choice of a coordinate, and what it adds to a prompt.

    ``name`` tells the choice apart from the others of its coordinate and says in results what was chosen,
    such as "only the answer". ``clause`` is a sentence that stands behind the instruction; empty for none.
    ``answer_mark`` is what the model is told to write before its answer, and what stands behind the last one
    in its text is graded; empty where the whole text is. ``room`` is how many tokens such an answer needs.
    ``exemplars`` are solved examples that are shown before the input; ``as_turns`` shows them as turns of a
    conversation in which the model has answered them. ``placement`` says where the instruction stands; empty,
    it stands where the run is set to have it.
    """

    name: Annotated[str, Meta(min_length=1)]
    clause: str = ""
    answer_mark: str = ""
    room: Annotated[int, Meta(ge=0)] = 0
    exemplars: tuple[Example, ...] = ()
    as_turns: bool = False
    placement: Place = ""


class CoordinateChoices(Record):
    """A coordinate of a run as a surrogate is told of it: its name, and those of its values, plainest first.

    Its number in a latent stands for the first value in the first of as many equal shares of [0, 1] as there
    are values, for the second in the second, and so on.
    """

    name: str
    values: tuple[str, ...]


class CoordinateRequest(Record):
    """What a coordinate is told of a run: the targets of demonstrations and validation examples, described.

    ``profile`` describes them, ``demonstrations`` are examples that may be shown, and ``seed`` is for a
    coordinate that draws something. ``placements`` are the places where an instruction can stand, the one
    that the run is set to first; there, empty means a place that only the template knows. ``turns`` says
    whether exemplars can be turns: template and scorer allow it, and they are not turns anyway.
    """

    profile: TargetProfile
    demonstrations: tuple[Example, ...]
    seed: int
    placements: tuple[Place, ...] = ()
    turns: bool = False


class CoordinateResult(Record):
    """The choices that make sense for a run, each with a name of its own, the plainest first.

    A coordinate with a single one has nothing to choose, and is left out of the run.
    """

    values: tuple[CoordinateValue, ...]
