"""Measures batched decoding and the local scorer on the embedded model; prints one table with ratios.

Run with ``python bench_transformers_decoding.py [--repeats N] [--threads N]``. Everything that is compared
runs alternately in one process, and the best of the repeats counts. Texts are checked to be the same.
"Plain layers" are those of the model as transformers loads it, without packed weights.
"""

import argparse
import time
from collections.abc import Callable, Sequence
from typing import Any

import torch
from platformdirs import user_cache_dir
from rich.console import Console
from rich.table import Table
from torch import Tensor
from transformers import AutoModelForCausalLM, PreTrainedModel

from izcore_transformers.decoding.batched_engine import decode
from izcore_transformers.decoding.endings import end_tokens
from izcore_transformers.models.chat import chat_tokens
from izcore_transformers.models.gguf import converted_folder
from izcore_transformers.models.loading import LoadedModel, embed_tokens, load_model
from izcore_transformers.models.quiet import quiet_libraries
from izcore_transformers.models.sources import embedded_source
from izcore_transformers.options import ModelOptions
from izcore_transformers.scorer import shared_length

BATCH, SOFT_TOKENS, NEW_TOKENS, PROMPT_TOKENS, AFTER_TOKENS = 32, 5, 32, 86, 8
META_PROMPT = (
    "I gave a friend an instruction and five inputs. The friend read the instruction and wrote an output "
    "for every one of the inputs. Here are the input-output pairs:\n\n"
    + "\n\n".join(f"Input: {one}\nOutput: {one}s" for one in ("cat", "dog", "house", "tree", "river"))
)
INSTRUCTION = (
    "Read the review of a film and decide how its writer felt about the film. Answer with one word, "
    "positive or negative, and nothing else."
)
REVIEWS = (
    "Warm, funny and beautifully played.",
    "A waste of two hours.",
    "The plot makes no sense at all, and the actors seem to know it.",
    "I would see it again tomorrow.",
    "Dull.",
    "It begins slowly, but the second half is as exciting as anything made this year.",
    "Nobody needs this sequel.",
    "A tender portrait of two brothers, with music that stays in the ear for days.",
    "Loud, long and empty.",
    "The best film of the festival.",
    "Its jokes are old and its hero is a bore.",
    "Every frame is a painting.",
    "I left before the end.",
    "A clever script, and a cast that clearly enjoys it.",
    "Such a pity: good ideas, badly told.",
    "Charming from the first scene to the last.",
    "The dialogue could have been written by a machine.",
    "You will laugh, and then you will cry.",
    "It is hard to say what they were thinking when they cut this film down to ninety minutes.",
    "A small miracle.",
)


class Stopwatch:
    """Keeps the best time of each measured thing, in seconds per item."""

    def __init__(self) -> None:
        self.best: dict[str, float] = {}

    def measure(self, name: str, work: Callable[[], Any], items: int) -> Any:
        begun = time.perf_counter()
        result = work()
        seconds = (time.perf_counter() - begun) / items
        self.best[name] = min(self.best.get(name, seconds), seconds)
        return result


def measure_writing(watch: Stopwatch, loaded: LoadedModel, plain: PreTrainedModel) -> None:
    """Instructions under soft prompts: one at a time, a batch, and a batch behind a shared prefix."""
    tokens = chat_tokens(loaded.tokenizer, META_PROMPT, prefill="The instruction was to")
    text = embed_tokens(loaded, tokens[-(PROMPT_TOKENS - SOFT_TOKENS) :])
    noise = torch.Generator().manual_seed(0)
    soft = [torch.randn(SOFT_TOKENS, text.shape[1], generator=noise) * 0.1 for _ in range(BATCH)]
    before, after = text[:-AFTER_TOKENS], text[-AFTER_TOKENS:]
    first = [torch.cat([one, text]) for one in soft]
    whole = [torch.cat([before, one, after]) for one in soft]
    few = 4

    def written(prefix: Tensor | None, rows: Sequence[Tensor], batch_size: int) -> list[tuple[int, ...]]:
        # No token ends a text, so that every way writes the same number of tokens.
        decoded = decode(
            loaded.model,
            prefix=prefix,
            rows=rows,
            max_new_tokens=NEW_TOKENS,
            eos_token_ids=[],
            batch_size=batch_size,
        )
        return [one.token_ids for one in decoded]

    def generated(model: PreTrainedModel, rows: Sequence[Tensor]) -> list[tuple[int, ...]]:
        with torch.inference_mode():
            outputs = [
                model.generate(
                    inputs_embeds=row.unsqueeze(0),
                    attention_mask=torch.ones(1, len(row), dtype=torch.long),
                    max_new_tokens=NEW_TOKENS,
                    do_sample=False,
                    eos_token_id=None,
                )[0].tolist()
                for row in rows
            ]
        return [tuple(output) for output in outputs]

    model = loaded.model
    watch.measure("generate, one at a time, plain layers", lambda: generated(plain, first[:few]), few)
    alone = watch.measure("generate, one at a time", lambda: generated(model, first[:few]), few)
    ours = watch.measure("decode, one at a time", lambda: written(None, first[:few], 1), few)
    batch = watch.measure("decode, soft prompt first", lambda: written(None, first, BATCH), BATCH)
    rows = [row[len(before) :] for row in whole]
    shared = watch.measure("decode, shared prefix", lambda: written(before, rows, BATCH), BATCH)
    if alone != ours or batch[:few] != alone or shared[:few] != written(None, whole[:few], 1):
        raise SystemExit("The ways to decode wrote different texts; their times cannot be compared.")


def measure_scoring(watch: Stopwatch, loaded: LoadedModel, plain: PreTrainedModel) -> None:
    """Completions of one instruction on 20 examples: padded batch of transformers against decode."""
    inputs = [
        chat_tokens(loaded.tokenizer, f"Instruction: {INSTRUCTION}\n\nInput: {review}\nOutput:")
        for review in REVIEWS
    ]
    ends = end_tokens(loaded.model, loaded.tokenizer)
    longest = max(len(tokens) for tokens in inputs)
    shared = shared_length(inputs)

    def padded(model: PreTrainedModel) -> list[tuple[int, ...]]:
        ids = torch.tensor([[0] * (longest - len(tokens)) + list(tokens) for tokens in inputs])
        mask = torch.tensor([[0] * (longest - len(t)) + [1] * len(t) for t in inputs])
        with torch.inference_mode():
            output = model.generate(
                ids,
                attention_mask=mask,
                max_new_tokens=NEW_TOKENS,
                do_sample=False,
                eos_token_id=sorted(ends),
                pad_token_id=min(ends),
            )
        texts = []
        for row in output[:, longest:].tolist():
            end = next((place for place, token in enumerate(row) if token in ends), len(row))
            texts.append(tuple(row[:end]))
        return texts

    def ours(shared: int) -> list[tuple[int, ...]]:
        decoded = decode(
            loaded.model,
            prefix=embed_tokens(loaded, inputs[0][:shared]) if shared else None,
            rows=[embed_tokens(loaded, tokens[shared:]) for tokens in inputs],
            max_new_tokens=NEW_TOKENS,
            eos_token_ids=ends,
            batch_size=len(inputs),
        )
        return [one.token_ids for one in decoded]

    count = len(inputs)
    watch.measure("generate, padded batch, plain layers", lambda: padded(plain), count)
    texts = watch.measure("generate, padded batch", lambda: padded(loaded.model), count)
    alone = watch.measure("decode, nothing shared", lambda: ours(0), count)
    together = watch.measure("decode, shared instruction", lambda: ours(shared), count)
    if not texts == alone == together:
        raise SystemExit("The ways to answer gave different texts; their times cannot be compared.")


def table(title: str, watch: Stopwatch, base: str) -> Table:
    """Return the measured times and how many times as fast as ``base`` each is."""
    shown = Table("what", "per second", "ms each", "ratio", title=title, caption=f"ratio: to “{base}”")
    for name, seconds in watch.best.items():
        shown.add_row(
            name, f"{1 / seconds:.2f}", f"{seconds * 1000:.1f}", f"{watch.best[base] / seconds:.1f}"
        )
    return shown


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--cache-dir", default=user_cache_dir("izcore"), help="for the converted model")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    loaded = load_model(ModelOptions(device="cpu"), arguments.cache_dir)
    folder = converted_folder(embedded_source(), torch.float32, arguments.cache_dir)
    with quiet_libraries():
        plain = AutoModelForCausalLM.from_pretrained(
            folder, dtype=torch.float32, local_files_only=True
        ).eval()
    writing, scoring = Stopwatch(), Stopwatch()
    for _ in range(arguments.repeats):
        measure_writing(writing, loaded, plain)
        measure_scoring(scoring, loaded, plain)
    console = Console(width=110)
    title = f"{NEW_TOKENS} tokens after {PROMPT_TOKENS}, batch {BATCH}, {arguments.threads} threads"
    console.print(table(f"Instructions: {title}", writing, "decode, one at a time"))
    title = f"{len(REVIEWS)} examples, up to {NEW_TOKENS} tokens, {arguments.threads} threads"
    console.print(table(f"Completions of one instruction: {title}", scoring, "generate, padded batch"))


if __name__ == "__main__":
    main()
