"""Instructions per second in batches of 32, against one at a time: same model, same texts.

python bench_transformers_generator.py [LATENTS]
"""

import sys
import tempfile
import time

import msgspec
import torch

from izcore.plugin import (
    BackendContext,
    Candidate,
    Example,
    GenerateRequest,
    Latent,
    PrepareRequest,
    sobol_latents,
)
from izcore_transformers.generator import HFGenerator
from izcore_transformers.options import GeneratorOptions

PAIRS = [("cat", "cats"), ("box", "boxes"), ("child", "children"), ("city", "cities"), ("tree", "trees")]
DEMONSTRATIONS = tuple(Example(input=word, targets=(plural,)) for word, plural in PAIRS)
NEW_TOKENS = 32


def measure(position: str, latents: tuple[Latent, ...], cache_dir: str) -> dict[str, float | int | str]:
    """Return instructions per second both ways, and how many of the texts are equal."""
    options = msgspec.convert(
        {"position": position, "scale": 2.0, "stop": "end", "max_new_tokens": NEW_TOKENS}, GeneratorOptions
    )
    generator = HFGenerator(options, BackendContext(seed=0, cache_dir=cache_dir, data_dir=cache_dir))
    generator.prepare(PrepareRequest(demonstrations=DEMONSTRATIONS, seed=0))

    def write(some: tuple[Latent, ...]) -> tuple[tuple[Candidate, ...], float]:
        request = GenerateRequest(latents=some, demonstrations=DEMONSTRATIONS, seed=0)
        start = time.perf_counter()
        written = generator.generate(request).candidates
        return written, time.perf_counter() - start

    write(latents[:2])
    together, batched = write(latents)
    alone = [write((latent,)) for latent in latents]
    single = sum(seconds for _, seconds in alone)
    equal = sum(one == written[0] for one, (written, _) in zip(together, alone, strict=True))
    return {
        "position": position,
        "one at a time, per s": round(len(latents) / single, 2),
        "batched, per s": round(len(latents) / batched, 2),
        "ratio": round(single / batched, 1),
        "equal texts": f"{equal} of {len(latents)}",
    }


def main() -> None:
    """Print a table: one line per position of the soft prompt."""
    torch.set_num_threads(2)
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 32
    latents = sobol_latents(count, 10, 3)
    with tempfile.TemporaryDirectory() as cache_dir:
        for position in ("first", "after_shared"):
            measured = measure(position, latents, cache_dir)
            if position == "first":
                print("  ".join(f"{name:>20}" for name in measured))
            print("  ".join(f"{value!s:>20}" for value in measured.values()), flush=True)


if __name__ == "__main__":
    main()
