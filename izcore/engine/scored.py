"""Puts together what scoring instructions found: comparisons in pairs, and the result that a run keeps."""

from collections.abc import Sequence
from itertools import combinations

from izcore.engine.score_result import PairedComparison, ScoredInstruction, ScoreResult
from izcore.engine.verdict import describe_comparison
from izcore.plugin.results import Baseline, Best, RunResult, ValidationScore
from izcore.plugin.seeds import derive_seed
from izcore.plugin.trials import Guidance
from izcore.plugin.whole_prompts import WholePrompt
from izcore.scoring.statistics import adjust_for_number, paired_difference, paired_p_value

Scores = Sequence[float | None]


def on_shared_examples(scores: Sequence[Scores]) -> list[tuple[float | None, ...]]:
    """Leave out of all scores those on examples that one of the instructions has no score on."""
    counts = [None not in each for each in zip(*scores, strict=True)]
    return [
        tuple(score if counted else None for score, counted in zip(each, counts, strict=True))
        for each in scores
    ]


def known(scores: Scores) -> list[float]:
    """Return the scores on the examples that count."""
    return [score for score in scores if score is not None]


def compare_pairs(
    names: Sequence[str], scores: Sequence[Scores], *, seed: int
) -> tuple[PairedComparison, ...]:
    """Compare each two of the instructions; p-values know how many pairs there are."""
    pairs = list(combinations(range(len(names)), 2))
    if not pairs or len(known(scores[0])) < 2:
        return ()
    single = [
        paired_p_value(known(scores[a]), known(scores[b]), seed=derive_seed(seed, "p", names[a], names[b]))
        for a, b in pairs
    ]
    found = []
    for (a, b), p_value in zip(pairs, adjust_for_number(single), strict=True):
        difference, low, high = paired_difference(known(scores[a]), known(scores[b]))
        found.append(
            PairedComparison(
                first=names[a], second=names[b], difference=difference, low=low, high=high, p_value=p_value
            )
        )
    return tuple(found)


def as_run_result(
    result: ScoreResult,
    guidances: Sequence[Guidance],
    whole: WholePrompt | None,
    *,
    seed: int,
    seconds: float,
) -> RunResult:
    """Return what the run keeps: the instruction with the highest score as the best, the others beside it.

    ``whole`` is the prompt of the best.
    """
    place = best_of(result.instructions)
    best, guidance = result.instructions[place], guidances[place]
    others = tuple(
        _beside(best, each, guidances[number], result.pairs)
        for number, each in enumerate(result.instructions)
        if number != place
    )
    return RunResult(
        run_id=result.run_id,
        task=result.task,
        status="done",
        seed=seed,
        best=Best(
            instruction=guidance.instruction,
            validation=ValidationScore(score=0.0, n=0),
            test=best.test,
            exemplars=guidance.exemplars,
            answer_mark=guidance.answer_mark,
            room=guidance.room,
            placement=guidance.placement,
            as_turns=guidance.as_turns,
            whole_prompt=whole,
        ),
        baselines=others,
        trials=0,
        unique_instructions=len(guidances),
        calls=result.calls,
        cached_calls=result.cached_calls,
        tokens=result.tokens,
        cost_usd=result.cost_usd,
        seconds=seconds,
        conclusion=" ".join(
            [
                describe_comparison(others, ()) if others else "Scored alone.",
                *(g.reason for g in result.gates),
            ]
        ),
        finishes=result.finishes,
        set_aside=(result.set_aside,) if result.set_aside else (),
    )


def best_of(instructions: Sequence[ScoredInstruction]) -> int:
    """Return the place of the highest score, the first of several."""
    return max(range(len(instructions)), key=lambda place: instructions[place].test.score)


def _beside(
    best: ScoredInstruction,
    other: ScoredInstruction,
    guidance: Guidance,
    pairs: Sequence[PairedComparison],
) -> Baseline:
    pair = next((each for each in pairs if {each.first, each.second} == {best.name, other.name}), None)
    p_value = pair.p_value if pair else 1.0
    return Baseline(
        name=other.name,
        instruction=other.instruction,
        test=other.test,
        difference=best.test.score - other.test.score,
        p_value=p_value,
        exemplars=guidance.exemplars,
        as_turns=guidance.as_turns,
        adjusted_p_value=p_value,
    )
