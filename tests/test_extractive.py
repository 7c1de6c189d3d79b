"""chatbot.extractive: which sentences are quoted, and when none is."""

from __future__ import annotations

from dataclasses import replace

import pytest

from chatbot import extractive
from chatbot.extractive import choose, compose, estimate_confidence, list_nearest
from corpus.library import Library
from index.search import Evidence, Hit

STRONG = Evidence(dense=0.9, sentence=0.92, lexical=9.0, overlap=0.7, contrast=0.12)
WEAK = Evidence(dense=0.75, sentence=0.77, lexical=0.5, overlap=0.1, contrast=0.03)


@pytest.fixture
def hits(library: Library) -> list[Hit]:
    """One hit for each paragraph of both documents; scores fall from hit to hit."""
    found: list[Hit] = []
    for name in library.names():
        entry = library.read(name)
        for passage in entry.passages:
            if passage.kind == "paragraph":
                scores = tuple(5.0 - n for n in range(len(passage.sentences)))
                found.append(
                    Hit(
                        len(found) + 1, 5.0, passage, entry.cases[0], entry.document, STRONG, scores
                    )
                )
    return found


def _with_scores(hit: Hit, *scores: float) -> Hit:
    return replace(hit, sentences=scores)


def test_the_best_sentence_is_quoted(hits: list[Hit]) -> None:
    """Of one hit, the sentence with the best score is chosen, and the distant one is not."""
    chosen = choose("When?", [_with_scores(hits[0], 1.0, 9.0)])
    assert [choice.place for choice in chosen] == [1]


def test_near_sentences_of_a_case_stand_together(hits: list[Hit]) -> None:
    """Two neighbours that answer nearly as well are one quotation, in the order of the text."""
    chosen = choose("When?", [_with_scores(hits[0], 8.5, 9.0)])
    parts, citations = compose(chosen, "en")
    assert [citation.quote for citation in citations] == [
        "".join(sentence.text for sentence in hits[0].passage.sentences[:2]).strip()
    ]
    assert [part.kind for part in parts] == ["case", "quote"]


def test_several_cases_are_quoted_where_they_are_asked_for(hits: list[Hit]) -> None:
    """A plural question takes the best sentence of another case at a greater distance."""
    pair = [_with_scores(hits[0], 9.0, 0.0), _with_scores(hits[-1], 6.0, 0.0)]
    assert len(choose("Which companies?", pair)) == 2
    assert len(choose("哪些企业？", pair)) == 2
    assert len(choose("When?", pair)) == 1


def test_nothing_is_quoted_twice_and_a_handful_at_most(hits: list[Hit]) -> None:
    """Equal words are quoted once; no answer has more than QUOTES of them."""
    twice = [hits[0], replace(hits[0], rank=2)]
    words = [choice.words for choice in choose("Which companies?", twice)]
    assert len(words) == len(set(words))
    assert len(choose("Which companies?", hits * 3)) <= extractive.QUOTES


def test_a_caption_stands_behind_prose(hits: list[Hit]) -> None:
    """A caption that says the same as a sentence is not chosen before it."""
    caption = replace(hits[0], passage=replace(hits[0].passage, kind="caption"))
    chosen = choose("When?", [_with_scores(caption, 9.0, 0.0), _with_scores(hits[-1], 8.9, 0.0)])
    assert chosen[0].hit is not caption
    alone = choose("When?", [_with_scores(caption, 9.0, 0.0)])
    _, citations = compose(alone, "en")
    assert citations[0].kind == "caption"


def test_confidence_follows_the_evidence(hits: list[Hit]) -> None:
    """Strong evidence answers, weak does not, in the language of the text and in another."""
    weak = [replace(hit, evidence=WEAK) for hit in hits]
    for language in ("en", "zh", "und"):
        assert estimate_confidence(hits, language) > 0.9 > 0.1 > estimate_confidence(weak, language)
    assert estimate_confidence([], "en") == 0.0


def test_nearest_cases_are_each_offered_once(hits: list[Hit]) -> None:
    """The cases of the hits, best first, without repeats."""
    nearest = list_nearest(hits)
    assert [near.case_id for near in nearest] == list(dict.fromkeys(h.case.id for h in hits))
    assert choose("When?", []) == []
