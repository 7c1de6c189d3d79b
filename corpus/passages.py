"""A case to passages: its paragraphs, the long ones split and the shortest put together.

Knows no model: how long a text is for one is estimated from its characters.
"""

from __future__ import annotations

import hashlib
import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise

from corpus.language.sentences import sentence_spans
from corpus.records import Block, BlockKind, Case, Document, Entry, Passage, Sentence
from corpus.tables import BETWEEN

# A model reads 512 sub-words at once. multilingual-e5 makes 0.24 of a European letter and 0.80 of a
# Chinese sign on average; with these a little higher, 99 of 100 texts of LONGEST are read whole.
LONGEST = 450.0
_PER_LETTER, _PER_SIGN = 0.25, 0.85
# A paragraph shorter than SHORT (200 letters, 58 signs) says little alone: neighbours are joined
# while they stay below JOINED together. From SHORT on a paragraph stands alone.
SHORT, JOINED = 50.0, 150.0

Span = tuple[int, int]
_BLOCK = re.compile(r"[^\s][^\n]*+(?:\n[^\S\n]*+\S[^\n]*+)*+")  # lines up to an empty one
_LINE = re.compile(r"[^\s][^\n]*")
_BLANK = re.compile(r"\s*+")


def split_case(document: Document, case: Case, blocks: Sequence[Block]) -> tuple[Passage, ...]:
    """Return the passages of a case in text order.

    `blocks` are the document's; those within the case are used. A heading or a caption is a passage
    of its own. Ids come from the case and the words, so a paragraph added above changes none.
    """
    text = document.text
    seen: Counter[str] = Counter()
    passages = []
    for kind, (start, end) in _list_spans(text, case, blocks):
        words = text[start:end]
        seen[words] += 1
        place = f"{case.id}\n{seen[words]}\n{words}"
        passage_id = hashlib.sha256(place.encode("utf-8")).hexdigest()[:16]
        inner = [(0, len(words))] if kind == "heading" else _list_sentences(words)
        sentences = tuple(
            Sentence(start + first, start + last, words[first:last]) for first, last in inner
        )
        passages.append(
            Passage(passage_id, document.id, case.id, kind, start, end, words, sentences)
        )
    return tuple(passages)


def _list_sentences(words: str) -> list[Span]:
    """Return the spans of sentences; a table's row is one, whatever sentences its cells hold.

    A block is rows where each of its lines has cells. One that no model reads whole is cut.
    """
    spans: list[Span] = []
    reached = 0
    for start, end in _find_rows(words):
        spans += [(reached + first, reached + last) for first, last in _tile(words, reached, start)]
        spans.append((start, end))
        reached = end
    return [*spans, *((reached + a, reached + b) for a, b in _tile(words, reached, len(words)))]


def _tile(words: str, start: int, end: int) -> list[Span]:
    return sentence_spans(words[start:end]) if start < end else []


def _find_rows(words: str) -> Iterator[Span]:
    """Yield the spans of lines that are rows, each with the white space behind it."""
    if BETWEEN not in words:
        return
    for block in _BLOCK.finditer(words):
        lines = list(_LINE.finditer(words, *block.span()))
        if all(BETWEEN in line[0] for line in lines):
            for line in lines:
                start, end = line.span()
                if estimate_length(line[0]) <= LONGEST:
                    yield start, end + _measure_blank(words, end)


def _measure_blank(words: str, at: int) -> int:
    blank = _BLANK.match(words, at)
    return len(blank[0]) if blank else 0


def estimate_length(text: str) -> float:
    """Return about how many sub-words a model makes of `text`."""
    wide = 0 if text.isascii() else sum(map("\u2e80".__le__, text))
    return wide * _PER_SIGN + (len(text) - wide) * _PER_LETTER


def _list_spans(text: str, case: Case, blocks: Sequence[Block]) -> list[tuple[BlockKind, Span]]:
    spans: list[tuple[BlockKind, Span]] = []
    open_ended = False  # whether the last passage is of short paragraphs, which others may join
    first = bisect_left(blocks, case.start, key=lambda block: block.start)
    after = bisect_left(blocks, case.end, key=lambda block: block.start)
    for block in blocks[first:after]:
        span = (block.start, block.end)
        length = estimate_length(text[block.start : block.end])
        short = block.kind == "paragraph" and length < SHORT
        # furniture between two paragraphs may not be quoted with them
        if short and open_ended and not text[spans[-1][1][1] : block.start].strip():
            joined = (spans[-1][1][0], block.end)
            if estimate_length(text[joined[0] : joined[1]]) <= JOINED:
                spans[-1] = ("paragraph", joined)
                continue
        open_ended = short
        spans.extend((block.kind, part) for part in _split_long(text, span, length))
    return spans


def _split_long(text: str, span: Span, whole: float) -> list[Span]:
    """Return a block's span, or, where it is too long, those of parts of about equal length.

    Parts end with a sentence and begin and end with a character that is not white space; none is
    longer than LONGEST.
    """
    if whole <= LONGEST:
        return [span]
    first, last = span
    sentences = _list_sentences(text[first:last])
    lengths = [estimate_length(text[first + start : first + end]) for start, end in sentences]
    parts = len(_cut_at(lengths, LONGEST)) + 1
    low, high = whole / parts, LONGEST
    for _ in range(10):  # the least limit that needs no more parts makes them most alike
        middle = (low + high) / 2
        if len(_cut_at(lengths, middle)) < parts:
            high = middle
        else:
            low = middle
    cuts = [first + sentences[number][0] for number in _cut_at(lengths, high)]
    return [_trim(text, *bound) for bound in pairwise([first, *cuts, last])]


def _cut_at(lengths: Sequence[float], limit: float) -> list[int]:
    """Return the numbers of the sentences that open a new part when parts are filled to `limit`."""
    cuts: list[int] = []
    filled = 0.0
    for number, length in enumerate(lengths):
        if number and filled + length > limit:
            cuts.append(number)
            filled = 0.0
        filled += length
    return cuts


def _trim(text: str, start: int, end: int) -> Span:
    words = text[start:end]
    return start + len(words) - len(words.lstrip()), start + len(words.rstrip())


def is_searched(passage: Passage, title: str) -> bool:
    """Tell whether a passage gets a row: every one but a heading that is its case's title.

    The title stands with each hit already; as a row of its own it would take the place of what it
    announces.
    """
    return passage.kind != "heading" or passage.text.lstrip("# ") != title


def count_searched(entry: Entry) -> int:
    """Return how many passages of a document a search can find, which is how they are counted."""
    titles = {case.id: case.title for case in entry.cases}
    return sum(is_searched(passage, titles[passage.case_id]) for passage in entry.passages)
