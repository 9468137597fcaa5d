"""Instruction-induction and BIG-bench, by hand-written examples of every form and on the real data."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import izcore
from izcore.plugin import BackendContext, DataError, Metric, MetricRequest, TaskData
from izcore_tasks.files.bigbench import parse_bigbench
from izcore_tasks.files.induction import parse_induction

Load = Callable[..., TaskData]

TASKS = (
    *("active_to_passive", "antonyms", "cause_and_effect", "common_concept", "diff", "first_word_letter"),
    *("informal_to_formal", "larger_animal", "letters_list", "num_to_verbal", "orthography_starts_with"),
    *("rhymes", "second_word_letter", "sentence_similarity", "sentiment", "singular_to_plural", "sum"),
    *("synonyms", "translation_en-de", "translation_en-es"),
)


def induction(*entries: Any) -> bytes:
    return json.dumps({"examples": {str(key): entry for key, entry in enumerate(entries, 1)}}).encode()


def metric_of(data: TaskData) -> Metric:
    registry = izcore.discover()
    choice = registry.choose("metric", data.metric, {})
    metric: Metric = registry.build("metric", choice, BackendContext(seed=0, cache_dir="", data_dir=""))
    return metric


# --- instruction induction -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("entry", "text", "targets"),
    [
        ({"input": "sane", "output": "insane", "x": 3}, "sane", ("insane",)),
        ({"input": "pig", "output": "big", "other_rhymes": ["dig", "big"]}, "pig", ("big", "dig")),
        ({"input": "a", "output": "b", "possible_translations": ["", "c"]}, "a", ("b", "c")),
        ({"input": "a", "output": "b", "possible_outputs": ["b", "no"]}, "a", ("b", "no")),
        ({"items": ["x", "y"], "concept": "c", "all_common_concepts": ["c", "d"]}, "x, y", ("c", "d")),
        ({"items": ["x", "y"], "concept": "c"}, "x, y", ("c",)),
    ],
)
def test_every_form_of_an_example(entry: Any, text: str, targets: tuple[str, ...]) -> None:
    (example,) = parse_induction("any", induction(entry)).examples
    assert (example.input, example.targets) == (text, targets)


@pytest.mark.parametrize(
    ("name", "metric"),
    [
        ("common_concept", "f1:paper"),
        ("informal_to_formal", "f1:paper"),
        ("orthography_starts_with", "exact_set:paper"),
        ("taxonomy_animal", "exact_set:paper"),
        ("synonyms", "contains:paper"),
        ("translation_en-de", "exact_match:paper"),
        ("cause_and_effect", "exact_match:paper"),
    ],
)
def test_the_published_metric(name: str, metric: str) -> None:
    assert parse_induction(name, induction({"input": "a", "output": "b"})).metric == metric


def test_the_order_of_cause_and_effect_follows_from_the_seed_and_the_pair() -> None:
    pairs = [{"cause": f"It rained {i} times.", "effect": f"She got wet {i} times."} for i in range(40)]
    data = parse_induction("cause_and_effect", induction(*pairs), seed=1)
    assert data == parse_induction("cause_and_effect", induction(*pairs), seed=1)
    assert data != parse_induction("cause_and_effect", induction(*pairs), seed=2)
    cause_first = [example.input.startswith("Sentence 1: It rained") for example in data.examples]
    assert 8 < sum(cause_first) < 32
    assert all(example.targets[0] in example.input for example in data.examples)
    alone = parse_induction("cause_and_effect", induction(pairs[7]), seed=1)
    assert alone.examples[0] == data.examples[7]


def test_the_same_pair_in_both_files_is_for_the_test_only() -> None:
    pairs = [{"cause": f"c{i}", "effect": f"e{i}"} for i in range(4)]
    data = parse_induction("cause_and_effect", induction(*pairs[:3]), induction(*pairs[2:]), seed=5)
    assert (len(data.examples), len(data.test_examples)) == (2, 2)
    assert "1 example kept for the test only, as the input is there too." in data.notes


def test_nothing_left_to_search_with_is_an_error() -> None:
    same = induction({"input": "a", "output": "b"})
    with pytest.raises(DataError, match="none is left to search with"):
        parse_induction("any", same, same)


def test_faults_of_both_files_are_listed_with_file_and_key() -> None:
    with pytest.raises(DataError, match="3 problems") as caught:
        parse_induction(
            "any",
            induction({"input": "a"}, {"input": {}, "output": "b"}),
            induction({"input": "a", "output": "b"}, 7),
        )
    assert caught.value.problems == (
        "induce/any.json, example 1: no target",
        "induce/any.json, example 2: the input is an object, where text belongs",
        "execute/any.json, example 2: a number, where an object belongs",
    )


def test_annotations_are_human_instructions() -> None:
    examples = induction({"input": "a", "output": "b"})
    notes = json.dumps({"annotations": [" Write it. ", "Write it.", "Do."]}).encode()
    assert parse_induction("any", examples, None, notes).human_instructions == ("Write it.", "Do.")
    with pytest.raises(DataError, match="not an annotations file"):
        parse_induction("any", examples, None, b'{"annotations": "Write it."}')


def test_a_file_alone_and_one_that_is_none() -> None:
    assert parse_induction("any", induction({"input": "a", "output": "b"})).test_examples == ()
    with pytest.raises(DataError, match="not an instruction-induction file"):
        parse_induction("any", b'{"metadata": {"num_examples": 3}}')


@pytest.mark.parametrize("name", TASKS)
def test_real_induction_tasks(load: Load, shared_data: Path, name: str) -> None:
    folder = shared_data / "instruction_induction"
    path = folder / "induce" / f"{name}.json"
    data = load(path, seed=3)
    assert data == load(folder, seed=3, task=name)
    published = json.loads(path.read_text(encoding="utf-8"))["examples"]
    held_out = json.loads((folder / "execute" / f"{name}.json").read_text(encoding="utf-8"))["examples"]
    inputs = [example.input for example in data.examples]
    test_inputs = [example.input for example in data.test_examples]
    assert len(set(inputs) | set(test_inputs)) == len(inputs) + len(test_inputs)
    assert len(held_out) * 0.9 < len(test_inputs) <= len(held_out)
    assert len(inputs) <= len(published)
    assert name == "rhymes" or len(inputs) > len(published) * 0.9
    assert data.human_instructions
    examples = data.examples + data.test_examples
    answers = tuple(example.targets[0] for example in examples)
    assert set(metric_of(data).score(MetricRequest(answers=answers, examples=examples)).scores) == {1.0}


def test_a_real_execute_file_alone(load: Load, shared_data: Path) -> None:
    data = load(shared_data / "instruction_induction" / "execute" / "sum.json")
    assert (len(data.examples), data.test_examples) == (100, ())
    assert data.human_instructions
    assert any("held-out file alone" in note for note in data.notes)


def test_rhymes_says_that_repeating_scores(load: Load, shared_data: Path) -> None:
    data = load(shared_data / "instruction_induction" / "induce" / "rhymes.json")
    assert any("an instruction to repeat scores high" in note for note in data.notes)


# --- BIG-bench -----------------------------------------------------------------------------------


def bigbench(*examples: Any, **more: Any) -> bytes:
    return json.dumps({"examples": list(examples), **more}).encode()


def test_targets_and_task_prefix() -> None:
    data = parse_bigbench(
        "count",
        bigbench(
            {"input": "two cats", "target": ["two", "2"]},
            {"input": "a cat", "target": "one", "comment": "?"},
            task_prefix="Count.\n",
            description="Counting",
            preferred_score="exact_str_match",
        ),
    )
    assert [example.targets for example in data.examples] == [("two", "2"), ("one",)]
    assert (data.metric, data.description, data.human_instructions) == (
        "exact_match",
        "Counting",
        ("Count.",),
    )


def test_best_scored_choices_are_the_targets() -> None:
    data = parse_bigbench(
        "choose",
        bigbench(
            {"input": "a", "target_scores": {"x": 0, "y": 1, "z": 1.0}},
            {"input": "b", "target_scores": {"x": -1, "y": -0.5}},
            {"input": "undecided", "target_scores": {"x": 0, "y": 0}},
            append_choices_to_input=False,
        ),
    )
    assert data.metric == "choice"
    assert [(example.targets, example.choices) for example in data.examples] == [
        (("y", "z"), ("x", "y", "z")),
        (("y",), ("x", "y")),
    ]
    assert data.notes == ("Left out, as all their choices score the same: 1.",)


def test_choices_are_appended_in_an_order_that_gives_nothing_away() -> None:
    examples = [{"input": f"q{i}", "target_scores": {"right": 1, "wrong": 0, "odd": 0}} for i in range(60)]
    data = parse_bigbench("choose", bigbench(*examples, examples[0]), seed=4)
    assert len(data.examples) == 60
    first = data.examples[0]
    assert first.input == "q0" + "".join(f"\n  choice: {choice}" for choice in first.choices)
    assert 8 < sum(example.choices[0] == "right" for example in data.examples) < 32
    assert data == parse_bigbench("choose", bigbench(*examples, examples[0]), seed=4)
    assert data != parse_bigbench("choose", bigbench(*examples, examples[0]), seed=5)
    prefixed = parse_bigbench("choose", bigbench(examples[0], choice_prefix=" / "))
    assert prefixed.examples[0].input == " / ".join(("q0", *prefixed.examples[0].choices))


def test_the_preferred_score_decides_between_targets_and_choices() -> None:
    both = {"input": "(", "target": ")", "target_scores": {")": 1, "]": 0}}
    exact = parse_bigbench("close", bigbench(both, preferred_score="exact_str_match"))
    assert (exact.metric, exact.examples[0].choices) == ("exact_match", ())
    assert parse_bigbench("close", bigbench(both, preferred_score="multiple_choice_grade")).metric == "choice"
    bleu = parse_bigbench("translate", bigbench({"input": "a", "target": "b"}, preferred_score="bleu"))
    assert bleu.metric == "exact_match"
    assert any("'bleu'" in note for note in bleu.notes)


def test_faults_have_the_number_of_their_example() -> None:
    with pytest.raises(DataError) as caught:
        parse_bigbench(
            "choose",
            bigbench(
                {"input": "a", "target_scores": {"x": "1"}},
                {"input": "b", "target_scores": ["x"]},
                {"input": "c"},
                {"target_scores": {"x": 1, "y": 0}},
                5,
            ),
        )
    assert caught.value.problems == (
        "example 1: the score of choice 'x' is text, where a number belongs",
        "example 2: target_scores is a list, where an object of choices belongs",
        "example 3: no target_scores",
        "example 4: no input",
        "example 5: a number, where an object belongs",
    )


@pytest.mark.parametrize(
    ("name", "number", "metric"),
    [("implicatures", 492, "choice"), ("ruin_names", 448, "choice"), ("word_sorting", 1900, "exact_match")],
)
def test_real_bigbench_tasks(load: Load, shared_data: Path, name: str, number: int, metric: str) -> None:
    data = load(shared_data / "bigbench" / f"{name}.json")
    assert (data.name, len(data.examples), data.metric) == (name, number, metric)
    answers = tuple(example.targets[0] for example in data.examples)
    scores = metric_of(data).score(MetricRequest(answers=answers, examples=data.examples)).scores
    assert set(scores) == {1.0}
