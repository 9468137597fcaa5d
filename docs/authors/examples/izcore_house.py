"""A preset with a team's settings, and a model that ``iz models pull`` fetches."""

import os
import shutil
import tempfile
import urllib.request
from pathlib import Path

from izcore.plugin import (
    BackendUnavailableError,
    Model,
    Preset,
    PullRequest,
    PullResult,
    check_url,
    hookimpl,
    root_cause,
)

IZCORE_API = 1

SERVER = "HOUSE_MODELS"
"""The environment variable that says where the team keeps its models."""


@hookimpl
def izcore_presets() -> list[Preset]:
    """Offer a preset of our own, on top of ``quick``."""
    return [
        Preset(
            name="house",
            summary="Our team's first look: a short search that costs no more than a dollar",
            settings={"search": {"initial": 20, "rounds": 2, "batch": 10}, "budget": {"max_cost": 1.0}},
            extends="quick",
        )
    ]


@hookimpl
def izcore_models() -> list[Model]:
    """Offer a model by name; nothing is fetched before somebody asks for it."""
    return [Model(name="house-7b", summary="Our team's own model", pull="izcore_house:pull_house_7b")]


def pull_house_7b(request: PullRequest) -> PullResult:
    """Put the model's file into the cache, or only look whether it is there."""
    file = Path(request.cache_dir) / "izcore-house" / "house-7b.gguf"
    if not file.exists() and not request.check:
        download(f"{check_url(os.environ.get(SERVER, ''), SERVER, example='https://models.here')}/7b", file)
    return PullResult(path=str(file), bytes=file.stat().st_size) if file.exists() else PullResult(path="")


def download(url: str, file: Path) -> None:
    """Fetch a file under another name first: one that was cut off must not look whole."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=file.parent) as folder:
        partial = Path(folder) / "partial"
        try:
            with urllib.request.urlopen(url, timeout=60) as source, partial.open("wb") as target:
                shutil.copyfileobj(source, target)
        except OSError as error:
            raise BackendUnavailableError(
                f"{url} cannot be fetched: {root_cause(error)}.", hint=f"Check {SERVER}."
            ) from None
        partial.replace(file)
