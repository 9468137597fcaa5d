"""Records of coordinates: the discrete choices that complete an instruction."""

from typing import Annotated

from msgspec import Meta

from izcore.plugin.examples import Example
from izcore.plugin.record import Record
from izcore.plugin.target_profile import TargetProfile


class CoordinateValue(Record):
    """One choice of a coordinate, and what it adds to a prompt.

    ``name`` tells the choice apart from the others of its coordinate and says in results what was chosen,
    such as "only the answer". ``clause`` is a sentence that stands behind the instruction; empty for none.
    ``answer_mark`` is what the model is told to write before its answer, and what stands behind the last one
    in its text is graded; empty where the whole text is. ``room`` is how many tokens such an answer needs.
    """

    name: Annotated[str, Meta(min_length=1)]
    clause: str = ""
    answer_mark: str = ""
    room: Annotated[int, Meta(ge=0)] = 0


class CoordinateRequest(Record):
    """What a coordinate is told of a run: the targets of demonstrations and validation examples, described.

    ``profile`` describes them, ``demonstrations`` are examples that may be shown, and ``seed`` is for a
    coordinate that draws something.
    """

    profile: TargetProfile
    demonstrations: tuple[Example, ...]
    seed: int


class CoordinateResult(Record):
    """The choices that make sense for a run, each with a name of its own, the plainest first."""

    values: tuple[CoordinateValue, ...]
