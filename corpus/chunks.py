"""A case's passages to chunks: what is found and read, as a passage is what a citation shows.

A chunk is consecutive passages of one case with what a reader of the page would know before them:
the document's title, the case's, the heading above and the company by all its names. Knows no
model: how long a text is for one is estimated from its characters.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from corpus.glossary import Glossary
from corpus.language.script import make_plain
from corpus.passages import estimate_length
from corpus.records import Case, Document, Passage

# Estimated sub-words of a chunk's passages, about 1,000 letters or 300 Chinese signs; a passage
# that is longer alone is a chunk of its own. benchmarks/LOG.md has the sizes that were compared.
LONGEST = 280.0
_LINE = 120  # characters of a title, a heading or the names before them, at the most


@dataclass(frozen=True, slots=True)
class Chunk:
    """Passages `first` to `last` (exclusive) of those it was made of, and the words it is found by.

    `context` is what stands before them, a line each; `words` are the context and then the text of
    the passages, a line each.
    """

    first: int
    last: int
    context: str
    words: str


def divide_case(
    document: Document, case: Case, passages: Sequence[Passage], glossary: Glossary
) -> tuple[Chunk, ...]:
    """Return the chunks of a case's passages, in text order; every passage is in exactly one.

    Chunks are about equally long and none begins with what should follow a heading: a heading
    opens a chunk rather than ends one.
    """
    names = glossary.list_alike(case.company) if case.company else ()
    chunks: list[Chunk] = []
    heading = ""
    for first, last in _divide([_measure(each) for each in passages], passages):
        opening = passages[first]
        above = "" if opening.kind == "heading" else heading
        lines = [document.title, case.title, above, " ".join(dict.fromkeys((case.company, *names)))]
        plain = [make_plain(line).strip()[:_LINE] for line in lines]
        context = "\n".join(dict.fromkeys(filter(None, plain)))
        body = make_plain("\n".join(each.text for each in passages[first:last]))
        chunks.append(Chunk(first, last, context, f"{context}\n{body}".strip()))
        headings = [each.text for each in passages[first:last] if each.kind == "heading"]
        heading = headings[-1] if headings else heading
    return tuple(chunks)


def _measure(passage: Passage) -> float:
    return estimate_length(passage.text)


def _divide(lengths: Sequence[float], passages: Sequence[Passage]) -> list[tuple[int, int]]:
    """Return where chunks begin and end, filled to the least limit that needs no more of them."""
    if not lengths:
        return []
    count = len(_fill(lengths, passages, LONGEST))
    low, high = min(sum(lengths) / count, LONGEST), LONGEST
    for _ in range(8):
        middle = (low + high) / 2
        if len(_fill(lengths, passages, middle)) > count:
            low = middle
        else:
            high = middle
    return _fill(lengths, passages, high)


def _fill(
    lengths: Sequence[float], passages: Sequence[Passage], limit: float
) -> list[tuple[int, int]]:
    bounds: list[tuple[int, int]] = []
    first, filled = 0, 0.0
    for number, length in enumerate(lengths):
        if number > first and filled + length > limit:
            # headings that ended the chunk go with what they announce, unless they are all of it
            cut = number
            while cut > first + 1 and passages[cut - 1].kind == "heading":
                cut -= 1
            if passages[cut - 1].kind == "heading":
                cut = number
            bounds.append((first, cut))
            first, filled = cut, sum(lengths[cut:number])
        filled += length
    bounds.append((first, len(lengths)))
    return bounds
