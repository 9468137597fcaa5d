"""Everything between an instruction and its scores: scorers, callers, budget and metric, for one run."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass

import msgspec

from izcore.config.model_roles import SCORER, ModelRole, models_by_role
from izcore.config.schema import ScoringConfig
from izcore.engine.environment import Environment
from izcore.engine.plan import known_price
from izcore.plugin.errors import BackendError
from izcore.plugin.events import CallsAnswered
from izcore.plugin.kinds import Kind
from izcore.plugin.protocols import Metric, Scorer
from izcore.plugin.records import AskRequest, AskResult, Price
from izcore.plugin.registrations import BackendContext
from izcore.plugin.seeds import derive_seed
from izcore.scoring.dispatcher import Caller
from izcore.scoring.evaluator import Evaluator
from izcore.scoring.ledger import Ledger


@dataclass(frozen=True)
class Session:
    """The parts that ask models; ``callers`` are keyed by what for."""

    environment: Environment
    config: ScoringConfig
    ledger: Ledger
    callers: Mapping[ModelRole, Caller]
    evaluator: Evaluator
    price_known: bool

    @property
    def caller(self) -> Caller:
        """The black box's caller."""
        return self.callers[SCORER]

    @property
    def cached_calls(self) -> int:
        """Answers that were free, of all models."""
        return _cached_calls(self.callers)

    @property
    def cost_usd(self) -> float | None:
        """What was spent; None where a price is not known."""
        return self.ledger.spent.rounded_cost if self.price_known else None

    def context(self, kind: Kind) -> BackendContext:
        """What a backend of that kind is told."""
        return _context(self.environment, self.config, kind, self.callers)


@contextlib.asynccontextmanager
async def open_session(
    environment: Environment, config: ScoringConfig, run_id: str
) -> AsyncIterator[Session]:
    """Build the scorers of a run, all under one budget, and close them in the end."""
    spent, cached_calls = environment.store.spent(run_id)
    ledger = Ledger(config.budget, spent, cached_calls)
    choices = models_by_role(environment.registry, config)
    scorers: dict[ModelRole, Scorer] = {}
    callers: dict[ModelRole, Caller] = {}
    prices: dict[ModelRole, Price | None] = {}

    def tell() -> None:
        environment.events.emit(
            CallsAnswered(
                run_id=run_id,
                calls=ledger.spent.calls,
                cached_calls=_cached_calls(callers),
                usage=ledger.spent.usage,
                cost_usd=ledger.spent.rounded_cost if None not in prices.values() else None,
            )
        )

    try:
        for role, choice in choices.items():
            twin = next((known for known in callers if choices[known] == choice), None)
            if twin is not None:
                # One model, however many ask it, has one limit of concurrency and one pace.
                callers[role] = callers[twin]
                continue
            scorer: Scorer = environment.registry.build(
                "scorer", choice, environment.paths.context(config.seed)
            )
            scorers[role] = scorer
            prices[role] = known_price(config, choice, scorer)
            callers[role] = Caller(
                scorer,
                asker=role.name,
                store=environment.store,
                run_id=run_id,
                ledger=ledger,
                price=prices[role],
                cached_calls=cached_calls if role == SCORER else 0,
                retries=config.retries,
                rate=config.rate,
                shared=config.cache,
                seed=derive_seed(config.seed, "scorer"),
                on_answers=tell,
                on_call=environment.events.emit,
                clock=environment.clock,
                stopwatch=environment.stopwatch,
            )
        assert config.metric is not None, "fix_plan fills in the metric"
        metric: Metric = environment.registry.build(
            "metric", config.metric, _context(environment, config, "metric", callers)
        )
        yield Session(
            environment=environment,
            config=config,
            ledger=ledger,
            callers=callers,
            evaluator=Evaluator(callers[SCORER], metric, config.prompt_template),
            price_known=None not in prices.values(),
        )
    finally:
        await asyncio.gather(*(scorer.aclose() for scorer in scorers.values()))


def _context(
    environment: Environment, config: ScoringConfig, kind: Kind, callers: Mapping[ModelRole, Caller]
) -> BackendContext:
    async def ask(request: AskRequest) -> AskResult:
        caller = callers.get(ModelRole(kind=kind, option=request.option))
        if caller is None:
            raise BackendError(
                f"The {kind} asks a model that its option {request.option!r} does not name.",
                hint="This is a fault of its plugin: `models` of its registration lists such options.",
            )
        answers = await caller.complete(request.prompts)
        return AskResult(completions=answers.completions)

    return msgspec.structs.replace(environment.paths.context(config.seed), ask=ask)


def _cached_calls(callers: Mapping[ModelRole, Caller]) -> int:
    return sum(caller.cached_calls for caller in {id(c): c for c in callers.values()}.values())
