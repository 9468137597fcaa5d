"""The portfolio: several generators share a round, and the record says which of them wrote what."""

import asyncio
from collections import Counter
from pathlib import Path
from typing import Any, cast

import msgspec
import pytest

import izcore
from izcore.plugin import (
    USER,
    Ask,
    BackendContext,
    Candidate,
    Example,
    GenerateRequest,
    Generator,
    LocateRequest,
    LocateResult,
    PrepareRequest,
    Trial,
)
from izcore.plugin.errors import IzError
from izcore.testing import GeneratorConformance, Subject, answering

EXAMPLES = tuple(Example(input=word, targets=(word[::-1],)) for word in ("one", "two", "three"))
SIZE = {"initial": 9, "batch": 9, "rounds": 1}


def toy(name: str, **options: Any) -> Generator:
    """A generator of the toy plugin."""
    subject = Subject(plugin="izcore_toy.plugin", name=name, options=options)
    return subject.build(subject.find("generator"), BackendContext(seed=0, cache_dir="", data_dir=""))  # type: ignore[no-any-return]


class TestPortfolio(GeneratorConformance):
    @pytest.fixture
    def subject(self) -> Subject:
        return Subject(plugin="izcore_writers.plugin", name="portfolio")

    @pytest.fixture
    def context(self, ask: Ask) -> BackendContext:
        generators = {"phrases": toy("phrases"), "phrases-2": toy("phrases", latent_dim=3)}
        return BackendContext(seed=0, cache_dir="", data_dir="", ask=ask, generators=generators)


class TestPortfolioOfModels(GeneratorConformance):
    @pytest.fixture
    def subject(self) -> Subject:
        reason = "its writers do not write from latents"
        exempt = {"test_batch_equals_single": reason}
        return Subject(plugin="izcore_writers.plugin", name="portfolio", exempt=exempt)

    @pytest.fixture
    def context(self) -> BackendContext:
        asking = BackendContext(seed=0, cache_dir="", data_dir="", ask=answering(lambda prompt: "Write it."))
        writers = {name: Subject(plugin="izcore_writers.plugin", name=name) for name in ("ape", "gepa")}
        generators = {name: each.build(each.find("generator"), asking) for name, each in writers.items()}
        return BackendContext(seed=0, cache_dir="", data_dir="", generators=generators)


def portfolio(generators: dict[str, Generator]) -> Generator:
    subject = Subject(plugin="izcore_writers.plugin", name="portfolio")
    context = BackendContext(seed=0, cache_dir="", data_dir="", generators=generators)
    return subject.build(subject.find("generator"), context)  # type: ignore[no-any-return]


def test_a_latents_last_number_picks_the_writer_and_the_first_are_its_own() -> None:
    mixed = portfolio({"narrow": toy("phrases", latent_dim=1), "wide": toy("phrases", latent_dim=3)})
    assert mixed.prepare(PrepareRequest(demonstrations=EXAMPLES, seed=0)).latent_dim == 4
    latents = ((0.9, 0.1, 0.5, 0.0), (0.9, 0.1, 0.5, 0.49), (0.2, 0.7, 0.1, 0.5), (0.4, 0.3, 0.3, 1.0))
    request = GenerateRequest(latents=latents, demonstrations=EXAMPLES, seed=1)
    result = asyncio.run(mixed.generate(request))  # type: ignore[arg-type]
    assert [each.writer for each in result.candidates] == ["narrow", "narrow", "wide", "wide"]
    assert tuple(each.latent for each in result.candidates) == latents
    alone = toy("phrases", latent_dim=3)
    alone.prepare(PrepareRequest(demonstrations=EXAMPLES, seed=0))
    own = msgspec.structs.replace(request, latents=(latents[2][:3],))
    (same,) = alone.generate(own).candidates  # type: ignore[union-attr]
    assert same.instruction == result.candidates[2].instruction


class Placing:
    """A writer that says where its sentences lie, and keeps what it is given back of it."""

    def __init__(self) -> None:
        self.writer = toy("phrases", latent_dim=1)
        self.located = ""

    def __getattr__(self, name: str) -> Any:
        return getattr(self.writer, name)

    def locate(self, request: LocateRequest) -> LocateResult:
        assert request.latent_dim == 1
        assert [len(trial.candidate.latent) for trial in request.history] == [1, 0, 0]
        return LocateResult(latents=((0.3,), (0.4,), (0.5,)), state="placed")

    def generate(self, request: GenerateRequest) -> Any:
        self.located = request.located
        return self.writer.generate(request)


def test_a_writer_says_where_its_own_sentences_lie_and_is_given_back_what_it_said() -> None:
    placing = Placing()
    mixed = portfolio({"placing": cast(Generator, placing), "wide": toy("phrases", latent_dim=2)})
    assert mixed.prepare(PrepareRequest(demonstrations=EXAMPLES, seed=0)).latent_dim == 3
    latents = ((0.9, 0.1, 0.2), (0.8, 0.7, 0.9))
    written = asyncio.run(
        mixed.generate(GenerateRequest(latents=latents, demonstrations=EXAMPLES, seed=1))  # type: ignore[arg-type]
    )
    candidates = (*written.candidates, Candidate(latent=(), instruction="Mine.", writer=USER))
    history = tuple(trial_of(number, candidate) for number, candidate in enumerate(candidates))
    asked = LocateRequest(history=history, demonstrations=EXAMPLES, latent_dim=3, seed=2)
    found = asyncio.run(mixed.locate(asked))  # type: ignore[arg-type]
    assert found is not None
    assert found.latents == ((0.3, 0.1, 0.2), latents[1], None)
    again = GenerateRequest(latents=latents, demonstrations=EXAMPLES, seed=3, located=found.state)
    asyncio.run(mixed.generate(again))  # type: ignore[arg-type]
    assert placing.located == "placed"
    without = portfolio({"wide": toy("phrases", latent_dim=2)})
    without.prepare(PrepareRequest(demonstrations=EXAMPLES, seed=0))
    assert asyncio.run(without.locate(asked)) is None  # type: ignore[arg-type]


def trial_of(number: int, candidate: Candidate) -> Trial:
    return Trial(index=number, round=0, candidate=candidate, scores=(1.0,))


def optimized(writers: Any, **settings: Any) -> izcore.Run:
    settings = {"generator": {"name": "portfolio", "writers": writers}, "search": SIZE, **settings}
    return izcore.run(izcore.optimize("mirror", scorer="obedient", settings=settings).run_id)


def wrote(trials: tuple[Trial, ...]) -> Counter[str]:
    return Counter(trial.candidate.writer for trial in trials)


def test_a_run_shares_its_trials_out_and_says_who_wrote_what() -> None:
    ape = {"name": "ape", "writer": "scribe"}
    run = optimized(["phrases", ape, {**ape, "best": 3}])
    assert all(5 <= count <= 7 for count in wrote(run.trials).values()), "18 latents, even but for chance"
    assert {row["writer"] for row in run.trial_rows()} == {"phrases", "ape", "ape-2"}
    assert run.result is not None
    assert any(note.startswith("Best on validation by writer: ") for note in run.result.notes)
    assert run.generator_state is not None
    assert set(run.generator_state) == {"phrases", "ape", "ape-2"}


def test_what_ends_leaves_its_share_to_the_others(tmp_path: Path) -> None:
    own = tmp_path / "own.txt"
    own.write_text("Write the input in reverse.\nGround truth answer: none.\n")
    run = optimized([f"pool:{own}", "phrases"])
    assert wrote(run.trials) == {USER: 2, "phrases": 16}
    assert not any(trial.candidate.refused for trial in run.trials), "a person may write what a model may not"
    alone = optimized([f"pool:{own}"])
    assert wrote(alone.trials) == {USER: 2}


def test_each_writers_model_is_in_the_plan_with_its_share() -> None:
    writers = ["phrases", {"name": "ape", "writer": {"name": "scribe"}}, "gepa"]
    settings = {"generator": {"name": "portfolio", "writers": writers}, "search": SIZE}
    planned = izcore.plan("mirror", scorer="obedient", settings=settings)
    written = {part.role: part.calls for part in planned.estimate.parts if part.phase == "write"}
    assert written == {"generator.ape.writer": 6, "generator.gepa.writer": 6}
    assert planned.config.surrogate.name == "sobol"


@pytest.mark.parametrize(
    ("writers", "message"),
    [
        ((), "no generator is named"),
        ("", "no generator is named"),
        ("ape,gpea", r"generator.writers\[1\]: There is no generator named 'gpea'"),
        (["ape", {"temperature": 1}], r"generator.writers\[1\]: the name of a generator is wanted"),
        (["ape", {"name": "ape", "hot": 1}], r"generator.writers\[1\].*hot"),
        (["gepa", "ape", "ape"], "ape is there twice"),
        (["ape", {"name": "portfolio", "writers": ["gepa"]}], "names other generators itself"),
        ([{"name": "ape", "writer": "nobody"}], "nobody"),
    ],
)
def test_a_mistake_is_explained_before_anything_is_asked(writers: Any, message: str) -> None:
    settings = {"generator": {"name": "portfolio", "writers": writers}}
    with pytest.raises(IzError, match=message):
        izcore.plan("mirror", scorer="obedient", settings=settings)
