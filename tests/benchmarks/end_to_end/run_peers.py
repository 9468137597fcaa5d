"""Other libraries on the same tasks: promptolution's CAPO and OPRO, GEPA, and DSPy's MIPROv2.

    python3 -m venv PEERS && PEERS/bin/pip install promptolution gepa "dspy[optuna]"
    PEERS/bin/python tests/benchmarks/end_to_end/run_peers.py FOLDER RESULTS.jsonl --seeds 0,1,2

FOLDER is what ``tasks.py`` wrote, and ``counting_proxy.py`` must be up. Whatever RESULTS holds is not done
again. Each library has its own defaults, but for what says how much it may do: 5 examples to show, 20 to
score on, and as many calls as the proxy grants. The same model answers and writes prompts; both count.
Every method starts from the user's prompt, and in its second row it is offered the clauses about the form
of the answer as well: as further initial prompts where the library takes several (promptolution), else as
the user's prompt with the clause that did best on 10 examples, these calls counted.

What a library puts around a prompt stays: promptolution and GEPA send it as they do by default, a program
of DSPy is asked with its own adapter, and shown examples stay where a method chose some. So each is scored
as its user would use it.
"""

import argparse
import logging
import os
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from common import (
    ANSWER_TOKENS,
    AT_ONCE,
    DEMONSTRATIONS,
    MODEL,
    VALIDATION,
    WRITING_TOKENS,
    Endpoint,
    Outcome,
    Pair,
    Task,
    already_there,
    endpoint_for,
    read_task,
    right,
    share_right,
)

TRIED_WITH_CLAUSES = 10
"""Examples on which a method that takes one prompt finds out which clause to begin with."""


@dataclass(frozen=True)
class Found:
    """The prompt as people would read it, its answers to the sealed examples, and what went wrong."""

    prompt: str
    answers: list[str]
    note: str = ""


def capo(task: Task, seed: int, endpoint: Endpoint, *, offered: bool) -> Found:
    """promptolution's CAPO: a population of four in blocks of five examples, at most four blocks."""
    from promptolution.optimizers.capo import CAPO
    from promptolution.utils.prompt_creation import create_prompt_variation

    shown, scored = _parts(task, seed)
    predictor, writer = _promptolution_models(endpoint)
    prompts = [task.prompt, *(task.with_clauses if offered else ())]
    while len(prompts) < 4:  # crossover needs several; variations are the library's own way to more
        prompts += create_prompt_variation([task.prompt], writer)
    optimizer = CAPO(
        predictor=predictor,
        task=_promptolution_task(task, scored, seed, n_subsamples=5, eval_strategy="sequential_block"),
        meta_llm=writer,
        initial_prompts=prompts,
        df_few_shots=_frame(shown),
    )
    return _promptolution_found(optimizer, task, endpoint)


def opro(task: Task, seed: int, endpoint: Endpoint, *, offered: bool) -> Found:
    """promptolution's OPRO: every prompt on all 20 examples."""
    from promptolution.optimizers.opro import OPRO

    _, scored = _parts(task, seed)
    predictor, writer = _promptolution_models(endpoint)
    optimizer = OPRO(
        predictor=predictor,
        task=_promptolution_task(task, scored, seed, eval_strategy="full"),
        meta_llm=writer,
        initial_prompts=[task.prompt, *(task.with_clauses if offered else ())],
        num_instructions_per_step=1,  # what a step that breaks off at the wall has found is lost
    )
    return _promptolution_found(optimizer, task, endpoint)


def _promptolution_models(endpoint: Endpoint) -> tuple[Any, Any]:
    from promptolution.llms.api_llm import APILLM
    from promptolution.predictors import MarkerBasedPredictor

    def model(tokens: int, **sampling: float) -> Any:
        return APILLM(
            api_url=endpoint.base_url,
            model_id=MODEL,
            api_key=endpoint.run,
            max_tokens=tokens,
            max_concurrent_calls=AT_ONCE,
            max_retries=0,  # those of its client are enough, and do not try again at the wall
            call_kwargs=sampling,
        )

    # The predictor that the library takes by default; an answer without its markers counts as a whole.
    return MarkerBasedPredictor(model(ANSWER_TOKENS, temperature=0)), model(WRITING_TOKENS)


def _frame(pairs: Sequence[Pair]) -> Any:
    import pandas as pd

    return pd.DataFrame([{"x": pair.given, "y": pair.wanted} for pair in pairs])


def _promptolution_task(task: Task, scored: Sequence[Pair], seed: int, **blocks: Any) -> Any:
    from promptolution.tasks.classification_tasks import ClassificationTask

    return ClassificationTask(
        _frame(scored),
        task_description=task.prompt,
        seed=seed,
        metric=lambda wanted, given: float(right(given[0], wanted[0])),
        **blocks,
    )


def _promptolution_found(optimizer: Any, task: Task, endpoint: Endpoint) -> Found:
    optimizer.optimize(n_steps=100)  # the proxy's wall ends it sooner
    seen = optimizer.task
    by_prompt: dict[str, list[float]] = {}
    for (prompt, _, _), score in seen.eval_cache.items():
        by_prompt.setdefault(prompt, []).append(score)
    # The optimizer's best, or where the wall came before its first step was over, the best of what it scored.
    best = str(optimizer.prompts[0])
    if not len(optimizer.scores) and by_prompt:
        best = max(by_prompt, key=lambda prompt: sum(by_prompt[prompt]) / len(by_prompt[prompt]))
    predictor, _ = _promptolution_models(endpoint.sealed)
    answers, _ = predictor.predict([best] * len(task.sealed), [pair.given for pair in task.sealed])
    return Found(best, answers)


def gepa(task: Task, seed: int, endpoint: Endpoint, *, offered: bool) -> Found:
    """GEPA with its default adapter (the prompt is the system message), told what was right and wrong."""
    import gepa as library
    from gepa.adapters.default_adapter.default_adapter import DefaultAdapter, EvaluationResult
    from gepa.lm import LM

    def judge(data: Any, answer: str) -> Any:
        if right(answer, data["answer"]):
            return EvaluationResult(1.0, "The response is correct.")
        return EvaluationResult(
            0.0, f"The response must be exactly {data['answer']!r}, without any other text."
        )

    def adapter(run: Endpoint) -> Any:
        sent = {"temperature": 0, "max_tokens": ANSWER_TOKENS, "api_base": run.base_url, "api_key": run.run}
        return DefaultAdapter(f"openai/{MODEL}", judge, AT_ONCE, sent)

    def data(pairs: Sequence[Pair]) -> list[Any]:
        return [{"input": pair.given, "additional_context": {}, "answer": pair.wanted} for pair in pairs]

    def score(prompt: str, pairs: Sequence[Pair]) -> float:
        return float(sum(adapter(endpoint).evaluate(data(pairs), {"system_prompt": prompt}).scores))

    shown, scored = _parts(task, seed, rest=True)
    result = library.optimize(
        seed_candidate={"system_prompt": _start(task, shown, score) if offered else task.prompt},
        trainset=data(shown),
        valset=data(scored),
        adapter=adapter(endpoint),
        reflection_lm=LM(
            f"openai/{MODEL}",
            max_tokens=WRITING_TOKENS,
            num_retries=0,
            api_base=endpoint.base_url,
            api_key=endpoint.run,
        ),
        stop_callbacks=lambda state: endpoint.at_the_wall,
        raise_on_exception=False,
        logger=_Quiet(),
        seed=seed,
    )
    best = result.best_candidate["system_prompt"]
    outputs = adapter(endpoint.sealed).evaluate(data(task.sealed), {"system_prompt": best}).outputs
    return Found(best, [output["full_assistant_response"] for output in outputs])


class _Quiet:
    """A logger for GEPA, which else prints every prompt."""

    def log(self, message: str) -> None:
        """Say nothing."""


def mipro(task: Task, seed: int, endpoint: Endpoint, *, offered: bool) -> Found:
    """DSPy's MIPROv2 in its lightest automatic setting, shown examples included."""
    import dspy

    dspy.configure_cache(enable_disk_cache=False, enable_memory_cache=True)

    def model(run: Endpoint, tokens: int, **sampling: float) -> Any:
        return dspy.LM(
            f"openai/{MODEL}",
            api_base=run.base_url,
            api_key=run.run,
            max_tokens=tokens,
            num_retries=0,
            **sampling,
        )

    def examples(pairs: Sequence[Pair]) -> list[Any]:
        return [dspy.Example(input=pair.given, output=pair.wanted).with_inputs("input") for pair in pairs]

    def matches(example: Any, prediction: Any, trace: Any = None) -> bool:
        return right(str(prediction.output), example.output)

    def answers(program: Any, pairs: Sequence[Pair]) -> list[str]:
        evaluate = dspy.Evaluate(
            devset=examples(pairs), metric=matches, num_threads=AT_ONCE, max_errors=len(pairs) + 1
        )
        # An answer that the adapter cannot read is none.
        return [str(getattr(prediction, "output", "")) for _, prediction, _ in evaluate(program).results]

    def program_of(prompt: str) -> Any:
        return dspy.Predict(dspy.Signature("input -> output", prompt))

    def score(prompt: str, pairs: Sequence[Pair]) -> float:
        return share_right(answers(program_of(prompt), pairs), pairs)

    shown, scored = _parts(task, seed, rest=True)
    answering = model(endpoint, ANSWER_TOKENS, temperature=0)
    with dspy.context(lm=answering):
        program = program_of(_start(task, shown, score) if offered else task.prompt)
        optimizer = dspy.MIPROv2(
            metric=matches,
            task_model=answering,
            prompt_model=model(endpoint, WRITING_TOKENS),
            auto="light",
            num_threads=AT_ONCE,
            max_errors=1000,  # past the wall every answer is an error, which scores 0 and is never chosen
            seed=seed + 1,  # it takes 0 for none
        )
        best, note = program, ""
        try:
            best = optimizer.compile(program, trainset=examples(shown), valset=examples(scored))
        except dspy.utils.exceptions.AdapterParseError:
            note = "stopped: the model's proposal could not be read; scored as it began"
    with dspy.context(lm=model(endpoint.sealed, ANSWER_TOKENS, temperature=0)):
        found = answers(best, task.sealed)
    demonstrations = "\n".join(f"{demo['input']} -> {demo['output']}" for demo in best.demos)
    return Found(f"{best.signature.instructions}\n{demonstrations}".strip(), found, note)


def _parts(task: Task, seed: int, *, rest: bool = False) -> tuple[tuple[Pair, ...], tuple[Pair, ...]]:
    """Return examples to learn from, all others with ``rest``, and those to score on."""
    pairs = task.shuffled(seed)
    scored = pairs[:VALIDATION]
    others = pairs[VALIDATION:]
    return (others if rest else others[:DEMONSTRATIONS]), scored


def _start(task: Task, pairs: Sequence[Pair], score: Callable[[str, Sequence[Pair]], float]) -> str:
    """Return the user's prompt, or the one with a clause that does better on a few examples."""
    tried = pairs[:TRIED_WITH_CLAUSES]
    scores = {prompt: score(prompt, tried) for prompt in (task.prompt, *task.with_clauses)}
    return max(scores, key=lambda prompt: scores[prompt])


METHODS: dict[str, tuple[Callable[..., Found], str]] = {
    "gepa": (gepa, "gepa"),
    "mipro": (mipro, "dspy"),
    "capo": (capo, "promptolution"),
    "opro": (opro, "promptolution"),
}
"""Each method, and the distribution that it comes from."""


def main() -> None:
    """Do every run that the results lack: both rows of each method, seed after seed."""
    parser = argparse.ArgumentParser(description="Run other libraries from end to end.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("results", type=Path)
    parser.add_argument("--tasks", default="products,counting,weekdays")
    parser.add_argument("--methods", default=",".join(METHODS))
    parser.add_argument("--seeds", default="0,1,2")
    parser.add_argument("--base-url", default="http://127.0.0.1:8200/v1")
    given = parser.parse_args()
    logging.disable(logging.ERROR)
    os.environ |= {"LITELLM_LOG": "CRITICAL", "LITELLM_LOCAL_MODEL_COST_MAP": "True"}
    tasks = [read_task(given.folder, each) for each in given.tasks.split(",")]
    done = already_there(given.results)
    for seed in map(int, given.seeds.split(",")):
        for name in given.methods.split(","):
            for offered in (False, True):
                row = f"{name} + form" if offered else name
                for task in tasks:
                    if (task.name, row, seed) not in done:
                        endpoint = endpoint_for(given.base_url, row.replace(" ", ""), task.name, seed)
                        run(name, row, task, seed, endpoint).append(given.results)


def run(name: str, row: str, task: Task, seed: int, endpoint: Endpoint) -> Outcome:
    """Let a method search, and score what it found."""
    import numpy as np

    method, distribution = METHODS[name]
    random.seed(seed)
    np.random.seed(seed)
    began = time.monotonic()
    found = method(task, seed, endpoint, offered=row != name)
    return Outcome(
        task=task.name,
        method=row,
        seed=seed,
        score=share_right(found.answers, task.sealed),
        calls=endpoint.calls,
        prompt=found.prompt,
        seconds=time.monotonic() - began,
        versions={distribution: version(distribution)},
        note=found.note,
    )


if __name__ == "__main__":
    main()
