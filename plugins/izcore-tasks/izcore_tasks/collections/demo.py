"""The bundled task: where somebody is from, and the language that most people there speak.

The examples were written by hand for this package; places where no one language prevails are left out.
Even a very small model knows most answers, but without an instruction it does not know that the language
is asked for.
"""

import csv
from pathlib import Path

from izcore.plugin import BackendContext, Example, LoadRequest, Options, Task, TaskData


class DemoTask(Task):
    """The examples of ``demo.csv``.

    Every language is a choice of every example, so that an answer that lists several scores nothing.
    """

    def __init__(self, options: Options, context: BackendContext) -> None:
        pass

    def load(self, request: LoadRequest) -> TaskData:
        """Read the examples that come with this package."""
        with (Path(__file__).parent / "demo.csv").open(encoding="utf-8", newline="") as file:
            rows = [(row["sentence"], row["language"]) for row in csv.DictReader(file)]
        languages = tuple(sorted({language for _, language in rows}))
        return TaskData(
            name="demo",
            examples=tuple(
                Example(input=sentence, targets=(language,), choices=languages) for sentence, language in rows
            ),
            metric="choice:only",
            description="Name the language that is spoken where somebody is from.",
            human_instructions=(
                "What is the language of this place?",
                "Name the language that this person speaks at home.",
            ),
        )
