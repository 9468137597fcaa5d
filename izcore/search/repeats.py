"""Tells people when a generator writes hardly anything that is new."""

import warnings
from collections.abc import Sequence

from izcore.plugin.errors import IzWarning
from izcore.plugin.trials import Candidate, Trial

NEW_SHARE = 0.25
"""Of a round's sentences this share should be new; below it, latents hardly change what is written."""

FEWEST_WRITTEN = 8
"""So many sentences say something about the generator; fewer may repeat each other by chance."""


def warn_of_repeats(
    written: Sequence[Candidate], history: Sequence[Trial], *, generator: str, remedy: str
) -> None:
    """Warn, in one line, where less than :data:`NEW_SHARE` of the sentences ``written`` in a round are new.

    New is a sentence that no trial of ``history`` has, and of equal ones among those written the first.
    ``remedy`` says what a user of ``generator`` can do about it; empty where the generator does not say.
    """
    new = {each.sentence for each in written} - {trial.candidate.sentence for trial in history}
    if len(written) < FEWEST_WRITTEN or len(new) >= NEW_SHARE * len(written):
        return
    old = len(written) - len(new)
    advice = remedy or f"Its options may change that (iz plugins show {generator}), or another generator."
    warnings.warn(
        f"{old} of the {len(written)} sentences that the generator {generator} wrote in this round "
        f"are not new, so that more trials would find little. {advice}",
        IzWarning,
        stacklevel=2,
    )
