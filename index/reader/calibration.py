"""How likely what was read answers: a logistic regression on what a reader and a search say.

The reader tells near misses apart, which look like an answer and are none; the search tells far
questions apart, to which nothing is near. Its weights lie in the reader's file; they were fitted on
questions whose articles and cases the network was not trained on, for all collections alike.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from index.reader.features import FEATURES as COUNTED
from index.reader.protocol import Floats

FEATURES = (
    "lead", "score", "near", "words", "names lacking", "numbers lacking",
    "another language", "always",
)  # fmt: skip
_MOST = 10.0


def describe_reading(
    features: Sequence[Floats], scores: Sequence[Floats], none: float
) -> NDArray[np.float32]:
    """Return the FEATURES (f,) of what a reader said of the sentences of one or more texts.

    `features` are what index.reader.features counts of them, `scores` the reader's log odds. `lead`
    is how far all sentences together, by the logarithm of the sum of their odds, stand above none;
    `near` is the cosine of the nearest sentence of all, and the rest is of the best one: the
    search's `score` of its chunk, the share of the question's `words` that the chunk meets.
    """
    counted, logits = np.concatenate(features), np.concatenate(scores).astype(np.float64)
    at = int(np.argmax(logits))
    best = float(logits[at])
    own = dict(zip(COUNTED, counted[at].tolist(), strict=True))
    lead = best + math.log(float(np.exp(logits - best).sum())) - none
    return np.array(
        [
            max(min(lead, _MOST), -_MOST), own["chunk"],
            float(counted[:, COUNTED.index("near")].max()),
            max(own["words of its chunk"], own["translated of its chunk"]), own["names lacking"],
            own["numbers lacking"], own["another language"], 1.0,
        ],
        np.float32,
    )  # fmt: skip


def estimate(told: Floats, weights: Floats) -> float:
    """Return the probability, 0 to 1, for (f,) features and (f,) weights."""
    strength = float(told @ weights)
    return 1.0 / (1.0 + math.exp(-max(min(strength, 500.0), -500.0)))
