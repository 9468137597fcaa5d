"""Rules by which a search ends before its last round: a score that is enough, time, and patience."""

from collections.abc import Callable
from dataclasses import dataclass

from izcore.config.durations import in_words
from izcore.config.schema import SearchSize
from izcore.plugin.trials import Trial
from izcore.search.history import History


@dataclass(frozen=True)
class StopRules:
    """Says after a round why the search ends there, as its settings want it.

    ``examples`` is the number of validation examples. ``worked`` says how many seconds the run has been
    worked on, in all processes that did.
    """

    search: SearchSize
    examples: int
    worked: Callable[[], float]

    def why(self, history: History, round_: int) -> str:
        """Return why the search ends after this round, as a sentence; empty if it goes on.

        It goes on until some instruction has a score, for there is no winner before.
        """
        best = history.best
        if best is None:
            return ""
        return self._reached(best) or self._tired(history, best, round_) or self._late()

    def _reached(self, best: Trial) -> str:
        wanted, mean = self.search.target_score, best.mean
        # A right answer to the first example is no score of a prompt: it must have seen all of them.
        if wanted is None or mean is None or mean < wanted or len(best.scores) < self.examples:
            return ""
        return (
            f"The search ended early: the best instruction scored {mean:.3g} on the validation examples, and "
            f"{wanted:g} is enough (search.target_score)."
        )

    def _tired(self, history: History, best: Trial, round_: int) -> str:
        patience = self.search.patience
        if patience is None or (since := round_ - _last_gain(history, best)) < patience:
            return ""
        rounds = "round" if since == 1 else f"{since} rounds"
        return f"The search ended early: the last {rounds} brought nothing better (search.patience)."

    def _late(self) -> str:
        limit = self.search.max_time
        if limit is None or self.worked() < limit:
            return ""
        return f"The search ended early: its time of {in_words(limit)} was over (search.max_time)."


def _last_gain(history: History, best: Trial) -> int:
    """Return the round in which the best instruction was first tried, or last saw more examples."""
    again = [t for t in history.trials if t.reused == best.index]
    if any(len(t.scores) < len(best.scores) for t in again):
        return next(t.round for t in again if len(t.scores) == len(best.scores))
    return best.round
