"""corpus.chunks: every passage in one chunk, in order, with what stands above it."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus.chunks import LONGEST, Chunk, divide_case
from corpus.glossary import Glossary
from corpus.library import Library
from corpus.passages import estimate_length, is_searched
from corpus.records import BlockKind, Case, Document, Passage, Sentence

GLOSSARY = Glossary([["SANY", "三一重工", "Sany Heavy"], ["Brazil", "巴西"]])
DOCUMENT = Document("d", "d.txt", "", "", "Green cases", "", "", "", "en", "", "")
CASE = Case("c", "d", "case", "The quiet crane", "三一重工", 0, 0, "")


def make_passages(*told: tuple[BlockKind, str]) -> list[Passage]:
    """Return passages one after another."""
    made = []
    start = 0
    for number, (kind, text) in enumerate(told):
        end = start + len(text)
        sentences = (Sentence(start, end, text),)
        made.append(Passage(str(number), "d", "c", kind, start, end, text, sentences))
        start = end + 2
    return made


def repeat(count: int, kind: BlockKind, text: str) -> list[Passage]:
    """Return so many equal passages."""
    told: list[tuple[BlockKind, str]] = [(kind, text)] * count
    return make_passages(*told)


def divide(passages: Sequence[Passage], case: Case = CASE) -> tuple[Chunk, ...]:
    """Return the chunks of a case's passages."""
    return divide_case(DOCUMENT, case, passages, GLOSSARY)


def measure(passages: Sequence[Passage]) -> float:
    """Return about how many sub-words some passages have."""
    return sum(estimate_length(each.text) for each in passages)


@given(
    told=st.lists(
        st.tuples(
            st.sampled_from(["heading", "paragraph", "paragraph", "caption"]),
            st.integers(1, 60).map(lambda count: "word " * count * count),
        ),
        max_size=30,
    )
)
def test_every_passage_is_in_one_chunk(told: list[tuple[BlockKind, str]]) -> None:
    """In order; none is too long that could be shorter, and a heading ends none."""
    passages = make_passages(*told)
    chunks = divide(passages)
    assert [n for each in chunks for n in range(each.first, each.last)] == list(range(len(told)))
    assert all(each.first < each.last for each in chunks)
    for each in chunks:
        held = passages[each.first : each.last]
        announced = all(one.kind == "heading" for one in held[:-1])  # one that is long may follow
        assert measure(held) <= LONGEST or announced
        assert each.words.endswith("\n".join(one.text for one in held).strip())
    for each in chunks[:-1]:
        held = passages[each.first : each.last]
        assert held[-1].kind != "heading" or all(one.kind == "heading" for one in held)


def test_what_is_known_of_a_chunk_stands_before_it() -> None:
    """The titles, the heading above, the company by every name, each line once."""
    passages = make_passages(
        ("heading", "What it does"), ("paragraph", "It works at night. " * 40),
        ("paragraph", "It is quiet. " * 60), ("heading", "What it costs"),
        ("paragraph", "It costs little. " * 40),
    )  # fmt: skip
    chunks = divide(passages)
    assert [(each.first, each.last) for each in chunks] == [(0, 2), (2, 3), (3, 5)]
    lines = [each.words.split("\n") for each in chunks]
    names = "三一重工 SANY Sany Heavy"
    assert lines[0][:4] == ["Green cases", "The quiet crane", names, "What it does"]
    assert lines[1][:4] == ["Green cases", "The quiet crane", "What it does", names]
    assert lines[2][:4] == ["Green cases", "The quiet crane", names, "What it costs"]
    plain = divide(passages, replace(CASE, title="Green cases", company=""))
    assert plain[0].words.split("\n")[:2] == ["Green cases", "What it does"]


def test_a_company_stands_as_it_is_where_no_glossary_has_it() -> None:
    """And a blank title is no line."""
    [chunk] = divide(make_passages(("paragraph", "It.")), replace(CASE, title=" ", company="Eno"))
    assert chunk.words == "Green cases\nEno\nIt."


def test_a_long_title_takes_no_place_from_the_text() -> None:
    """What stands before is cut, what is found is not."""
    text = "It works at night. " * 30
    [chunk] = divide(make_passages(("paragraph", text)), replace(CASE, title="Long " * 500))
    assert chunk.words.endswith(f"\n{text.strip()}")
    assert len(chunk.words) < len(text) + 250


def test_chunks_are_about_equally_long() -> None:
    """Rather than full ones and a rest of a line."""
    passages = repeat(9, "paragraph", "It works at night. " * 8)
    lengths = [measure(passages[each.first : each.last]) for each in divide(passages)]
    assert len(lengths) == 2
    assert min(lengths) > 0.75 * max(lengths)


def test_a_heading_goes_with_what_it_announces() -> None:
    """Also several of them, and where the text they announce is too long for all."""
    passages = make_passages(
        ("paragraph", "It works. " * 100), ("heading", "Part two"), ("heading", "The costs"),
        ("paragraph", "It costs. " * 100), ("heading", "The end"),
    )  # fmt: skip
    assert [(each.first, each.last) for each in divide(passages)] == [(0, 1), (1, 5)]
    assert divide([]) == ()
    [alone] = divide(make_passages(("heading", "Nothing follows")))
    assert (alone.first, alone.last) == (0, 1)


def test_a_giant_paragraph_is_a_chunk_at_once() -> None:
    """A passage of 200,000 characters, as none is split here; so are as many short ones."""
    began = time.thread_time()
    [giant] = divide(make_passages(("paragraph", "words of it " * 16_700)))
    assert len(giant.words) > 200_000
    many = repeat(20_000, "paragraph", "It works.")
    assert divide(many)[-1].last == 20_000
    headings = repeat(20_000, "heading", "Part")
    assert divide(headings)[-1].last == 20_000
    assert time.thread_time() - began < 20


def test_a_case_of_one_paragraph_is_found_part_by_part(
    library: Library, write: Callable[[str, str], None]
) -> None:
    """A library's paragraph of 200,000 characters is many passages, and each is in one chunk."""
    text = "".join(f"Road number {number} is long and leads to the sea. " for number in range(4400))
    write("long.txt", f"Long roads\n\n{text}\n")
    entry = library.read("long.txt")
    [case] = entry.cases
    passages = [each for each in entry.passages if is_searched(each, case.title)]
    chunks = divide_case(entry.document, case, passages, GLOSSARY)
    assert len(text) > 200_000
    assert len(passages) > 100
    assert [n for each in chunks for n in range(each.first, each.last)] == list(
        range(len(passages))
    )
    assert all(each.words.startswith("Long roads\n") for each in chunks)


def test_no_chunk_is_of_two_cases(library: Library, write: Callable[[str, str], None]) -> None:
    """However short they are: each is about one company."""
    write(
        "all.txt",
        "Cases of the coast\n\nEno Works: the mills of Ravenna\n\nEno Works grinds corn.\n\n"
        "Bo Yards: the boats of Tallinn\n\nBo Yards repairs the old boats of orphans.\n",
    )
    entry = library.read("all.txt")
    cases = [case for case in entry.cases if case.company]
    for case, (own, other) in zip(cases, [("Eno", "Bo"), ("Bo", "Eno")], strict=True):
        passages = [each for each in entry.passages if each.case_id == case.id]
        [chunk] = divide_case(entry.document, case, passages, GLOSSARY)
        assert "Cases of the coast" in chunk.words
        assert own in chunk.words
        assert other not in chunk.words


@pytest.mark.parametrize("length", [0.5, 1.0])
def test_chunks_are_as_long_as_they_may_be(length: float) -> None:
    """Two passages of half the length are one chunk, of more they are two."""
    text = "x" * int(4 * LONGEST * length)
    chunks = divide(make_passages(("paragraph", text), ("paragraph", text)))
    assert len(chunks) == 2 * length
