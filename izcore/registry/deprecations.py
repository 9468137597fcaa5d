"""Everything that is deprecated, one constant each: what, since when, until when, and what to use instead.

A deprecated thing goes on working until the release that removes it; ``docs/compatibility.md`` says when
that may be. Each constant has a test that provokes its warning (``tests/plugin/test_hook_api.py``).
"""

import warnings

from izcore.plugin.errors import IzDeprecationWarning
from izcore.plugin.record import Record


class Deprecation(Record):
    """Something that still works and will not for ever; all four fields are parts of one sentence."""

    what: str
    since: str
    removed_in: str
    instead: str


OLDER_HOOK_API = Deprecation(
    what="an older hook API than this izcore's",
    since="there is a newer one",
    removed_in="the one after that",
    instead="a newer release of the plugin",
)
"""A plugin was written for a version of the hook API that is accepted, but is not the newest."""

BACKEND_OF_EVERY_KIND = Deprecation(
    what="one registration for every kind, izcore.plugin.Backend",
    since="izcore 0.1",
    removed_in="hook API 2",
    instead="the registration of the kind, such as ScorerRegistration",
)
"""A plugin registers a backend with the record that served all kinds alike."""


def warn_deprecated(deprecation: Deprecation, *, by: str, details: str) -> None:
    """Warn that the distribution ``by`` uses something deprecated; the command line shows it once."""
    warnings.warn(
        f"{by} uses {deprecation.what} ({details}). That is deprecated since {deprecation.since}, and goes "
        f"with {deprecation.removed_in}. Use instead: {deprecation.instead}.",
        IzDeprecationWarning,
        stacklevel=2,
    )
