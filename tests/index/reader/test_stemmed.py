"""index.reader.stemmed: sentences as questions are compared with them, and which are kept."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from corpus.language.stems import list_stems
from corpus.tables import Said
from index.reader import stemmed
from index.reader.stemmed import StemmedChunks, find_numbers, stem


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("In 2022, did 2,030 help 7 times?", {"2022", "2030", "7"}),
        ("1.5 Millionen und 10.073", {"1.5", "10073"}),
        ("1\u202f234\u202f567 habitants", {"1234567"}),
        ("2023年的净利润为9,600.5元", {"2023", "9600.5"}),
        ("from 110073 to 110,073", {"110073"}),
        ("1,2,3", {"1,2", "3"}),
        ("none", set()),
    ],
)
def test_numbers_are_read_however_they_are_marked(text: str, numbers: set[str]) -> None:
    """Thousands are put without their mark, in whichever script they stand."""
    assert find_numbers(text) == numbers


def test_a_sentence_is_cut_as_it_is_read() -> None:
    """With how many stems it has, which follow each other, and whether it is a header."""
    made = stem(Said("The bridge of the bridges: 1,999", header=True))
    stems = list_stems(made.text)
    assert (made.header, made.length) == (True, len(stems))
    assert made.stems == set(stems)
    assert len(made.stems) < len(stems)
    assert made.pairs == {(stems[at], stems[at + 1]) for at in range(len(stems) - 1)}
    assert made.numbers == {"1999"}


def test_the_chunks_asked_for_last_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """One that is asked for again is not cut again, and the one unasked for longest goes."""
    monkeypatch.setattr(stemmed, "KEPT", 2)
    chunks, read = StemmedChunks(), list[int]()

    def ask(chunk: int) -> str:
        def list_texts() -> Sequence[Said]:
            read.append(chunk)
            return [Said(f"Chunk {chunk}")]

        [made] = chunks.stem(chunk, list_texts)
        return made.text

    assert [ask(chunk) for chunk in (1, 2, 1, 3, 1, 2)] == [
        f"Chunk {chunk}" for chunk in (1, 2, 1, 3, 1, 2)
    ]
    assert read == [1, 2, 3, 2]
