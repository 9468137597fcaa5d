"""What a run asks models with: a client for each of them, one ledger for all, and the evaluator."""

import contextlib
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from functools import partial

import msgspec

from izcore.config.model_roles import SCORER, ModelRole, models_by_role
from izcore.config.schema import ScoringConfig
from izcore.engine.environment import Environment
from izcore.engine.polite_stop import stopping_politely
from izcore.engine.prices import known_price
from izcore.plugin.calls import AskRequest, AskResult, Price
from izcore.plugin.errors import BackendError
from izcore.plugin.kinds import Kind
from izcore.plugin.protocols import Metric, Scorer
from izcore.plugin.registrations import BackendContext
from izcore.plugin.seeds import derive_seed
from izcore.registry.choices import BackendChoice
from izcore.scoring.budget_ledger import Ledger
from izcore.scoring.call_events import CallEvents
from izcore.scoring.claims import Claims, open_claims
from izcore.scoring.completion_cache import CompletionCache
from izcore.scoring.dispatcher import Dispatcher, DispatchSettings
from izcore.scoring.evaluator import Evaluator
from izcore.scoring.model_account import Account
from izcore.scoring.model_client import ModelClient
from izcore.scoring.prompt_form import PromptForm
from izcore.scoring.timing import Timing
from izcore.scoring.usual_usage import UsualUsage


class Session:
    """What one run asks models with, from its start or resumption to its end.

    ``ledger`` keeps to the run's budget; ``clients`` answer prompts, by what the run asks for;
    ``evaluator`` scores instructions with the black box.
    """

    def __init__(
        self,
        environment: Environment,
        config: ScoringConfig,
        ledger: Ledger,
        clients: Mapping[ModelRole, ModelClient],
        attempt: int,
    ) -> None:
        self.environment = environment
        self._config = config
        self.ledger = ledger
        self.clients = clients
        assert config.metric is not None, "fix_plan fills in the metric"
        metric: Metric = environment.registry.build("metric", config.metric, self.context("metric"))
        self.evaluator = Evaluator(self.black_box, metric, PromptForm.of(config), attempt)

    @property
    def black_box(self) -> ModelClient:
        """The client of the model whose answers are scored."""
        return self.clients[SCORER]

    @property
    def failure_sentence(self) -> str:
        """The sentence that says how the black box's last failed call failed; empty if none has."""
        failure = self.black_box.last_failure
        return f"The last failure: {failure.message}" if failure else ""

    def context(self, kind: Kind) -> BackendContext:
        """Return what a backend of this kind is built with; it may ask the models that its options name."""
        context = self.environment.paths.context(self._config.seed)
        return msgspec.structs.replace(context, ask=partial(self._ask, kind))

    async def _ask(self, kind: Kind, request: AskRequest) -> AskResult:
        """Ask a model on behalf of the run's backend of this kind."""
        client = self.clients.get(ModelRole(kind=kind, option=request.option))
        if client is None:
            raise BackendError(
                f"The {kind} asks a model that its option {request.option!r} does not name.",
                hint="This is a fault of its plugin: `models` of its registration lists such options.",
            )
        answers = await client.complete(request.prompts)
        return AskResult(completions=answers.completions)


@contextlib.asynccontextmanager
async def open_session(
    environment: Environment, config: ScoringConfig, run_id: str, *, attempt: int = 0
) -> AsyncIterator[Session]:
    """Build what a run asks models with; close the models in the end.

    ``attempt`` is how often the run stopped because something failed.
    """
    async with contextlib.AsyncExitStack() as closing:
        models = _build_models(environment, config, closing)
        spent, cached_calls = environment.store.spent(run_id)
        priced = all(model.price is not None for model in models.values())
        ledger = Ledger(config.budget, spent, cached_calls, priced=priced)
        claims = await closing.enter_async_context(open_claims(environment.store, environment.clock))
        clients: dict[ModelRole, ModelClient] = {}
        for role, model in models.items():
            if role == model.role:
                clients[role] = _client(model, environment, config, run_id, ledger, claims)
            else:
                clients[role] = clients[model.role]
        await closing.enter_async_context(
            stopping_politely(tuple(set(clients.values())), environment.events, run_id)
        )
        yield Session(environment, config, ledger, clients, attempt)


@dataclass(frozen=True)
class _Model:
    """A model that a run asks. ``role`` is the first of its roles, if it has several."""

    role: ModelRole
    choice: BackendChoice
    scorer: Scorer
    price: Price | None


def _build_models(
    environment: Environment, config: ScoringConfig, closing: contextlib.AsyncExitStack
) -> dict[ModelRole, _Model]:
    """Build the models that a run asks, each once: one model has one limit of concurrency and one rate."""
    models: dict[ModelRole, _Model] = {}
    for role, choice in models_by_role(environment.registry, config).items():
        model = next((known for known in models.values() if known.choice == choice), None)
        if model is None:
            scorer: Scorer = environment.registry.build(
                "scorer", choice, environment.paths.context(config.seed)
            )
            closing.push_async_callback(scorer.aclose)
            model = _Model(role, choice, scorer, known_price(config, choice, scorer))
        models[role] = model
    return models


def _client(
    model: _Model,
    environment: Environment,
    config: ScoringConfig,
    run_id: str,
    ledger: Ledger,
    claims: Claims,
) -> ModelClient:
    info = model.scorer.info()
    account = Account(run_id, ledger, environment.store, model.price, environment.clock)
    events = CallEvents(
        emit=environment.events.emit,
        account=account,
        asker=model.role.name,
        model=str(info.identity.get("model", model.role.name)),
        marks=config.reasoning,
    )
    settings = DispatchSettings(
        retries=config.retries, rate=config.rate, seed=derive_seed(config.seed, "scorer")
    )
    timing = Timing(clock=environment.clock, stopwatch=environment.stopwatch)
    return ModelClient(
        CompletionCache(environment.store, run_id, info, claims, shared=config.cache),
        Dispatcher(model.scorer, account, events, settings, timing, claims),
        account,
        events,
        UsualUsage(model.scorer),
        config.reasoning,
    )
