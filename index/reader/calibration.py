"""How likely the best sentence answers: a logistic regression on what a reader and a search say.

The reader tells near misses apart, which look like an answer and are none; the search tells far
questions apart, to which nothing is near. Its weights lie in the reader's file; they were fitted on
questions whose articles and cases neither was trained on, for all collections alike.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from index.reader.text import Floats, Text

FEATURES = (
    "margin", "lead", "score", "sentence", "words", "lacking", "another language", "asked at all",
)  # fmt: skip


def describe_reading(
    texts: Sequence[Text], scores: Sequence[Floats], none: float
) -> NDArray[np.float32]:
    """Return the FEATURES (f,) of what a reader said of some texts.

    `margin` is how far the best sentence stands above none, `lead` how far its chunk's above those
    of other cases; `score` and `sentence` are the search's for its chunk and the best found,
    `words` the share of the question's words that its chunk meets.
    """
    best = [float(each.max()) if len(each) else -1e4 for each in scores]
    at = int(np.argmax(best))
    text = texts[at]
    others = [b for b, t in zip(best, texts, strict=True) if t.case.id != text.case.id]
    lead = best[at] - max(others, default=best[at] - 5.0)
    candidate = text.candidate
    return np.array(
        [
            np.clip(best[at] - none, -10, 10), min(lead, 5.0), candidate.score,
            max(each.candidate.sentence for each in texts),
            max(candidate.overlap, candidate.translated), text.lacking,
            candidate.language != candidate.asked, 1.0,
        ],
        np.float32,
    )  # fmt: skip


def estimate(told: NDArray[np.float32], weights: Floats) -> float:
    """Return the probability, 0 to 1, for (f,) features and (f,) weights."""
    strength = float(told @ weights)
    return 1.0 / (1.0 + math.exp(-max(min(strength, 500.0), -500.0)))
