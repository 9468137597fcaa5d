"""The tasks of the new worlds: examples, what a person would say, and which role each world has."""

import hashlib
import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from tasks_made import MADE, made_examples

DEMONSTRATIONS = 5
LABELS = 5
"""A task with no more targets than this asks for labels."""
SHARED = "instruction_induction/induce/{}.json"


@dataclass(frozen=True)
class WorldPlan:
    """What one world holds: a task, the black box, and how many bodies and examples.

    ``exemplars`` are how many demonstrations a cell may show, ``placements`` where the instruction may stand:
    "as set" in the user's message, or "system". ``room`` is the longest answer in tokens.
    """

    name: str
    task: str
    black_box: str = "qwen"
    bodies: int = 80
    examples: int = 32
    exemplars: tuple[int, ...] = (0,)
    placements: tuple[str, ...] = ("as set",)
    room: int = 12

    @property
    def made(self) -> bool:
        """Whether the inputs are our own words, so that the world's file may hold them."""
        return self.task in MADE

    @property
    def role(self) -> str:
        """ "tune" or "report", by rule: the names of a black box's worlds by their digest, report first."""
        alike = [plan.name for plan in PLANS if plan.black_box == self.black_box]
        alike.sort(key=lambda name: hashlib.sha256(name.encode()).hexdigest())
        return ("report", "tune")[alike.index(self.name) % 2]

    def pairs(self, data: Path) -> list[tuple[str, str]]:
        """Return demonstrations and, after them, the recorded examples: inputs and targets."""
        count = DEMONSTRATIONS + self.examples
        if self.made:
            return _varied_first(made_examples(self.task, count))
        read = json.loads((data / SHARED.format(self.task)).read_text())["examples"]
        found = {example["input"]: example["output"] for example in read.values()}
        by_digest = sorted(found, key=lambda text: hashlib.sha256(text.encode()).hexdigest())
        return _varied_first(_balanced([(text, found[text]) for text in by_digest])[:count])


def _balanced(pairs: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return pairs with the targets in turn, where these are labels: no constant answer then does well."""
    counted = Counter(target for _, target in pairs)
    if len(counted) > LABELS:
        return pairs
    met: Counter[str] = Counter()
    turns = []
    for pair in pairs:
        met[pair[1]] += 1
        turns.append((met[pair[1]], pair))
    return [pair for _, pair in sorted(turns, key=lambda turn: turn[0])]


def _varied_first(pairs: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return the pairs with the first one of each target in front, so that demonstrations differ."""
    first = {target: given for given, target in reversed(pairs)}
    return sorted(pairs, key=lambda pair: first[pair[1]] != pair[0])


PLANS = (
    WorldPlan("qwen-routing", "routing"),
    WorldPlan("qwen-products", "products"),
    WorldPlan("qwen-counting", "counting", exemplars=(0, 3)),
    WorldPlan("qwen-dates", "dates", room=16),
    WorldPlan("qwen-larger_animal", "larger_animal", placements=("as set", "system")),
    WorldPlan("embedded-sentiment", "sentiment", black_box="embedded", bodies=1000, examples=20, room=8),
)

PEOPLE: dict[str, tuple[str, ...]] = {
    "routing": (
        "Sort our messages.",
        "Decide which desk a message goes to: billing, shipping, returns or account.",
        "Is this message about billing, shipping, returns or account?",
        "Read the customer's message and name the department that should answer it.",
        "Classify the message as billing, shipping, returns or account. Reply with that one word.",
        "Route the message to billing (charges, invoices), shipping (parcels on their way), returns (sending "
        "things back, refunds) or account (logins, profiles).",
    ),
    "products": (
        "Find the product.",
        "Name the product that the message is about.",
        "Which product does the customer write about?",
        "Extract the product name from the message.",
        "Copy the name of the product from the message, in lower case, and nothing else.",
        "What did this customer buy or want to buy?",
    ),
    "counting": (
        "Count the fruits.",
        "Say how many fruits there are. Tools do not count.",
        "Add up the numbers of all fruits in the list.",
        "How many pieces of fruit does the person have? Leave hammers, saws and the like out.",
        "Reply with the total number of fruits in digits only.",
        "Do the sum of fruits.",
    ),
    "dates": (
        "Tidy up the date.",
        "Write the date in ISO format.",
        "Rewrite the date as YYYY-MM-DD.",
        "Convert the date to year-month-day with two digits for month and day.",
        "Give the same date in the format 2024-01-31, and nothing else.",
        "Normalise the date.",
    ),
    "larger_animal": (
        "Compare the animals.",
        "Which of the two animals is larger?",
        "Write the larger of the two animals.",
        "Name the bigger animal, exactly as it is written in the input.",
        "You are given two animals. Repeat only the one that is bigger in real life.",
        "Pick the heavier animal.",
    ),
    "sentiment": (
        "Judge the review.",
        "Is the review positive or negative?",
        "Write positive if the reviewer liked the film, else negative.",
        "Classify the sentiment of the text as positive or negative.",
        "Reply with one word, positive or negative: what does the writer think of the film?",
        "Say whether this is good or bad.",
    ),
}
"""Sentences by people; the first of a task is the vague one that a user might begin with."""
