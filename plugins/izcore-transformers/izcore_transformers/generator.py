"""The soft-prompt instruction generator of InstructZero (https://arxiv.org/abs/2306.03082, section 3)."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from torch import Tensor

from izcore.plugin import (
    BackendContext,
    BackendError,
    Candidate,
    Example,
    GenerateRequest,
    GenerateResult,
    Generator,
    Latent,
    PrepareRequest,
    PrepareResult,
    UsageError,
)
from izcore_transformers.decoding.sampling import Sampling
from izcore_transformers.models.loading import (
    LoadedModel,
    can_have_bfloat16_layers,
    embed_tokens,
    load_model,
    model_identity,
    with_bfloat16_layers,
)
from izcore_transformers.options import GeneratorOptions
from izcore_transformers.soft_prompt.calibration import Calibration, calibrate, probe_latents
from izcore_transformers.soft_prompt.layer_test import judge_layers
from izcore_transformers.soft_prompt.meta_prompts import draw_targets, find_meta_prompt
from izcore_transformers.soft_prompt.projection import Projection, latent_seed
from izcore_transformers.soft_prompt.sentence_seeds import best_sentences, embed_sentences, offset_sentences
from izcore_transformers.soft_prompt.writer import Writer, Written

EMBEDDINGS_MEASURED = 4096  # rows of the embedding matrix, evenly spaced, that say how large embeddings are


class HFGenerator(Generator):
    """Projects latents to soft prompts, under which an open language model writes instructions.

    The projection depends on the run's seed alone, and decoding is greedy or, at a temperature, drawn from a
    seed of each latent's own, so that equal requests give equal texts, in any process and in batches of any
    size. With sentence seeds a text depends on the request's history, too. In which number format a model's
    layers compute is decided once for a run, and kept with it.
    """

    def __init__(self, options: GeneratorOptions, context: BackendContext) -> None:
        find_meta_prompt(options.meta_prompt)  # a wrong one shall show before a model is loaded
        self._options = options
        self._context = context
        self._loaded: LoadedModel | None = None
        self._projection: Projection | None = None
        self._calibration: Calibration | None = None
        self._writers: dict[tuple[Example, ...], Writer] = {}

    def prepare(self, request: PrepareRequest) -> PrepareResult:
        """Load the model, find the scale by a probe, and choose the layers by a test.

        What options or an earlier process know is not looked for.
        """
        options = self._options
        if request.state:
            self._calibration = self._known(request.state)
            self._projection = self._project(self._load())
        else:
            loaded = self._load()
            self._projection = self._project(loaded)
            if options.scale is not None:
                found = Calibration(model=loaded.identity, scale=options.scale)
            else:
                found = self._calibrate(loaded, self._projection, request.demonstrations)
            self._calibration = self._with_layers(found, self._projection, request.demonstrations)
        layers = self._calibration.layers
        return PrepareResult(
            latent_dim=options.latent_dim,
            state=msgspec.to_builtins(self._calibration),
            notes=() if layers is None else (str(layers),),
        )

    def generate(self, request: GenerateRequest) -> GenerateResult:
        """Write one instruction per latent."""
        if self._projection is None or self._calibration is None:
            raise BackendError("The generator hf was asked to generate before it was prepared.")
        if not request.latents:
            return GenerateResult(candidates=())
        soft_prompts = self._soft_prompts(request, self._projection, self._calibration.scale)
        writer = self._writer(request.demonstrations)
        written = writer.write(soft_prompts, self._sampling(request.latents))
        features: list[tuple[float, ...]] = [()] * len(written)
        if self._options.features == "last_hidden":
            features = writer.last_hidden_states(soft_prompts)
        return GenerateResult(
            candidates=tuple(
                Candidate(latent=latent, instruction=one.instruction, raw=one.raw, features=numbers)
                for latent, one, numbers in zip(request.latents, written, features, strict=True)
            )
        )

    def _calibrate(
        self, loaded: LoadedModel, projection: Projection, demonstrations: tuple[Example, ...]
    ) -> Calibration:
        writer = self._writer(demonstrations)

        def write(latents: Sequence[Latent], scale: float) -> list[Written]:
            return writer.write(list(projection.soft_prompts(latents, scale)), self._sampling(latents))

        return calibrate(loaded, write, projection, self._options.latent_dim, self._context.seed)

    def _known(self, state: Mapping[str, Any]) -> Calibration:
        """Return what an earlier process found out, and take the layers that it chose.

        Raises :class:`UsageError` if the model is another one, or cannot have such layers here.
        """
        calibration, identity = msgspec.convert(state, Calibration), model_identity(self._options)
        if calibration.model != identity:
            raise UsageError(
                f"The run was begun with the generator model {calibration.model}, "
                f"but {self._options.model} is now {identity}.",
                hint="Bring the former model back (option revision, the same files), or start a new run.",
            )
        if calibration.layers is not None and calibration.layers.passed:
            self._options = with_bfloat16_layers(self._options)
        return calibration

    def _with_layers(
        self, calibration: Calibration, projection: Projection, demonstrations: tuple[Example, ...]
    ) -> Calibration:
        """Take bfloat16 layers where they are to be had and the test finds nothing against them."""
        options = self._options
        if options.cpu_layers != "auto" or not can_have_bfloat16_layers(options):
            return calibration
        latents = probe_latents(options.latent_dim, self._context.seed)
        soft_prompts = list(projection.soft_prompts(latents, calibration.scale))
        exact = self._writer(demonstrations)
        self._take(with_bfloat16_layers(options))
        layers = judge_layers(exact, self._writer(demonstrations), soft_prompts)
        if not layers.passed:
            self._take(options)
        return msgspec.structs.replace(calibration, layers=layers)

    def _take(self, options: GeneratorOptions) -> None:
        """Go on with the model that ``options`` describe."""
        self._options, self._loaded, self._writers = options, None, {}

    def _soft_prompts(self, request: GenerateRequest, projection: Projection, scale: float) -> list[Tensor]:
        """Return the soft prompt of each latent, [n, hidden]: from the best sentences, once there are any."""
        options, loaded = self._options, self._load()
        best = best_sentences(request.history, options.sentence_seeds)
        seeds = embed_sentences(loaded, best, options.max_new_tokens)
        if not seeds:
            return list(projection.soft_prompts(request.latents, scale))
        offsets = projection.soft_prompts(request.latents, projection.scale_of(options.sentence_offset))
        return offset_sentences(seeds, offsets, request.latents, self._context.seed)

    def _sampling(self, latents: Sequence[Latent]) -> list[Sampling]:
        """Return how each latent's tokens are drawn; empty where the likeliest are taken."""
        temperature, seed = self._options.temperature, self._context.seed
        if not temperature:
            return []
        return [Sampling(temperature, latent_seed(seed, "sampling", latent)) for latent in latents]

    def write_unsteered(self, request: PrepareRequest) -> Candidate:
        """Write what the same meta-prompt gives without a soft prompt; its latent is empty."""
        written = self._writer(request.demonstrations).write_unsteered()
        return Candidate(latent=(), instruction=written.instruction, raw=written.raw)

    def _load(self) -> LoadedModel:
        if self._loaded is None:
            self._loaded = load_model(self._options, self._context.cache_dir)
        return self._loaded

    def _project(self, loaded: LoadedModel) -> Projection:
        vocabulary, hidden = loaded.model.get_input_embeddings().weight.shape
        step = max(1, vocabulary // EMBEDDINGS_MEASURED)
        sample = embed_tokens(loaded, range(0, vocabulary, step))
        return Projection(
            self._options.projection,
            latent_dim=self._options.latent_dim,
            soft_tokens=self._options.soft_tokens,
            hidden=hidden,
            rms=float(sample.float().square().mean().sqrt()),
            seed=self._context.seed,
        )

    def _writer(self, demonstrations: tuple[Example, ...]) -> Writer:
        writer = self._writers.get(demonstrations)
        if writer is None:
            drawn = self._options.targets == "drawn"
            shown = draw_targets(demonstrations, self._context.seed) if drawn else demonstrations
            writer = Writer(self._load(), self._options, shown)
            self._writers = {demonstrations: writer}
        return writer
