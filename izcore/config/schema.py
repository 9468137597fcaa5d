"""What a run is set to: frozen records, one per table of the configuration."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from izcore.plugin.calls import Price
from izcore.plugin.errors import ConfigError
from izcore.plugin.examples import Example
from izcore.plugin.kinds import Kind
from izcore.plugin.options import convert_settings
from izcore.plugin.record import Record
from izcore.registry.choices import BackendChoice

DEFAULT_PRESET = "default"

Placement = Literal["one-message", "system"]
"""Where an instruction stands: in one message with the input, or in the system message."""


class SplitSizes(Record, forbid_unknown_fields=True):
    """How many examples go where, and whether each split gets its share of each label."""

    demonstrations: Annotated[int, Meta(ge=1, description="Examples shown to the generator")] = 5
    validation: Annotated[int, Meta(ge=1, description="Examples that every trial is scored on")] = 20
    retest: Annotated[int, Meta(ge=0, description="Fresh examples on which the finalists are compared")] = 0
    test: Annotated[int, Meta(ge=1, description="Sealed examples, used once at the end (at most)")] = 100
    stratified: Annotated[
        bool, Meta(description="Whether each split gets its share of each label, where targets are labels")
    ] = True


class SearchSize(Record, forbid_unknown_fields=True):
    """How many latents the search tries, ``initial + batch * rounds``, and what ends it sooner."""

    initial: Annotated[int, Meta(ge=1, description="Latents of the initial design")] = 25
    batch: Annotated[int, Meta(ge=1, description="Latents suggested together in each later round")] = 25
    rounds: Annotated[int, Meta(ge=0, description="Rounds after the initial design")] = 5
    pool: Annotated[
        int,
        Meta(
            ge=0,
            description="Latents written before the search, which then chooses among their distinct "
            "instructions; 0: written as the search goes",
        ),
    ] = 0
    refuse: Annotated[
        bool,
        Meta(
            description="Whether what a model wrote is refused where it gives away an answer, repeats an "
            "example, or holds mark-up"
        ),
    ] = True

    stop_when_flat: Annotated[
        bool,
        Meta(description="Whether to stop after a first round whose instructions all score 0, or all 1"),
    ] = False
    target_score: (
        Annotated[
            float,
            Meta(
                ge=0, le=1, description="Ends after a round whose best scores this on all validation examples"
            ),
        ]
        | None
    ) = None
    max_time: (
        Annotated[
            float,
            Meta(gt=0, description="Ends after the round in which so many seconds, or 20m or 1h, are over"),
        ]
        | None
    ) = None
    patience: (
        Annotated[int, Meta(ge=1, description="Ends after so many rounds that brought nothing better")] | None
    ) = None

    @property
    def total(self) -> int:
        """All latents of the search."""
        return self.initial + self.batch * self.rounds


class Evaluation(Record, forbid_unknown_fields=True):
    """How many validation examples each instruction is scored on, and how many are scored once more.

    ``policy`` decides about the validation examples; without one every instruction sees all of them.
    """

    policy: Annotated[
        BackendChoice | None,
        Meta(description="The evaluation policy; all other keys but finalists are its options"),
    ] = None
    finalists: Annotated[
        int, Meta(ge=1, description="Instructions scored on the retest examples, where there are any")
    ] = 4


class Objective(Record, forbid_unknown_fields=True):
    """What an instruction's validation score loses, for the search and for the choice of the winner."""

    length_penalty: Annotated[
        float, Meta(ge=0, description="Score lost per 100 characters of the instruction and its exemplars")
    ] = 0.0
    cost_penalty: Annotated[
        float, Meta(ge=0, description="Score lost per US dollar that 1,000 answers cost; needs a known price")
    ] = 0.0

    def penalty(self, length: int, answer_cost_usd: float) -> float:
        """Return what is lost by ``length`` characters and answers of ``answer_cost_usd`` dollars each."""
        return self.length_penalty * length / 100 + self.cost_penalty * answer_cost_usd * 1000

    def check_price(self, price: Price | None) -> None:
        """Raise ConfigError if costs shall count and the scorer has no price to count with."""
        if self.cost_penalty and (price is None or not (price.input or price.output)):
            raise ConfigError(
                "objective.cost_penalty: the scorer's answers have no price, so they cannot differ in cost.",
                hint='Give one in a TOML file (--config): prices."MODEL" = {input = …, output = …}, '
                "or use objective.length_penalty.",
            )


class FewShot(Record, forbid_unknown_fields=True):
    """Solved examples that the black box is shown before each input."""

    examples: Annotated[
        int, Meta(ge=0, description="Demonstrations in a set, shown in every prompt; 0: zero-shot")
    ] = 0
    sets: Annotated[
        int, Meta(ge=1, description="Random sets among which the search chooses, beside the empty one")
    ] = 4

    def check(self, demonstrations: Sequence[Example]) -> None:
        """Raise ConfigError if there are not enough demonstrations."""
        if self.examples > len(demonstrations):
            raise ConfigError(
                f"few_shot.examples: {self.examples} are wanted, and the run has {len(demonstrations)} "
                "demonstrations to take them from.",
                hint="Raise splits.demonstrations, or lower few_shot.examples.",
            )


class Limits(Record, forbid_unknown_fields=True):
    """Hard walls; None is no wall. Calls answered from the cache are free, but see ``count_cached``."""

    max_calls: Annotated[int, Meta(ge=1, description="Paid calls")] | None = None
    max_tokens: Annotated[int, Meta(ge=1, description="Input and output tokens together")] | None = None
    max_cost: Annotated[float, Meta(gt=0, description="US dollars")] | None = None
    count_cached: Annotated[
        bool, Meta(description="Whether answers that other runs paid for take room below max_calls, too")
    ] = False

    def changed(self, **limits: float | None) -> "Limits":
        """Return these limits, but for those that are given and not None; ConfigError names a wrong one."""
        given = {name: limit for name, limit in limits.items() if limit is not None}
        return convert_settings({**msgspec.to_builtins(self), **given}, Limits, where="budget")


class Retries(Record, forbid_unknown_fields=True):
    """How long a failing call is tried again before it counts as failed."""

    tries: Annotated[int, Meta(ge=1, description="Tries per call, the first included")] = 6
    max_wait: Annotated[float, Meta(gt=0, description="Longest single wait, in seconds")] = 60.0
    max_total: Annotated[float, Meta(gt=0, description="Longest time on one call, in seconds")] = 600.0
    max_failures: Annotated[
        int, Meta(ge=1, description="Calls in a row that fail for good before the run stops")
    ] = 10


class RateLimits(Record, forbid_unknown_fields=True):
    """How fast a model may be asked; None is as fast as its concurrency allows."""

    requests_per_minute: Annotated[float, Meta(gt=0, description="Requests per minute")] | None = None
    tokens_per_minute: (
        Annotated[float, Meta(gt=0, description="Input and output tokens per minute")] | None
    ) = None


class ReasoningMarks(Record, forbid_unknown_fields=True):
    """How a model's reasoning is told from its answer, where both come in one text."""

    read: Annotated[bool, Meta(description="Whether reasoning is taken out of answers at all")] = True
    marks: Annotated[
        tuple[tuple[Annotated[str, Meta(min_length=1)], Annotated[str, Meta(min_length=1)]], ...],
        Meta(description="Pairs of marks, before and after reasoning; else those of well-known models"),
    ] = ()


class TaskConfig(Record):
    """Everything that decides a task's examples and how they are split."""

    task: BackendChoice
    preset: str = DEFAULT_PRESET
    splits: SplitSizes = SplitSizes()
    seed: Annotated[int, Meta(ge=0, description="Decides splits, latents and everything random")] = 0

    def choice_of(self, kind: Kind) -> BackendChoice | None:
        """Return the backend of a kind that has one place in the configuration, if one is chosen."""
        choice: BackendChoice | None = getattr(self, kind, None)
        return choice


class ScoringConfig(TaskConfig):
    """Everything that decides the score of an instruction."""

    scorer: BackendChoice
    metric: BackendChoice | None = None
    prompt_template: str = ""
    placement: Annotated[
        Placement,
        Meta(description="Where the instruction stands: in one-message with the input, or as system message"),
    ] = "one-message"
    budget: Limits = Limits()
    retries: Retries = Retries()
    rate: RateLimits = RateLimits()
    prices: Mapping[str, Price] = {}
    reasoning: ReasoningMarks = ReasoningMarks()
    cache: Annotated[bool, Meta(description="Reuse answers that other runs paid for")] = True


class RunConfig(ScoringConfig):
    """Everything that decides a run, with every option at its effective value."""

    generator: BackendChoice
    surrogate: BackendChoice
    baselines: tuple[str, ...] = ()
    start: tuple[Annotated[str, Meta(min_length=1)], ...] = ()
    coordinates: tuple[BackendChoice, ...] = ()
    search: SearchSize = SearchSize()
    evaluation: Evaluation = Evaluation()
    objective: Objective = Objective()
    few_shot: FewShot = FewShot()
    warm_start: str = ""
    warm_start_trials: Annotated[int, Meta(ge=1)] = 10
    trackers: tuple[BackendChoice, ...] = ()

    def choice_of(self, kind: Kind) -> BackendChoice | None:
        """Return the backend of a kind that has one place in the configuration, if one is chosen."""
        return self.evaluation.policy if kind == "evaluation_policy" else super().choice_of(kind)
