"""citations: a quotation is the document's characters, or the answer does not leave."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatbot.answers.answer import Answer, Mode, Part, PartKind, Row
from chatbot.answers.citations import check_answer, cite, link_to, make_mark
from corpus.errors import CitationError
from corpus.library import Library
from corpus.records import Case, Document, Passage


@pytest.fixture
def answered(library: Library) -> tuple[Answer, Document]:
    """An answer that quotes two sentences of a document."""
    entry = library.read("bridge.txt")
    case = entry.cases[0]
    passages = [p for p in entry.passages if p.kind == "paragraph"]
    sentences = [(p, s) for p in passages for s in p.sentences][:2]
    citations = tuple(
        cite(number, entry.document, case, passage, s.start, s.end)
        for number, (passage, s) in enumerate(sentences, 1)
    )
    parts = (Part("case", case.title), *(Part("quote", c.quote, c.number) for c in citations))
    answer = Answer(
        "q", "en", True, "extractive", parts, citations, (), (), 0.9, "release", 1.0
    )  # fmt: skip
    return answer, entry.document


def test_a_citation_names_the_trimmed_characters(answered: tuple[Answer, Document]) -> None:
    """A quote has no outer white space, and its span, passage and link fit the document."""
    answer, document = answered
    for citation in answer.citations:
        assert document.text[citation.start : citation.end] == citation.quote
        assert citation.quote == citation.quote.strip() != ""
        around = document.text[citation.passage_start :][: len(citation.passage)]
        assert around == citation.passage
        assert citation.quote in citation.passage
        mark = f"{citation.start}-{citation.end}-{make_mark(citation.quote)}"
        assert citation.link == f"cases/{citation.case_id}#c{mark}"
    check_answer(answer, [document])


def test_a_table_has_every_citation_once(answered: tuple[Answer, Document]) -> None:
    """In whichever rows; one that is missing, twice there or unknown is held back."""
    answer, document = answered
    check_answer(replace(answer, table=(Row("a", (2,)), Row("b", ()), Row("c", (1,)))), [document])
    for numbers in ((1,), (1, 2, 2), (1, 2, 3), (1, 3)):
        with pytest.raises(CitationError, match="table"):
            check_answer(replace(answer, table=(Row("a", numbers),)), [document])


def _first(answer: Answer, **changes: Any) -> Answer:
    first = replace(answer.citations[0], **changes)
    return replace(answer, citations=(first, *answer.citations[1:]))


def _written(answer: Answer, part: Part) -> Answer:
    return replace(answer, mode="generative", parts=(part, *answer.parts))


def _near(answer: Answer) -> Answer:
    """Return the same quotations, shown as merely near."""
    parts = (Part("words", "Not outright. The nearest:"), *answer.parts)
    return replace(answer, found=False, mode="nearest", parts=parts)


BROKEN: dict[str, Callable[[Answer], Answer]] = {
    "another letter": lambda a: _first(a, quote=a.citations[0].quote[:-1] + "!"),
    "another place": lambda a: _first(a, start=a.citations[0].start + 1),
    "another end": lambda a: _first(a, end=a.citations[0].end - 1),
    "an empty span": lambda a: _first(a, end=a.citations[0].start, quote=""),
    "beyond the end": lambda a: _first(a, start=10**6, end=10**6 + 5),
    "another text": lambda a: _first(a, document_sha256="0" * 64),
    "an unknown document": lambda a: _first(a, document_id="nothing"),
    "the same number twice": lambda a: _first(a, number=2),
    "a number nobody quotes": lambda a: replace(a, parts=a.parts[:-1]),
    "a quote nobody cites": lambda a: replace(a, citations=a.citations[:-1]),
    "other words in the part": lambda a: replace(
        a, parts=(*a.parts[:-1], Part("quote", "Something else.", 2))
    ),
    "words with a citation": lambda a: replace(a, parts=(*a.parts, Part("words", "So", 1))),
    "found nothing but cites": lambda a: replace(a, found=False),
    "absent but cites": lambda a: replace(a, found=False, mode="absent"),
    "an answer without quotations": lambda a: replace(a, parts=a.parts[:1], citations=()),
    "near and said to be found": lambda a: replace(_near(a), found=True),
    "near without a quotation": lambda a: replace(_near(a), parts=_near(a).parts[:1], citations=()),
    "near without a word": lambda a: replace(_near(a), parts=_near(a).parts[1:]),
    "near and written": lambda a: replace(_near(a), parts=(*a.parts, Part("written", "W.", 1))),
    "about itself and found, but nothing quoted": lambda a: replace(
        a, mode="about", parts=a.parts[:1], citations=()
    ),
    "written, and no word of it": lambda a: replace(a, parts=(Part("written", "W.", 1), *a.parts)),
    "nothing written, and said to be": lambda a: replace(a, mode="generative"),
    "written about nothing quoted": lambda a: _written(a, Part("written", "W.", 3)),
    "written without a number": lambda a: _written(a, Part("written", "W.")),
    "written among the quotations": lambda a: replace(
        a, mode="generative", parts=(*a.parts, Part("written", "W.", 1))
    ),
}


@pytest.mark.parametrize("damage", BROKEN)
def test_whatever_does_not_hold_is_refused(answered: tuple[Answer, Document], damage: str) -> None:
    """Any difference between an answer and its source is an error."""
    answer, document = answered
    with pytest.raises(CitationError):
        check_answer(BROKEN[damage](answer), [document])


def test_written_sentences_stand_before_what_they_cite(answered: tuple[Answer, Document]) -> None:
    """With the mode that says so, and the number of a quotation each, they may leave."""
    answer, document = answered
    written = _written(answer, Part("written", "It is so.", 2))
    check_answer(written, [document])
    assert written.text.startswith("It is so. [2]")


def test_an_answer_without_quotations_holds(answered: tuple[Answer, Document]) -> None:
    """Words alone need no document."""
    answer, _ = answered
    absent = replace(
        answer, found=False, mode="absent", parts=(Part("words", "No."),), citations=()
    )
    check_answer(absent, [])
    check_answer(replace(absent, mode="about"), [])


def test_what_is_near_is_quoted_and_not_found(answered: tuple[Answer, Document]) -> None:
    """Checked as an answer is, below words that say that it is none; its outcome is told."""
    answer, document = answered
    near = _near(answer)
    check_answer(near, [document])
    assert (near.outcome, near.found) == ("nearest", False)
    assert near.text.startswith("Not outright. The nearest:\n\n")
    assert near.to_json()["outcome"] == "nearest"
    with pytest.raises(CitationError):
        check_answer(_first(near, start=near.citations[0].start + 1), [document])


KINDS: st.SearchStrategy[list[PartKind]] = st.lists(
    st.sampled_from(("words", "case", "quote", "written")), max_size=5
)


@given(kinds=KINDS, mode=st.sampled_from(get_args(Mode)), found=st.booleans())
def test_only_what_agrees_with_itself_may_leave(
    kinds: list[PartKind], mode: Mode, found: bool
) -> None:
    """Numbers and citations are the same; absent has none, nearest some; found is an answer's."""
    text = "One. Two. Three. Four. Five."
    document = Document("d", "a.txt", "s", text, "", "", "", "", "en", "", "", ())
    case = Case("c", "d", "case", "A", "", 0, len(text), text)
    passage = Passage("p", "d", "c", "paragraph", 0, len(text), text, ())
    spans = [(0, 4), (5, 9), (10, 16), (17, 22), (23, 28)][: kinds.count("quote")]
    citations = tuple(cite(n, document, case, passage, *span) for n, span in enumerate(spans, 1))
    left = iter(citations)
    parts = tuple(
        Part("quote", (one := next(left)).quote, one.number) if kind == "quote"
        else Part(kind, "Words.", int(kind == "written"))
        for kind in kinds
    )  # fmt: skip
    made = Answer("q", "en", found, mode, parts, citations, (), (), 0.5, "r", 1.0)
    try:
        check_answer(made, [document])
    except CitationError:
        return
    numbers = {int(number) for number in re.findall(r"\[(\d+)\]", made.text)}
    assert numbers == {citation.number for citation in citations}
    assert found is (made.outcome == "answer" and bool(citations))
    if made.outcome == "nearest":
        assert citations
        assert kinds[0] == "words"
    if made.outcome == "absent":
        assert not citations
    if made.outcome == "answer":
        assert found
    assert ("written" in kinds) is (mode == "generative")


@pytest.mark.parametrize("mode", get_args(Mode))
def test_every_mode_has_one_of_three_outcomes(mode: Mode) -> None:
    """What is found is an answer, what is near is near, and all else is absent; JSON tells it."""
    made = Answer("q", "en", False, mode, (), (), (), (), 0.5, "r", 1.0)
    assert made.outcome == ("nearest" if mode == "nearest" else "absent")
    found = replace(made, found=mode in ("extractive", "generative", "about"))
    assert found.outcome == {"nearest": "nearest", "absent": "absent"}.get(mode, "answer")
    assert made.to_json()["outcome"] == made.outcome


def test_text_numbers_every_citation(answered: tuple[Answer, Document]) -> None:
    """The plain text holds each quote in marks with its number behind, and nothing else of them."""
    answer, _ = answered
    for citation in answer.citations:
        assert f"“{citation.quote}” [{citation.number}]" in answer.text
    assert "".join(answer.deltas()) == answer.text
    assert answer.to_json()["text"] == answer.text


def test_a_case_without_characters_has_a_plain_link(library: Library) -> None:
    """A link without a span marks nothing."""
    case = library.read("tea.txt").cases[0]
    assert link_to(case) == f"cases/{case.id}"


def test_a_mark_tells_the_words_and_not_how_they_are_set() -> None:
    """White space and what no page shows are passed over; every other letter counts."""
    hashed = (ord("a") * 0x01000193 + ord("b")) % 2**32
    assert make_mark("a b") == make_mark(" a\n\u3000b\x00") == f"2{hashed:08x}"
    assert len({make_mark(each) for each in ("ab", "ba", "aab", "Ab", "案例", "例案", "")}) == 7


def test_a_citation_names_the_page() -> None:
    """The page is that on which the quotation begins; a document without pages has none."""
    text = "One page. It ends.\n\nAnother page. It ends."
    for pages, wanted in (((0, 20), (1, 2)), ((), (None, None))):
        document = Document("d", "a.pdf", "s", text, "", "", "", "", "en", "", "", pages)
        case = Case("c", "d", "case", "A", "", 0, len(text), text)
        passage = Passage("p", "d", "c", "paragraph", 0, len(text), text, ())
        found = tuple(cite(1, document, case, passage, *span).page for span in ((10, 18), (20, 33)))
        assert found == wanted
