"""Rows of tables as they are read: each cell with the header of its column before it.

A row alone, `2021 | 702,000 | 80,400`, says nothing to whoever looks for the diesel burned in 2021.
Read as `Year: 2021 | Diesel (litres): 702,000 | Containers: 80,400` it does. What is quoted stays
the row as it stands in the document.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from corpus.language.script import make_plain
from corpus.language.stems import UNSPACED
from corpus.records import Passage

BETWEEN = " | "  # what every reader of a format puts between the cells of a row
_BAR = re.compile(r"(?<![^ ])\|(?![^ ])")  # beside an empty cell one blank may be all there is


@dataclass(frozen=True, slots=True)
class Said:
    """A sentence as it is read; `header` tells that it is the first row of a table, and no fact."""

    words: str
    header: bool = False


def spell_rows(sentences: Iterable[str]) -> list[Said]:
    """Return sentences that follow each other as they are read.

    A row is followed by another of as many cells, or follows one; the first of them is the header.
    """
    texts = [make_plain(sentence).strip() for sentence in sentences]
    cells = [_BAR.split(text) if BETWEEN in text else [] for text in texts]
    said: list[Said] = []
    header: list[str] = []
    for number, (text, row) in enumerate(zip(texts, cells, strict=True)):
        if row and len(row) == len(header):
            said.append(Said(BETWEEN.join(filter(None, map(_join, header, row)))))
            continue
        after = cells[number + 1] if number + 1 < len(cells) else []
        header = row if row and len(after) == len(row) else []
        said.append(Said(text, header=bool(header)))
    return said


def spell_passages(passages: Iterable[Passage]) -> list[Said]:
    """Return the sentences of passages that follow each other as they are read."""
    return spell_rows(sentence.text for passage in passages for sentence in passage.sentences)


def _join(header: str, cell: str) -> str:
    header, cell = header.strip(), cell.strip()
    if not header or not cell:
        return cell
    colon = "：" if UNSPACED.search(header) else ": "
    return f"{header}{colon}{cell}"
