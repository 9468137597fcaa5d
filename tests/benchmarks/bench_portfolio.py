"""Does it pay to learn which of several writers is best, within one run? Equal shares against two bandits.

Of each recorded world of latents two or three writers are made: each draws its sentences with a probability
that rises, falls or does not change with how good they are, by the factor ``--tilt`` from the worst to the
best. A search of 6 rounds of 50 under the default's halving then shares its rounds out among them:

    python tests/benchmarks/bench_portfolio.py --seeds 100

``equal``: a third each. ``greedy``: from the second round on, four of five from the writer of the best
sentence so far, the rest in equal shares. ``thompson``: each sentence from the writer whose mean score on the
first example, drawn from its Beta posterior, is highest. ``best`` and ``worst``: one writer alone, known
beforehand. Quality is the mean of the sentence chosen on 60 examples that the search never saw.
"""

import argparse
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray
from worlds.world import load, recorded

ROUNDS, BATCH, VALIDATION, TEST = 6, 50, 20, 60
RUNGS = (1, 2, 4, 8, 16, VALIDATION)
TILTS = (3.0, 10.0, 100.0)

Scores = NDArray[np.float64]  # [sentences, examples]
Chances = NDArray[np.float64]  # [writers, sentences]


class Tried:
    """What a search knows: how many examples each sentence has seen, who wrote it, and what came first."""

    def __init__(self, scores: Scores, writers: int) -> None:
        self.scores = scores
        self.seen = np.zeros(len(scores), dtype=int)
        self.writer = np.full(len(scores), -1)
        self.firsts: list[list[float]] = [[] for _ in range(writers)]

    @property
    def best(self) -> int:
        """The sentence with the best mean of those that saw most examples."""
        most = self.seen.max()
        means = np.where(self.seen == most, self.scores[:, : max(most, 1)].mean(axis=1), -1.0)
        return int(means.argmax())

    def score(self, sentences: Sequence[int], writers: Sequence[int]) -> None:
        """Score a round's new sentences under successive halving."""
        new: list[int] = []
        for sentence, writer in zip(sentences, writers, strict=True):
            self.firsts[writer].append(float(self.scores[sentence, 0]))
            if self.seen[sentence] == 0 and sentence not in new:
                new.append(sentence)
                self.writer[sentence] = writer
        for examples in RUNGS:
            for sentence in new:
                self.seen[sentence] = examples
            new = sorted(new, key=lambda one: -self.scores[one, :examples].mean())[: -(-len(new) // 2)]


Share = Callable[[Tried, int, np.random.Generator], NDArray[np.int64]]


def equal(tried: Tried, round_: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """One after the other."""
    return np.arange(BATCH) % len(tried.firsts)


def greedy(tried: Tried, round_: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Four of five from the writer of the best so far."""
    shares = equal(tried, round_, rng)
    if round_:
        shares[: int(0.8 * BATCH)] = tried.writer[tried.best]
    return shares


def thompson(tried: Tried, round_: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """From whose mean, drawn from its posterior, is highest."""
    draws = [rng.beta(1 + sum(one), 1 + len(one) - sum(one), BATCH) for one in tried.firsts]
    return np.argmax(draws, axis=0)


def quality(scores: Scores, chances: Chances, share: Share, rng: np.random.Generator) -> float:
    """Search once, and return how good the choice is on examples that the search never saw."""
    order = rng.permutation(scores.shape[1])
    tried = Tried(scores[:, order[:VALIDATION]], len(chances))
    for round_ in range(ROUNDS):
        writers = share(tried, round_, rng)
        tried.score([rng.choice(len(scores), p=chances[writer]) for writer in writers], writers.tolist())
    return float(scores[tried.best, order[VALIDATION : VALIDATION + TEST]].mean())


def main() -> None:
    """Print a line per tilt: the qualities, and what each bandit gains over equal shares."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seeds", type=int, default=100)
    seeds = parser.parse_args().seeds
    print("factor  worst  best   equal  greedy - equal  thompson - equal  (mean over worlds, 95% of seeds)")
    for tilt in TILTS:
        rows = []
        for name in recorded():
            scores = load(name).scores
            rank = scores.mean(axis=1).argsort().argsort() / (len(scores) - 1)
            weights = np.stack([tilt**-rank, np.ones(len(rank)), tilt**rank])
            chances = weights / weights.sum(axis=1, keepdims=True)
            for seed in range(seeds):
                cases = [(chances[:1], equal), (chances[2:], equal)]
                cases += [(chances, share) for share in (equal, greedy, thompson)]
                rows.append([quality(scores, *case, np.random.default_rng(seed)) for case in cases])
        found = np.array(rows)
        worst, best, even, *bandits = found.T
        gains = [bandit - even for bandit in bandits]
        told = "  ".join(f"{g.mean():+.3f} ± {1.96 * g.std() / len(g) ** 0.5:.3f}" for g in gains)
        print(f"{tilt:6.0f}  {worst.mean():.3f}  {best.mean():.3f}  {even.mean():.3f}  {told}")


if __name__ == "__main__":
    main()
