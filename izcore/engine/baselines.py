"""The instructions that the winner of a search is compared with on the test split."""

from izcore.plugin.examples import Example
from izcore.plugin.protocols import Generator
from izcore.plugin.record import Record
from izcore.plugin.trials import Guidance, PrepareRequest
from izcore.registry.guards import resolved

NO_INSTRUCTION = "no instruction"
GIVEN = "given"
EXEMPLARS_ALONE = "no instruction, same exemplars"


class NamedInstruction(Record):
    """An instruction to compare the winner with, its exemplars, and what people call it.

    ``as_turns`` shows the exemplars as turns of the conversation, as in :class:`Guidance`.
    """

    name: str
    instruction: str
    exemplars: tuple[Example, ...] = ()
    as_turns: bool = False

    @property
    def guidance(self) -> Guidance:
        """What the black box is given of it."""
        return Guidance(instruction=self.instruction, exemplars=self.exemplars, as_turns=self.as_turns)


async def find_baselines(
    generator: Generator,
    request: PrepareRequest,
    *,
    unsteered_name: str,
    given: tuple[str, ...],
    winner: Guidance,
) -> list[NamedInstruction]:
    """Return what to compare a winner with.

    That is no instruction, what the generator writes when nothing steers it (which people call
    ``unsteered_name``; without a name it writes nothing), the instructions that the user has ``given``, and
    the ``winner``'s exemplars without its instruction, where it has some. ``request`` is what the
    generator was prepared with.
    """
    found = [NamedInstruction(name=NO_INSTRUCTION, instruction="")]
    unsteered = await resolved(generator.write_unsteered(request)) if unsteered_name else None
    if unsteered is not None:
        found.append(NamedInstruction(name=unsteered_name, instruction=unsteered.instruction))
    for number, instruction in enumerate(given, 1):
        name = GIVEN if len(given) == 1 else f"{GIVEN} {number}"
        found.append(NamedInstruction(name=name, instruction=instruction))
    if winner.exemplars:
        found.append(
            NamedInstruction(
                name=EXEMPLARS_ALONE,
                instruction="",
                exemplars=winner.exemplars,
                as_turns=winner.as_turns,
            )
        )
    return found
