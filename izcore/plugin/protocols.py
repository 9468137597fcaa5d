"""What a backend must be able to do. One request record in, one result record out.

Subclass the protocol of your kind (its optional methods then have working defaults) or just match it.
The core owns budget, cache, retries, seeds, statistics and persistence; a backend never writes them.
No backend may change what it is given; all requests and results are immutable.
"""

import math
from collections.abc import Awaitable, Iterator, Sequence
from typing import Protocol

from izcore.plugin.calls import CompletionRequest, CompletionResult, Prompt, ScorerInfo, Usage
from izcore.plugin.coordinates import CoordinateRequest, CoordinateResult
from izcore.plugin.evaluation import RungsRequest, RungsResult, StayRequest, StayResult
from izcore.plugin.examples import (
    Agreement,
    FetchRequest,
    FetchResult,
    LoadRequest,
    MetricRequest,
    MetricResult,
    TaskData,
)
from izcore.plugin.exports import ExportRequest, ExportResult
from izcore.plugin.jobs import Job
from izcore.plugin.trials import (
    Candidate,
    GenerateRequest,
    GenerateResult,
    LocateRequest,
    LocateResult,
    PrepareRequest,
    PrepareResult,
    SuggestRequest,
    SuggestResult,
)

BYTES_PER_TOKEN = 4
"""A rule of thumb for what is likely; a tokenizer knows better."""

FRAME_TOKENS = 8
"""Tokens that mark the roles of a chat, about."""


class Generator(Protocol):
    """Writes instructions: latents, demonstrations and history in, instructions out."""

    def pool_size(self) -> int | None:
        """Return the number of instructions on offer where that is finite. Cheap; loads no model."""
        return None

    def longest_instruction(self) -> int | None:
        """Return the most bytes of UTF-8 that an instruction can have; None where that is not known.

        The most that a run can cost follows from it. Cheap; loads no model.
        """
        return None

    def prepare(self, request: PrepareRequest) -> PrepareResult:
        """Load models, calibrate, and say the latent dimension. Called once per process, first.

        With ``request.state`` from an earlier process the result must be the same as then.
        """
        ...

    def generate(self, request: GenerateRequest) -> GenerateResult | Awaitable[GenerateResult]:
        """Turn each latent into a candidate, in order, deterministically for equal requests.

        May be ``async def``, for generators that wait for a model.
        """
        ...

    def locate(self, request: LocateRequest) -> LocateResult | Awaitable[LocateResult | None] | None:
        """Say where the sentences tried so far lie in the space of latents. None: where they were written.

        For generators whose latents are properties of a sentence, so that sentences of other writers have a
        place too, or whose space changes with what is learned. Asked in every round before the surrogate,
        which sees the latents that come of it. Deterministic for equal requests. May be ``async def``, for
        generators that ask a model.
        """
        return None

    def write_unsteered(self, request: PrepareRequest) -> Candidate | Awaitable[Candidate | None] | None:
        """Write what nothing steers: a baseline. None where that makes no sense.

        May be ``async def``.
        """
        return None


class Scorer(Protocol):
    """The black-box model: prompts in, completions with token usage out."""

    def info(self) -> ScorerInfo:
        """Say identity, batch size, concurrency and price. Cheap; loads no model."""
        ...

    def bound(self, prompt: Prompt) -> Usage:
        """Return an upper bound on the tokens that this prompt can use; the budget reserves it.

        It is asked while a run is planned, too: a :class:`~izcore.plugin.errors.UsageError` for a prompt that
        can be seen to be impossible costs nothing then.
        """
        ...

    def expected(self, prompt: Prompt) -> Usage:
        """Return what this prompt is likely to use, apart from the text of the answer.

        That is the input tokens, and as output tokens the reasoning before an answer. What a run is likely to
        cost follows from it, until its own answers tell better.
        """
        likely = math.ceil(len(prompt.folded().text.encode("utf-8", "replace")) / BYTES_PER_TOKEN)
        return Usage(input_tokens=min(self.bound(prompt).input_tokens, likely + FRAME_TOKENS))

    async def complete(self, request: CompletionRequest) -> CompletionResult:
        """Answer every prompt, in order.

        Raises :class:`~izcore.plugin.errors.TransientScorerError` where trying again may help and
        :class:`~izcore.plugin.errors.FatalScorerError` where it cannot. Never returns a made-up answer.
        """
        ...

    async def aclose(self) -> None:
        """Release connections and models, at the end of an event loop; another loop may ask again."""
        return None


class Surrogate(Protocol):
    """Proposes where to look next: history in, latents out. A pure function of its request."""

    def suggest(self, request: SuggestRequest) -> SuggestResult:
        """Return ``request.count`` latents in [0, 1]^``request.latent_dim``, distinct from each other.

        Must work with no history at all, one trial, constant scores, missing scores and equal latents.
        """
        ...


class Task(Protocol):
    """A source of examples."""

    def load(self, request: LoadRequest) -> TaskData:
        """Load all examples.

        Raises :class:`~izcore.plugin.errors.DataError`, which lists every fault by line.
        """
        ...

    def fetch(self, request: FetchRequest) -> FetchResult:
        """Download, or copy from ``request.from_folder``, what ``load`` needs. Nothing by default."""
        return FetchResult()


class Metric(Protocol):
    """Compares answers with targets."""

    def score(self, request: MetricRequest) -> MetricResult | Awaitable[MetricResult]:
        """Return one score in [0, 1] per answer, in order. May be ``async def``, to ask a model."""
        ...

    def agreement(self, request: MetricRequest) -> Agreement | Awaitable[Agreement | None] | None:
        """Grade some answers again and say how alike the grades are. None where grading leaves no doubt.

        May be ``async def``.
        """
        return None


class Tracker(Protocol):
    """Keeps a record of one run elsewhere: an observer that the run names.

    Made when the run starts or goes on, from its options, and told what happens by the observing hooks that
    it implements with ``@hookimpl``. Whatever it raises is reported once and never stops the run. It reads
    its keys from the environment: options are part of the run's record.
    """

    def close(self) -> None:
        """Let go of files and connections. Called once, however the run ended."""
        return None


class EvaluationPolicy(Protocol):
    """Says on how many validation examples each instruction of a round is scored.

    All instructions of a round are scored on the first rung's examples; those that stay go on to the next
    rung's. Both methods are pure functions of their requests.
    """

    def rungs(self, request: RungsRequest) -> RungsResult:
        """Return after how many examples the instructions of a round are compared, up to all examples.

        Asked for every round, and while a run is planned.
        """
        ...

    def stay(self, request: StayRequest) -> StayResult:
        """Return which of the compared instructions go on; asked after every rung but the last."""
        ...


class Coordinate(Protocol):
    """Offers choices that complete an instruction, such as how the answer shall look."""

    def values(self, request: CoordinateRequest) -> CoordinateResult:
        """Return the choices that make sense for the run's task: at least two, the plainest first.

        A pure function of its request, asked once, when a run is planned. Raises UsageError where the task
        has nothing to choose from.
        """
        ...


class Executor(Protocol):
    """Performs jobs, here or elsewhere."""

    def run(self, jobs: Sequence[Job]) -> Iterator[Job]:
        """Perform the jobs, in any order, and yield each when it is done.

        Raises the first failure, or KeyboardInterrupt; the other jobs are then stopped.
        """
        ...


class Exporter(Protocol):
    """Writes a run, or the prompt that won it, in some format."""

    def export(self, request: ExportRequest) -> ExportResult:
        """Return the run, or its prompt, as text, or as bytes where the format is no text."""
        ...
