"""Writes the tasks of the comparison: each 45 examples to search with, 60 sealed ones, and a user's prompt.

    python tests/benchmarks/end_to_end/tasks.py FOLDER

They are made up by a seeded script, in other words than the tasks that the recorded worlds have, and
nothing in izcore was tuned on them. Beside each task stands NAME.json with the user's prompt and the
clauses about the form of the answer that izcore offers for its targets, so that other methods can be
offered the same.
"""

import csv
import json
import random
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from izcore.builtins.options import OutputFormOptions
from izcore.builtins.output_form import OutputForm
from izcore.plugin import BackendContext, CoordinateRequest, Example
from izcore.plugin.target_profile import profile_targets

SEARCHED, SEALED = 45, 60

Pair = tuple[str, str]

ARTICLES = (
    *("espresso machine", "phone case", "air fryer", "hiking boots", "office chair", "smart watch", "drone"),
    *(
        "electric shaver",
        "picture frame",
        "sleeping bag",
        "vacuum cleaner",
        "ukulele",
        "fish tank",
        "backpack",
    ),
    *("board game", "sewing machine", "doorbell", "lawn mower", "tripod", "rice cooker", "duvet", "scooter"),
)
MESSAGES = (
    "Hello, I ordered a {} last Tuesday and the box was empty. What now?",
    "is the {} dishwasher safe?? my wife is asking",
    "Thanks for the quick delivery! Only, the {} makes a strange noise.",
    "My neighbour recommended your {}. Do you ship to Norway?",
    "I would like my money back, the {} stopped working after two days.",
    "Could you tell me the weight of the {}? I have to carry it upstairs.",
    "Great shop. The {} I gave my son for his birthday is his favourite thing now.",
    "The manual of the {} is in Chinese only, please send me an English one.",
    "We need twelve more of the {} for our new branch by the end of the month.",
    "I think the courier dropped the {}, one corner is dented.",
)

THINGS = (
    *("cup", "plate", "candle", "ruler", "coin", "spoon", "button", "pencil", "key", "stamp", "marble"),
    *("towel", "sock", "brush", "battery", "postcard", "screw", "comb"),
)
PLACES = ("In the drawer", "On the shelf", "In her bag", "On the desk", "Under the bed", "In the box")
MOST_THINGS = 7

DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
APPOINTMENTS = (
    "Sorry, {other} does not work for me any more. Can I come on {day} instead?",
    "Please move my haircut from {other} to {day}.",
    "I'm free on {day}, but not on {other}.",
    "Hi, it's Jo. I'd like to see the dentist on {day}, any time is fine.",
    "We said {other}, but my train is late. Let's make it {day}.",
    "Not {other}, please, I work then. {day} would be perfect.",
    "Could the plumber come by on {day}? The sink is leaking.",
    "{day} at nine is what I need; {other} was a mistake.",
    "My son has football on {other}, so {day} suits us better.",
)


def products(rng: random.Random) -> Iterator[Pair]:
    """Which article a customer's message is about."""
    while True:
        article = rng.choice(ARTICLES)
        yield rng.choice(MESSAGES).format(article), article


def counting(rng: random.Random) -> Iterator[Pair]:
    """How many things lie somewhere."""
    while True:
        things = rng.sample(THINGS, rng.randint(2, MOST_THINGS))
        yield f"{rng.choice(PLACES)}: {', '.join(things)}", str(len(things))


def weekdays(rng: random.Random) -> Iterator[Pair]:
    """Which weekday somebody asks for, where another one may be named as well."""
    while True:
        day, other = rng.sample(DAYS, 2)
        yield rng.choice(APPOINTMENTS).format(day=day, other=other), day


TASKS: dict[str, tuple[Callable[[random.Random], Iterator[Pair]], str]] = {
    "products": (products, "Find the product."),
    "counting": (counting, "Count the things."),
    "weekdays": (weekdays, "Which day do they want?"),
}
"""The maker of each task's examples, and the prompt that a user has before any search."""


def examples_of(name: str) -> list[Pair]:
    """Return the task's examples, no input twice, the same ones every time."""
    make, _ = TASKS[name]
    found: dict[str, str] = {}
    for given, wanted in make(random.Random(f"end to end {name}")):
        found.setdefault(given, wanted)
        if len(found) == SEARCHED + SEALED:
            return list(found.items())
    raise AssertionError("the makers never end")


def clauses_for(pairs: list[Pair]) -> list[str]:
    """Return the clauses that izcore's coordinate ``form`` offers for these targets."""
    profile = profile_targets([Example(input=given, targets=(wanted,)) for given, wanted in pairs])
    form = OutputForm(OutputFormOptions(), BackendContext(seed=0, cache_dir="", data_dir=""))
    offered = form.values(CoordinateRequest(profile=profile, demonstrations=(), seed=0)).values
    return [value.clause for value in offered if value.clause]


def write(folder: Path) -> None:
    """Write every task: a folder with ``train.csv`` and ``test.csv``, and NAME.json beside it."""
    for name, (_, prompt) in TASKS.items():
        pairs = examples_of(name)
        home = folder / name
        home.mkdir(parents=True, exist_ok=True)
        for split, part in (("train", pairs[:SEARCHED]), ("test", pairs[SEARCHED:])):
            with (home / f"{split}.csv").open("w", newline="") as file:
                csv.writer(file).writerows([("input", "target"), *part])
        about = {"prompt": prompt, "clauses": clauses_for(pairs[:SEARCHED])}
        (folder / f"{name}.json").write_text(json.dumps(about, indent=2) + "\n")


if __name__ == "__main__":
    write(Path(sys.argv[1]))
