"""index.reader.ranking: passages in the order of their best sentence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.reader.protocol import NEVER, Reading, Text
from index.reader.ranking import Hit, rank
from tests.reading import make_query, make_text

QUERY = make_query("When was the red bridge built?")
TEXTS = [
    replace(
        make_text(
            QUERY, ["The red bridge was built in 1999.", "It is long."], ["Nobody knows its age."],
            number=0, dense=0.8, lexical=7.0, overlap=0.6,
        ),
        rows=(4, 5),
    ),
    replace(
        make_text(QUERY, ["茶叶在春天采摘。"], ["桥。", "茶。", "水"], number=1, translated=0.3),
        rows=(1, 2),
    ),
]  # fmt: skip


def read(*scores: Sequence[float], none: float = 0.0) -> Reading:
    """Return a reading of TEXTS."""
    return Reading(tuple(np.array(each, np.float32) for each in scores), none, 0.7)


def name(hits: Sequence[Hit]) -> list[str]:
    """Return the passages of hits, as documents' numbers and theirs."""
    return [hit.passage.id for hit in hits]


def test_the_best_sentence_counts() -> None:
    """Wherever it stands in its passage, and however good the others are."""
    hits = rank(TEXTS, read([1, 5, 2], [4, 0, -9, 6]))
    assert name(hits) == ["p1-1", "p0-0", "p1-0", "p0-1"]
    assert [hit.rank for hit in hits] == [1, 2, 3, 4]
    assert [hit.score for hit in hits] == [6, 5, 4, 2]
    assert [hit.sentences for hit in hits] == [(0, -9, 6), (1, 5), (4,), (2,)]
    assert [hit.case.title for hit in hits] == ["Case 1", "Case 0", "Case 1", "Case 0"]
    assert [hit.document.id for hit in hits] == ["d1", "d0", "d1", "d0"]


def test_scores_are_against_none() -> None:
    """What is likelier than that nothing says it is above 0; the order is the same."""
    hits = rank(TEXTS, read([1, 5, 2], [4, 0, -9, 6], none=4.5))
    assert [hit.score for hit in hits] == [1.5, 0.5, -0.5, -2.5]
    assert hits[0].sentences == (-4.5, -13.5, 1.5)


def test_what_may_not_be_chosen_stays_so() -> None:
    """Against none too, so that it is known by its score, and it comes last."""
    hits = rank(TEXTS, read([NEVER, NEVER, -50], [-60, NEVER, 0, NEVER], none=-4.5))
    assert name(hits) == ["p1-1", "p0-1", "p1-0", "p0-0"]
    assert hits[0].sentences == (NEVER, 4.5, NEVER)
    assert hits[-1].sentences == (NEVER, NEVER)
    assert hits[-1].score == NEVER


def test_ties_come_by_row() -> None:
    """In the order of the release, whichever chunk was found first."""
    wanted = ["p1-0", "p1-1", "p0-0", "p0-1"]
    assert name(rank(TEXTS, read([3, 0, 3], [3, 0, 3, 1]))) == wanted
    assert name(rank(TEXTS[::-1], read([3, 0, 3, 1], [3, 0, 3]))) == wanted


def test_the_evidence_is_that_of_the_chunk_and_of_the_passage() -> None:
    """The chunk's figures, and the cosine of the passage's own nearest sentence."""
    hits = {hit.passage.id: hit.evidence for hit in rank(TEXTS, read([1, 5, 2], [4, 0, -9, 6]))}
    for passage, own in (("p0-0", slice(0, 2)), ("p0-1", slice(2, 3)), ("p1-1", slice(1, 4))):
        nearness = TEXTS[int(passage[1])].nearness
        assert hits[passage].sentence == pytest.approx(float(nearness[own].max()))
    assert hits["p0-0"].sentence > hits["p0-1"].sentence
    for passage in ("p0-0", "p0-1"):
        told = hits[passage]
        assert (told.dense, told.lexical, told.overlap, told.translated) == (0.8, 7.0, 0.6, 0.0)
    assert hits["p1-1"].translated == 0.3


def test_nothing_is_ranked_too() -> None:
    """Where nothing was found there are no hits."""
    assert rank([], Reading((), 0.0, 0.0)) == []


ODDS = st.sampled_from([-2.0, 0.0, 1.0, 3.0, NEVER])


@given(
    first=st.lists(ODDS, min_size=3, max_size=3), second=st.lists(ODDS, min_size=4, max_size=4),
    none=st.sampled_from([-3.0, 0.0, 2.0]),
)  # fmt: skip
def test_every_passage_is_ranked_once(first: list[float], second: list[float], none: float) -> None:
    """By score and row, whatever is said of its sentences and whichever text comes first."""
    hits = rank(TEXTS, read(first, second, none=none))
    rows = {"p0-0": 4, "p0-1": 5, "p1-0": 1, "p1-1": 2}
    assert sorted(name(hits)) == sorted(rows)
    keys = [(-hit.score, rows[hit.passage.id]) for hit in hits]
    assert keys == sorted(keys)
    assert all(hit.score == max(hit.sentences) for hit in hits)
    texts: list[Text] = TEXTS[::-1]
    assert rank(texts, read(second, first, none=none)) == hits
