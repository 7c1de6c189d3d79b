"""measures: every formula against a slower, plainer one, or a value worked out by hand."""

from __future__ import annotations

import math
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatbot.evaluation.measures import (
    BINS,
    RESAMPLES,
    Rows,
    Values,
    auroc,
    bootstrap,
    calibration_error,
    estimate_share,
    ndcg,
    recall_within,
    reciprocal_rank,
    reliability,
    share,
    trade_off,
)

# Few values, so that ties are common.
CONFIDENCES = st.lists(st.sampled_from([0.0, 0.1, 0.25, 0.5, 0.75, 0.999, 1.0]), max_size=12)
SOME = CONFIDENCES.filter(bool)


def column(values: list[float]) -> Values:
    """Return values as a column."""
    return np.array(values, np.float64)


@pytest.mark.parametrize(
    ("relevant", "first", "five", "reciprocal"),
    [
        ([True, False], 1, 1, 1.0),
        ([False, False, False, True], 0, 1, 0.25),
        ([False] * 5 + [True], 0, 0, 1 / 6),
        ([False, True, True], 0, 1, 0.5),
        ([False] * 10, 0, 0, 0.0),
        ([], 0, 0, 0.0),
    ],
)
def test_a_ranking_is_measured(
    relevant: list[bool], first: float, five: float, reciprocal: float
) -> None:
    """R@k asks whether something relevant is that near, the reciprocal rank where the first is."""
    assert recall_within(relevant, 1) == first
    assert recall_within(relevant, 5) == five
    assert reciprocal_rank(relevant) == reciprocal


@pytest.mark.parametrize(
    ("relevant", "total", "gain"),
    [
        ([True, False, False], 1, 1.0),
        ([False, True, False], 1, 1 / math.log2(3)),
        ([False, False, True], 1, 0.5),
        ([False, False, False], 1, 0.0),
        # by hand: (1 + 1/log2(4)) / (1 + 1/log2(3))
        ([True, False, True], 2, 1.5 / (1 + 1 / math.log2(3))),
        # three are relevant, two places: the best ranking fills both
        ([True, True], 3, 1.0),
        ([False, True], 3, (1 / math.log2(3)) / (1 + 1 / math.log2(3))),
        ([False, False], 0, 0.0),
        ([], 2, 0.0),
    ],
)
def test_the_gain_is_what_it_is_by_hand(relevant: list[bool], total: int, gain: float) -> None:
    """A relevant one at place p counts 1 / log2(p + 1), over the best ranking of the same depth."""
    assert ndcg(relevant, total) == pytest.approx(gain)


@given(positive=SOME, negative=SOME)
def test_the_area_is_the_share_of_pairs(positive: list[float], negative: list[float]) -> None:
    """The area is the share of pairs in the right order, a tie counting as half of one."""
    pairs = [(p > n) + (p == n) / 2 for p, n in product(positive, negative)]
    assert auroc(column(positive), column(negative)) == pytest.approx(sum(pairs) / len(pairs))


def test_the_area_of_nothing_cannot_be_told() -> None:
    """Without one of the two there is no pair."""
    assert math.isnan(auroc(column([]), column([0.5])))
    assert math.isnan(auroc(column([0.5]), column([])))


@given(answerable=SOME, unanswerable=SOME)
def test_every_threshold_trades_one_error_for_the_other(
    answerable: list[float], unanswerable: list[float]
) -> None:
    """At each threshold the shares are those counted one by one, from answering all to none."""
    thresholds, refused, wrong = trade_off(column(answerable), column(unanswerable))
    assert sorted({*answerable, *unanswerable}) == thresholds[:-1].tolist()
    for at, threshold in enumerate(thresholds):
        below = sum(value < threshold for value in answerable)
        above = sum(value >= threshold for value in unanswerable)
        assert refused[at] == pytest.approx(below / len(answerable))
        assert wrong[at] == pytest.approx(above / len(unanswerable))
    assert (refused[0], wrong[0]) == (0.0, 1.0)
    assert (refused[-1], wrong[-1]) == (1.0, 0.0)


@given(positive=SOME, negative=SOME)
def test_the_area_is_under_the_curve(positive: list[float], negative: list[float]) -> None:
    """The two ways to the same number agree: pairs, and the trapezoids under the trade-off."""
    _, refused, wrong = trade_off(column(positive), column(negative))
    assert auroc(column(positive), column(negative)) == pytest.approx(
        1.0 - float(np.trapezoid(wrong, refused))
    )


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=40))
def test_bins_hold_every_question_once(pairs: list[tuple[float, bool]]) -> None:
    """Each question is in the bin of its confidence, and the error is the bins' own."""
    claimed = column([confidence for confidence, _ in pairs])
    true = column([float(held) for _, held in pairs])
    bins = reliability(claimed, true)
    assert [each.count for each in bins] == [
        sum(min(int(c * BINS), BINS - 1) == place for c, _ in pairs) for place in range(BINS)
    ]
    error = sum(b.count * abs(b.share - b.confidence) for b in bins if b.count) / len(pairs)
    assert calibration_error(claimed, true) == pytest.approx(error)


def test_the_error_is_what_it_is_by_hand() -> None:
    """Two questions at .9, one true, and two at .2, none true: (.4 + .4 + .2 + .2) / 4."""
    claimed, true = column([0.9, 0.9, 0.2, 0.2]), column([1, 0, 0, 0])
    assert calibration_error(claimed, true) == pytest.approx(0.3)
    bins = reliability(claimed, true)
    assert (bins[9].low, bins[9].high, bins[9].count) == (0.9, 1.0, 2)
    assert bins[9].confidence == pytest.approx(0.9)
    assert bins[9].share == 0.5
    assert bins[5].count == 0
    assert math.isnan(bins[5].share)
    assert math.isnan(calibration_error(column([]), column([])))


def test_a_perfect_forecast_has_no_error() -> None:
    """Where .25 comes true one time in four and 1 always, the error is 0."""
    claimed, true = column([0.25] * 4 + [1.0] * 3), column([1, 0, 0, 0, 1, 1, 1])
    assert calibration_error(claimed, true) == pytest.approx(0.0)


def test_a_share_is_one_sum_over_another() -> None:
    """Quotations are counted, not questions; of nothing there is no share."""
    assert share(column([1, 2, 0]), column([1, 4, 1])) == 0.5
    assert math.isnan(share(column([]), column([])))
    assert math.isnan(share(column([0]), column([0])))


@pytest.mark.slow
def test_the_interval_covers_as_often_as_it_says() -> None:
    """Of 200 samples of 60 coin tosses, about 95 % of the intervals hold the coin's own .3."""
    generator = np.random.default_rng(7)
    covered = 0
    for _ in range(200):
        tosses = (generator.random(60) < 0.3).astype(np.float64)
        figure = estimate_share(tosses, np.ones(60))
        covered += figure.low <= 0.3 <= figure.high
    assert 0.90 <= covered / 200 <= 0.98


def test_the_interval_has_the_width_of_theory() -> None:
    """For the mean of 400 normal values the ends lie at 1.96 standard errors, to a tenth."""
    values = np.random.default_rng(11).standard_normal(400)
    low, high = bootstrap(lambda rows: float(values[rows].mean()), 400)
    error = values.std() / math.sqrt(400)
    assert (high - low) / 2 == pytest.approx(1.96 * error, rel=0.1)
    assert (high + low) / 2 == pytest.approx(values.mean(), abs=0.2 * error)


def test_the_same_questions_give_the_same_interval() -> None:
    """Draws are fixed, so that a figure is the same every time and differences are paired."""
    seen: list[tuple[int, ...]] = []

    def note(rows: Rows) -> float:
        seen.append(tuple(rows.tolist()))
        return 0.0

    bootstrap(note, 5)
    bootstrap(note, 5)
    assert seen[:RESAMPLES] == seen[RESAMPLES:]
    assert len(set(seen)) > 100


def test_a_difference_is_paired() -> None:
    """Two systems that always differ by the same have a difference without width."""
    first = np.random.default_rng(3).random(50)
    second = first - 0.25
    low, high = bootstrap(lambda rows: float((first[rows] - second[rows]).mean()), 50)
    assert [low, high] == pytest.approx([0.25, 0.25])


def test_what_cannot_be_told_has_no_interval() -> None:
    """No question, or no draw of which the statistic is a number; single bad draws are left out."""
    assert all(math.isnan(end) for end in bootstrap(lambda rows: float(rows[0]), 0))
    assert all(math.isnan(end) for end in bootstrap(lambda rows: math.nan * rows[0], 3))
    some = column([1.0, 0.0])  # one draw in four has no question of the second kind
    assert bootstrap(lambda rows: share(some[rows], some[rows]), 2) == (1.0, 1.0)
    assert math.isnan(estimate_share(column([]), column([])).value)
