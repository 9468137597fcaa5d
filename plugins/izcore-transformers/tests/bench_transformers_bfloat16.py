"""Instructions per second with float32 and with bfloat16 layers, and by vLLM: same prompts, same lengths.

    python bench_transformers_bfloat16.py [--latents N] [--turns N] [--threads N]
    python bench_transformers_bfloat16.py --vllm http://127.0.0.1:8123 --vllm-pid PID

Soft prompts of the generator's defaults go on with 32 tokens each, wherever a text would end. One batch of
all of them is written with each kind of layers, and the server is sent all of them at once, as prompt
embeddings; "one at a time" is transformers' own ``generate`` in float32 on a few of them. All take turns, so
that a busy moment meets each alike, and times are means. "Per processor second" counts the time of all
threads; of a server, that of its processes (Linux alone).

The server is started beforehand, with as many threads, for example:

    OMP_NUM_THREADS=2 vllm serve FOLDER --served-model-name local --port 8123 --enable-prompt-embeds
      --dtype bfloat16 --block-size 32 --max-model-len 1024 --max-num-seqs 64 --enforce-eager

FOLDER is the converted embedded model, within the cache folder, under ``models``.
"""

import argparse
import base64
import io
import json
import os
import sys
import time
import urllib.request
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import torch
from bench_transformers_throughput import DEMONSTRATIONS, plain_model, soft_prompts, whole_prompts
from platformdirs import user_cache_dir
from rich.console import Console
from rich.table import Table
from torch import Tensor

from izcore_transformers.cpu_layers.processor import bfloat16_instructions
from izcore_transformers.models.loading import load_model
from izcore_transformers.options import GeneratorOptions, ModelOptions
from izcore_transformers.soft_prompt.writer import Writer

NEW_TOKENS, ALONE = 32, 3
TICKS = os.sysconf("SC_CLK_TCK")

Texts = Sequence[tuple[int, ...]]


class Way:
    """One way to write, and how long it took."""

    def __init__(self, work: Callable[[], int], processor_time: Callable[[], float]) -> None:
        self._work, self._processor_time = work, processor_time
        self.texts, self.seconds, self.processor_seconds = 0, 0.0, 0.0

    def take_turn(self) -> None:
        begun, used = time.perf_counter(), self._processor_time()
        self.texts += self._work()
        self.seconds += time.perf_counter() - begun
        self.processor_seconds += self._processor_time() - used


def time_of_processes(root: int) -> float:
    """Return the processor seconds that the process ``root`` and its descendants have used."""
    used, parents = {}, {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
        except OSError:  # it has ended
            continue
        parents[int(folder.name)] = int(fields[1])
        used[int(folder.name)] = (int(fields[11]) + int(fields[12])) / TICKS
    family = {root}
    while more := {one for one, parent in parents.items() if parent in family} - family:
        family |= more
    return sum(used.get(one, 0.0) for one in family)


def by_server(address: str, prompts: Sequence[Tensor]) -> int:
    """Send all ``prompts`` [n, hidden] at once, and return how many texts came."""

    def ask(prompt: Tensor) -> int:
        file = io.BytesIO()
        torch.save(prompt.to(torch.bfloat16).clone(), file)
        body = {
            "model": "local",
            "prompt": None,
            "prompt_embeds": base64.b64encode(file.getvalue()).decode(),
            "max_tokens": NEW_TOKENS,
            "temperature": 0,
            "ignore_eos": True,
        }
        request = urllib.request.Request(
            f"{address}/v1/completions", json.dumps(body).encode(), {"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=600) as response:
            answer = json.load(response)
        assert answer["usage"]["completion_tokens"] == NEW_TOKENS
        return len(answer["choices"])

    with ThreadPoolExecutor(len(prompts)) as pool:
        return sum(pool.map(ask, prompts))


def same_places(some: Texts, others: Texts) -> float:
    """Return the share of tokens that are equal in the same place."""
    pairs = [pair for texts in zip(some, others, strict=True) for pair in zip(*texts, strict=True)]
    return sum(one == other for one, other in pairs) / len(pairs)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--latents", type=int, default=50)
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--vllm", default="", help="address of a vLLM server that takes prompt embeddings")
    parser.add_argument("--vllm-pid", type=int, default=0, help="its process, for processor time")
    parser.add_argument("--cache-dir", default=user_cache_dir("izcore"), help="for the converted model")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    layers = ["float32", *(["bfloat16"] if bfloat16_instructions() else [])]
    models = {
        name: load_model(ModelOptions(device="cpu", cpu_layers=name), arguments.cache_dir) for name in layers
    }
    writers = {name: Writer(loaded, GeneratorOptions(), DEMONSTRATIONS) for name, loaded in models.items()}
    plain = plain_model(arguments.cache_dir)
    soft = soft_prompts(plain, arguments.latents)
    prompts = whole_prompts(writers["float32"], soft)

    def alone() -> int:
        for prompt in prompts[:ALONE]:
            plain.generate(
                inputs_embeds=prompt.unsqueeze(0),
                attention_mask=torch.ones(1, len(prompt), dtype=torch.long),
                max_new_tokens=NEW_TOKENS,
                do_sample=False,
                eos_token_id=None,
            )
        return ALONE

    ways = {
        f"batch, {name} layers": Way(
            lambda writer=writer: len(writer.write_tokens(soft, NEW_TOKENS)), time.process_time
        )
        for name, writer in writers.items()
    }
    ways["one at a time, float32"] = Way(alone, time.process_time)
    if arguments.vllm:
        pid = arguments.vllm_pid
        ways["vLLM, bfloat16"] = Way(
            lambda: by_server(arguments.vllm, prompts),
            (lambda: time_of_processes(pid)) if pid else (lambda: float("nan")),
        )
        by_server(arguments.vllm, prompts[:2])
    texts = {name: writer.write_tokens(soft, NEW_TOKENS) for name, writer in writers.items()}  # and warm up
    for _ in range(arguments.turns):
        for name, way in ways.items():
            way.take_turn()
            print(f"{name}: {way.texts / way.seconds:.2f} per second so far", file=sys.stderr, flush=True)
    table = Table(
        "what",
        "per second",
        "ratio",
        "per processor second",
        "ratio",
        title=f"{arguments.latents} instructions of {NEW_TOKENS} tokens after {len(prompts[0])}, "
        f"{arguments.threads} threads, {bfloat16_instructions() or 'no bfloat16 instructions'}",
        caption=f"ratios: to one at a time; equal tokens in equal places: "
        f"{same_places(texts['float32'], texts[layers[-1]]):.0%}",
    )
    base = ways["one at a time, float32"]
    for name, way in ways.items():
        by_clock, by_processor = way.texts / way.seconds, way.texts / way.processor_seconds
        table.add_row(
            name,
            f"{by_clock:.2f}",
            f"{by_clock * base.seconds / base.texts:.1f}",
            f"{by_processor:.2f}",
            f"{by_processor * base.processor_seconds / base.texts:.1f}",
        )
    Console(width=120).print(table)


if __name__ == "__main__":
    main()
