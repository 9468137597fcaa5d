"""What the calls of one model cost a run: their price, and their record in ledger and database."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from izcore.plugin.calls import Amount, Completion, Price, Usage
from izcore.scoring.budget_ledger import Ledger
from izcore.storage.store import Store


@dataclass(frozen=True)
class Account:
    """One model's account in a run's ledger.

    ``run_id``: the run that pays.
    ``ledger``: keeps to the run's budget, whichever of its models is called.
    ``store``: keeps what was paid for on disk.
    ``price``: the model's; None where it is not known, and then no money is booked.
    ``clock``: seconds since 1970.
    """

    run_id: str
    ledger: Ledger
    store: Store
    price: Price | None
    clock: Callable[[], float]

    def amount(self, usage: Usage) -> Amount:
        """Return what one call with these tokens counts and costs."""
        return Amount(calls=1, usage=usage, cost_usd=self.price.cost(usage) if self.price else 0.0)

    @property
    def may_be_billed(self) -> bool:
        """Whether calls may cost money: those of a model of price 0 do not."""
        return self.price is None or bool(self.price.input or self.price.output)

    @property
    def has_answers(self) -> bool:
        """Whether the run has an answer, paid for by itself or by others."""
        return self.store.has_answers(self.run_id)

    def note_sent(self, bounds: Sequence[Amount]) -> list[int]:
        """Note on disk calls that are about to be sent, with the most that each can cost.

        Returns the numbers of the notes. There are none for a model of price 0: one's own bills nothing.
        """
        return self.store.add_sent(self.run_id, bounds) if self.may_be_billed else []

    def forget_sent(self, notes: Sequence[int]) -> None:
        """Take back notes of calls for which nobody will be billed."""
        self.store.forget_sent(notes)

    def add_paid(
        self, completions: Mapping[str, Completion], notes: Sequence[int]
    ) -> tuple[dict[str, Completion], Amount]:
        """Write completions to disk, in place of the notes of their calls.

        Returns what is on disk, which may be what somebody else paid for meanwhile, and what was spent.
        """
        costs = [self.amount(completion.usage) for completion in completions.values()]
        kept = self.store.add_paid(
            self.run_id,
            completions,
            [cost.cost_usd for cost in costs],
            created=self.clock(),
            sent=notes,
        )
        return kept, sum(costs, Amount())
