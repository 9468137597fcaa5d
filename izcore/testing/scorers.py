"""Checks of scorers."""

import asyncio
import math
import os
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
import pytest

from izcore.plugin.calls import (
    Completion,
    CompletionRequest,
    CompletionResult,
    Message,
    Prompt,
    ScorerInfo,
    Usage,
)
from izcore.plugin.errors import FatalScorerError, TransientScorerError, UsageError
from izcore.plugin.examples import Example
from izcore.plugin.protocols import Scorer
from izcore.plugin.registrations import BackendContext, BackendRegistration
from izcore.plugin.trials import Guidance
from izcore.registry.redaction import keys_in
from izcore.scoring.completion_cache import completion_key
from izcore.scoring.prompt import DEFAULT_TEMPLATE, render_prompt
from izcore.testing.backends import BackendConformance, Make
from izcore.testing.conformance import needs, travelled, unchanged
from izcore.testing.subject import Subject

Prompts = tuple[Prompt, ...]
ODD_INPUTS = ("", "“Größe” 🙂\n\tline two", "{instruction} %s \\n <b>&amp;</b>")

SYSTEM = "Answer in one word."
TURNS = (Message(role="user", text="One dog."), Message(role="assistant", text="Two dogs."))
"""A system message and turns, for scorers that take them."""


class ScorerConformance(BackendConformance):
    """What the core relies on in a scorer. The prompts are those of a run: see ``prompts``."""

    kind = "scorer"
    methods = ("info", "bound", "expected", "complete", "aclose")

    @pytest.fixture
    def prompts(self) -> Prompts:
        """What is asked: an instruction and inputs in the default template, at temperature 0."""
        return tuple(_prompt("Write the plural.", word) for word in ("cat", "box", "child"))

    @pytest.fixture
    def failing_options(self) -> Mapping[str, Any] | None:
        """Options, on top of the subject's, under which every call fails: an address where nobody answers.

        None where there are no such options; then :meth:`test_failures_are_of_the_right_kind` has nothing to
        do, and says so.
        """
        return None

    def test_info_is_complete(self, make: Make) -> None:
        """``info`` gives whole numbers of at least 1 for batch size and concurrency, and a price or None."""
        info: ScorerInfo = make().info()
        assert isinstance(info, ScorerInfo)
        assert isinstance(info.batch_size, int)
        assert isinstance(info.concurrency, int)
        assert min(info.batch_size, info.concurrency) >= 1
        if info.price is not None:
            assert all(math.isfinite(x) and x >= 0 for x in (info.price.input, info.price.output))

    def test_identity_is_plain_data(self, make: Make) -> None:
        """``info().identity`` is JSON data that says something: the key of the cache is made of it."""
        identity = make().info().identity
        assert identity
        assert isinstance(msgspec.json.decode(msgspec.json.encode(identity)), dict)

    def test_identity_is_stable(self, make: Make, prompts: Prompts) -> None:
        """Two scorers with the same options have the same identity, or a resumed run would pay again."""
        first, second = (
            needs("test_identity_is_plain_data", lambda: completion_key(make().info(), prompts[0]))
            for _ in range(2)
        )
        assert first == second

    def test_identity_holds_no_secret(self, make: Make) -> None:
        """No value of an environment variable that is named like a key is part of the identity.

        It is kept in the database and shown.
        """
        shown = repr(make().info().identity)
        secrets = [name for name, value in keys_in(os.environ).items() if value in shown]
        assert secrets == []

    def test_one_completion_per_prompt(self, make: Make, prompts: Prompts) -> None:
        """Each request is answered with as many completions as it has prompts."""
        scorer = make()
        requests = _requests(scorer, prompts)
        _check_counts(requests, _ask(scorer, requests))

    def test_no_prompts_no_completions(self, make: Make) -> None:
        """A request without prompts has a result without completions; it asks nobody."""
        assert _ask(make(), [CompletionRequest(prompts=())]) == [CompletionResult(completions=())]

    def test_completions_travel(self, make: Make, prompts: Prompts) -> None:
        """A completion is the same after the way through the database: a text, usage, and how it ended."""
        scorer = make()
        for completion in _answers(scorer, prompts):
            assert isinstance(completion, Completion)
            assert travelled(completion) == completion

    def test_usage_is_reported(self, make: Make, prompts: Prompts) -> None:
        """Tokens are counted: never negative, and not zero unless the scorer's price is 0.

        The budget and the bill are made of them.
        """
        scorer = make()
        price = scorer.info().price
        for completion in _answers(scorer, prompts):
            usage = completion.usage
            assert min(usage.input_tokens, usage.output_tokens) >= 0
            assert usage.total > 0 or (price is not None and price.input == price.output == 0)

    def test_bound_holds(self, make: Make, prompts: Prompts) -> None:
        """No prompt uses more tokens than ``bound`` says, also one that asks for room or has more messages.

        The budget reserves the bound before the call, so that it is never broken through.
        """
        scorer = make()
        asked = (*prompts, msgspec.structs.replace(prompts[0], room=64))
        if scorer.info().messages:
            asked = (*asked, msgspec.structs.replace(prompts[0], system=SYSTEM, turns=TURNS))
        bounds = [scorer.bound(prompt) for prompt in asked]
        assert all(isinstance(bound, Usage) for bound in bounds)
        for prompt, bound, completion in zip(asked, bounds, _answers(scorer, asked), strict=True):
            assert completion.usage.input_tokens <= bound.input_tokens, prompt
            assert completion.usage.output_tokens <= bound.output_tokens, prompt

    def test_batch_equals_single(self, make: Make, prompts: Prompts) -> None:
        """A prompt gets the same answer in a request with others as alone, and the answers are in order.

        Asked at temperature 0. The core asks several at a time where ``batch_size`` is more than 1.
        """
        scorer = make()
        if scorer.info().batch_size == 1:
            pytest.skip("batch_size is 1: there are no batches")
        alone = [CompletionRequest(prompts=(prompt,)) for prompt in prompts]
        results = _complete(scorer, [*alone, *_requests(scorer, prompts)])
        assert _texts(results[len(alone) :]) == _texts(results[: len(alone)])

    def test_requests_at_once(self, make: Make, prompts: Prompts) -> None:
        """Requests under way at the same time get the answers that they get one after the other."""
        if make().info().concurrency == 1:
            pytest.skip("concurrency is 1: one request at a time")
        requests = [CompletionRequest(prompts=(prompt,)) for prompt in prompts]
        at_once, one_by_one = _complete(make(), requests, at_once=True), _complete(make(), requests)
        assert _texts(at_once) == _texts(one_by_one)

    def test_works_in_a_second_event_loop(self, make: Make, prompts: Prompts) -> None:
        """One scorer answers in an event loop, is closed, and answers in another; ``LoopClients`` helps.

        In one process there are several loops: one per run, one for a probe, one for a user's notebook.
        """
        scorer = make()
        requests = [CompletionRequest(prompts=prompts[:1])]
        assert len(_complete(scorer, requests)) == len(_complete(scorer, requests)) == 1

    def test_closes_without_having_been_asked(self, make: Make) -> None:
        """``aclose`` works on a scorer that answered nothing: everything may have been in the cache."""
        asyncio.run(make().aclose())

    def test_odd_inputs_end_in_an_answer_or_an_error_for_people(self, make: Make) -> None:
        """Whatever a task's input holds, it is answered, or refused with a Scorer- or UsageError.

        Any other exception counts as a fault of the plugin and ends the run.
        """
        for text in ODD_INPUTS:
            try:
                answers = _answers(make(), (_prompt("", text),))
            except (TransientScorerError, FatalScorerError, UsageError):
                continue
            assert isinstance(answers[0].text, str)

    def test_failures_are_of_the_right_kind(
        self,
        subject: Subject,
        backend: BackendRegistration,
        context: BackendContext,
        prompts: Prompts,
        failing_options: Mapping[str, Any] | None,
    ) -> None:
        """A call that fails raises TransientScorerError if trying again may help, else FatalScorerError.

        Never another exception, and never a made-up answer.
        """
        if failing_options is None:
            pytest.skip("no options that make it fail: override the fixture failing_options")
        changed = msgspec.structs.replace(subject, options={**subject.options, **failing_options})
        with pytest.raises((TransientScorerError, FatalScorerError)):
            _answers(changed.build(backend, context), prompts[:1])

    def test_request_is_left_as_it_was(self, make: Make, prompts: Prompts) -> None:
        """Nothing that it is given is changed."""
        scorer = make()
        requests = _requests(scorer, prompts)
        with unchanged(requests):
            _ask(scorer, requests)


def _prompt(instruction: str, input_: str) -> Prompt:
    text = render_prompt(
        DEFAULT_TEMPLATE, Guidance(instruction=instruction), Example(input=input_, targets=())
    )
    return Prompt(text=text, temperature=0.0)


def _requests(scorer: Scorer, prompts: Prompts) -> list[CompletionRequest]:
    """Cut prompts into requests that are as large as the scorer allows."""
    size = scorer.info().batch_size
    return [CompletionRequest(prompts=prompts[at : at + size]) for at in range(0, len(prompts), size)]


def _answers(scorer: Scorer, prompts: Prompts) -> list[Completion]:
    results = _complete(scorer, _requests(scorer, prompts))
    return [completion for result in results for completion in result.completions]


def _texts(results: Sequence[CompletionResult]) -> list[str]:
    return [completion.text for result in results for completion in result.completions]


def _complete(
    scorer: Scorer, requests: Sequence[CompletionRequest], *, at_once: bool = False
) -> list[CompletionResult]:
    results = _ask(scorer, requests, at_once=at_once)
    needs("test_one_completion_per_prompt", lambda: _check_counts(requests, results))
    return results


def _check_counts(requests: Sequence[CompletionRequest], results: Sequence[CompletionResult]) -> None:
    for request, result in zip(requests, results, strict=True):
        assert len(result.completions) == len(request.prompts)


def _ask(
    scorer: Scorer, requests: Sequence[CompletionRequest], *, at_once: bool = False
) -> list[CompletionResult]:
    """Ask in an event loop of its own, one request after the other unless ``at_once``; close at its end."""

    async def ask() -> list[CompletionResult]:
        try:
            if at_once:
                return list(await asyncio.gather(*(scorer.complete(request) for request in requests)))
            return [await scorer.complete(request) for request in requests]
        finally:
            await scorer.aclose()

    return asyncio.run(ask())
