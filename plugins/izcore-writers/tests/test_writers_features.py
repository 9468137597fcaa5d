"""Features and places read from answers, and which features foretell scores."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from izcore_writers.cross_validation import foretelling_error
from izcore_writers.features import FORM, contrasting, gap, nearest, read_features, read_scores
from izcore_writers.standings import Standing

LINES = "Brevity: long | short\nTone: rude | kind\n"


def standing(name: str, mean: float) -> Standing:
    return Standing(instruction=name, mean=mean, seen=10)


@pytest.mark.parametrize(
    "answer",
    [
        LINES,
        f"Sure, here they are:\n\n{LINES}\nHope it helps!",
        "1. **Brevity**: long | short\n2. **Tone**: rude | kind",
        f"- Brevity: long  |  short |\n{FORM}\n- brevity: other | words\n* Tone: rude | kind\nMore: a | b",
    ],
)
def test_features_are_found(answer: str) -> None:
    assert read_features(answer, 2) == ("Brevity: 0 is long, 1 is short", "Tone: 0 is rude, 1 is kind")


@pytest.mark.parametrize(
    "answer", ["", FORM, "Brevity: long | short", "Brevity: long\nTone: rude", "a | b\n" * 9]
)
def test_too_few_features_are_none(answer: str) -> None:
    assert read_features(answer, 2) == ()


def test_places_are_found_and_what_is_no_place_is_not() -> None:
    answer = (
        "Here you are.\n1: 0.5, 1\n2) 0,0.25\nInstruction 3: [.5, 1.0]\n"
        "4: 0.5\n5: 0.1, 0.2, 0.3\n6: 1.5, 0\n9: 0, 0\n1: 0.75, 0"
    )
    assert read_scores(answer, 6, 2) == {1: (0.75, 0.0), 2: (0.0, 0.25), 3: (0.5, 1.0)}


@given(st.text(max_size=60), st.integers(1, 3))
def test_any_answer_gives_places_in_the_cube_or_none(answer: str, count: int) -> None:
    for place in read_scores(f"1: {answer}", 1, count).values():
        assert len(place) == count
        assert all(0 <= number <= 1 for number in place)
    assert len(read_features(answer, count)) in (0, count)


def test_the_nearest_and_the_contrasting() -> None:
    places = {"A": (0.0, 0.0), "B": (1.0, 0.5), "C": (0.2, 0.2)}
    assert gap((0.0, 1.0), (0.5, 1.0)) == 0.25
    assert nearest((0.1, 0.0), places, 2) == ["A", "C"]
    found = [standing(str(n), n / 10) for n in (3, 9, 1, 7, 5)]
    assert [one.instruction for one in contrasting(found, 4)] == ["1", "3", "7", "9"]
    assert [one.instruction for one in contrasting(found, 9)] == ["1", "3", "5", "7", "9"]


def test_features_that_explain_scores_foretell_them_and_others_do_not() -> None:
    draw = np.random.default_rng(0)
    told = draw.random((20, 2))
    found = [standing(str(n), float(np.sin(2 * place[0]))) for n, place in enumerate(told)]
    telling = {str(n): tuple(map(float, place)) for n, place in enumerate(told)}
    idle = {str(n): tuple(map(float, place)) for n, place in enumerate(draw.random((20, 2)))}
    assert foretelling_error(found, telling) < 0.1
    assert foretelling_error(found, idle) > 0.5
    assert foretelling_error(found, {}) == pytest.approx(1.0)
    half = {name: place for name, place in telling.items() if int(name) < 10}
    assert foretelling_error(found, telling) < foretelling_error(found, half)
    assert foretelling_error([standing("a", 0.5), standing("b", 0.5)], {}) == 0.0
    assert np.isfinite(foretelling_error(found, dict.fromkeys(telling, (0.5, 0.5))))


def test_leaving_one_out_is_what_it_says() -> None:
    """Against predictions of a model that is fitted anew without each point, under the same kernel."""
    import izcore_writers.cross_validation as module

    draw = np.random.default_rng(1)
    points, scores = draw.random((6, 2)), draw.standard_normal(6)
    patch = pytest.MonkeyPatch()
    with patch.context() as fixed:
        fixed.setattr(module, "LENGTHSCALES", (0.4,))
        fixed.setattr(module, "NOISES", (0.1,))
        errors = module._left_out(points, scores)

    def kernel(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        scaled = np.sqrt(5) * np.linalg.norm(a[:, None] - b[None], axis=-1) / np.sqrt(2) / 0.4
        return (1 + scaled + scaled**2 / 3) * np.exp(-scaled)

    for left in range(6):
        rest = [n for n in range(6) if n != left]
        covariance = kernel(points[rest], points[rest]) + 0.1 * np.eye(5)
        foretold = kernel(points[[left]], points[rest]) @ np.linalg.solve(covariance, scores[rest])
        assert errors[left] == pytest.approx(scores[left] - foretold[0])
