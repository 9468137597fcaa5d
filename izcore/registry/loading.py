"""One plugin while it is loaded: how long it may take, and why it cannot join where it cannot."""

import contextlib
import sys
from collections.abc import Iterator

from izcore.plugin.errors import InterruptedRunError
from izcore.plugin.plain_text import plain_line
from izcore.registry.contributions import RefusedError
from izcore.registry.deprecations import OLDER_HOOK_API, warn_deprecated
from izcore.registry.discovery import CORE_DISTRIBUTION, PluginInfo
from izcore.registry.imports import one_line
from izcore.registry.time_limits import VARIABLE, TimeLimitError, time_limit


class Loading:
    """The import and registration of one plugin, within ``limit`` seconds (None: without a limit).

    ``doing`` is what of the two is under way.
    """

    def __init__(self, info: PluginInfo, limit: float | None) -> None:
        self.doing = "import"
        self._info = info
        self._limit = limit

    @contextlib.contextmanager
    def watched(self) -> Iterator[None]:
        """Let the plugin load, no longer than it may.

        What it prints goes to standard error: it must not spoil what the command line prints.
        """
        with contextlib.redirect_stdout(sys.stderr), time_limit(self._limit, self._still_busy):
            yield

    def refusal(self, error: BaseException) -> RefusedError:
        """Return why a plugin that raised ``error`` cannot join, and what helps.

        Raises InterruptedRunError where the user interrupted it.
        """
        info = self._info
        if isinstance(error, RefusedError):
            return error
        if isinstance(error, KeyboardInterrupt):
            raise InterruptedRunError(
                f"Stopped during the {self.doing} of the plugin {info.name} of {info.distribution}.",
                hint=f"Leave it out with: iz --no-plugin {info.name} …",
            ) from None
        if isinstance(error, ModuleNotFoundError):
            return RefusedError(f"it needs the module {error.name}", f"pip install {info.distribution}")
        if isinstance(error, TimeLimitError):
            return RefusedError(
                f"its {self.doing} took longer than {self._limit:g} s",
                f"iz --no-plugin {info.name} …, or a longer {VARIABLE}",
            )
        return RefusedError(
            f"its {self.doing} failed: {one_line(error)}", f"pip install -U {info.distribution}"
        )

    def _still_busy(self) -> None:
        # The main thread is busy and can say nothing itself.
        text = (
            f"iz: the {self.doing} of the plugin {self._info.name} of {self._info.distribution} has taken "
            f"{self._limit:g} s and goes on. Leave it out with: iz --no-plugin {self._info.name} …"
        )
        sys.stderr.write(f"{plain_line(text)}\n")
        sys.stderr.flush()


def check_api_version(info: PluginInfo, accepted: range) -> None:
    """Raise RefusedError for a plugin that was written for no accepted version of the hook API.

    Warns of one that was written for an older version than the newest.
    """
    says = info.api_version
    assert says is not None
    if says not in accepted:
        known = f"{accepted[0]} to {accepted[-1]}" if len(accepted) > 1 else f"{accepted[0]}"
        raise RefusedError(
            f"it needs hook API {says}, this izcore has {known}",
            f"pip install -U {info.distribution if says < accepted[0] else CORE_DISTRIBUTION}",
        )
    if says != accepted[-1]:
        details = f"{says}; this izcore has {accepted[-1]}"
        warn_deprecated(OLDER_HOOK_API, by=info.distribution, details=details)
