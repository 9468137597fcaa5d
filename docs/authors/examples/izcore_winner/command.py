"""The command ``iz winner``."""

import izcore
from izcore.commands import DbOption, JsonOption, RunArgument, print_json, say
from izcore.plugin import UsageError


def winner(run: RunArgument = "last", db: DbOption = None, json: JsonOption = False) -> None:
    """Print the best instruction of a run, and nothing else."""
    found = izcore.run(run, db=db)
    if found.result is None or found.result.best is None:
        raise UsageError(f"The run {found.id} has no winner.", hint=f"Go on with it: iz resume {found.id}")
    instruction = found.result.best.instruction
    if json:
        print_json({"run_id": found.id, "instruction": instruction})
    else:
        say(instruction)
