"""Weights for the small encoder, written by hand: those that ship are fitted on the real model.

A sentence answers as far as it is near and has the question's words, and shows a date or a number
that is asked for. A question is answered where a passage has more than half of its words.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from chatbot.confidence import ASKED, BIAS, MATTER
from index.ranker import FEATURES, MIXTURES, OF_PASSAGES, Ranker

SENTENCES = {"near": 0.5, "near what is asked": 0.5, "words": 3.0, "translated": 3.0}
SENTENCES |= {"date asked": 1.0, "number asked": 1.0}
PASSAGES = {"chunk": 0.3, "words of its passage": 1.0, "best sentence": 1.0}
CONFIDENCE = {
    "matter": dict.fromkeys(MATTER, 0.0) | {"near": 10.0, "overlap": 8.0, "absent": -3.0, BIAS: -5},
    "asked": dict.fromkeys(ASKED, 0.0) | {"told": 20.0, "number": -3.0, "count": -3.0, BIAS: 0},
}


def make_ranker(sentences: Mapping[str, float], passages: Mapping[str, float]) -> Ranker:
    """Return a ranker of these weights for every kind of question, 0 for what is not named."""
    made = {
        key: {name: [given.get(name, 0.0)] * len(MIXTURES) for name in names}
        for key, names, given in (
            ("weights", FEATURES, sentences),
            ("passages", OF_PASSAGES, passages),
        )
    }
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "ranker.json")
        path.write_text(json.dumps(made), "utf-8")
        return Ranker(path)


RANKER = make_ranker(SENTENCES, PASSAGES)


def use_small_weights(patch: pytest.MonkeyPatch) -> None:
    """Have search and answers go by these weights while the patch lasts."""
    patch.setattr("index.search.searcher.load_ranker", lambda: RANKER)
    patch.setattr("chatbot.confidence.load_weights", lambda: CONFIDENCE)
