"""What the models that a run asks charge for."""

from izcore.config.schema import ScoringConfig
from izcore.plugin.calls import Price
from izcore.plugin.errors import ConfigError
from izcore.plugin.protocols import Scorer
from izcore.registry.choices import BackendChoice


def model_name(choice: BackendChoice, scorer: Scorer) -> str:
    """Return what a scorer's model is called: by the provider, else by the scorer's own name."""
    return str(scorer.info().identity.get("model", choice.name))


def price_source(config: ScoringConfig, choice: BackendChoice, scorer: Scorer) -> str:
    """Say where the price of a scorer's model is from; empty where nobody says."""
    given = config.prices.keys() & {model_name(choice, scorer), choice.name}
    return "your prices" if given else scorer.info().price_source


def known_price(config: ScoringConfig, choice: BackendChoice, scorer: Scorer) -> Price | None:
    """Return the price that the user gave for a scorer's model, else the scorer's own; None if unknown.

    Raises ConfigError where the price is not known although the run has a limit in money.
    """
    model = model_name(choice, scorer)
    price = config.prices.get(model) or config.prices.get(choice.name) or scorer.info().price
    if price is None and config.budget.max_cost is not None:
        raise ConfigError(
            f"budget.max_cost: the price of {model} is not known.",
            hint=f"Give it in a TOML file (--config), in US dollars per million tokens: "
            f'prices."{model}" = {{input = …, output = …}}. The package genai-prices knows those of many '
            "providers: pip install genai-prices",
        )
    return price
