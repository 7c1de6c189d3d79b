"""chatbot.extractive: which sentences are quoted, and when none is."""

from __future__ import annotations

from dataclasses import replace

import pytest

from chatbot import extractive
from chatbot.extractive import choose, choose_near, compose, list_nearest
from corpus.library import Library
from corpus.records import Sentence
from corpus.stems import list_stems, say_the_same
from index.reader.ranking import Evidence, Hit

STRONG = Evidence(dense=0.9, sentence=0.92, lexical=9.0, overlap=0.7, translated=0.0, contrast=0.55)


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
    assert [choice.last for choice in chosen] == [2]


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


def test_a_sentence_that_points_back_is_quoted_with_the_one_before(hits: list[Hit]) -> None:
    """What begins with "It" is not understood alone; a sentence that names its subject is."""
    [bridge] = choose("How much?", [_with_scores(hits[0], 1.0, 9.0)])
    assert (bridge.place, bridge.count) == (0, 2)
    assert bridge.words.startswith("The red bridge was built")
    [alone] = choose("Who?", [_with_scores(hits[0], 9.0, 1.0)])
    assert alone.words == "The red bridge was built in 1999 by Ada."


def test_a_number_that_is_asked_for_leads(hits: list[Hit]) -> None:
    """Where two sentences come near, the one that holds the date or the number is first."""
    pair = [_with_scores(hits[1], 9.0, 0.0), _with_scores(hits[0], 8.5, 0.0)]
    assert "1999" in choose("When was the bridge built?", pair)[0].words
    assert "tea" in choose("Why was the bridge built?", pair)[0].words


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("The red bridge was built.", "the red bridge was built", True),
        ("In 1999 Ada built the long red bridge.", "Ada built the red bridge in 1999.", True),
        ("The red bridge was built in 1999.", "The blue bridge was built in 1998.", False),
        ("茶叶在春天采摘。", "茶叶在春天采摘", True),
        ("茶叶在春天采摘。", "农民每天工作八小时。", False),
    ],
)
def test_sentences_that_say_the_same(one: str, other: str, same: bool) -> None:
    """Most of the shorter one's words in the other make them one."""
    first, second = (set(list_stems(words)) for words in (one, other))
    assert say_the_same(first, second) is say_the_same(second, first) is same


def test_what_is_near_is_one_sentence_of_each_hit(hits: list[Hit]) -> None:
    """The best of each, however far behind, best first, grouped by case as in an answer."""
    found = [_with_scores(hits[0], -4.0, -9.0), _with_scores(hits[1], 2.0, 1.9)]
    chosen = choose_near(found)
    assert [choice.hit for choice in chosen] == [found[1], found[0]]
    assert [choice.span for choice in chosen] == [
        (each.passage.sentences[0].start, each.passage.sentences[0].end) for each in found[::-1]
    ]
    parts, citations = compose(chosen, "en")
    assert [part.kind for part in parts] == ["case", "quote", "case", "quote"]
    assert [citation.number for citation in citations] == [1, 2]
    assert choose_near([]) == []


def test_what_is_near_says_nothing_twice_and_is_a_handful(hits: list[Hit]) -> None:
    """Equal words once, at most two of a case, five in all; two sentences where one points back."""
    other = replace(hits[0], rank=2, passage=replace(hits[0].passage, id="reprint"))
    assert len(choose_near([hits[0], other])) == 1
    [back] = choose_near([_with_scores(hits[0], 1.0, 9.0)])
    assert (back.place, back.count) == (0, 2)

    def place(number: int, case: str) -> Hit:
        words = f"Word{number} alone{number} stands{number}."
        sentence = Sentence(0, len(words), words)
        passage = replace(
            hits[0].passage, id=str(number), text=words, start=0, end=len(words),
            sentences=(sentence,),
        )  # fmt: skip
        document = replace(hits[0].document, text=words)
        held = replace(hits[0].case, id=case)
        return replace(
            hits[0], rank=number, passage=passage, document=document, case=held, sentences=(0.0,)
        )

    alike = [place(number, "one") for number in range(4)]
    assert len(choose_near(alike)) == extractive.PER_CASE
    others = [place(number, str(number)) for number in range(8)]
    assert len(choose_near(others)) == extractive.NEAR_QUOTES == 5


def test_nearest_cases_are_each_offered_once(hits: list[Hit]) -> None:
    """The cases of the hits, best first, without repeats."""
    nearest = list_nearest(hits)
    assert [near.case_id for near in nearest] == list(dict.fromkeys(h.case.id for h in hits))
    assert choose("When?", []) == []
