"""The default with a model behind an API and no model on this machine: the black box writes, too."""

import itertools
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from support.servers.protocol_server import Answer, Behaviour, Call, ProtocolServer, Refusal

import izcore
from izcore.plugin import GeneratorRegistration, Preset, hookimpl
from izcore.plugin.errors import ConfigError
from izcore.registry.discovery import PluginInfo

pytest.importorskip("izcore_openai")
pytest.importorskip("izcore_writers")

pytestmark = pytest.mark.usefixtures("real_default")

MODEL = "openai:gpt-4o-mini"
WORDS = [
    *("apple", "bread", "chair", "dream", "eagle", "flame", "grape", "house", "ivory", "jelly"),
    *("knife", "lemon", "music", "night", "ocean", "piano", "queen", "river", "stone", "train"),
]
KINDS = itertools.cycle(("good", "leaking", "poor", "refused", "empty"))


def answer(call: Call) -> Behaviour:
    """Write an instruction, badly every now and then; else do what the instruction says."""
    if "instruction" not in call.prompt:
        word = call.prompt.split()[-1]
        return Answer(word[::-1] if "in reverse" in call.prompt else word)
    shown = next((word for word in WORDS if word[::-1] in call.prompt), "word")
    return {
        "good": Answer("The instruction was to write the word in reverse."),
        "leaking": Answer(
            f"The instruction was to write {shown[::-1]} for {shown}, and {shown} {shown[::-1]}."
        ),
        "poor": Answer("The instruction was to repeat the word."),
        "refused": Refusal(),
        "empty": Answer(" ... "),
    }[next(KINDS)]


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[ProtocolServer]:
    with ProtocolServer() as running:
        running.behave = answer
        monkeypatch.setenv("OPENAI_BASE_URL", running.openai_url)
        monkeypatch.setenv("OPENAI_API_KEY", "sk-test")
        yield running


@pytest.fixture
def words(tmp_path: Path) -> str:
    path = tmp_path / "words.csv"
    path.write_text("input,target\n" + "".join(f"{word},{word[::-1]}\n" for word in WORDS))
    return str(path)


@pytest.fixture
def reduced() -> izcore.Registry:
    """What is installed where izcore-transformers is not."""
    return izcore.discover(blocked=["transformers"])


SMALL = {
    "search": {"initial": 10, "batch": 5, "rounds": 1},
    "splits": {"validation": 5, "retest": 0, "test": 5},
}
TEMPLATE = "{instruction}\n\n{input}"


def test_the_black_box_writes_too_and_what_it_failed_at_is_told(
    server: ProtocolServer, words: str, reduced: izcore.Registry
) -> None:
    planned = izcore.plan(
        words, scorer=MODEL, registry=reduced, prompt_template=TEMPLATE, max_calls=200, settings=SMALL
    )
    assert planned.config.generator.name == "ape"
    (told,) = [note for note in planned.plan.notes if "writes the instructions, too" in note]
    assert told.startswith("gpt-4o-mini writes the instructions, too (generator ape), since ")
    assert {part.role: part.calls for part in planned.estimate.parts if part.phase == "write"} == {
        "generator.writer": 15
    }
    result = izcore.execute(planned, registry=reduced)
    assert result.best is not None
    assert "in reverse" in result.best.instruction
    assert result.best.test is not None
    assert result.best.test.score == 1.0
    notes = " ".join(result.notes)
    assert "instructions were refused" in notes
    assert result.calls == len(server.exchanges) <= 200
    run = izcore.run(result.run_id)
    assert any("writes the instructions, too" in note for note in run.notes)


def test_a_model_that_writes_nothing_but_refusals_stops_the_run_and_says_so(
    server: ProtocolServer, words: str, reduced: izcore.Registry
) -> None:
    server.behave = lambda call: Refusal()
    with pytest.raises(izcore.BackendError, match=r"gave no instruction.*a refusal"):
        izcore.optimize(words, scorer=MODEL, registry=reduced, settings=SMALL)


def test_who_names_a_generator_gets_that(words: str, reduced: izcore.Registry) -> None:
    chosen = izcore.plan(words, scorer=MODEL, registry=reduced, generator="opro", settings=SMALL)
    assert chosen.config.generator.name == "opro"
    assert not any("instructions, too" in note for note in chosen.plan.notes)
    with pytest.raises(ConfigError, match="No generator was chosen"):
        izcore.plan(words, scorer=MODEL, registry=reduced, preset="paper", settings=SMALL)


def test_without_a_writer_it_says_what_to_install(words: str) -> None:
    bare = izcore.discover(blocked=["transformers", "writers"])
    with pytest.raises(ConfigError, match="No generator was chosen") as refused:
        izcore.plan(words, scorer=MODEL, registry=bare)
    assert "pip install izcore-writers brings ape" in refused.value.hint


@pytest.mark.parametrize(("needs", "chosen"), [((), "local"), (("no-such-distribution",), "ape")])
def test_a_generator_that_lacks_something_is_stood_in_for(
    words: str, reduced: izcore.Registry, needs: tuple[str, ...], chosen: str
) -> None:
    class Plugin(SimpleNamespace):
        IZCORE_API = 1

        @hookimpl
        def izcore_generators(self) -> list[GeneratorRegistration]:
            factory = "izcore_toy.backends:Phrases"
            return [GeneratorRegistration(name="local", summary="needs much", factory=factory, needs=needs)]

        @hookimpl
        def izcore_presets(self) -> list[Preset]:
            return [Preset(name="default", summary="", settings={"generator": {"name": "local"}})]

    info = PluginInfo(name="local", distribution="izcore-local", version="1", status="loaded")
    reduced.add(Plugin(), info)
    config = izcore.plan(words, scorer=MODEL, registry=reduced, settings=SMALL)
    assert config.config.generator.name == chosen
    assert any("no-such-distribution" in note for note in config.plan.notes) == bool(needs)
