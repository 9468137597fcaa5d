"""The end of a run: open the sealed test split once, for winner and baselines, and compare them."""

from collections.abc import Mapping, Sequence

import msgspec

from izcore.engine.baselines import NamedInstruction
from izcore.engine.verdict import describe_comparison
from izcore.plugin.errors import BudgetExhaustedError
from izcore.plugin.examples import Example, field_names
from izcore.plugin.record import Record
from izcore.plugin.results import Baseline, Best
from izcore.plugin.run_record import THIS_INSTRUCTION, InstructionScores
from izcore.plugin.seeds import derive_seed
from izcore.plugin.trials import Guidance, Trial
from izcore.scoring.evaluator import Evaluation, Evaluator
from izcore.scoring.statistics import adjust_for_number, mean_with_interval, paired_p_value
from izcore.search.objective import validation_score

NOT_TESTED = "The winner could not be tested: nothing is known about how well it really does."

Scores = tuple[float | None, ...]
"""Scores on the test examples, in their order; None for those that are set aside."""


class Conclusion(Record):
    """What the test split says.

    ``sentence`` says it in words. ``tested`` are the scores and answers of every tested instruction.
    """

    best: Best
    baselines: tuple[Baseline, ...]
    sentence: str
    tested: tuple[InstructionScores, ...] = ()


async def conclude(
    winner: Trial,
    baselines: Sequence[NamedInstruction],
    test: Sequence[Example],
    evaluator: Evaluator,
    *,
    searched_on: int,
    seed: int,
) -> Conclusion:
    """Score winner and baselines once on the test split and compare them in pairs.

    The winner's scores behind the first ``searched_on`` are those on fresh examples.

    An example that is set aside counts for none of them. What the budget has no room for is left out, and the
    conclusion says so. Raises BackendError where too many examples are set aside.
    """
    prompt = evaluator.blank_prompt(winner.candidate.guidance, field_names(test))
    whole = evaluator.whole_prompt(winner.candidate.guidance, test)
    best = msgspec.structs.replace(_best(winner, searched_on), prompt=prompt, whole_prompt=whole)
    guidances = {
        THIS_INSTRUCTION: winner.candidate.guidance,
        **{each.name: each.guidance for each in baselines},
    }
    evaluations = await _evaluate_each(guidances, test, evaluator)
    evaluator.check_evidence("test", test)
    scores = _on_shared_examples({name: each.scores for name, each in evaluations.items()})
    mine = scores.get(THIS_INSTRUCTION, ())
    if not _known(mine):
        return Conclusion(best=best, baselines=(), sentence=NOT_TESTED)
    tested = [each for each in baselines if each.name in scores]
    interval = mean_with_interval(_known(mine), seed=derive_seed(seed, "interval", "winner"))
    compared = compare_with_all(tested, mine, scores, seed=seed)
    untested = [name for name in guidances if name not in scores]
    return Conclusion(
        best=msgspec.structs.replace(best, test=interval),
        baselines=compared,
        sentence=describe_comparison(compared, untested),
        tested=tuple(
            evaluations[name].of(guidances[name], name=name, scores=each) for name, each in scores.items()
        ),
    )


async def _evaluate_each(
    guidances: Mapping[str, Guidance], test: Sequence[Example], evaluator: Evaluator
) -> dict[str, Evaluation]:
    """Score one guidance after the other; those that the budget has no room for are missing."""
    evaluations: dict[str, Evaluation] = {}
    for name, guidance in guidances.items():
        try:
            evaluations[name] = await evaluator.evaluate(guidance, test)
        except BudgetExhaustedError:
            continue
    return evaluations


def _on_shared_examples(scores: Mapping[str, Scores]) -> dict[str, Scores]:
    """Leave out of all scores those on examples that one instruction has no score on."""
    counts = [None not in each for each in zip(*scores.values(), strict=True)]
    return {
        name: tuple(score if counted else None for score, counted in zip(each, counts, strict=True))
        for name, each in scores.items()
    }


def _best(winner: Trial, searched_on: int) -> Best:
    return Best(
        instruction=winner.candidate.instruction,
        exemplars=winner.candidate.exemplars,
        coordinates=dict(winner.candidate.coordinates),
        answer_mark=winner.candidate.answer_mark,
        room=winner.candidate.room,
        placement=winner.candidate.placement,
        as_turns=winner.candidate.as_turns,
        validation=validation_score(winner, searched_on),
        penalty=winner.penalty,
    )


def compare_with_all(
    baselines: Sequence[NamedInstruction], mine: Scores, scores: Mapping[str, Scores], *, seed: int
) -> tuple[Baseline, ...]:
    """Compare the winner's scores in pairs with those of each baseline, by name; p-values know how many."""
    pairs = [(_known(mine), _known(scores[baseline.name])) for baseline in baselines]
    single = [
        paired_p_value(*pair, seed=derive_seed(seed, "p", baseline.name))
        for baseline, pair in zip(baselines, pairs, strict=True)
    ]
    return tuple(
        _compare(baseline, *pair, p_value=alone, adjusted_p_value=adjusted, seed=seed)
        for baseline, pair, alone, adjusted in zip(
            baselines, pairs, single, adjust_for_number(single), strict=True
        )
    )


def _compare(
    baseline: NamedInstruction,
    first: Sequence[float],
    second: Sequence[float],
    *,
    p_value: float,
    adjusted_p_value: float,
    seed: int,
) -> Baseline:
    return Baseline(
        name=baseline.name,
        instruction=baseline.instruction,
        exemplars=baseline.exemplars,
        as_turns=baseline.as_turns,
        test=mean_with_interval(second, seed=derive_seed(seed, "interval", baseline.name)),
        difference=(sum(first) - sum(second)) / len(first),
        p_value=p_value,
        adjusted_p_value=adjusted_p_value,
    )


def _known(scores: Scores) -> list[float]:
    return [score for score in scores if score is not None]
