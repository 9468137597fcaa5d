"""Checks of tasks."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
import pytest

from izcore.plugin.errors import UsageError
from izcore.plugin.examples import Example, LoadRequest, TaskData, field_names
from izcore.plugin.registrations import BackendContext, BackendRegistration
from izcore.registry.registry import discover
from izcore.scoring.evaluator import score_answers
from izcore.scoring.prompt import check_template
from izcore.testing.backends import BackendConformance, Make
from izcore.testing.conformance import needs, travelled
from izcore.testing.subject import Subject

SCORED = 50
"""Examples whose own targets are scored."""


class TaskConformance(BackendConformance):
    """What the core relies on in a task. Nothing is fetched: the subject's data must be there."""

    kind = "task"
    methods = ("load", "fetch")

    @pytest.fixture
    def faulty_options(self) -> Sequence[Mapping[str, Any]]:
        """Options, on top of the subject's, under which nothing can be loaded: a missing or a broken file.

        None by default; then :meth:`test_faulty_data_is_explained` has nothing to do, and says so.
        """
        return ()

    @pytest.fixture
    def data(self, make: Make) -> TaskData:
        """What the task loads with seed 0."""
        return needs("test_task_loads", lambda: _load(make))

    def test_task_loads(self, make: Make) -> None:
        """``load`` gives examples, and a name in one line for the result."""
        data = _load(make)
        assert isinstance(data, TaskData)
        assert data.examples
        assert data.name == " ".join(data.name.split()) != ""

    def test_examples_are_texts(self, data: TaskData) -> None:
        """Input, choices and fields of every example are texts; nothing else fits into a prompt."""
        _check_texts(data)

    def test_examples_have_targets(self, data: TaskData) -> None:
        """Every example has at least one target, a text that is not blank."""
        for example in _all(data):
            assert example.targets, example.input
            for target in example.targets:
                assert isinstance(target, str)
                assert target.strip(), example.input

    def test_loading_again_gives_the_same(self, make: Make, data: TaskData) -> None:
        """Loaded again with the same seed, the data is equal: a resumed run goes on only if it is."""
        assert _load(make) == data

    def test_one_task_loads_twice(self, make: Make) -> None:
        """One object can load several times."""
        task = make()
        assert task.load(LoadRequest(seed=3)) == task.load(LoadRequest(seed=3))

    def test_data_travels(self, data: TaskData) -> None:
        """The data is the same after the way through the database and to a worker process."""
        needs("test_examples_are_texts", lambda: _check_texts(data))
        assert travelled(data) == data

    def test_metric_is_known(self, data: TaskData) -> None:
        """``metric`` is the name of an installed metric, ``name`` or ``name:argument``."""
        discover().choose("metric", data.metric, {})

    def test_metric_fits_the_examples(self, data: TaskData, context: BackendContext) -> None:
        """The task's metric can score its own targets, and finds them right.

        A metric that asks a model is not asked here.
        """
        registry = discover()
        choice = needs("test_metric_is_known", lambda: registry.choose("metric", data.metric, {}))
        if registry.find("metric", choice.name).backend.models:
            pytest.skip(f"the metric {choice.name} asks a model")
        examples = _all(data)[:SCORED]
        answers = needs("test_examples_have_targets", lambda: [example.targets[0] for example in examples])
        metric = registry.build("metric", choice, context)
        scores = asyncio.run(score_answers(metric, answers, examples))
        assert [answer for answer, score in zip(answers, scores, strict=True) if score != 1] == []

    def test_template_is_valid(self, data: TaskData) -> None:
        """A prompt template, if there is one, holds ``{instruction}``, and ``{input}`` or names of fields."""
        if data.prompt_template:
            check_template(data.prompt_template, field_names(_all(data)))

    def test_faulty_data_is_explained(
        self,
        subject: Subject,
        backend: BackendRegistration,
        context: BackendContext,
        faulty_options: Sequence[Mapping[str, Any]],
    ) -> None:
        """What cannot be loaded raises DataError or another UsageError, with a message for people.

        It is the user's file that is wrong; nobody should see a traceback.
        """
        if not faulty_options:
            pytest.skip("no options under which it cannot load: override the fixture faulty_options")
        for options in faulty_options:
            changed = msgspec.structs.replace(subject, options={**subject.options, **options})
            with pytest.raises(UsageError) as caught:
                changed.build(backend, context).load(LoadRequest())
            assert caught.value.message.strip()


def _load(make: Make) -> TaskData:
    data: TaskData = make().load(LoadRequest(seed=0))
    return data


def _check_texts(data: TaskData) -> None:
    for example in _all(data):
        assert isinstance(example.input, str)
        assert all(isinstance(text, str) for text in (*example.choices, *example.fields.values()))


def _all(data: TaskData) -> tuple[Example, ...]:
    return (*data.examples, *data.validation_examples, *data.test_examples)
