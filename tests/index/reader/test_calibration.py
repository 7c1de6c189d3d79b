"""index.reader.calibration: what is told of a reading, and how likely it makes an answer."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.reader.calibration import FEATURES, describe_reading, estimate
from index.reader.features import FEATURES as COUNTED
from index.reader.protocol import NEVER, Floats


def count(**told: float) -> Floats:
    """Return what was counted of one sentence, 0 but for what is given."""
    row = np.zeros(len(COUNTED), np.float32)
    for name, value in told.items():
        row[COUNTED.index(name.replace("_", " "))] = value
    return row


def describe(
    features: list[list[Floats]], scores: list[list[float]], none: float
) -> dict[str, float]:
    """Return what is told of a reading, by name."""
    told = describe_reading(
        [np.stack(each) for each in features],
        [np.array(each, np.float32) for each in scores], none,
    )  # fmt: skip
    return dict(zip(FEATURES, told.tolist(), strict=True))


BEST = count(
    chunk=6.5, near=5.0, words_of_its_chunk=0.25, translated_of_its_chunk=0.75, names_lacking=0.5,
    numbers_lacking=1.0, another_language=1.0,
)  # fmt: skip
OTHER = count(chunk=9.0, near=8.0, words_of_its_chunk=1.0, names_lacking=1.0)


def test_a_reading_is_told_by_its_best_sentence() -> None:
    """How far all together stand above none; the nearest is that of all, the rest the best's."""
    told = describe([[OTHER], [OTHER, BEST]], [[0.0], [1.0, 3.0]], 0.5)
    assert told == pytest.approx(
        {
            "lead": math.log(math.exp(0) + math.exp(1) + math.exp(3)) - 0.5,
            "score": 6.5,
            "near": 8.0,
            "words": 0.75,
            "names lacking": 0.5,
            "numbers lacking": 1.0,
            "another language": 1.0,
            "always": 1.0,
        }
    )


def test_words_are_met_in_either_language() -> None:
    """As they are or translated, by whichever there are more."""
    own = count(words_of_its_chunk=0.6, translated_of_its_chunk=0.2)
    assert describe([[own]], [[0.0]], 0.0)["words"] == pytest.approx(0.6)


@pytest.mark.parametrize(
    ("score", "none", "lead"),
    [(4.0, 1.0, 3.0), (50.0, 0.0, 10.0), (-50.0, 0.0, -10.0), (NEVER, 3.0, -10.0)],
)
def test_a_lead_has_bounds(score: float, none: float, lead: float) -> None:
    """A network that is too sure of itself decides no more than one that is sure."""
    assert describe([[OTHER]], [[score]], none)["lead"] == pytest.approx(lead)


def test_several_that_answer_are_likelier_than_one() -> None:
    """By the sum of their odds; what may not be chosen adds nothing."""
    alike = describe([[BEST] * 4], [[2.0] * 4], 0.0)
    assert alike["lead"] == pytest.approx(2 + math.log(4))
    alone = describe([[BEST] * 4], [[2.0, NEVER, NEVER, NEVER]], 0.0)
    assert alone["lead"] == pytest.approx(2.0)


def test_the_estimate_is_a_logistic_one() -> None:
    """Of the weighed sum; as sure as a float can tell where that is large."""
    told, weights = np.array([2.0, -1.0], np.float32), np.array([0.5, 3.0], np.float32)
    assert estimate(told, weights) == pytest.approx(1 / (1 + math.exp(2)))
    assert estimate(told, np.zeros(2, np.float32)) == 0.5
    assert estimate(np.array([1e4]), np.array([1.0])) == pytest.approx(1.0)
    assert 0 < estimate(np.array([-1e4]), np.array([1.0])) < 1e-200


@given(
    st.lists(st.sampled_from([NEVER, -20.0, 0.0, 3.0, 40.0]), min_size=1, max_size=9),
    st.floats(-40, 40),
)
def test_anything_said_is_told(scores: list[float], none: float) -> None:
    """In as many finite numbers as there are weights, whatever may not be chosen."""
    told = describe_reading([np.stack([BEST] * len(scores))], [np.array(scores)], none)
    assert told.shape == (len(FEATURES),)
    assert np.isfinite(told).all()
    assert 0 < estimate(told, np.ones(len(FEATURES), np.float32)) <= 1
