"""The table of comparisons: which runs belong together, and what they show once all are done."""

import msgspec

from izcore.plugin.errors import StoreError, UnknownNameError, UsageError, nearest_names
from izcore.storage.connection import Connection
from izcore.storage.records import ComparisonRecord


class ComparisonTable(Connection):
    """The side of a database that knows of comparisons."""

    def keep_comparison(self, comparison: ComparisonRecord) -> None:
        """Write a comparison, in the place of what was known of it; it stays as old as it is."""
        with self._writing() as db:
            db.execute(
                "INSERT INTO comparisons (id, created, comparison) VALUES (?1, ?2, ?3)"
                " ON CONFLICT (id) DO UPDATE SET comparison = ?3",
                (comparison.id, comparison.created, msgspec.json.encode(comparison).decode()),
            )

    def comparisons(self) -> list[ComparisonRecord]:
        """Return all comparisons, newest first."""
        rows = self._all("SELECT id, comparison FROM comparisons ORDER BY created DESC, id DESC")
        return [_read(identity, text) for identity, text in rows]

    def comparison(self, name: str) -> ComparisonRecord:
        """Return the comparison whose id is ``name``, or begins with it and no other does."""
        known = {each.id: each for each in self.comparisons()}
        matches = [name] if name in known else [identity for identity in known if identity.startswith(name)]
        if not matches:
            hint = nearest_names(name, known) if known else f"{self.path} holds no comparison yet."
            raise UnknownNameError(f"There is no comparison {name!r} in {self.path}.", hint=hint)
        if len(matches) > 1:
            raise UsageError(f"{name!r} is the beginning of {len(matches)}: {', '.join(matches)}.")
        return known[matches[0]]


def _read(identity: str, text: str) -> ComparisonRecord:
    try:
        return msgspec.json.decode(text, type=ComparisonRecord)
    except ValueError as error:
        raise StoreError(f"The comparison {identity} is damaged: {error}.") from None
