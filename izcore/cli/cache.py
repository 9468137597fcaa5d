"""``iz cache``: the completions that were paid for and need not be paid for again."""

import time
from typing import Annotated

import typer

from izcore.cli.shared import DbOption, JsonOption, as_dict, explained, out, print_json

SECONDS_PER_DAY = 86_400

app = typer.Typer(help="Completions kept on disk.", no_args_is_help=True)


@app.command("info")
@explained
def info(db: DbOption = None, json: JsonOption = False) -> None:
    """Say how many completions are kept, and what they were worth."""
    from izcore.databases import open_store

    with open_store(db) as store:
        found, path = store.cache_info(), store.path
    if json:
        print_json({"db": path, **as_dict(found)})
        return
    out().print(
        f"{found.completions:,} completions of {found.tokens.total:,} tokens in {path}", soft_wrap=True
    )
    if found.oldest is not None and found.newest is not None:
        out().print(f"made from {_day(found.oldest)} to {_day(found.newest)}; {found.hits:,} times reused")


@app.command("clear")
@explained
def clear(
    older_than: Annotated[
        float | None,
        typer.Option("--older-than", metavar="DAYS", help="Only completions older than this.", min=0),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    db: DbOption = None,
    json: JsonOption = False,
) -> None:
    """Delete completions, but for those that unfinished runs have paid for."""
    from izcore.databases import open_store
    from izcore.plugin.errors import UsageError

    with open_store(db) as store:
        if not yes:
            if json:
                raise UsageError("--json asks no questions.", hint="Add --yes.")
            typer.confirm("Delete them? Asking again costs money.", abort=True, err=True)
        before = None if older_than is None else time.time() - older_than * SECONDS_PER_DAY
        deleted = store.clear_cache(before=before)
    if json:
        print_json({"deleted": deleted})
    else:
        out().print(f"{deleted:,} completions deleted.")


def _day(seconds: float) -> str:
    return time.strftime("%Y-%m-%d", time.localtime(seconds))
