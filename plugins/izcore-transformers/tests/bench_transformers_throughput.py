"""Instructions and completions per second at the default settings, and how much of the processor that is.

Run with ``python bench_transformers_throughput.py [--latents N] [--threads N] [--repeats N] [--clock cpu]``.
"One at a time" is transformers' own ``generate`` with batch 1, the model as transformers loads it, the same
prompts and the same end of the text. The scale is given, which spares the probe; all else is the default.
A shared machine is quicker in one minute than in the next, so both take turns, and times are means.

The last column is the matrix arithmetic done per second (linear layers, and attention as if no key were
masked) over the most that a product of large float32 matrices reaches in this run. With ``--clock cpu``
and one thread, seconds are of processor time: other work on the machine then disturbs little.
"""

import argparse
import asyncio
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

import torch
from bench_transformers_decoding import INSTRUCTION, REVIEWS
from platformdirs import user_cache_dir
from rich.console import Console
from rich.table import Table
from torch import Tensor, nn
from transformers import AutoModelForCausalLM, PreTrainedModel, StoppingCriteria

from izcore.plugin import BackendContext, CompletionRequest, Example, Prompt, sobol_latents
from izcore_transformers.cpu_layers.packed_blocks import PackedGatedMLP
from izcore_transformers.cpu_layers.packed_linear import PackedLinear
from izcore_transformers.decoding.endings import end_tokens
from izcore_transformers.models.chat import chat_tokens
from izcore_transformers.models.gguf import converted_folder
from izcore_transformers.models.loading import LoadedModel, load_model
from izcore_transformers.models.quiet import quiet_libraries
from izcore_transformers.models.sources import embedded_source
from izcore_transformers.options import GeneratorOptions, ScorerOptions
from izcore_transformers.scorer import HFScorer
from izcore_transformers.soft_prompt.projection import Projection
from izcore_transformers.soft_prompt.writer import Writer

PAIRS = [("cat", "cats"), ("box", "boxes"), ("child", "children"), ("city", "cities"), ("tree", "trees")]
DEMONSTRATIONS = tuple(Example(input=word, targets=(plural,)) for word, plural in PAIRS)
SCALE = 4.0
LARGE = 2048
CLOCKS = {"wall": time.perf_counter, "cpu": time.process_time}

Work = Callable[[], Sequence[str]]
TURNS = 5
"""So often the batch is timed while its prompts are answered one at a time."""


class Stop(StoppingCriteria):
    """Ends a text by a rule on its tokens."""

    def __init__(self, rule: Callable[[Sequence[int]], bool]) -> None:
        self._rule = rule

    def __call__(self, input_ids: Tensor, scores: Tensor, **_: Any) -> Tensor:
        return torch.tensor([self._rule(row) for row in input_ids.tolist()])


@contextmanager
def counted_work(model: PreTrainedModel) -> Iterator[list[float]]:
    """Gather the floating point operations of the matrix products of ``model`` meanwhile."""
    operations = [0.0]

    def linear(layer: nn.Module, given: tuple[Tensor], _output: Tensor) -> None:
        operations[0] += 2.0 * given[0].numel() * layer.out_features

    def gated(block: PackedGatedMLP, given: tuple[Tensor], _output: Tensor) -> None:
        operations[0] += 2.0 * given[0].numel() * (block.gate_proj.out_features + block.up_proj.out_features)

    def attention(layer: nn.Module, given: tuple[Tensor], named: dict[str, Any], _output: Any) -> None:
        hidden = given[0] if given else named["hidden_states"]
        keys = named["past_key_values"].get_seq_length(layer.layer_idx)
        if "shared_prefix" in named:
            keys += named["shared_prefix"][layer.layer_idx][0].shape[2]
        operations[0] += 4.0 * hidden.shape[0] * hidden.shape[1] * keys * layer.o_proj.in_features

    counted = (((nn.Linear, PackedLinear), linear), (PackedGatedMLP, gated))
    handles = [
        module.register_forward_hook(hook)
        for module in model.modules()
        for kind, hook in counted
        if isinstance(module, kind)
    ] + [
        module.register_forward_hook(attention, with_kwargs=True)
        for module in model.modules()
        if hasattr(module, "o_proj")
    ]
    try:
        yield operations
    finally:
        for handle in handles:
            handle.remove()


def best_seconds(work: Callable[[], Any], clock: Callable[[], float], repeats: int) -> float:
    """Return the least seconds that ``work`` took."""
    seconds = []
    for _ in range(repeats):
        begun = clock()
        work()
        seconds.append(clock() - begun)
    return min(seconds)


def matrix_throughput(rows: int, inner: int, outer: int, copies: int, clock: Callable[[], float]) -> float:
    """Return operations per second of ``copies`` different products [rows, inner] x [inner, outer]."""
    given = torch.randn(rows, inner)
    plain = [nn.Linear(inner, outer, bias=False).requires_grad_(False) for _ in range(copies)]
    packed = [PackedLinear.of(layer) for layer in plain]
    fastest = 0.0
    with torch.inference_mode():
        for layers in (plain, packed):
            seconds = best_seconds(lambda layers=layers: [layer(given) for layer in layers], clock, 5)
            fastest = max(fastest, 2.0 * rows * inner * outer * copies / seconds)
    return fastest


def seconds_in_turns(
    batch: Work, single: Sequence[Callable[[], str]], clock: Callable[[], float], repeats: int
) -> tuple[float, float]:
    """Return the mean seconds that ``batch`` took, and that all of ``single`` took."""
    seconds: dict[str, list[float]] = {"batch": [], "single": []}
    for _ in range(repeats):
        for turn in range(TURNS):
            for name, works in (("batch", [batch]), ("single", single[turn::TURNS])):
                begun = clock()
                for work in works:
                    work()
                seconds[name].append(clock() - begun)
    return sum(seconds["batch"]) / len(seconds["batch"]), sum(seconds["single"]) / repeats


def plain_model(cache_dir: str) -> PreTrainedModel:
    """Return the embedded model as transformers loads it, in float32."""
    folder = converted_folder(embedded_source(), torch.float32, cache_dir)
    with quiet_libraries():
        model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, local_files_only=True)
    return model.eval()


def soft_prompts(model: PreTrainedModel, latents: int) -> list[Tensor]:
    """Return soft prompts of the generator's default settings."""
    options = GeneratorOptions()
    projection = Projection(
        options.projection,
        latent_dim=options.latent_dim,
        soft_tokens=options.soft_tokens,
        hidden=model.get_input_embeddings().weight.shape[1],
        rms=1.0,
        seed=0,
    )
    return list(projection.soft_prompts(sobol_latents(latents, options.latent_dim, 3), SCALE))


def whole_prompts(writer: Writer, given: Sequence[Tensor]) -> list[Tensor]:
    """Return the embeddings [n, hidden] that ``writer`` goes on after, for each of the soft prompts."""
    shared, rows = writer._inputs(given)
    return [row if shared is None else torch.cat([shared, row]) for row in rows]


def writing(
    loaded: LoadedModel, plain: PreTrainedModel, latents: int
) -> tuple[Work, list[Callable[[], str]]]:
    """Return how instructions are written by the generator's default settings, and one at a time."""
    options = GeneratorOptions()
    writer = Writer(loaded, options, DEMONSTRATIONS)
    given = soft_prompts(plain, latents)
    prompts = whole_prompts(writer, given)
    ends = sorted(end_tokens(loaded.model, loaded.tokenizer))

    def alone(prompt: Tensor) -> str:
        tokens = plain.generate(
            inputs_embeds=prompt.unsqueeze(0),
            attention_mask=torch.ones(1, len(prompt), dtype=torch.long),
            max_new_tokens=options.max_new_tokens,
            do_sample=False,
            eos_token_id=ends,
            pad_token_id=ends[0],
            stopping_criteria=[Stop(writer._is_complete)],
        )[0]
        return writer._read(writer._text(tokens.tolist())).instruction

    return (
        lambda: [one.instruction for one in writer.write(given)],
        [partial(alone, prompt) for prompt in prompts],
    )


def scoring(
    loaded: LoadedModel, plain: PreTrainedModel, cache_dir: str
) -> tuple[Work, list[Callable[[], str]]]:
    """Return how one instruction is followed by the scorer's default settings, and one at a time."""
    options = ScorerOptions(device="cpu")
    scorer = HFScorer(options, BackendContext(seed=0, cache_dir=cache_dir, data_dir=cache_dir))
    texts = [f"Instruction: {INSTRUCTION}\n\nInput: {review}\nOutput:" for review in REVIEWS]
    request = CompletionRequest(prompts=tuple(Prompt(text=text) for text in texts))
    inputs = [torch.tensor([chat_tokens(loaded.tokenizer, text)]) for text in texts]
    ends = sorted(end_tokens(loaded.model, loaded.tokenizer))

    def alone(tokens: Tensor) -> str:
        answer = plain.generate(
            tokens,
            attention_mask=torch.ones_like(tokens),
            max_new_tokens=options.max_new_tokens,
            do_sample=False,
            eos_token_id=ends,
            pad_token_id=ends[0],
        )[0, tokens.shape[1] :]
        return str(loaded.tokenizer.decode(answer, skip_special_tokens=True))

    return (
        lambda: [one.text for one in asyncio.run(scorer.complete(request)).completions],
        [partial(alone, tokens) for tokens in inputs],
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--latents", type=int, default=50)
    parser.add_argument("--repeats", type=int, default=2)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--clock", choices=CLOCKS, default="wall")
    parser.add_argument("--cache-dir", default=user_cache_dir("izcore"), help="for the converted model")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    clock = CLOCKS[arguments.clock]
    loaded = load_model(ScorerOptions(device="cpu"), arguments.cache_dir)
    plain = plain_model(arguments.cache_dir)
    large = matrix_throughput(LARGE, LARGE, LARGE, 1, clock)
    config = plain.config
    small = matrix_throughput(32, config.hidden_size, config.intermediate_size, 30, clock)
    table = Table(
        "what",
        "per second",
        "one at a time",
        "ratio",
        "equal texts",
        "GFLOP each",
        "GFLOP/s",
        "of the processor",
        title=f"Default settings, {arguments.threads} threads, {arguments.clock} clock",
        caption=f"Products of float32 matrices, {LARGE} x {LARGE}: {large / 1e9:.0f} GFLOP/s; "
        f"of {config.hidden_size} x {config.intermediate_size} with 32 rows: {small / 1e9:.0f} GFLOP/s",
    )
    kinds = {
        f"instructions, {arguments.latents} latents": writing(loaded, plain, arguments.latents),
        f"completions, {len(REVIEWS)} examples": scoring(loaded, plain, arguments.cache_dir),
    }
    for name, (ours, alone) in kinds.items():
        with counted_work(loaded.model) as operations:
            texts = ours()
        expected = [one() for one in alone]
        seconds, slow = seconds_in_turns(ours, alone, clock, arguments.repeats)
        count, speed = len(texts), operations[0] / seconds
        table.add_row(
            name,
            f"{count / seconds:.2f}",
            f"{count / slow:.2f}",
            f"{slow / seconds:.1f}",
            f"{sum(one == other for one, other in zip(texts, expected, strict=True))} of {count}",
            f"{operations[0] / count / 1e9:.1f}",
            f"{speed / 1e9:.0f}",
            f"{speed / large:.0%}",
        )
    Console(width=120).print(table)


if __name__ == "__main__":
    main()
