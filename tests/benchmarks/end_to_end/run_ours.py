"""izcore from end to end, and the user's prompt alone and with every clause about the answer's form.

    python tests/benchmarks/end_to_end/run_ours.py FOLDER RESULTS.jsonl --presets default,uniform-halving

FOLDER is what ``tasks.py`` wrote, and ``counting_proxy.py`` must be up. Whatever RESULTS holds is not done
again. The embedded model writes, which takes no calls. A run ends with the calls that the proxy grants; all
of them but three are for the search and its finalists, as the final score is not izcore's own but the
comparison's: that of the prompt that it returns, on the sealed examples, asked as it returns it.
"""

import argparse
import os
import tempfile
import time
from importlib.metadata import version
from pathlib import Path

from common import (
    ANSWER_TOKENS,
    DEMONSTRATIONS,
    MODEL,
    Endpoint,
    Message,
    Outcome,
    Task,
    already_there,
    endpoint_for,
    read_task,
    share_right,
)

import izcore
from izcore.plugin import Example, Guidance
from izcore.scoring.prompt import DEFAULT_TEMPLATE, render_prompt

KEY = "END_TO_END_RUN"
"""Environment variable in which the scorer finds the run's name as its key."""


def main() -> None:
    """Do every run that the results lack, the cheap ones first."""
    parser = argparse.ArgumentParser(description="Run izcore from end to end.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("results", type=Path)
    parser.add_argument("--tasks", default="products,counting,weekdays")
    parser.add_argument("--presets", default="default,uniform-halving")
    parser.add_argument("--coordinates", default="", help="besides those of the preset")
    parser.add_argument("--seeds", default="0,1,2")
    parser.add_argument("--max-calls", type=int, default=300)
    parser.add_argument("--base-url", default="http://127.0.0.1:8200/v1")
    given = parser.parse_args()
    tasks = [read_task(given.folder, name) for name in given.tasks.split(",")]
    done = already_there(given.results)
    for task in tasks:
        score_prompts_as_given(task, given.base_url, given.results)
    for seed in map(int, given.seeds.split(",")):
        for preset in filter(None, given.presets.split(",")):
            for task in tasks:
                added = tuple(filter(None, given.coordinates.split(",")))
                method = " + ".join((f"izcore {preset}", *added))
                if (task.name, method, seed) not in done:
                    outcome = optimized(task, preset, added, method, seed, given.base_url, given.max_calls)
                    outcome.append(given.results)


def score_prompts_as_given(task: Task, base_url: str, results: Path) -> None:
    """Score no prompt, and the user's: alone, with each clause, and with solved examples shown.

    Nothing is searched for, so nothing is counted.
    """
    shown = tuple(
        Example(input=pair.given, targets=(pair.wanted,)) for pair in task.searched[:DEMONSTRATIONS]
    )
    given = {"no prompt": Guidance(instruction=""), "user's prompt": Guidance(instruction=task.prompt)}
    for number, prompt in enumerate(task.with_clauses, start=1):
        given[f"user's prompt + form {number}"] = Guidance(instruction=prompt)
    given["user's prompt + 5 examples"] = Guidance(instruction=task.prompt, exemplars=shown)
    done = already_there(results)
    for method, guidance in given.items():
        if (task.name, method, 0) not in done:
            text = render_prompt(DEFAULT_TEMPLATE, guidance, Example(input="{input}", targets=("",)))
            endpoint = endpoint_for(base_url, "given", task.name)
            score = sealed_score(task, endpoint, [{"role": "user", "content": text}])
            Outcome(task.name, method, 0, score, 0, text).append(results)


def optimized(
    task: Task,
    preset: str,
    coordinates: tuple[str, ...],
    method: str,
    seed: int,
    base_url: str,
    max_calls: int,
) -> Outcome:
    """Search with a preset from the user's prompt, and score what is found."""
    endpoint = endpoint_for(base_url, "izcore", preset, *coordinates, task.name, seed)
    os.environ[KEY] = endpoint.run
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:  # a database of its own: nothing is free by an earlier run
        result = izcore.optimize(
            str(task.path),
            db=Path(folder) / "runs.db",
            preset=preset,
            scorer=f"openai:{MODEL}",
            metric="exact_match",
            start=[task.prompt],
            baselines=[task.prompt],
            seed=seed,
            max_calls=max_calls,
            settings={
                "scorer": {
                    "base_url": base_url,
                    "api_key_env": KEY,
                    "max_output_tokens": ANSWER_TOKENS,
                },
                "splits": {"test": 1},
                **({"coordinates": ["form", *coordinates]} if coordinates else {}),
            },
        )
    seconds = time.monotonic() - began
    assert result.best is not None
    messages = [dict(message) for message in result.best.messages]
    return Outcome(
        task=task.name,
        method=method,
        seed=seed,
        score=sealed_score(task, endpoint, messages),
        calls=endpoint.calls,
        prompt="\n".join(message["content"] for message in messages),
        seconds=seconds,
        versions={"izcore": version("izcore")},
        note=f"{result.trials} trials",
    )


def sealed_score(task: Task, endpoint: Endpoint, messages: list[Message]) -> float:
    """Return what a prompt, with ``{input}`` in place of an example's, gets right of the sealed examples."""
    asked = [
        [{**message, "content": message["content"].replace("{input}", pair.given)} for message in messages]
        for pair in task.sealed
    ]
    return share_right(endpoint.sealed.ask_all(asked), task.sealed)


if __name__ == "__main__":
    main()
