"""How likely it is that the collection answers a question: the `confidence` of an answer.

The product of two probabilities, each a logistic regression on the evidence of index.support: that
anything in the collection is about the matter, and that the best sentence says what is asked of it.
Evidence counts one way only: whatever rises there, the confidence never falls by it. Weights lie in
`confidence.json`, which `python -m benchmarks.calibrate` writes; benchmarks/LOG.md has the figures.
"""

from __future__ import annotations

import functools
import json
import math
from collections.abc import Mapping
from pathlib import Path

from index.support import Support

PATH = Path(__file__).with_name("confidence.json")
FOUND = 0.5  # from here on a question is answered
NEAR = 0.05  # from here on what comes nearest is quoted, and said not to be the answer
# At most, where a name that the glossary knows stands in no text, however it is spelled: of 23 such
# questions written for the report none is answered by it, and (0 + 1) / (23 + 2) is this. Also
# where names are all that is asked and no passage has them together, as in 4 written questions.
ABSENT_KNOWN = 0.04
BIAS = "bias"

# Of the features of each part, which way they may count; 0 for either.
MATTER = {
    "near": 1, "overlap": 1, "score": 1, "absent": -1, "absent, maybe spelled": -1,
    "same language": 0, "spelled otherwise": 0,
}  # fmt: skip
ASKED = {
    "told": 1, "told passage": 1, "sentence": 1, "number": -1, "count": -1,
    "money": -1, "attribute": -1, "counted": -1,
    "same language": 0, "spelled otherwise": 0,
}  # fmt: skip

Weights = Mapping[str, Mapping[str, float]]


def describe(support: Support) -> dict[str, float]:
    """Return the features of both parts, by name."""
    return {
        "near": support.near,
        "overlap": support.overlap,
        "score": support.score,
        "absent": float(bool(support.absent) and support.spelled_alike),
        "absent, maybe spelled": 0.0 if support.spelled_alike else support.absent_share,
        "same language": float(support.same_language),
        "spelled otherwise": float(not support.spelled_alike),
        "told": support.told,
        "told passage": support.told_passage,
        "sentence": support.sentence,
        "number": float(support.lacks_number),
        "count": float(support.lacks_count),
        "money": float(support.lacks_money),
        "attribute": float(support.lacks_attribute),
        "counted": float(support.lacks_counted),
    }


def estimate_confidence(support: Support | None, weights: Weights | None = None) -> float:
    """Return how likely the collection answers, 0 to 1; 0 where there is nothing at all."""
    if support is None:
        return 0.0
    found = describe(support)
    parts = weights or load_weights()
    likely = math.prod(
        _squash(sum(weight * found.get(name, 1.0) for name, weight in part.items()))
        for part in (parts["matter"], parts["asked"])
    )
    return min(likely, ABSENT_KNOWN) if support.absent_known or support.apart else likely


@functools.cache
def load_weights() -> Weights:
    """Return the weights that come with Casebook."""
    weights: Weights = json.loads(PATH.read_bytes())["weights"]
    return weights


def _squash(strength: float) -> float:
    return 1.0 / (1.0 + math.exp(-max(min(strength, 500.0), -500.0)))
