"""Choosing from a pool: members of it, each once, whatever the history, and the good ones early."""

import json
import subprocess
import sys
import warnings
from collections.abc import Callable
from typing import Any

import msgspec
import numpy as np
import pytest
import torch

from izcore.plugin import BackendContext, Candidate, ConfigError, SuggestRequest, Surrogate, Trial
from izcore_botorch.options import (
    AcquisitionName,
    CompletedOptions,
    MaternOptions,
    On,
    PoolProcessOptions,
)
from izcore_botorch.pool import PoolProcess
from izcore_botorch.representation import components, represent
from izcore_botorch.surrogates import InstructionCoupledCompleted, Matern

MakePool = Callable[..., tuple[tuple[Candidate, ...], np.ndarray]]
TryOut = Callable[..., tuple[Trial, ...]]
CONTEXT = BackendContext(seed=0, cache_dir="", data_dir="")
ACQUISITIONS: tuple[AcquisitionName, ...] = ("ei", "log_ei", "nei", "thompson")

FRESH = """
import importlib, sys, msgspec
from izcore.plugin import BackendContext, SuggestRequest
from izcore_botorch import plugin
name, options, request = msgspec.json.decode(sys.stdin.read())
backend = next(b for b in plugin.izcore_surrogates() if b.name == name)
module, _, factory = backend.factory.partition(":")
context = BackendContext(seed=0, cache_dir="", data_dir="")
made = getattr(importlib.import_module(module), factory)(msgspec.convert(options, backend.options), context)
print(msgspec.json.encode(made.suggest(msgspec.convert(request, SuggestRequest)).latents).decode())
"""


def choose(
    surrogate: Surrogate,
    history: tuple[Trial, ...],
    pool: tuple[Candidate, ...],
    count: int,
    initial: int = 0,
) -> list[int]:
    """Ask, check what must always hold, and return the indices of the chosen members."""
    request = SuggestRequest(history=history, count=count, latent_dim=4, seed=5, initial=initial, pool=pool)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        latents = surrogate.suggest(request).latents
    members = [candidate.latent for candidate in pool]
    chosen = [members.index(latent) for latent in latents]
    assert len(chosen) == len(set(chosen)) == count
    return chosen


def test_the_first_members_until_there_is_a_model(
    chooser: Surrogate, make_pool: MakePool, try_out: TryOut
) -> None:
    pool, chances = make_pool(20)
    history = try_out(pool[:5], chances[:5])
    assert choose(chooser, (), pool, 4) == [0, 1, 2, 3]
    assert choose(chooser, history[:1], pool[5:], 4) == [0, 1, 2, 3]
    assert choose(chooser, history, pool[5:], 4, initial=6) == [0, 1, 2, 3]


@pytest.mark.parametrize("count", [1, 7, 15])
def test_any_count_up_to_the_whole_pool(
    chooser: Surrogate, make_pool: MakePool, try_out: TryOut, count: int
) -> None:
    pool, chances = make_pool(25)
    choose(chooser, try_out(pool[:10], chances[:10]), pool[10:], count)


@pytest.mark.parametrize(
    "scores",
    [(1.0,) * 20, (float("nan"), 1.0)],
    ids=["all right", "no number"],
)
def test_scores_that_say_nothing(
    chooser: Surrogate,
    make_pool: MakePool,
    try_out: TryOut,
    scores: tuple[float | None, ...],
) -> None:
    pool, chances = make_pool(20)
    history = tuple(
        msgspec.structs.replace(trial, scores=scores) for trial in try_out(pool[:10], chances[:10])
    )
    choose(chooser, history, pool[10:], 3)


def test_candidates_that_are_all_alike(
    pool_surrogate: Surrogate, make_pool: MakePool, try_out: TryOut
) -> None:
    pool, chances = make_pool(20)
    alike = tuple(
        msgspec.structs.replace(candidate, instruction="Do it.", features=(1.0, 2.0)) for candidate in pool
    )
    choose(pool_surrogate, try_out(alike[:10], chances[:10]), alike[10:], 5)


@pytest.mark.parametrize("acquisition", ACQUISITIONS)
@pytest.mark.parametrize("trust_region", [False, True])
def test_other_surrogates_choose_from_a_pool_with_any_acquisition(
    acquisition: AcquisitionName, trust_region: bool, make_pool: MakePool, try_out: TryOut
) -> None:
    pool, chances = make_pool(40)
    history = try_out(pool[:15], chances[:15])
    completed = CompletedOptions(acquisition=acquisition, trust_region=trust_region)
    matern = MaternOptions(acquisition=acquisition, trust_region=trust_region)
    choose(InstructionCoupledCompleted(completed, CONTEXT), history, pool[15:], 6)
    choose(Matern(matern, CONTEXT), history, pool[15:], 25)


@pytest.mark.parametrize(
    ("name", "made", "options"),
    [
        ("pool-gp", PoolProcess, PoolProcessOptions(on="text", acquisition="thompson")),
        ("pool-gp", PoolProcess, PoolProcessOptions(on="features", acquisition="nei")),
    ],
)
def test_same_request_same_choice_also_in_a_fresh_process(
    name: str, made: Any, options: Any, make_pool: MakePool, try_out: TryOut
) -> None:
    pool, chances = make_pool(30)
    request = SuggestRequest(
        history=try_out(pool[:12], chances[:12]), count=4, latent_dim=4, seed=11, pool=pool[12:]
    )
    torch.manual_seed(1)
    state = torch.get_rng_state()
    first = made(options, CONTEXT).suggest(request).latents
    assert torch.equal(torch.get_rng_state(), state)
    asked = msgspec.json.encode((name, options, request)).decode()
    fresh = subprocess.run(
        [sys.executable, "-c", FRESH], input=asked, capture_output=True, text=True, check=True
    )
    assert tuple(map(tuple, json.loads(fresh.stdout))) == first
    assert fresh.stderr == ""


def test_without_a_pool_it_says_how_to_get_one(pool_surrogate: Surrogate) -> None:
    with pytest.raises(ConfigError, match="written beforehand") as failure:
        pool_surrogate.suggest(SuggestRequest(history=(), count=3, latent_dim=4, seed=0))
    assert "search.pool=300" in str(failure.value.hint)


@pytest.mark.parametrize("kept", [0, 1])
def test_without_features_it_says_how_to_get_them(make_pool: MakePool, kept: int) -> None:
    """Before anything is paid for: the first request has no history yet."""
    pool = tuple(
        msgspec.structs.replace(candidate, features=candidate.features[:kept] if number else ())
        for number, candidate in enumerate(make_pool(6)[0])
    )
    surrogate = PoolProcess(PoolProcessOptions(on="features"), CONTEXT)
    with pytest.raises(ConfigError, match="hidden states") as failure:
        surrogate.suggest(SuggestRequest(history=(), count=3, latent_dim=4, seed=0, pool=pool))
    assert "generator.features=last_hidden" in str(failure.value.hint)


def test_thompson_needs_a_fixed_set() -> None:
    with pytest.raises(ConfigError, match="thompson"):
        Matern(MaternOptions(acquisition="thompson", optimizer="gradient"), CONTEXT)


def trials_to_the_best(
    surrogate: Surrogate, make_pool: MakePool, try_out: TryOut, seed: int, batch: int = 5
) -> int:
    """Return how many of 60 candidates were tried when the best of them was."""
    pool, chances = make_pool(60, seed)
    order = list(range(60))
    np.random.default_rng(seed).shuffle(order)
    pool, chances = tuple(pool[i] for i in order), chances[order]
    tried: list[int] = []
    while chances.argmax() not in tried:
        free = [i for i in range(60) if i not in tried]
        history = try_out([pool[i] for i in tried], chances[tried])
        chosen = choose(surrogate, history, tuple(pool[i] for i in free), min(batch, len(free)), initial=10)
        tried += [free[i] for i in chosen]
    return len(tried)


@pytest.mark.parametrize("on", ["text", "features"])
@pytest.mark.parametrize("acquisition", ["log_ei", "nei", "thompson"])
def test_finds_the_best_where_the_representation_tells(
    on: On, acquisition: AcquisitionName, make_pool: MakePool, try_out: TryOut
) -> None:
    """Any order that knows nothing takes 30 of 60 on average."""
    surrogate = PoolProcess(PoolProcessOptions(on=on, acquisition=acquisition), CONTEXT)
    assert np.mean([trials_to_the_best(surrogate, make_pool, try_out, seed) for seed in range(6)]) < 24


def test_text_that_shares_words_is_close(make_pool: MakePool) -> None:
    latent = (0.5, 0.5)
    texts = ("Name the larger animal.", "Name the largest of the animals.", "Translate into French.")
    points = represent([Candidate(latent=latent, instruction=text) for text in texts], "text", 8)
    distances = torch.cdist(points, points)
    assert distances[0, 1] < 0.8 * distances[0, 2]


@pytest.mark.parametrize(("rows", "columns"), [(20, 5), (20, 700), (3, 40), (1, 4)])
def test_components_spread_as_the_unit_cube_and_keep_the_order_of_distances(rows: int, columns: int) -> None:
    points = torch.from_numpy(np.random.default_rng(0).normal(size=(rows, columns)))
    reduced = components(points, 32)
    assert reduced.shape == (rows, min(32, rows, columns))
    if rows > 1:
        assert reduced.var(dim=0, correction=0).mean() == pytest.approx(1 / 12)
        before, after = torch.pdist(points), torch.pdist(reduced)
        assert after / before == pytest.approx((after / before).mean().expand(len(after)), rel=0.2)


def test_features_count_alike_whatever_their_units(make_pool: MakePool) -> None:
    pool, _ = make_pool(30)
    scaled: list[Any] = [
        msgspec.structs.replace(c, features=(*(x * 1e4 + 3 for x in c.features[:5]), *c.features[5:], 7.0))
        for c in pool
    ]
    ours, theirs = represent(pool, "features", 12), represent(scaled, "features", 12)
    assert torch.pdist(ours).numpy() == pytest.approx(torch.pdist(theirs).numpy(), rel=1e-6)
