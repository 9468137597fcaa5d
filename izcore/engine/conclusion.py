"""The end of a run: open the sealed test split once, for winner and baselines, and say what it means."""

from collections.abc import Mapping, Sequence

from izcore.plugin.errors import BudgetExhaustedError
from izcore.plugin.records import Example, Guidance, Record, Trial
from izcore.plugin.results import Baseline, Best, TestScore, ValidationScore
from izcore.plugin.seeds import derive_seed
from izcore.scoring.evaluator import Evaluator
from izcore.scoring.statistics import CONFIDENCE, mean_with_interval, paired_p_value

NO_INSTRUCTION = "no instruction"
GIVEN = "given"
EXEMPLARS_ALONE = "no instruction, same exemplars"
SIGNIFICANT = 1 - CONFIDENCE


class NamedInstruction(Record):
    """An instruction to compare the winner with, and its exemplars."""

    name: str
    instruction: str
    exemplars: tuple[Example, ...] = ()


class Conclusion(Record):
    """What the test split says. ``scores`` are per example, by key of guidance (None: the call failed)."""

    best: Best
    baselines: tuple[Baseline, ...]
    sentence: str
    scores: Mapping[str, tuple[float | None, ...]] = {}


async def conclude(
    winner: Trial,
    baselines: Sequence[NamedInstruction],
    test: Sequence[Example],
    evaluator: Evaluator,
    *,
    seed: int,
) -> Conclusion:
    """Score winner and baselines once on the test split and compare them in pairs.

    An example whose call failed for one of two instructions counts for neither in their comparison.
    """
    scores: dict[str, tuple[float | None, ...]] = {}
    exemplars = winner.candidate.exemplars
    if exemplars:
        baselines = [
            *baselines,
            NamedInstruction(name=EXEMPLARS_ALONE, instruction="", exemplars=exemplars),
        ]
    guidances = {
        "": winner.candidate.guidance,
        **{b.name: Guidance(instruction=b.instruction, exemplars=b.exemplars) for b in baselines},
    }
    untested: list[str] = []
    for name, guidance in guidances.items():
        try:
            scores[name] = (await evaluator.evaluate(guidance, test)).scores
        except BudgetExhaustedError:
            untested.append(name)
    validation = ValidationScore(score=winner.mean or 0.0, n=len(winner.known_scores))
    mine = scores.get("")
    if mine is None or not _known(mine):
        best = Best(
            instruction=winner.candidate.instruction,
            exemplars=exemplars,
            validation=validation,
            penalty=winner.penalty,
        )
        return Conclusion(
            best=best,
            baselines=(),
            sentence="The winner could not be tested: nothing is known about how well it really does.",
        )
    best = Best(
        instruction=winner.candidate.instruction,
        exemplars=exemplars,
        validation=validation,
        penalty=winner.penalty,
        test=mean_with_interval(_known(mine), seed=derive_seed(seed, "interval", "winner")),
    )
    compared = [
        _compare(b, mine, scores[b.name], seed=seed)
        for b in baselines
        if b.name in scores and _known(scores[b.name])
    ]
    sentence = " ".join((_sentence(best.test, compared, untested), *_missing(scores))).strip()
    return Conclusion(
        best=best,
        baselines=tuple(compared),
        sentence=sentence,
        scores={guidances[name].key: each for name, each in scores.items()},
    )


def _compare(
    baseline: NamedInstruction, mine: Sequence[float | None], theirs: Sequence[float | None], *, seed: int
) -> Baseline:
    pairs = [(a, b) for a, b in zip(mine, theirs, strict=True) if a is not None and b is not None]
    first, second = [a for a, _ in pairs], [b for _, b in pairs]
    test = mean_with_interval(_known(theirs), seed=derive_seed(seed, "interval", baseline.name))
    return Baseline(
        name=baseline.name,
        instruction=baseline.instruction,
        exemplars=baseline.exemplars,
        test=test,
        difference=(sum(first) - sum(second)) / len(pairs) if pairs else 0.0,
        p_value=paired_p_value(first, second, seed=derive_seed(seed, "p", baseline.name)) if pairs else 1.0,
    )


def _sentence(best: TestScore | None, compared: Sequence[Baseline], untested: Sequence[str]) -> str:
    beaten = [b for b in compared if b.difference > 0 and b.p_value < SIGNIFICANT]
    lost = [b for b in compared if b.difference < 0 and b.p_value < SIGNIFICANT]
    level = [b for b in compared if b not in beaten and b not in lost]
    parts = []
    if beaten:
        parts.append("Better than " + _list(beaten) + ".")
    if level:
        start = "Not shown to be better than " if beaten else "No improvement found over "
        parts.append(start + _list(level) + ".")
    if lost:
        parts.append("Worse than " + _list(lost) + ": use that instead.")
    if untested:
        parts.append(f"The budget left no room to test: {', '.join(untested)}.")
    return " ".join(parts) or "Nothing to compare with."


def _missing(scores: Mapping[str, Sequence[float | None]]) -> list[str]:
    """Say where calls failed, so that nobody takes a smaller n for the whole test split."""
    missing = [
        f"{name or 'this instruction'} ({theirs.count(None)} of {len(theirs)})"
        for name, theirs in scores.items()
        if None in theirs
    ]
    return [f"Test examples without a score, because calls failed: {', '.join(missing)}."] if missing else []


def _list(baselines: Sequence[Baseline]) -> str:
    return ", ".join(f"{b.name} ({b.difference:+.2f}, p = {b.p_value:.2g})" for b in baselines)


def _known(scores: Sequence[float | None]) -> list[float]:
    return [score for score in scores if score is not None]
