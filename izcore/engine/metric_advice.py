"""Which metric suits a task's targets better than the one that it has by default."""

from izcore.plugin.examples import Splits
from izcore.plugin.target_profile import profile_targets

DEFAULT_METRIC = "exact_match"
"""The metric of a task that says nothing of metrics."""

LONG = 8
"""Words of a target from which on no answer can be expected to have just the same."""

_ADVICE = {
    "numbers": "The targets are numbers: --metric number finds the number within an answer.",
    "json": "The targets are JSON: --metric json compares values, whatever their order and layout.",
    "list": "The targets are lists: --metric exact_set compares their words in any order.",
    "labels": "The targets are {labels} labels: exact_match wants a label alone, --metric contains finds it "
    "within an answer.",
    "text": "The targets are texts of {words:.0f} words: --metric f1 counts the words that an answer shares, "
    "and judge lets a model grade it.",
}
"""What suits a form of targets better; of texts only long ones."""


def advise_metric(metric: str, splits: Splits) -> tuple[str, ...]:
    """Return a note if the targets suggest another metric than the default one, which ``metric`` must be.

    What a task or a user chose is left alone. Test examples are not looked at.
    """
    profile = profile_targets((*splits.demonstrations, *splits.validation))
    if metric != DEFAULT_METRIC or (profile.form == "text" and profile.words < LONG):
        return ()
    return (_ADVICE[profile.form].format(labels=len(profile.labels), words=profile.words),)
