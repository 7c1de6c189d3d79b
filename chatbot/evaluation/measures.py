"""The formulas of an evaluation: rankings, confidences, and how sure a figure is.

Pure: marks of questions in, numbers out; each formula says where it comes from. What cannot be
told, such as a share of nothing, is NaN.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]
Rows = NDArray[np.int64]

BINS = 10
RESAMPLES = 1000
_SEED = 20240223


@dataclass(frozen=True, slots=True)
class Figure:
    """A measure with its 95 % interval, and of how many questions it is."""

    value: float
    low: float
    high: float
    count: int


@dataclass(frozen=True, slots=True)
class Bin:
    """The questions whose confidence lies from `low` up to `high`: how many, and their means.

    `confidence` is their mean confidence and `share` how many of them came true, NaN where there
    are none.
    """

    low: float
    high: float
    count: int
    confidence: float
    share: float


def share(numerators: Values, denominators: Values) -> float:
    """Return the sum of one (n,) over the sum of the other; NaN where that is 0."""
    below = denominators.sum()
    return float(numerators.sum() / below) if below else math.nan


def recall_within(relevant: Sequence[bool], depth: int) -> float:
    """Return 1 where something relevant stands among the first `depth`, else 0.

    `relevant` is in the order of the ranking. R@k of question answering, where one paragraph
    answers: its mean is the share of questions that find it.
    """
    return float(any(relevant[:depth]))


def reciprocal_rank(relevant: Sequence[bool]) -> float:
    """Return 1 over the place, from 1, of the first relevant one, 0 where there is none.

    Its mean is MRR: E. Voorhees, "The TREC-8 Question Answering Track Report", 1999.
    """
    return next((1.0 / rank for rank, held in enumerate(relevant, 1) if held), 0.0)


def ndcg(relevant: Sequence[bool], total: int) -> float:
    """Return the normalised discounted cumulative gain of a ranking; 0 where `total` is 0.

    Gains are 0 or 1, divided by log2(place + 1), and the best ranking of the `total` relevant ones
    within the same depth has 1: K. Järvelin and J. Kekäläinen, "Cumulated gain-based evaluation of
    IR techniques", ACM TOIS 20(4), 2002.
    """
    gain = sum(1.0 / math.log2(rank + 1) for rank, held in enumerate(relevant, 1) if held)
    best = sum(1.0 / math.log2(rank + 1) for rank in range(1, min(total, len(relevant)) + 1))
    return gain / best if best else 0.0


def auroc(positive: Values, negative: Values) -> float:
    """Return how likely one of `positive` (p,) is above one of `negative` (n,), a tie as half.

    The area under the receiver operating characteristic is the Mann-Whitney statistic over p n:
    J. Hanley and B. McNeil, "The meaning and use of the area under a ROC curve", Radiology 143,
    1982. NaN where either is empty.
    """
    if not len(positive) or not len(negative):
        return math.nan
    ordered = np.sort(negative)
    below = np.searchsorted(ordered, positive, "left")
    not_above = np.searchsorted(ordered, positive, "right")
    return float((below + not_above).mean() / 2.0 / len(negative))


def trade_off(answerable: Values, unanswerable: Values) -> tuple[Values, Values, Values]:
    """Return thresholds (t,), ascending, and at each the shares refused and wrongly answered.

    Answered is what has a confidence of at least the threshold. The first share is that of
    `answerable` confidences that are refused, the second that of `unanswerable` ones that are
    answered: the two errors of detection, as in A. Martin et al., "The DET curve in assessment of
    detection task performance", Eurospeech 1997. The last threshold, infinity, refuses everything.
    """
    thresholds = np.append(np.unique(np.concatenate([answerable, unanswerable])), np.inf)
    refused = np.searchsorted(np.sort(answerable), thresholds, "left") / max(len(answerable), 1)
    kept = np.searchsorted(np.sort(unanswerable), thresholds, "left") / max(len(unanswerable), 1)
    return thresholds, refused, 1.0 - kept


def reliability(confidences: Values, came_true: Values) -> list[Bin]:
    """Return BINS bins of equal width over confidences (n,), and what came true, 0 or 1, (n,).

    The reliability diagram of M. DeGroot and S. Fienberg, "The comparison and evaluation of
    forecasters", The Statistician 32, 1983, as a table. A confidence of 1 is in the last bin.
    """
    places = _bin(confidences)
    bins = []
    for place in range(BINS):
        inside = places == place
        count = int(inside.sum())
        confidence = float(confidences[inside].mean()) if count else math.nan
        held = float(came_true[inside].mean()) if count else math.nan
        bins.append(Bin(place / BINS, (place + 1) / BINS, count, confidence, held))
    return bins


def calibration_error(confidences: Values, came_true: Values) -> float:
    """Return the expected calibration error over the bins of `reliability`; NaN for none.

    The mean over questions of |share - confidence| of their bin: M. Naeini, G. Cooper and
    M. Hauskrecht, "Obtaining well calibrated probabilities using Bayesian binning", AAAI 2015.
    Resampling adds to it, so that its interval lies high.
    """
    if not len(confidences):
        return math.nan
    gaps = np.bincount(_bin(confidences), came_true - confidences, BINS)
    return float(np.abs(gaps).sum() / len(confidences))


def bootstrap(statistic: Callable[[Rows], float], count: int) -> tuple[float, float]:
    """Return the 95 % interval of a statistic of `count` questions.

    The percentile method over RESAMPLES draws with replacement: B. Efron and R. Tibshirani, "An
    Introduction to the Bootstrap", 1993, chapter 13. `statistic` is given the numbers of the
    questions drawn, (count,); to compare two systems pairwise, let it return the difference on the
    same questions. Draws of which it is NaN are left out. The same count gives the same draws.
    """
    if not count:
        return math.nan, math.nan
    generator = np.random.default_rng(_SEED)
    drawn = (statistic(generator.integers(count, size=count)) for _ in range(RESAMPLES))
    values = [value for value in drawn if not math.isnan(value)]
    if not values:
        return math.nan, math.nan
    low, high = np.percentile(values, [2.5, 97.5])
    return float(low), float(high)


def estimate(statistic: Callable[[Rows], float], count: int) -> Figure:
    """Return a statistic of `count` questions with its interval; see `bootstrap`."""
    value = statistic(np.arange(count)) if count else math.nan
    return Figure(value, *bootstrap(statistic, count), count)


def estimate_share(numerators: Values, denominators: Values) -> Figure:
    """Return a share with its interval; its count is that of the questions, (n,)."""
    return estimate(lambda rows: share(numerators[rows], denominators[rows]), len(numerators))


def _bin(confidences: Values) -> Rows:
    return np.minimum((confidences * BINS).astype(np.int64), BINS - 1)
