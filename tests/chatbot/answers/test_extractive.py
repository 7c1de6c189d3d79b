"""chatbot.answers.extractive: which sentences are quoted, and when none is."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from chatbot.answers import extractive
from chatbot.answers.answer import Row
from chatbot.answers.extractive import (
    CAPTION,
    SHARE,
    choose,
    choose_more,
    choose_nearest,
    compose,
    list_nearest,
)
from corpus.language.stems import list_stems, say_the_same
from corpus.library import Library
from corpus.records import Sentence
from index.reader.protocol import NEVER
from index.reader.ranking import Evidence, Hit

STRONG = Evidence(dense=0.9, sentence=0.92, lexical=9.0, overlap=0.7, translated=0.0)


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


def _place(hit: Hit, number: int, case: str, *words: str) -> Hit:
    """Return a hit like another, of a passage of some sentences in a case."""
    sentences, at = [], 0
    for each in words:
        sentences.append(Sentence(at, at + len(each), each))
        at += len(each)
    text = "".join(words)
    passage = replace(
        hit.passage, id=str(number), text=text, start=0, end=at, sentences=tuple(sentences)
    )
    return replace(
        hit, rank=number, passage=passage, document=replace(hit.document, text=text),
        case=replace(hit.case, id=case), sentences=(0.0,) * len(words),
    )  # fmt: skip


def test_the_best_sentence_is_quoted(hits: list[Hit]) -> None:
    """Of one hit, the sentence with the best score is chosen, and the distant one is not."""
    chosen = choose([_with_scores(hits[0], 1.0, 9.0)])
    assert [choice.words for choice in chosen] == [
        "It carries nine trains a day across the wide river."
    ]


def test_near_sentences_of_a_case_stand_together(hits: list[Hit]) -> None:
    """Two neighbours that answer nearly as well are one quotation, in the order of the text."""
    chosen = choose([_with_scores(hits[0], 8.5, 9.0)])
    parts, citations = compose(chosen, "en")
    assert [citation.quote for citation in citations] == [
        "".join(sentence.text for sentence in hits[0].passage.sentences[:2]).strip()
    ]
    assert [part.kind for part in parts] == ["case", "quote"]


def test_as_few_sentences_as_have_most_of_the_odds(hits: list[Hit]) -> None:
    """By odds and not by what is asked: another is quoted while those before it have too little."""
    for gap, several in ((math.log(SHARE / (1 - SHARE)) - 0.1, True), (2.5, False)):
        found = [_with_scores(hits[0], 9.0, -9.0), _with_scores(hits[1], 9.0 - gap, -9.0)]
        chosen = [(choice.hit.rank, choice.place) for choice in choose(found)]
        assert chosen == ([(1, 0), (2, 0)] if several else [(1, 0)])
    three = [_with_scores(hits[0], 5.0, -9.0, 5.0), _with_scores(hits[1], 5.0, -9.0)]
    assert len(choose(three)) == 3


def test_nothing_is_quoted_twice_and_a_handful_at_most(hits: list[Hit]) -> None:
    """Equal words are quoted once; few sentences of one case, no more than QUOTES in all."""
    twice = [hits[0], replace(hits[0], rank=2, passage=replace(hits[0].passage, id="reprint"))]
    words = [choice.words for choice in choose(twice)]
    assert len(words) == len(set(words)) == 1
    said = [f"Word{n} alone{n} stands{n}. " for n in range(30)]
    apart = [_place(hits[0], n, str(n % 8), words) for n, words in enumerate(said)]
    chosen = choose(apart)
    assert len(chosen) == extractive.QUOTES
    one = [_place(hits[0], n, "one", words) for n, words in enumerate(said)]
    assert len(choose(one)) == extractive.PER_CASE < extractive.QUOTES


def test_a_caption_stands_behind_prose(hits: list[Hit]) -> None:
    """A caption that says the same as a sentence is not chosen before it."""
    caption = replace(hits[0], passage=replace(hits[0].passage, kind="caption"))
    prose = _with_scores(hits[-1], 9.1 - CAPTION, 0.0)
    assert choose([_with_scores(caption, 9.0, 0.0), prose])[0].hit is prose
    alone = choose([_with_scores(caption, 9.0, 0.0)])
    _, citations = compose(alone, "en")
    assert citations[0].kind == "caption"


def test_what_may_not_be_chosen_never_is(hits: list[Hit]) -> None:
    """The header of a table, or what no reader read: no answer, not near, and nothing more."""
    barred = _with_scores(hits[0], NEVER, NEVER)
    assert choose([barred]) == choose_nearest([barred]) == []
    half = _with_scores(hits[0], NEVER, -3.0)
    for chosen in (choose([half]), choose_nearest([half])):
        assert [(choice.place, choice.count) for choice in chosen] == [(1, 1)]
    given = choose([_with_scores(hits[0], -9.0, -9.0, 1.0)])
    assert [choice.place for choice in choose_more([half], given)] == [1]


def test_signs_alone_are_never_quoted(hits: list[Hit]) -> None:
    """A sentence has three letters or digits, in whatever script, or says nothing."""
    found = _place(hits[0], 1, "one", "— … —", " 1. ", "水厂好")
    assert [choice.words for choice in choose([_with_scores(found, 9.0, 8.0, 1.0)])] == ["水厂好"]


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


def test_what_is_near_is_quoted_sentence_by_sentence(hits: list[Hit]) -> None:
    """However far behind the best, best first, grouped by case as in an answer."""
    found = [_with_scores(hits[0], -4.0, NEVER), _with_scores(hits[-1], 2.0, -9.0)]
    chosen = choose_nearest(found)
    assert [(choice.hit, choice.place, choice.count) for choice in chosen] == [
        (found[1], 0, 1), (found[0], 0, 1), (found[1], 1, 1),
    ]  # fmt: skip
    parts, citations = compose(chosen, "en")
    assert [part.kind for part in parts] == ["case", "quote", "quote", "case", "quote"]
    assert [citation.number for citation in citations] == [1, 2, 3]
    assert choose_nearest([]) == []


def test_what_is_near_says_nothing_twice_and_is_a_handful(hits: list[Hit]) -> None:
    """Equal words once, at most three sentences of a case, five in all."""
    one = _with_scores(hits[0], 1.0, NEVER)
    other = replace(one, rank=2, passage=replace(hits[0].passage, id="reprint"))
    assert len(choose_nearest([one, other])) == 1
    said = [f"Word{number} alone{number} stands{number}." for number in range(8)]
    alike = [_place(hits[0], number, "one", words) for number, words in enumerate(said)]
    assert len(choose_nearest(alike)) == 3
    others = [_place(hits[0], number, str(number), words) for number, words in enumerate(said)]
    assert [choice.hit for choice in choose_nearest(others)] == others[:5]


def test_more_is_of_the_cases_that_answered(hits: list[Hit]) -> None:
    """What was not given, nothing that says the same, at most three sentences, best first."""
    said = [f"Word{number} alone{number} stands{number}. " for number in range(8)]
    whole = _with_scores(_place(hits[0], 1, "one", *said), 9, 1, 0, 5, 0, 3, 0, 4)
    again = _with_scores(_place(hits[0], 2, "one", said[0], "More9 is9 said9. "), 8, 7)
    elsewhere = _with_scores(_place(hits[0], 3, "other", "Another10 case10 speaks10. "), 8)
    found = [whole, again, elsewhere]
    given = choose([whole])
    assert [choice.words for choice in given] == [said[0].strip()]
    more = choose_more(found, given)
    assert [choice.words for choice in more] == [
        "More9 is9 said9.", said[3].strip(), said[7].strip(),
    ]  # fmt: skip
    rest = choose_more(found, [*given, *more])
    assert [choice.words for choice in rest] == [said[5].strip(), f"{said[1]}{said[2]}".strip()]
    last = choose_more(found, [*given, *more, *rest])
    assert {choice.words for choice in last} == {said[4].strip(), said[6].strip()}
    assert choose_more(found, [*given, *more, *rest, *last]) == []
    assert choose_more(found, []) == []


def test_nearest_cases_are_each_offered_once(hits: list[Hit]) -> None:
    """The cases of the hits, best first, without repeats."""
    nearest = list_nearest(hits)
    assert [near.case_id for near in nearest] == list(dict.fromkeys(h.case.id for h in hits))
    assert choose([]) == []


def test_a_table_has_a_row_for_each_company_or_case(hits: list[Hit]) -> None:
    """Of companies, where every case has one, in the order of what is quoted; no single row."""
    _, (one, *_) = compose(choose(hits), "en")

    def cited(*places: tuple[str, str]) -> list[Row]:
        citations = [
            replace(one, number=number, company=company, case=case)
            for number, (company, case) in enumerate(places, 1)
        ]
        return list(extractive.tabulate(citations))

    assert cited() == cited(("A", "x")) == cited(("A", "x"), ("A", "y")) == []
    assert cited(("B", "x"), ("A", "y"), ("B", "z")) == [Row("B", (1, 3)), Row("A", (2,))]
    assert cited(("B", "x"), ("", "y"), ("B", "z")) == [
        Row("x", (1,)), Row("y", (2,)), Row("z", (3,)),
    ]  # fmt: skip
