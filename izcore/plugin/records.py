"""Frozen records that travel between the parts: requests to backends, and their results.

One request record goes into a backend and one result record comes out, so that fields with defaults
can be added without breaking a plugin. All of them are plain data: they serialise to JSON and back.
"""

import contextlib
from collections.abc import Awaitable, Callable, Mapping
from typing import Annotated, Any, Literal, dataclass_transform

import msgspec
from msgspec import Meta

Latent = tuple[float, ...]
"""A point in [0, 1]^d; the generator maps it to its own box."""


class _FrozenKeywordOnly(msgspec.StructMeta):
    """Makes subclasses frozen and keyword-only without saying so each time (msgspec inherits only one)."""

    def __new__(mcs, name: str, bases: tuple[type, ...], namespace: dict[str, Any], **config: Any) -> Any:
        return super().__new__(mcs, name, bases, namespace, **{"frozen": True, "kw_only": True, **config})


@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(msgspec.field,))
class Record(msgspec.Struct, metaclass=_FrozenKeywordOnly, frozen=True, kw_only=True):
    """Base of all records: immutable, keyword-only, comparable, JSON-serialisable."""


@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(msgspec.field,))
class Options(
    msgspec.Struct, metaclass=_FrozenKeywordOnly, frozen=True, kw_only=True, forbid_unknown_fields=True
):
    """Base of a backend's options.

    Subclass it with typed fields and defaults. ``Annotated[int, Meta(ge=1, description="…")]`` gives
    range and meaning; the same declaration validates TOML and ``--set``, and documents itself.
    """


# --- tasks ---------------------------------------------------------------------------------------


class Example(Record):
    """One input with one or several acceptable targets.

    ``choices`` lists all answers to choose from where the task is multiple choice, else is empty.
    """

    input: str
    targets: tuple[str, ...]
    choices: tuple[str, ...] = ()


class LoadRequest(Record):
    """What a task backend is told when it shall load: the seed for data that it makes itself."""

    seed: int = 0


class TaskData(Record):
    """What a task backend loads: examples, and what is known about how to score them.

    ``examples`` feeds demonstrations and validation, and test too where ``test_examples`` is empty.
    ``metric`` is a metric's name (``name`` or ``name:argument``). ``prompt_template`` holds
    ``{instruction}`` and ``{input}``; empty means the default. ``human_instructions`` are instructions
    that people wrote for the task. ``notes`` says what was guessed while loading (column names …).
    """

    name: str
    examples: tuple[Example, ...]
    test_examples: tuple[Example, ...] = ()
    metric: str = "exact_match"
    prompt_template: str = ""
    description: str = ""
    human_instructions: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


class FetchRequest(Record):
    """Asks a task backend to put its data into ``data_dir``, from a local folder if one is given."""

    data_dir: str
    from_folder: str | None = None


class FetchResult(Record):
    """What was fetched: the files now in place (empty for a task that needs no download)."""

    files: tuple[str, ...] = ()


class Splits(Record):
    """A task's examples as one run uses them; they never overlap, and only ``retest`` may be empty.

    ``retest`` are fresh validation examples, on which the finalists of a search are compared once more.
    """

    demonstrations: tuple[Example, ...]
    validation: tuple[Example, ...]
    test: tuple[Example, ...]
    retest: tuple[Example, ...] = ()


# --- metrics -------------------------------------------------------------------------------------


class MetricRequest(Record):
    """Answers and the examples they answer, in the same order and of the same length."""

    answers: tuple[str, ...]
    examples: tuple[Example, ...]


class MetricResult(Record):
    """One score in [0, 1] per answer, in order; None where an answer could not be graded."""

    scores: tuple[float | None, ...]


class Agreement(Record):
    """How far a metric agrees with itself on answers that it graded twice.

    ``share`` of the ``n`` answers got the same score; ``difference`` is the mean distance of the two scores.
    """

    share: float
    difference: float
    n: int


# --- scorers -------------------------------------------------------------------------------------


class Usage(Record, rename={"input_tokens": "input", "output_tokens": "output"}):
    """Tokens of one or more calls."""

    input_tokens: int = 0
    output_tokens: int = 0

    def __add__(self, other: "Usage") -> "Usage":
        return Usage(
            input_tokens=self.input_tokens + other.input_tokens,
            output_tokens=self.output_tokens + other.output_tokens,
        )

    @property
    def total(self) -> int:
        """Input and output tokens together."""
        return self.input_tokens + self.output_tokens


class Price(Record):
    """US dollars per million tokens."""

    input: Annotated[float, Meta(ge=0)]
    output: Annotated[float, Meta(ge=0)]

    def cost(self, usage: Usage) -> float:
        """Return the cost of ``usage`` in US dollars."""
        return (usage.input_tokens * self.input + usage.output_tokens * self.output) / 1e6


class ScorerInfo(Record):
    """What the core must know about a scorer.

    ``identity`` names everything that changes an answer (model, temperature, system prompt …); two
    scorers with equal identities share cached completions. ``batch_size`` is the largest number of
    prompts in one request, ``concurrency`` the number of requests under way at once. ``price`` is
    None where it is not known; a local model costs 0.
    """

    identity: Mapping[str, Any]
    batch_size: int = 1
    concurrency: int = 1
    price: Price | None = None


class Prompt(Record, omit_defaults=True):
    """One user message for the black box.

    ``temperature`` overrides the scorer's own (None: as configured); a model that takes none samples in its
    own way. ``sample`` tells several answers to one text apart: the same number gives the same answer from
    the cache, another number is asked anew, and seeds what samples from a seed. ``room`` is how many tokens
    the answer needs room for: a scorer that is set up for shorter answers makes that much. ``prefill`` is how
    the answer shall begin, for a model that can be made to go on from it, instead of what the scorer is set
    up with; it is not part of the answer. Other models ignore it, so the text should ask for it too.
    """

    text: str
    temperature: Annotated[float, Meta(ge=0)] | None = None
    sample: Annotated[int, Meta(ge=0)] = 0
    room: Annotated[int, Meta(ge=0)] = 0
    prefill: str = ""


class CompletionRequest(Record):
    """Prompts to be answered, at most ``ScorerInfo.batch_size`` of them."""

    prompts: tuple[Prompt, ...]
    seed: int = 0


FinishReason = Literal["stop", "length", "refusal", "filtered", "empty"]


class Completion(Record):
    """One answer of the black box.

    ``finish`` tells a natural end (``stop``) from a cut (``length``), a refusal of the model and a
    content filter of the provider; ``empty`` is what the core calls a natural end without a word.
    ``reasoning`` is what the model thought before it answered, where it is told; no part of the answer.
    """

    text: str
    usage: Usage = Usage()
    finish: FinishReason = "stop"
    reasoning: str = ""


class CompletionResult(Record):
    """One completion per prompt of the request, in order."""

    completions: tuple[Completion, ...]


class AskRequest(Record):
    """Prompts for the model that the option ``option`` names, one of the registration's ``models``."""

    option: str
    prompts: tuple[Prompt, ...]


class AskResult(Record):
    """One completion per prompt, in order; None where the call failed for good."""

    completions: tuple[Completion | None, ...]


Ask = Callable[[AskRequest], Awaitable[AskResult]]
"""Asks a model that an option names, through the run's budget, cache, rate limits and retries.

Raises :class:`~izcore.plugin.errors.BudgetExhaustedError` before anything is sent that the budget has no
room for.
"""

# --- generators ----------------------------------------------------------------------------------


class Guidance(Record):
    """What the black box is given before every input: an instruction and, few-shot, solved examples."""

    instruction: str
    exemplars: tuple[Example, ...] = ()

    @property
    def length(self) -> int:
        """Characters of the instruction, and of the exemplars' inputs and first targets."""
        shown = sum(len(exemplar.input) + len(exemplar.targets[0]) for exemplar in self.exemplars)
        return len(self.instruction) + shown

    @property
    def key(self) -> str:
        """A text that no other guidance has: the instruction, if that is all."""
        return msgspec.json.encode(self).decode() if self.exemplars else self.instruction

    @classmethod
    def of_key(cls, key: str) -> "Guidance":
        """Return the guidance that has this key."""
        with contextlib.suppress(msgspec.DecodeError):
            found = msgspec.json.decode(key, type=cls)
            if found.exemplars:
                return found
        return cls(instruction=key)


class Candidate(Record):
    """A latent and the instruction written from it.

    ``raw`` is the writer's unedited text. ``features`` are optional numbers about the candidate,
    such as a hidden state, for surrogates that use them. ``exemplars`` are chosen by a few-shot search: a
    latent then has one coordinate more than its generator was given.
    """

    latent: Latent
    instruction: str
    raw: str = ""
    features: tuple[float, ...] = ()
    exemplars: tuple[Example, ...] = ()

    @property
    def guidance(self) -> Guidance:
        """What the black box is given of the candidate."""
        return Guidance(instruction=self.instruction, exemplars=self.exemplars)


class PrepareRequest(Record):
    """Given to a generator once per process, before anything else.

    ``state`` is empty at the start of a run; when a run is resumed it is what the first
    :class:`PrepareResult` held, so that no calibration is repeated.
    """

    demonstrations: tuple[Example, ...]
    seed: int
    state: Mapping[str, Any] = {}


class PrepareResult(Record):
    """``latent_dim`` is d >= 1; ``state`` is plain JSON data that is kept with the run and shown with it."""

    latent_dim: int
    state: Mapping[str, Any] = {}


class GenerateRequest(Record):
    """Latents to turn into instructions; ``history`` holds the trials so far, oldest first."""

    latents: tuple[Latent, ...]
    demonstrations: tuple[Example, ...]
    seed: int
    history: "tuple[Trial, ...]" = ()


class GenerateResult(Record):
    """One candidate per latent, in order; fewer only if ``exhausted``.

    ``exhausted`` says that the generator has nothing more to offer, which ends the search.
    """

    candidates: tuple[Candidate, ...]
    exhausted: bool = False


# --- surrogates ----------------------------------------------------------------------------------


class Trial(Record):
    """A candidate with its per-example scores and what it cost.

    ``scores[i]`` and ``answers[i]`` belong to validation example i of the run; a score is in [0, 1]; both
    are None where the call failed. ``finishes[i]`` says how the answer ended: a refusal is no wrong answer.
    ``reasonings[i]`` is what the model thought before it; there are none where no answer has any.
    There are fewer scores than examples where an evaluation policy stopped early, and more, for the retest
    examples, once a finalist was tested again. ``reused`` is the index of the earlier trial with the same
    instruction, whose scores these are. ``penalty`` is what the run's objective takes off the mean score for
    length and cost, in score points.
    """

    index: int
    round: int
    candidate: Candidate
    scores: tuple[float | None, ...]
    answers: tuple[str | None, ...] = ()
    finishes: tuple[FinishReason | None, ...] = ()
    reasonings: tuple[str, ...] = ()
    reused: int | None = None
    calls: int = 0
    cached_calls: int = 0
    usage: Usage = Usage()
    cost_usd: float = 0.0
    penalty: float = 0.0

    @property
    def known_scores(self) -> tuple[float, ...]:
        """The scores of the examples whose calls succeeded."""
        return tuple(score for score in self.scores if score is not None)

    @property
    def mean(self) -> float | None:
        """Mean of the known scores; None without any."""
        known = self.known_scores
        return sum(known) / len(known) if known else None

    @property
    def objective(self) -> float | None:
        """What a search maximises: the mean less the penalty, so at most 1; None without any score."""
        mean = self.mean
        return None if mean is None else mean - self.penalty


class SuggestRequest(Record):
    """Asks for ``count`` latents in [0, 1]^``latent_dim``, given all trials so far, oldest first.

    What the search maximises is :attr:`Trial.objective`: the mean score, less a penalty where a run has one.

    A surrogate is a pure function of its request: the same request gives the same latents, which is
    what lets a run resume exactly. ``seed`` differs from round to round. ``initial`` is the number of
    trials that the run wants as its initial design.

    ``pool`` holds candidates that were written beforehand and are not tried yet, one per distinct
    instruction and at least ``count``; it is empty where instructions are written as the search goes. With a
    pool, a suggested latent stands for the candidate of the pool that is nearest to it and not taken yet, so
    a surrogate that knows nothing of pools still works; one that does returns latents of the pool.
    """

    history: tuple[Trial, ...]
    count: int
    latent_dim: int
    seed: int
    initial: int = 0
    pool: tuple[Candidate, ...] = ()


class SuggestResult(Record):
    """``count`` latents, each of ``latent_dim`` numbers in [0, 1]."""

    latents: tuple[Latent, ...]


class Amount(Record):
    """Calls, tokens and US dollars, spent or reserved."""

    calls: int = 0
    usage: Usage = Usage()
    cost_usd: float = 0.0

    @property
    def rounded_cost(self) -> float:
        """US dollars without the rounding errors of their sum, which depend on its order."""
        return round(self.cost_usd, 9)

    def __add__(self, other: "Amount") -> "Amount":
        return Amount(
            calls=self.calls + other.calls,
            usage=self.usage + other.usage,
            cost_usd=self.cost_usd + other.cost_usd,
        )

    def __sub__(self, other: "Amount") -> "Amount":
        return Amount(
            calls=self.calls - other.calls,
            usage=Usage(
                input_tokens=self.usage.input_tokens - other.usage.input_tokens,
                output_tokens=self.usage.output_tokens - other.usage.output_tokens,
            ),
            cost_usd=self.cost_usd - other.cost_usd,
        )
