"""A run made of records: as many answers and trials as a test wants, whatever they say."""

import msgspec

from izcore import Baseline, Best, CoordinateEffect, InstructionScores, Run, RunResult, TestScore
from izcore.plugin import Candidate, Example, Guidance, Prompt, Splits, Trial, Usage
from izcore.plugin.results import FrontPoint, ValidationScore

TEAMS = ("billing", "delivery", "technical")
INSTRUCTIONS = (
    "Name the team that shall answer.",
    "Name the team that shall answer, and only the team.",
    "Be kind.",
    "Which team is it for?",
)
GIVEN = "Name the team."


def run_of(size: int = 12, *, trials: int = 4) -> Run:
    """Return a finished run; the winner is wrong on every fourth test example, the baseline on odd ones."""
    examples = tuple(
        Example(input=f"message {number}", targets=(TEAMS[number % 3],)) for number in range(size)
    )
    right = tuple(each.targets[0] for each in examples)
    mine = tuple("no idea" if n % 4 == 0 else each for n, each in enumerate(right))
    theirs = tuple(TEAMS[(n + 1) % 3] if n % 2 else each for n, each in enumerate(right))
    guidance = Guidance(instruction=INSTRUCTIONS[1])
    test = TestScore(score=0.75, low=0.6, high=0.85, n=size)
    return Run(
        id="20261122-0931-tickets-k3f9",
        task="tickets",
        status="done",
        seed=3,
        created=1_795_000_000.0,
        seconds=75.0,
        config={"task": {"name": "csv", "options": {"path": "tickets.csv"}}, "baselines": [GIVEN], "seed": 3},
        splits=Splits(demonstrations=examples[:2], validation=examples[:4], test=examples),
        versions={"izcore": "0.1.0"},
        notes=("The column was guessed.",),
        trials=tuple(
            Trial(
                index=index,
                round=0,
                candidate=Candidate(latent=(0.5,), instruction=INSTRUCTIONS[index % 4] + " " * (index // 4)),
                scores=(1.0,) * (index % 4) + (0.0,) * (4 - index % 4),
                answers=right[:4],
                finishes=("stop",) * 4,
                calls=4,
                usage=Usage(input_tokens=40, output_tokens=4),
                cost_usd=0.25,
            )
            for index in range(trials)
        ),
        test_scores=(
            _tested("this instruction", guidance, mine, right),
            _tested("given", Guidance(instruction=GIVEN), theirs, right),
        ),
        result=RunResult(
            run_id="20261122-0931-tickets-k3f9",
            task="tickets",
            status="done",
            seed=3,
            best=Best(
                instruction=guidance.instruction,
                validation=ValidationScore(score=1.0, n=4, fresh=True),
                test=test,
                coordinates={"form": "only the answer"},
                prompt=Prompt(system=guidance.instruction, text="{input}"),
            ),
            baselines=(
                Baseline(
                    name="given",
                    instruction=GIVEN,
                    test=TestScore(score=0.5, low=0.4, high=0.6, n=size),
                    difference=0.25,
                    p_value=0.01,
                ),
            ),
            trials=trials,
            unique_instructions=trials,
            calls=4 * trials + 2 * size,
            cached_calls=3,
            tokens=Usage(input_tokens=400, output_tokens=40),
            cost_usd=1.25,
            seconds=75.0,
            conclusion="Better than given (+0.25, p = 0.01).",
            effects=(
                CoordinateEffect(
                    coordinate="form",
                    value="only the answer",
                    plainest="no demand",
                    difference=0.4,
                    low=0.2,
                    high=0.6,
                    bodies=4,
                    examples=4,
                ),
            ),
            front=(FrontPoint(instruction="Be kind.", length=8, validation=ValidationScore(score=0.5, n=4)),),
        ),
    )


def unfinished(run: Run, status: str = "interrupted") -> Run:
    """Return a run as it was before its end."""
    return msgspec.structs.replace(run, status=status, result=None, test_scores=())


def _tested(
    name: str, guidance: Guidance, answers: tuple[str, ...], right: tuple[str, ...]
) -> InstructionScores:
    return InstructionScores(
        name=name,
        guidance=guidance,
        scores=tuple(float(a == b) for a, b in zip(answers, right, strict=True)),
        answers=answers,
        finishes=("stop",) * len(answers),
        reasonings=tuple(f"thought {place}" for place in range(len(answers))) if name != "given" else (),
    )


def hostile(run: Run, text: str) -> Run:
    """Return the run with a text behind every text in it, whatever it is the text of."""
    fixed = {"status", "split", "finish", "role", "placement", "id", "run_id"}

    def spoil(value: object, name: str = "") -> object:
        if isinstance(value, str):
            return value if name in fixed else f"{value}{text}"
        if isinstance(value, dict):
            keep = name == "finishes"
            return {
                key if keep else spoil(key, "key") if name in _TABLES else key: spoil(each, key)
                for key, each in value.items()
            }
        if isinstance(value, list | tuple):
            return value if name == "finishes" else [spoil(each, name) for each in value]
        return value

    return msgspec.convert(spoil(msgspec.to_builtins(run)), Run)


_TABLES = ("versions", "coordinates")
