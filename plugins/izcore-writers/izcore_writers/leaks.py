"""Whether an instruction gives away examples that its scores are taken on."""

import re
from collections import Counter
from collections.abc import Sequence

from izcore.plugin import Example, Record

LEAST_INPUT = 12
LEAST_TARGET = 3
"""Characters of an input, and of a target, below which it stands in many a sentence by chance."""

SHARED = 2
"""How often each target occurs, on average, where they are labels that an instruction may well list."""


class Secrets(Record):
    """Texts of examples that no instruction may contain: inputs and targets."""

    texts: tuple[str, ...] = ()

    @classmethod
    def of(cls, examples: Sequence[Example], *, known: str) -> "Secrets":
        """Return what the examples would give away; what stands in ``known`` is no secret.

        Targets that two examples share are none, nor are any where most are shared: these are labels.
        """
        targets = [target for example in examples for target in dict.fromkeys(example.targets)]
        counted = Counter(targets)
        labelled = len(targets) >= SHARED * len(counted)
        choices = {choice for example in examples for choice in example.choices}
        single = (
            target
            for target, count in counted.items()
            if count == 1 and not labelled and len(target) >= LEAST_TARGET and target not in choices
        )
        inputs = (example.input for example in examples if len(example.input) >= LEAST_INPUT)
        seen = _plain(known)
        texts = dict.fromkeys(_plain(text) for text in (*inputs, *single))
        return cls(texts=tuple(text for text in texts if text and not _holds(seen, text)))

    def leaked_by(self, instruction: str) -> str:
        """Return the first text that stands in an instruction word by word; empty for none."""
        plain = _plain(instruction)
        return next((text for text in self.texts if _holds(plain, text)), "")


def _plain(text: str) -> str:
    return " ".join(text.casefold().split())


def _holds(text: str, part: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(part)}(?!\w)", text) is not None
