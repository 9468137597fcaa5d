"""What the writing generators share: asking a model, beginning with given instructions, proposals."""

import random
from collections.abc import Sequence
from pathlib import Path

from izcore.plugin import (
    USER,
    AskRequest,
    BackendContext,
    BackendError,
    Candidate,
    Completion,
    GenerateRequest,
    GenerateResult,
    Generator,
    Latent,
    PrepareRequest,
    PrepareResult,
    Prompt,
    Record,
    derive_seed,
    read_instructions,
)
from izcore_writers.leaks import Secrets
from izcore_writers.options import TRIES, WriterOptions
from izcore_writers.reading import read_instruction
from izcore_writers.templates import PROPOSE, PROPOSE_PREFILL, as_pairs, fill

WORD = 16
"""Bytes of a word, with the space before it, that no text has on average."""

PROPOSAL_TEMPERATURE = 0.9
PROPOSAL_ROOM = 100
"""As APE has them, for the first instructions of methods that have no way of their own to get any."""


class Draft(Record):
    """An instruction to be written: what the model is asked, and what stands in if it writes none.

    ``room`` is in tokens; ``prefill`` is how the answer begins where a model can be made to; ``tag`` is the
    mark-up that the model was asked to put around the instruction, if any; ``only_tagged`` says that nothing
    outside of it counts. ``secrets`` are what the model was shown and an instruction may not contain.
    """

    text: str
    temperature: float
    room: int
    prefill: str = ""
    tag: str = ""
    only_tagged: bool = False
    secrets: Secrets = Secrets()
    stand_in: str = ""


class Written(Record):
    """An instruction, and the model's unedited text; that is empty where a model wrote none.

    ``fault`` says why what a model gave is no instruction, such as "a refusal"; ``instruction`` is then what
    stands in, if anything does.
    """

    instruction: str = ""
    raw: str = ""
    fault: str = ""

    def candidate(self, latent: Latent) -> Candidate:
        """Return what was written as the candidate of a latent."""
        return Candidate(latent=latent, instruction=self.instruction, raw=self.raw, unwritten=self.fault)


class WritingGenerator(Generator):
    """Lets a model write instructions; latents play no part.

    What is asked follows from the request alone, so that a run that is resumed asks the same, and finds the
    answers that it had. Prompts that are asked several times are told apart by ``Prompt.sample``, which
    follows from the run's seed, the round, the place within it, and the try.
    """

    def __init__(self, options: WriterOptions, context: BackendContext) -> None:
        self._common = options
        self._ask = context.ask
        self._initial: tuple[str, ...] = ()

    def drafts(self, request: GenerateRequest, numbers: range) -> list[Draft]:
        """Say what shall be written for these candidates of the round, by their numbers in it."""
        return self.proposals(request, numbers)

    def prepare(self, request: PrepareRequest) -> PrepareResult:
        """Read the given instructions, once per run; say that latents have one dimension, a formality."""
        given = request.state.get("initial", self._common.initial)
        self._initial = read_instructions(Path(given)) if isinstance(given, str) and given else tuple(given)
        return PrepareResult(latent_dim=1, state={"initial": list(self._initial)})

    def longest_instruction(self) -> int:
        """Return the most bytes of an instruction, to judge by the most words that it may have."""
        given = () if isinstance(self._common.initial, str) else self._common.initial
        return max(self._common.max_words * WORD, *(len(text.encode()) for text in given), 0)

    async def generate(self, request: GenerateRequest) -> GenerateResult:
        """Offer the given instructions that were not tried yet, then what the model writes."""
        tried = {trial.candidate.sentence for trial in request.history}
        given = [text for text in dict.fromkeys(self._initial) if text not in tried][: len(request.latents)]
        offered = [
            Candidate(latent=latent, instruction=text, writer=USER)
            for latent, text in zip(request.latents, given, strict=False)
        ]
        written = await self.write(request, request.latents[len(given) :], given)
        return GenerateResult(candidates=(*offered, *written))

    async def write(
        self, request: GenerateRequest, latents: Sequence[Latent], given: Sequence[str]
    ) -> list[Candidate]:
        """Have the model write the candidates of the round behind those ``given``, one of each latent."""
        numbers = range(len(given), len(request.latents))
        drafts = self.drafts(request, numbers)
        written = await self.written(drafts, given, seed=request.seed, numbers=range(len(drafts)))
        return [one.candidate(latent) for latent, one in zip(latents, written, strict=True)]

    def proposals(
        self,
        request: GenerateRequest,
        numbers: Sequence[int],
        *,
        temperature: float = PROPOSAL_TEMPERATURE,
        room: int = PROPOSAL_ROOM,
    ) -> list[Draft]:
        """Ask what the instruction behind some demonstrations was, each time others or in another order."""
        shown = min(self._common.exemplars, len(request.demonstrations))
        drafts = []
        for number in numbers:
            draw = random.Random(derive_seed(request.seed, "proposal", number))
            pairs = as_pairs(draw.sample(request.demonstrations, shown))
            text = fill(PROPOSE, demonstrations=pairs)
            drafts.append(Draft(text=text, temperature=temperature, room=room, prefill=PROPOSE_PREFILL))
        return drafts

    async def written(
        self, drafts: Sequence[Draft], given: Sequence[str], *, seed: int, numbers: Sequence[int]
    ) -> list[Written]:
        """Have every draft written, and put its stand-in, or another of the round, where that failed.

        The ``numbers`` tell the answers to equal drafts apart.
        """
        written: dict[int, Written] = {}
        faults: dict[int, str] = {}
        for attempt in range(TRIES):
            missing = [number for number in range(len(drafts)) if number not in written]
            if not missing:
                break
            asked, samples = [drafts[n] for n in missing], [numbers[n] for n in missing]
            answers = await self.attempts(asked, samples, attempt, seed)
            for number, answer in zip(missing, answers, strict=True):
                if answer.fault:
                    faults[number] = answer.fault
                else:
                    written[number] = answer
        others = [*(one.instruction for one in written.values()), *given]
        failed = [number for number in range(len(drafts)) if number not in written]
        if failed and not others and not any(draft.stand_in for draft in drafts):
            reasons = ", ".join(sorted(set(faults.values())))
            raise BackendError(
                f"The writing model gave no instruction, asked {TRIES} times for each of {len(drafts)}: "
                f"{reasons}.",
                hint="See what it says with --log-file FILE --log-text, or let another model write: "
                "--set generator.writer=SCORER:MODEL. The run is kept.",
            )
        stand_ins = {
            n: Written(instruction=drafts[n].stand_in or others[n % len(others)], fault=faults[n])
            for n in failed
        }
        return [written.get(n) or stand_ins[n] for n in range(len(drafts))]

    async def attempts(
        self, drafts: Sequence[Draft], numbers: Sequence[int], attempt: int, seed: int
    ) -> list[Written]:
        """Have every draft written, once; what is no instruction has a fault."""
        prompts = [
            Prompt(
                text=draft.text,
                temperature=draft.temperature,
                sample=derive_seed(seed, "sample", number, attempt),
                room=draft.room,
                prefill=draft.prefill,
            )
            for draft, number in zip(drafts, numbers, strict=True)
        ]
        completions = await self.answers(prompts)
        return [self._read(draft, answer) for draft, answer in zip(drafts, completions, strict=True)]

    async def answers(self, prompts: Sequence[Prompt]) -> tuple[Completion | None, ...]:
        """Return what the writing model answers; None where a call failed for good."""
        if self._ask is None:
            raise BackendError(
                "A generator was asked to write outside a run.", hint="This is a fault of the caller."
            )
        return (await self._ask(AskRequest(option="writer", prompts=tuple(prompts)))).completions

    def _read(self, draft: Draft, completion: Completion | None) -> Written:
        if completion is None:
            return Written(fault="no answer")
        # What a model says when it refuses is no instruction.
        if completion.finish in ("refusal", "filtered"):
            return Written(fault="a refusal")
        text = read_instruction(
            completion.text,
            asked=draft.text,
            tag=draft.tag,
            only_tagged=draft.only_tagged,
            prefill=draft.prefill,
            max_words=self._common.max_words,
        )
        if not text:
            return Written(fault="no new instruction")
        if draft.secrets.leaked_by(text):
            return Written(fault="an example in it")
        return Written(instruction=text, raw=completion.text)
