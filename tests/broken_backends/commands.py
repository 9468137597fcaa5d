import typer

from izcore.commands import JsonOption, print_json
from izcore.plugin import UsageError


def fine(json: JsonOption = False) -> None:
    """Greet."""
    if json:
        print_json({"said": "Good morning."})
    else:
        typer.echo("Good morning.")


numeric = 3


empty = typer.Typer()
blunt = typer.Typer()
forgiving = typer.Typer()
ANYTHING = {"ignore_unknown_options": True, "allow_extra_args": True}


@blunt.command(context_settings=ANYTHING)
def say(context: typer.Context, json: JsonOption = False) -> None:
    """Greet in any way there is."""
    if context.args:
        raise KeyError(context.args[0])
    fine(json)


@forgiving.command(context_settings=ANYTHING)
def say_anything(context: typer.Context, json: JsonOption = False) -> None:
    """Greet whatever was asked for."""
    fine(json)


def chatty(json: JsonOption = False) -> None:
    """Say what it does before it does it."""
    typer.echo("I shall greet.")
    fine(json)


def helpless(json: JsonOption = False) -> None:
    """Fail where it should greet."""
    if json:
        raise UsageError("There is no JSON today.")
