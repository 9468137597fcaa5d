"""A task with real models at work on it: instructions are written, and scored example by example."""

import asyncio
from collections.abc import Sequence
from typing import Any

from izcore.api import settings_layers
from izcore.config.layers import build_config
from izcore.config.paths import Paths
from izcore.config.schema import RunConfig
from izcore.engine.plan import fix_plan, load_task
from izcore.plugin.calls import CompletionRequest, Prompt
from izcore.plugin.examples import Example
from izcore.plugin.protocols import Generator, Metric, Scorer
from izcore.plugin.seeds import derive_seed, sobol_latents
from izcore.plugin.trials import (
    Candidate,
    GenerateRequest,
    Guidance,
    Latent,
    PrepareRequest,
    PrepareResult,
    Trial,
)
from izcore.registry.registry import discover
from izcore.scoring.evaluator import score_answers
from izcore.scoring.prompt import render_prompt


class Setting:
    """Splits, generator, black box and metric of one task under ``uniform-halving`` and ``settings``."""

    def __init__(self, task: str, metric: str, settings: dict[str, Any], *, seed: int = 0) -> None:
        registry, self.paths = discover(), Paths.of_this_user()
        layers = settings_layers(
            task,
            with_own_defaults=False,
            metric=metric,
            preset="uniform-halving",
            seed=seed,
            settings=settings,
        )
        config = build_config(registry, layers, RunConfig)
        data = load_task(registry, config, self.paths)
        self.config, self.plan = fix_plan(registry, config, data, self.paths)
        self.human_instructions = data.human_instructions
        context = self.paths.context(config.seed)
        assert self.config.metric is not None
        self._generator: Generator = registry.build("generator", config.generator, context)
        self._scorer: Scorer = registry.build("scorer", config.scorer, context)
        self._metric: Metric = registry.build("metric", self.config.metric, context)

    def prepare(self) -> PrepareResult:
        """Make the generator ready, which finds the scale of the soft prompt."""
        return self._generator.prepare(self._prepare_request())

    def latents(self, count: int, prepared: PrepareResult) -> tuple[Latent, ...]:
        """Return the first of the Sobol points that every recording of this seed tries."""
        return sobol_latents(count, prepared.latent_dim, derive_seed(self.config.seed, "world"))

    def write(self, latents: Sequence[Latent], history: Sequence[Trial] = ()) -> tuple[Candidate, ...]:
        """Return what the generator writes under each latent after the trials of ``history``."""
        demonstrations = self.plan.splits.demonstrations
        request = GenerateRequest(
            latents=tuple(latents), demonstrations=demonstrations, seed=0, history=tuple(history)
        )
        result = self._generator.generate(request)
        assert not isinstance(result, asyncio.Future)
        return result.candidates  # type: ignore[union-attr]

    def write_unsteered(self) -> Candidate | None:
        """Return what the generator writes with no soft prompt."""
        return self._generator.write_unsteered(self._prepare_request())  # type: ignore[return-value]

    def score(self, instruction: str, examples: Sequence[Example]) -> list[float]:
        """Return the score of each example's answer under ``instruction``."""
        guidance = Guidance(instruction=instruction)
        template = self.config.prompt_template
        prompts = [Prompt(text=render_prompt(template, guidance, example)) for example in examples]
        size = self._scorer.info().batch_size
        answers: list[str] = []

        async def work() -> list[float]:
            for start in range(0, len(prompts), size):
                request = CompletionRequest(prompts=tuple(prompts[start : start + size]))
                answers.extend(c.text for c in (await self._scorer.complete(request)).completions)
            return [score or 0.0 for score in await score_answers(self._metric, answers, examples)]

        return asyncio.run(work())

    def _prepare_request(self) -> PrepareRequest:
        return PrepareRequest(
            demonstrations=self.plan.splits.demonstrations, seed=derive_seed(self.config.seed, "generator")
        )
