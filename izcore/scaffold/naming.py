"""From the one name that a user gives to all the names that a package has."""

import keyword
import re

from izcore.plugin.errors import UsageError
from izcore.plugin.kinds import Kind, words
from izcore.plugin.record import Record

PREFIX = "izcore-"
LONGEST = 30
"""More letters would break lines of the templates that are formatted to stay whole."""

_NAME = re.compile(r"[a-z][a-z0-9]*([-_][a-z0-9]+)*")


class Names(Record):
    """What a new plugin's parts are called.

    ``backend`` is what users choose it by, ``distribution`` what pip installs, ``package`` what Python
    imports; ``stem`` begins the names of the classes.
    """

    kind: Kind
    backend: str
    distribution: str
    package: str
    stem: str

    @property
    def words(self) -> str:
        """What people call the kind, such as "evaluation policy"."""
        return words(self.kind)

    @property
    def article(self) -> str:
        """What stands before the words: "an evaluation policy", "a scorer"."""
        return "an" if self.kind[0] in "aeiou" else "a"

    @property
    def module(self) -> str:
        """Name of the module with the backend: the last word of the kind."""
        return self.words.split()[-1]

    @property
    def factory(self) -> str:
        """Name of the backend's class."""
        return self.stem + self.module.capitalize()

    @property
    def examples(self) -> str:
        """Name of the file with examples to try the backend on; a task backend reads its own format."""
        return f"examples.{self.backend}" if self.kind == "task" else "examples.csv"


def read_name(given: str, kind: Kind) -> Names:
    """Turn ``izcore-mine`` or ``mine`` into all names; raise UsageError, which offers one, if it is none."""
    backend = re.sub("^izcore[-_]", "", given)
    if not _NAME.fullmatch(backend) or len(backend) > LONGEST or keyword.iskeyword(backend):
        raise UsageError(
            f"{given!r} cannot be the name of a plugin: {_fault(backend)}.",
            hint=f"Try {_repaired(backend)!r}: letters a to z, digits, single - or _ between them.",
        )
    dashed = backend.replace("_", "-")
    return Names(
        kind=kind,
        # On the command line there is no underscore within a word.
        backend=dashed if kind == "command" else backend,
        distribution=PREFIX + dashed,
        package=(PREFIX + dashed).replace("-", "_"),
        stem="".join(part.capitalize() for part in dashed.split("-")),
    )


def _fault(name: str) -> str:
    if len(name) > LONGEST:
        return f"it is longer than {LONGEST} characters"
    if keyword.iskeyword(name):
        return "it is a word of Python's own"
    return "it does not make a name of Python"


def _repaired(name: str) -> str:
    parts = re.findall("[a-z0-9]+", name.lower())
    better = "-".join(parts).lstrip("0123456789-")[:LONGEST].rstrip("-")
    return f"my-{better}" if keyword.iskeyword(better) else better or "mine"
