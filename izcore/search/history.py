"""The trials of a run so far, with what is asked of them again and again."""

from collections.abc import Callable, Collection, Iterable, Sequence, Set

import msgspec

from izcore.plugin.trials import Candidate, Guidance, Trial

PRIOR_EXAMPLES = 2
"""Examples that the mean of all scores counts for where trials are compared that saw different numbers."""


class History:
    """The trials of a run in order, the best of them, and the first trial of each guidance.

    ``set_aside`` are the places of the examples on which a trial has no score. No other trial has one there,
    so that any two are compared on the same examples.
    """

    def __init__(self, trials: Iterable[Trial]) -> None:
        self.trials: list[Trial] = []
        self.best: Trial | None = None
        self.set_aside: frozenset[int] = frozenset()
        self._first: dict[Guidance, Trial] = {}
        for trial in trials:
            self.append(trial)

    def __len__(self) -> int:
        return len(self.trials)

    @property
    def unique_instructions(self) -> int:
        """The number of different instructions tried, with whatever exemplars."""
        return len({guidance.instruction for guidance in self._first})

    def append(self, trial: Trial) -> None:
        """Add the next trial, and set aside the examples on which it has no score."""
        if self._set_aside(trial):
            self._begin_anew(self.trials)
        self._add(trial)

    def replace(self, trial: Trial) -> None:
        """Put a trial that saw more examples in the place of what it was before."""
        self._set_aside(trial)
        self._begin_anew([*self.trials[: trial.index], trial, *self.trials[trial.index + 1 :]])

    def _set_aside(self, trial: Trial) -> bool:
        """Set aside the examples on which a trial has no score; return whether some are new."""
        new = {place for place, score in enumerate(trial.scores) if score is None} - self.set_aside
        self.set_aside |= new
        return bool(new)

    def _begin_anew(self, trials: Iterable[Trial]) -> None:
        self.trials, self.best = [], None
        for each in trials:
            self._add(each)

    def _add(self, trial: Trial) -> None:
        trial = without_scores(trial, self.set_aside)
        self.trials.append(trial)
        if trial.reused is None and not trial.candidate.refused:
            self._first[trial.candidate.guidance] = trial
            if _is_candidate(trial) and (self.best is None or _rank(trial) < _rank(self.best)):
                self.best = trial

    def first_with(self, candidate: Candidate) -> Trial | None:
        """Return the first trial with the candidate's instruction and exemplars, whose scores others reuse.

        None where there is none.
        """
        return self._first.get(candidate.guidance)

    def examples_seen(self, candidate: Candidate) -> int:
        """Return on how many examples the candidate's instruction and exemplars have been scored."""
        first = self.first_with(candidate)
        return len(first.scores) if first else 0

    @property
    def ranked(self) -> list[Trial]:
        """The first trial of each guidance, the best first; those without any score come last."""
        return sorted(self._first.values(), key=lambda trial: (not _is_candidate(trial), *_rank(trial)))

    def finalists(self, count: int, own: Collection[Guidance] = (), *, unequal: bool = False) -> list[Trial]:
        """Return at most ``count`` of the best trials, of different guidance.

        All of them saw as many examples as the best one, unless they may be ``unequal`` since nobody was
        dropped before. These are taken by what is expected of them, and not by how many examples they saw:
        one that was asked more and failed would else come before one that was asked little and did not. The
        last of several gives way to the best of the user's ``own`` where none of these is among them.
        """
        ranked = [trial for trial in self.ranked if _is_candidate(trial)]
        if unequal:
            ranked.sort(key=_expectation(ranked), reverse=True)
        open_ = [trial for trial in ranked if unequal or len(trial.scores) == len(ranked[0].scores)]
        found = open_[:count]
        best_own = next((trial for trial in open_ if trial.candidate.guidance in own), None)
        if best_own is not None and best_own not in found and count > 1:
            found[-1] = best_own
        return found


def without_scores(trial: Trial, places: Set[int]) -> Trial:
    """Return a trial without its scores on the examples in these places."""
    scores = tuple(None if place in places else score for place, score in enumerate(trial.scores))
    return trial if scores == trial.scores else msgspec.structs.replace(trial, scores=scores)


def _is_candidate(trial: Trial) -> bool:
    """Whether a trial may win: it has a score."""
    return bool(trial.known_scores)


def _expectation(trials: Sequence[Trial]) -> Callable[[Trial], float]:
    """Return what tells how well a trial will do: its mean, drawn to the mean of all scores.

    It counts as if it had seen ``PRIOR_EXAMPLES`` more with that mean (the posterior mean of a beta-binomial
    model), so that a single right answer is no certainty.
    """
    seen = sum(len(trial.known_scores) for trial in trials)
    centre = sum((trial.objective or 0.0) * len(trial.known_scores) for trial in trials) / max(seen, 1)

    def expected(trial: Trial) -> float:
        own = len(trial.known_scores)
        return ((trial.objective or 0.0) * own + centre * PRIOR_EXAMPLES) / (own + PRIOR_EXAMPLES)

    return expected


def _rank(trial: Trial) -> tuple[int, float, int, int]:
    """Most evidence first, then the best mean, less the penalty.

    Between equals the shorter guidance, which is cheaper to use, then the earlier.
    """
    return -len(trial.scores), -(trial.objective or 0.0), trial.candidate.guidance.length, trial.index
