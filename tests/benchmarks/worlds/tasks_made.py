"""Tasks of the kinds that people bring, made up by a seeded script: no data set is needed to have them."""

import random
from collections.abc import Callable, Iterator

Pair = tuple[str, str]

MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)
PRODUCTS = (
    *("kettle", "desk lamp", "bike pump", "yoga mat", "toaster", "rain jacket", "garden hose", "wall clock"),
    *("headphones", "water bottle", "tent", "hair dryer", "keyboard", "suitcase", "blender", "camera strap"),
)
ABOUT_PRODUCTS = (
    "The {} came with a crack, can I swap it?",
    "I love it, but the {} is louder than I thought.",
    "Three weeks and still no {}. Where is it?",
    "My sister wants the same {} that I bought in May.",
    "Does the {} also come in green?",
    "Please cancel the {}, I found a cheaper one.",
    "After one wash the {} looks ten years old.",
    "Can I return the {} without the box?",
)
ROUTES = {
    "billing": (
        "I was charged twice in {}.",
        "My card was declined, but {} euros are gone.",
        "Please send me the invoice for {}.",
        "Why did the monthly fee go up by {}?",
    ),
    "shipping": (
        "The courier says order {} was delivered, it was not.",
        "How long does a parcel to {} take?",
        "Tracking has not moved since {}.",
        "Please send order {} to my new address.",
    ),
    "returns": (
        "The shoes are too small, I want to send order {} back.",
        "Where do I get a return label for {}?",
        "I changed my mind about order {}, how do I give it back?",
        "It arrived broken in {}, I want a refund.",
    ),
    "account": (
        "I forgot my password and my phone ends in {}.",
        "Please delete my profile, user {}.",
        "How do I change the e-mail of user {}?",
        "I cannot log in since {}.",
    ),
}
FILLINGS = {
    "charged": MONTHS, "invoice": MONTHS, "Tracking": MONTHS, "arrived": MONTHS, "log in": MONTHS,
    "parcel": ("Oslo", "Lisbon", "Graz", "Turin", "Ghent"),
}  # fmt: skip
FRUIT = ("apple", "pear", "plum", "lemon", "mango", "peach", "fig", "melon")
TOOLS = ("hammer", "saw", "drill", "wrench", "chisel", "file")
NUMERALS = ("a", "two", "three", "four", "five")
FIRST = ("Ada", "Luis", "Mina", "Oskar", "Priya", "Tom", "Yara", "Hugo", "Ines", "Karl", "Leila", "Noah")
LAST = ("Berg", "Castro", "Dietz", "Evans", "Fonseca", "Grant", "Haas", "Ito", "Jansen", "Kovac", "Lind")


def counting(rng: random.Random) -> Iterator[Pair]:
    """How many fruits are in a list that holds tools as well."""
    while True:
        things = [*((fruit, True) for fruit in rng.sample(FRUIT, rng.randint(1, 3)))]
        things += [(tool, False) for tool in rng.sample(TOOLS, rng.randint(1, 2))]
        rng.shuffle(things)
        total, said = 0, []
        for thing, counts in things:
            number = rng.randint(1, 4)
            total += number * counts
            plural = {"peach": "peaches", "wrench": "wrenches"}.get(thing, f"{thing}s")
            article = "an" if thing[0] in "aeiou" else "a"
            said.append(f"{article} {thing}" if number == 1 else f"{NUMERALS[number - 1]} {plural}")
        yield f"I have {', '.join(said[:-1])} and {said[-1]}. How many fruits?", str(total)


def dates(rng: random.Random) -> Iterator[Pair]:
    """A date as people write it, to be written as year-month-day."""
    while True:
        year, month, day = rng.randint(1990, 2029), rng.randint(1, 12), rng.randint(1, 28)
        name = MONTHS[month - 1]
        forms = (f"{name} {day}, {year}", f"{day} {name} {year}", f"{day}. {name[:3]} {year}")
        shown = rng.choice((*forms, f"{day}/{name[:3]}/{year}"))
        yield shown, f"{year}-{month:02}-{day:02}"


def names(rng: random.Random) -> Iterator[Pair]:
    """A full name, to be written as in a list of references."""
    while True:
        first, last = rng.choice(FIRST), rng.choice(LAST)
        yield f"{first} {last}", f"{last}, {first[0]}."


def products(rng: random.Random) -> Iterator[Pair]:
    """Which product a message names."""
    while True:
        product = rng.choice(PRODUCTS)
        yield rng.choice(ABOUT_PRODUCTS).format(product), product


def routing(rng: random.Random) -> Iterator[Pair]:
    """Which desk a message goes to."""
    while True:
        desk = rng.choice(list(ROUTES))
        text = rng.choice(ROUTES[desk])
        own = next((words for key, words in FILLINGS.items() if key in text), None)
        yield text.format(rng.choice(own) if own else str(rng.randint(11, 99))), desk


MADE: dict[str, Callable[[random.Random], Iterator[Pair]]] = {
    "counting": counting,
    "dates": dates,
    "names": names,
    "products": products,
    "routing": routing,
}


def made_examples(name: str, count: int) -> list[Pair]:
    """Return so many examples with different inputs, the same ones every time."""
    found: dict[str, str] = {}
    pairs = MADE[name](random.Random(f"world {name}"))
    while len(found) < count:
        given, wanted = next(pairs)
        found.setdefault(given, wanted)
    return list(found.items())
