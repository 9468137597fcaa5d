"""What is kept of calls: completions, whose answers they are, and what was sent and not answered yet."""

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from izcore.plugin.calls import Amount, Completion, Usage
from izcore.storage.connection import THOSE, Connection, as_values
from izcore.storage.records import Answer, CacheInfo


class CompletionTables(Connection):
    """The tables of completions, answers and notes of what was sent."""

    def answers(self, run_id: str, keys: Sequence[str]) -> dict[str, Answer]:
        """Return the answers that this run already has, by key."""
        return {
            row[0]: Answer(completion=_completion(row[1:6]), paid=bool(row[6]))
            for row in self._all(
                "SELECT key, text, input_tokens, output_tokens, finish, reasoning, paid"
                " FROM answers JOIN completions USING (key) WHERE run_id = ?"
                f" AND key IN {THOSE}",
                run_id,
                as_values(keys),
            )
        }

    def cached(self, keys: Sequence[str]) -> dict[str, Completion]:
        """Return the completions on disk, whichever run paid for them, by key."""
        return {
            row[0]: _completion(row[1:6])
            for row in self._all(
                "SELECT key, text, input_tokens, output_tokens, finish, reasoning FROM completions"
                f" WHERE key IN {THOSE}",
                as_values(keys),
            )
        }

    def adopt(self, run_id: str, keys: Iterable[str]) -> None:
        """Book completions on disk that other runs paid for as this run's free answers."""
        if keys := list(keys):
            with self._writing() as db:
                _insert_free(db, run_id, keys)

    def add_sent(self, run_id: str, bounds: Sequence[Amount]) -> list[int]:
        """Note calls that are about to be sent, with the most that each may cost; return their numbers.

        A note is taken back when the answer arrives, or the failure is known to be free. What is left of a
        process that died, or of a call that timed out, may have been billed: it counts as spent.
        """
        with self._writing() as db:
            return [_insert_sent(db, run_id, bound) for bound in bounds]

    def forget_sent(self, sent: Sequence[int]) -> None:
        """Take notes of sent calls back: nothing will be billed for them."""
        if sent:
            with self._writing() as db:
                _delete_sent(db, sent)

    def add_paid(
        self,
        run_id: str,
        completions: Mapping[str, Completion],
        costs: Sequence[float],
        *,
        created: float,
        sent: Sequence[int] = (),
    ) -> dict[str, Completion]:
        """Write completions that this run paid for, and their costs in US dollars, all or none.

        ``sent`` are the numbers of their notes, which are taken back. Claims on the keys end.

        A completion that is on disk by now stays, whoever paid for it. What this run paid in vain for the
        same key counts as lost, and the one on disk as its free answer. Returns what is on disk.
        """
        keys = list(completions)
        with self._writing() as db:
            there = self.cached(keys)
            db.executemany(
                "INSERT OR IGNORE INTO completions"
                " (key, text, input_tokens, output_tokens, finish, created, reasoning, usage_capped)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                [(key, *_columns(each, created)) for key, each in completions.items()],
            )
            paid = dict(zip(keys, costs, strict=True))
            db.executemany(
                "INSERT OR REPLACE INTO answers (run_id, key, paid, cost_usd) VALUES (?, ?, 1, ?)",
                [(run_id, key, cost) for key, cost in paid.items() if key not in there],
            )
            for key in there:
                _insert_sent(db, run_id, Amount(usage=completions[key].usage, cost_usd=paid[key]))
            _insert_free(db, run_id, there)
            _delete_sent(db, sent)
            db.executemany("DELETE FROM claims WHERE key = ?", [(key,) for key in keys])
        return {**completions, **there}

    def spent(self, run_id: str) -> tuple[Amount, int]:
        """Return what a run paid for or may be billed for, and how many answers it had free."""
        ((calls, input_tokens, output_tokens, cost, cached),) = self._all(
            "SELECT coalesce(sum(paid), 0), coalesce(sum(paid * input_tokens), 0),"
            " coalesce(sum(paid * output_tokens), 0), coalesce(sum(cost_usd), 0.0),"
            " coalesce(sum(1 - paid), 0) FROM answers JOIN completions USING (key) WHERE run_id = ?",
            run_id,
        )
        usage = Usage(input_tokens=input_tokens, output_tokens=output_tokens)
        return Amount(calls=calls, usage=usage, cost_usd=cost) + self.lost(run_id), cached

    def lost(self, run_id: str) -> Amount:
        """Return the most that calls may have cost a run that were sent and never answered."""
        ((calls, input_tokens, output_tokens, cost),) = self._all(
            "SELECT count(*), coalesce(sum(input_tokens), 0), coalesce(sum(output_tokens), 0),"
            " coalesce(sum(cost_usd), 0.0) FROM sent WHERE run_id = ?",
            run_id,
        )
        usage = Usage(input_tokens=input_tokens, output_tokens=output_tokens)
        return Amount(calls=calls, usage=usage, cost_usd=cost)

    def has_answers(self, run_id: str) -> bool:
        """Whether a run has any answer, paid or free."""
        return bool(self._all("SELECT 1 FROM answers WHERE run_id = ? LIMIT 1", run_id))

    def completions_of(self, run_id: str) -> Iterator[Completion]:
        """Yield the completions of a run's answers, paid and free, as the scorers returned them."""
        rows = self._all(
            "SELECT text, input_tokens, output_tokens, finish, reasoning FROM answers JOIN completions"
            " USING (key) WHERE run_id = ?",
            run_id,
        )
        return map(_completion, rows)

    def capped(self, run_id: str) -> int:
        """Return how many answers that a run paid for told numbers of tokens that cannot be."""
        ((count,),) = self._all(
            "SELECT count(*) FROM answers JOIN completions USING (key)"
            " WHERE run_id = ? AND paid AND usage_capped",
            run_id,
        )
        return int(count)

    def cache_info(self) -> CacheInfo:
        """Say what the cache of completions holds."""
        ((completions, characters, input_tokens, output_tokens, oldest, newest),) = self._all(
            "SELECT count(*), coalesce(sum(length(text)), 0), coalesce(sum(input_tokens), 0),"
            " coalesce(sum(output_tokens), 0), min(created), max(created) FROM completions"
        )
        ((hits,),) = self._all("SELECT count(*) FROM answers WHERE paid = 0")
        return CacheInfo(
            completions=completions,
            characters=characters,
            tokens=Usage(input_tokens=input_tokens, output_tokens=output_tokens),
            oldest=oldest,
            newest=newest,
            hits=hits,
        )

    def clear_cache(self, *, before: float | None = None) -> int:
        """Delete completions, all or those made before a time in seconds since 1970; return their number.

        Those that an unfinished run would ask for again stay: it has paid for them.
        """
        with self._writing() as db:
            return db.execute(
                "DELETE FROM completions WHERE (?1 IS NULL OR created < ?1) AND key NOT IN"
                " (SELECT key FROM answers JOIN runs ON runs.id = run_id WHERE status != 'done')",
                (before,),
            ).rowcount


def _insert_free(db: sqlite3.Connection, run_id: str, keys: Iterable[str]) -> None:
    db.executemany(
        "INSERT OR IGNORE INTO answers (run_id, key, paid) VALUES (?, ?, 0)", [(run_id, key) for key in keys]
    )


def _insert_sent(db: sqlite3.Connection, run_id: str, amount: Amount) -> int:
    inserted = db.execute(
        "INSERT INTO sent (run_id, input_tokens, output_tokens, cost_usd) VALUES (?, ?, ?, ?)",
        (run_id, amount.usage.input_tokens, amount.usage.output_tokens, amount.cost_usd),
    )
    return inserted.lastrowid or 0


def _delete_sent(db: sqlite3.Connection, sent: Sequence[int]) -> None:
    db.executemany("DELETE FROM sent WHERE id = ?", [(number,) for number in sent])


def _columns(completion: Completion, created: float) -> tuple[Any, ...]:
    usage = completion.usage
    return (
        completion.text,
        usage.input_tokens,
        usage.output_tokens,
        completion.finish,
        created,
        completion.reasoning,
        completion.usage_capped,
    )


def _completion(row: Sequence[Any]) -> Completion:
    text, input_tokens, output_tokens, finish, reasoning = row
    usage = Usage(input_tokens=input_tokens, output_tokens=output_tokens)
    return Completion(text=text, usage=usage, finish=finish, reasoning=reasoning)
