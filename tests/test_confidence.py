"""chatbot.confidence: a probability by its formula, and which way evidence counts."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatbot.confidence import (
    ABSENT_KNOWN,
    ASKED,
    BIAS,
    FOUND,
    MATTER,
    estimate_confidence,
    load_weights,
)
from index.support import Support

STRONG = Support(near=0.8, told=0.75, told_passage=0.7, overlap=0.8, score=1.1, sentence=30.0)
FAR = Support(near=0.05, told=0.02, told_passage=0.0, overlap=0.05, score=0.1, sentence=5.0)
NUMBERS = st.floats(-0.3, 0.9)
SUPPORTS = st.builds(
    Support,
    near=NUMBERS, told=NUMBERS, told_passage=NUMBERS, overlap=st.floats(0, 1),
    score=st.floats(-0.5, 1.5), sentence=st.floats(-10, 40),
    absent=st.sampled_from([(), ("Huawei",)]), absent_share=st.floats(0, 1),
    same_language=st.booleans(), spelled_alike=st.booleans(), lacks_number=st.booleans(),
    lacks_count=st.booleans(), lacks_money=st.booleans(), lacks_attribute=st.booleans(),
    lacks_counted=st.booleans(), absent_known=st.booleans(), apart=st.booleans(),
)  # fmt: skip


def test_confidence_is_its_formula() -> None:
    """The product of two logistic functions of weighted sums."""
    matter = dict.fromkeys(MATTER, 0.0) | {"near": 2.0, "absent": -1.0, BIAS: 0.5}
    asked = dict.fromkeys(ASKED, 0.0) | {"told": 3.0, "number": -2.0, BIAS: 0.1}
    support = replace(STRONG, absent=("Huawei",), lacks_number=True)
    wanted = 1 / (1 + math.exp(-(2 * 0.8 - 1 + 0.5))) / (1 + math.exp(-(3 * 0.75 - 2 + 0.1)))
    found = estimate_confidence(support, {"matter": matter, "asked": asked})
    assert found == pytest.approx(wanted)


def test_strong_evidence_answers_and_weak_does_not() -> None:
    """And nothing at all is 0."""
    assert estimate_confidence(STRONG) > 0.9 > FOUND > 0.1 > estimate_confidence(FAR)
    assert estimate_confidence(None) == 0.0


def test_a_name_that_is_nowhere_is_not_made_up_for() -> None:
    """It takes from what is near; one that is known, or apart from the others, leaves little."""
    near = replace(STRONG, near=0.3, overlap=0.3, score=0.4)
    absent = replace(near, absent=("Huawei",), absent_share=1.0)
    assert estimate_confidence(absent) < estimate_confidence(near) - 0.05
    known = replace(STRONG, absent=("Huawei",), absent_share=0.5, absent_known=True)
    assert estimate_confidence(known) == ABSENT_KNOWN < 0.1
    assert estimate_confidence(replace(FAR, absent_known=True)) <= ABSENT_KNOWN
    assert estimate_confidence(replace(STRONG, apart=True)) == ABSENT_KNOWN


@given(support=SUPPORTS, more=st.floats(0, 0.2))
def test_more_evidence_is_never_less_confidence(support: Support, more: float) -> None:
    """Up in what speaks for an answer, and down in what speaks against it."""
    found = estimate_confidence(support)
    assert 0.0 <= found <= 1.0
    for name in ("near", "told", "told_passage", "overlap", "score", "sentence"):
        raised = replace(support, **{name: getattr(support, name) + more})
        assert estimate_confidence(raised) >= found
    for lacking in (
        replace(support, lacks_number=True),
        replace(support, lacks_count=True),
        replace(support, lacks_money=True),
        replace(support, lacks_attribute=True),
        replace(support, lacks_counted=True),
    ):
        assert estimate_confidence(lacking) <= found
    assert estimate_confidence(replace(support, absent=(), absent_share=0.0)) >= found


def test_the_shipped_weights_have_every_feature() -> None:
    """Each on its side of 0."""
    weights = load_weights()
    for part, ways in (("matter", MATTER), ("asked", ASKED)):
        assert weights[part].keys() == {*ways, BIAS}
        assert all(weights[part][name] * way >= 0 for name, way in ways.items())
