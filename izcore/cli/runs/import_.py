"""``iz runs import``: a run that was exported from another database."""

from typing import Annotated

import typer

from izcore.cli.shared import DbOption, JsonOption, explained, print_json, say


@explained
def import_run(
    file: Annotated[str, typer.Argument(metavar="FILE", help="What iz runs export --bundle wrote.")],
    db: DbOption = None,
    json: JsonOption = False,
) -> None:
    """Add a run to the database, with its trials, scores and answers."""
    from izcore.cli.runs.summary import summary
    from izcore.databases import import_bundle

    record = import_bundle(file, db=db)
    if json:
        print_json(summary(record))
    else:
        say(f"Imported {record.id}. See it with: iz runs show {record.id}", err=True)
