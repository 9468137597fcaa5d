"""Checks of instruction generators."""

import math
from typing import Any

import msgspec
import pytest

from izcore.plugin.calls import Ask
from izcore.plugin.examples import Example
from izcore.plugin.protocols import Generator
from izcore.plugin.registrations import GeneratorRegistration
from izcore.plugin.seeds import sobol_latents
from izcore.plugin.trials import (
    Candidate,
    GenerateRequest,
    GenerateResult,
    LocateRequest,
    PrepareRequest,
    PrepareResult,
    Trial,
)
from izcore.testing.backends import BackendConformance, Make
from izcore.testing.conformance import finished, needs, travelled, unchanged
from izcore.testing.subject import answering

Demonstrations = tuple[Example, ...]


class GeneratorConformance(BackendConformance):
    """What the core relies on in a generator; every check builds it anew and prepares it."""

    kind = "generator"
    methods = ("pool_size", "longest_instruction", "prepare", "generate", "locate", "write_unsteered")

    @pytest.fixture
    def ask(self) -> Ask:
        """The model that writes, for generators that ask one."""
        return answering(lambda prompt: f"Write the plural, take {prompt.sample % 97}.")

    @pytest.fixture
    def demonstrations(self) -> Demonstrations:
        """What the generator is shown of the task."""
        pairs = [
            ("cat", "cats"),
            ("box", "boxes"),
            ("child", "children"),
            ("city", "cities"),
            ("ox", "oxen"),
        ]
        return tuple(Example(input=word, targets=(plural,)) for word, plural in pairs)

    def test_pool_size_needs_no_preparation(self, make: Make) -> None:
        """``pool_size`` is None or at least 1, before ``prepare``: a run is planned without any model."""
        size = make().pool_size()
        assert size is None or (isinstance(size, int) and size >= 1)

    def test_prepare_says_the_latent_dimension(self, make: Make, demonstrations: Demonstrations) -> None:
        """``prepare`` gives a latent dimension of at least 1."""
        _check_dimension(make().prepare(PrepareRequest(demonstrations=demonstrations, seed=0)))

    def test_prepare_takes_up_its_state(self, make: Make, demonstrations: Demonstrations) -> None:
        """Prepared with the state of an earlier process, it is and writes what it was and wrote there.

        The state is plain JSON data, kept with the run; no calibration is repeated when a run is resumed.
        """
        first, second = make(), make()
        prepared = _prepare(first, demonstrations)
        kept = msgspec.json.decode(msgspec.json.encode(prepared.state))
        resumed = second.prepare(PrepareRequest(demonstrations=demonstrations, seed=0, state=kept))
        assert msgspec.json.encode(resumed) == msgspec.json.encode(prepared)
        asked = _request(prepared, demonstrations)
        assert _generate(second, asked) == _generate(first, asked)

    def test_one_candidate_per_latent(self, make: Make, demonstrations: Demonstrations) -> None:
        """There is one candidate per latent; fewer only from a generator that says it is exhausted."""
        generator = make()
        request = _request(_prepare(generator, demonstrations), demonstrations, count=5)
        result = _generate(generator, request)
        assert len(result.candidates) <= 5
        assert len(result.candidates) == 5 or result.exhausted

    def test_latents_come_back_in_order(self, make: Make, demonstrations: Demonstrations) -> None:
        """Each candidate holds the latent that it was written from, unchanged, in the order of the request.

        The surrogate learns from these pairs.
        """
        generator = make()
        request = _request(_prepare(generator, demonstrations), demonstrations)
        written = tuple(candidate.latent for candidate in _generate(generator, request).candidates)
        assert written == request.latents[: len(written)]

    def test_instructions_are_clean_texts(self, make: Make, demonstrations: Demonstrations) -> None:
        """An instruction is a text that says something, without white space around it or control characters.

        It goes into every prompt as it is. ``clean_instruction`` makes one out of what a model wrote.
        """
        generator = make()
        request = _request(_prepare(generator, demonstrations), demonstrations)
        for candidate in _generate(generator, request).candidates:
            _check_instruction(candidate)

    def test_same_request_same_candidates(self, make: Make, demonstrations: Demonstrations) -> None:
        """Asked the same twice, it writes the same: what it wrote before leaves no trace."""
        generator = make()
        request = _request(_prepare(generator, demonstrations), demonstrations)
        assert _generate(generator, request) == _generate(generator, request)

    def test_same_seed_same_candidates(self, make: Make, demonstrations: Demonstrations) -> None:
        """Two generators with the same seed, prepared alike, write the same for the same request."""
        first, second = make(), make()
        request = _request(_prepare(first, demonstrations), demonstrations)
        assert _prepare(second, demonstrations).latent_dim == len(request.latents[0])
        assert _generate(first, request) == _generate(second, request)

    def test_batch_equals_single(
        self, make: Make, backend: GeneratorRegistration, demonstrations: Demonstrations
    ) -> None:
        """A latent gives the same candidate alone as in a batch, wherever it stands in it.

        Of generators that do not write from latents alone (pools, and ``uses_latents=False``) this is asked
        for the first place only.
        """
        generator = make()
        request = _request(_prepare(generator, demonstrations), demonstrations)
        together = _generate(generator, request).candidates
        only_first = not backend.uses_latents or generator.pool_size() is not None
        for place in range(1 if only_first else len(together)):
            alone = msgspec.structs.replace(request, latents=(request.latents[place],))
            (single,) = _generate(generator, alone).candidates
            assert (single.latent, single.instruction) == (
                together[place].latent,
                together[place].instruction,
            )

    def test_request_is_left_as_it_was(self, make: Make, demonstrations: Demonstrations) -> None:
        """Nothing that it is given is changed."""
        generator = make()
        preparing = PrepareRequest(demonstrations=demonstrations, seed=0)
        with unchanged(preparing):
            prepared = generator.prepare(preparing)
        needs("test_prepare_says_the_latent_dimension", lambda: _check_dimension(prepared))
        request = _request(prepared, demonstrations)
        with unchanged(request):
            _generate(generator, request)

    def test_candidates_travel(self, make: Make, demonstrations: Demonstrations) -> None:
        """Candidates are the same after the way through the database: plain texts and numbers."""
        generator = make()
        request = _request(_prepare(generator, demonstrations), demonstrations)
        for candidate in _generate(generator, request).candidates:
            without_features = msgspec.structs.replace(candidate, features=())
            assert travelled(without_features) == without_features

    def test_features_are_alike(self, make: Make, demonstrations: Demonstrations) -> None:
        """Features are finite floats, as many for one candidate as for every other; none is fine."""
        generator = make()
        request = _request(_prepare(generator, demonstrations), demonstrations)
        features = [candidate.features for candidate in _generate(generator, request).candidates]
        assert len({len(numbers) for numbers in features}) <= 1
        assert all(type(number) is float and math.isfinite(number) for row in features for number in row)

    def test_goes_on_after_trials(self, make: Make, demonstrations: Demonstrations) -> None:
        """Later rounds come with the trials so far: good, bad, equal, and those whose calls failed."""
        generator = make()
        prepared = _prepare(generator, demonstrations)
        request = _request(prepared, demonstrations)
        history = _tried(_generate(generator, request).candidates)
        again = _request(prepared, demonstrations, history=history, seed=8)
        result = _generate(generator, again)
        assert len(result.candidates) == len(again.latents) or result.exhausted

    def test_trials_are_located_alike(self, make: Make, demonstrations: Demonstrations) -> None:
        """``locate`` gives None, or one latent per trial, or none for it, always the same for one request.

        The state that comes with them fits the next request for instructions.
        """
        generator = make()
        prepared = _prepare(generator, demonstrations)
        history = _tried(_generate(generator, _request(prepared, demonstrations, count=5)).candidates)
        asked = LocateRequest(
            history=history, demonstrations=demonstrations, latent_dim=prepared.latent_dim, seed=3
        )
        found = finished(generator.locate(asked))
        assert found == finished(generator.locate(asked))
        if found is None:
            return
        assert len(found.latents) == len(history)
        placed = [latent for latent in found.latents if latent is not None]
        assert {len(latent) for latent in placed} <= {prepared.latent_dim}
        assert all(0.0 <= number <= 1.0 for latent in placed for number in latent)
        request = _request(prepared, demonstrations, history=history, located=found.state)
        assert len(_generate(generator, request).candidates) == len(request.latents)

    def test_finite_pool_is_offered_once(self, make: Make, demonstrations: Demonstrations) -> None:
        """A pool offers as many distinct instructions as it says, and none again; the last exhausts it."""
        generator = make()
        size: int | None = needs("test_pool_size_needs_no_preparation", generator.pool_size)
        if size is None:
            pytest.skip("pool_size() is None: no finite pool")
        prepared = _prepare(generator, demonstrations)
        everything = _generate(generator, _request(prepared, demonstrations, count=size + 1))
        offered = [candidate.instruction for candidate in everything.candidates]
        assert len(offered) == len(set(offered)) == size
        assert everything.exhausted
        history = _tried(everything.candidates)
        nothing = _generate(generator, _request(prepared, demonstrations, history=history, count=1))
        assert nothing == GenerateResult(candidates=(), exhausted=True)

    def test_unsteered_is_a_candidate_or_none(self, make: Make, demonstrations: Demonstrations) -> None:
        """``write_unsteered`` gives None, or a candidate whose instruction is a baseline."""
        generator = make()
        _prepare(generator, demonstrations)
        request = PrepareRequest(demonstrations=demonstrations, seed=0)
        unsteered = finished(generator.write_unsteered(request))
        assert unsteered is None or isinstance(unsteered, Candidate)
        if unsteered is not None:
            _check_instruction(unsteered)


def _prepare(generator: Generator, demonstrations: Demonstrations) -> PrepareResult:
    prepared = generator.prepare(PrepareRequest(demonstrations=demonstrations, seed=0))
    needs("test_prepare_says_the_latent_dimension", lambda: _check_dimension(prepared))
    return prepared


def _check_dimension(prepared: PrepareResult) -> None:
    assert isinstance(prepared.latent_dim, int)
    assert prepared.latent_dim >= 1


def _request(
    prepared: PrepareResult, demonstrations: Demonstrations, *, count: int = 3, seed: int = 7, **more: Any
) -> GenerateRequest:
    latents = sobol_latents(count, prepared.latent_dim, 1)
    return GenerateRequest(latents=latents, demonstrations=demonstrations, seed=seed, **more)


def _generate(generator: Generator, request: GenerateRequest) -> GenerateResult:
    return finished(generator.generate(request))


def _tried(candidates: tuple[Candidate, ...]) -> tuple[Trial, ...]:
    rows = ((1.0, 1.0, 0.0), (None, None, None), (0.0, 0.0, 0.0), (1.0, None, 1.0))
    return tuple(
        Trial(index=index, round=0, candidate=candidate, scores=rows[index % len(rows)])
        for index, candidate in enumerate(candidates)
    )


def _check_instruction(candidate: Candidate) -> None:
    text = candidate.instruction
    assert isinstance(text, str)
    assert any(character.isalnum() for character in text), f"{text!r} says nothing"
    assert text == text.strip()
    assert all(character.isprintable() or character == "\n" for character in text)
