"""Passages are exact spans that cover their case; sentences tile them."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from corpus.cases import find_cases
from corpus.passages import JOINED, LONGEST, SHORT, estimate_length, split_case
from corpus.readers.text import read_text
from corpus.records import Block, Document, Passage

ENGLISH = "The plant of CAMCE Co., Ltd. serves 1.59 million people in C?te d'Ivoire. "
CHINESE = "中工国际承建的帕德玛水厂项目，惠及当地约三百万人；水质得到改善。"
PARAGRAPHS = st.lists(
    st.one_of(
        st.sampled_from(
            [
                *(
                    ENGLISH * 3,
                    ENGLISH * 40,
                    CHINESE * 8,
                    CHINESE * 40,
                    ENGLISH + CHINESE,
                    "- item",
                ),
                *(
                    "WeRide: A title of some length",
                    "WeRide is named.",
                    "Photo: A plant",
                    "图1 水厂",
                ),
                *(
                    "Yes.",
                    "好。",
                    "a, " * 1500,
                    "长" * 1500,
                    "x" * 4000,
                    "# Heading",
                    "1. One\n2. Two",
                ),
            ]
        ),
        st.text(st.characters(exclude_categories=["Cc", "Cs"]), max_size=80),
    ),
    max_size=12,
)


def split(text: str) -> tuple[Document, Sequence[Block], list[Passage]]:
    """Return the document of a text, its blocks and the passages of its cases."""
    reading = read_text(text.encode(), "a.txt")
    document = Document("d" * 12, "a.txt", "", reading.text, "a", "", "", "", "en", "", "")
    cases = find_cases(document, reading.blocks)
    return (
        document,
        reading.blocks,
        [p for case in cases for p in split_case(document, case, reading.blocks)],
    )


def read(*paragraphs: str) -> list[Passage]:
    """Return the passages of these paragraphs, which stand below a paragraph of their own."""
    return split("\n\n".join(["It starts with these words. " * 10, *paragraphs]))[2][1:]


@given(PARAGRAPHS)
def test_passages_are_exact_and_cover_their_case(paragraphs: list[str]) -> None:
    """Every span holds its words, none overlap, and only white space lies between them."""
    text = "\n\n".join(["start", *(p.replace("\0", "").replace("\x1f", "") for p in paragraphs)])
    text = "".join(
        character for character in text if character.isprintable() or character in "\n\r"
    )
    document, blocks, passages = split(text)
    at = 0
    for passage in passages:
        assert document.text[passage.start : passage.end] == passage.text
        assert passage.text == passage.text.strip() != ""
        assert not document.text[at : passage.start].strip()
        at = passage.end
    assert not document.text[at:].strip()
    assert len({passage.id for passage in passages}) == len(passages)
    assert {p.kind for p in passages} == {block.kind for block in blocks}


@given(PARAGRAPHS)
def test_sentences_tile_their_passage(paragraphs: list[str]) -> None:
    """The sentences of a passage put together are the passage, each at its own place."""
    text = "\n\n".join(["start", *paragraphs])
    text = "".join(
        character for character in text if character.isprintable() or character in "\n\r"
    )
    document, _, passages = split(text)
    for passage in passages:
        assert "".join(sentence.text for sentence in passage.sentences) == passage.text
        at = passage.start
        for sentence in passage.sentences:
            assert sentence.start == at
            assert document.text[sentence.start : sentence.end] == sentence.text != ""
            at = sentence.end
        assert at == passage.end


@given(PARAGRAPHS)
def test_no_passage_is_too_long_for_a_model(paragraphs: list[str]) -> None:
    """By the estimate no passage passes 450 sub-words, however long a paragraph is."""
    text = "\n\n".join(["start", *paragraphs])
    text = "".join(
        character for character in text if character.isprintable() or character in "\n\r"
    )
    assert max(estimate_length(passage.text) for passage in split(text)[2]) <= LONGEST


@given(PARAGRAPHS)
def test_a_heading_and_a_caption_are_passages_alone(paragraphs: list[str]) -> None:
    """Every heading and caption block is one passage, and no other passage holds its words."""
    text = "\n\n".join(["start", *paragraphs])
    text = "".join(
        character for character in text if character.isprintable() or character in "\n\r"
    )
    _, blocks, passages = split(text)
    alone = [(b.kind, b.start, b.end) for b in blocks if b.kind != "paragraph"]
    assert [(p.kind, p.start, p.end) for p in passages if p.kind != "paragraph"] == alone


def test_a_paragraph_stands_alone() -> None:
    """Paragraphs from about 200 letters on are passages of their own, as they stand."""
    long, longer = ENGLISH.strip() * 3, CHINESE * 3
    assert estimate_length(long) >= SHORT
    assert [p.text for p in read(long, longer, long)] == [long, longer, long]


def test_short_neighbours_are_joined() -> None:
    """Lines of a list join up to a sensible length, and not across a heading or a caption."""
    lines = [f"Line {number} of a list of things." for number in range(40)]
    passages = read(*lines)
    assert "\n\n".join(p.text for p in passages) == "\n\n".join(lines)
    assert len(passages) < 10
    assert all(estimate_length(p.text) <= JOINED for p in passages)
    parted = read("Yes, he said.", "Photo: it", "No, she said.", ENGLISH * 3, "Oh.", "And so on.")
    assert [p.kind for p in parted] == ["paragraph", "caption", *["paragraph"] * 3]
    assert parted[-1].text == "Oh.\n\nAnd so on."


def test_what_stands_between_two_paragraphs_is_in_no_passage() -> None:
    """Furniture between short neighbours keeps them apart, or it would be quoted with them."""
    text = "One short line.\n\nSkip to content\n\nAnother short line."
    document = Document("d" * 12, "a.txt", "", text, "a", "", "", "", "en", "", "")
    first = Block("paragraph", 0, text.index("\n"))
    blocks = (first, Block("paragraph", text.index("Another"), len(text)))
    passages = [
        passage
        for case in find_cases(document, blocks)
        for passage in split_case(document, case, blocks)
    ]
    assert [passage.text for passage in passages] == ["One short line.", "Another short line."]


def test_a_long_paragraph_comes_apart_evenly() -> None:
    """Parts end with a sentence and differ by no more than two sentences' length."""
    for sentence in (ENGLISH, CHINESE):
        parts = read((sentence * 60).strip())
        lengths = [len(part.text) for part in parts]
        assert len(parts) > 2
        assert max(lengths) - min(lengths) <= 2 * len(sentence)
        assert all(part.text.endswith((".", "。")) for part in parts)


def test_ids_stay_when_a_paragraph_is_added_above() -> None:
    """An id comes from the case and the words, with a count where the same words come again."""
    below = [ENGLISH * 3, CHINESE * 5, ENGLISH * 3]
    before = [p.id for p in read(*below)]
    after = [p.id for p in read("A new one. " * 30, *below)]
    assert after[1:] == before
    assert len(set(before)) == 3


def test_the_estimate_counts_letters_and_signs() -> None:
    """Four letters make one sub-word and twenty Chinese signs seventeen."""
    assert estimate_length("a" * 40) == 10.0
    assert abs(estimate_length("长" * 20 + "é" * 4) - 18.0) < 1e-9


def test_a_row_is_one_sentence_whatever_its_cells_say() -> None:
    """A table's row is quoted whole; a bar within prose parts nothing."""
    rows = "Act | It was passed. It holds. | CEB\nBill | It is read. | MEPU"
    prose = "The plant | that is its name | was built in May.\nIt works. It pays."
    said = [s.text.strip() for p in read(rows, prose) for s in p.sentences]
    assert said == [*rows.splitlines(), prose.splitlines()[0], "It works.", "It pays."]


def test_a_row_too_long_for_a_model_is_cut() -> None:
    """It is cut at its sentences, and none is longer than a model reads."""
    row = "Act | " + "It was passed by the house in May. " * 80 + "| CEB"
    passages = read(row)
    assert len(passages) > 1
    assert all(estimate_length(p.text) <= LONGEST for p in passages)
