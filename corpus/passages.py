"""A case to passages: the paragraphs, the long ones split and the shortest put together."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

from corpus.language import sentence_spans
from corpus.records import Block, BlockKind, Case, Document, Passage, Sentence

# A model reads 512 sub-words at once. English needs about one for 4 letters, Chinese two for 3
# signs; a paragraph of up to LONGEST by that estimate stays whole.
LONGEST = 450.0
_PER_LETTER, _PER_SIGN = 0.25, 0.67
# A line shorter than SHORT says little alone, so neighbours are joined up to JOINED sub-words.
SHORT, JOINED = 50.0, 150.0

Span = tuple[int, int]


def split_case(document: Document, case: Case, blocks: Sequence[Block]) -> tuple[Passage, ...]:
    """Return the passages of a case in text order.

    `blocks` are the document's; those within the case are used. A heading or a caption is a passage
    of its own. Ids come from the case and the words, so a paragraph added above changes none.
    """
    text = document.text
    spans: list[tuple[BlockKind, Span]] = []
    for block in blocks:
        if not case.start <= block.start < case.end:
            continue
        span = (block.start, block.end)
        if block.kind != "paragraph":
            spans.append((block.kind, span))
        elif spans and _belongs(text, spans[-1], span):
            spans[-1] = ("paragraph", (spans[-1][1][0], span[1]))
        else:
            spans.extend(("paragraph", part) for part in split_long(text, span))
    seen: Counter[str] = Counter()
    passages = []
    for kind, (start, end) in spans:
        words = text[start:end]
        seen[words] += 1
        place = f"{case.id}\n{seen[words]}\n{words}"
        passage_id = hashlib.sha256(place.encode("utf-8")).hexdigest()[:16]
        inner = [(0, len(words))] if kind != "paragraph" else sentence_spans(words)
        sentences = tuple(
            Sentence(start + first, start + last, words[first:last]) for first, last in inner
        )
        passages.append(
            Passage(passage_id, document.id, case.id, kind, start, end, words, sentences)
        )
    return tuple(passages)


def estimate_length(text: str) -> float:
    """Return about how many sub-words a model makes of `text`."""
    wide = sum(character >= "\u2e80" for character in text)
    return wide * _PER_SIGN + (len(text) - wide) * _PER_LETTER


def split_long(text: str, span: Span) -> list[Span]:
    """Return a paragraph's span, or, where it is too long, parts of about equal length.

    Parts end with a sentence and begin and end with a character that is not white space.
    """
    start, end = span
    whole = estimate_length(text[start:end])
    if whole <= LONGEST:
        return [span]
    share = whole / -(-whole // LONGEST)
    cuts: list[int] = []
    held, part = 0.0, 0
    for begins, ends in sentence_spans(text[start:end]):
        length = estimate_length(text[start + begins : start + ends])
        middle = int((held + length / 2) / share)
        if middle > part and begins:
            cuts.append(start + begins)
            part = middle
        held += length
    bounds = [start, *cuts, end]
    return [_trim(text, *bound) for bound in pairwise(bounds)]


def _belongs(text: str, before: tuple[BlockKind, Span], span: Span) -> bool:
    kind, (start, end) = before
    if kind != "paragraph":
        return False
    last = text[start:end]
    return (
        estimate_length(text[span[0] : span[1]]) < SHORT
        and estimate_length(last) + estimate_length(text[span[0] : span[1]]) <= JOINED
        and estimate_length(last[last.rfind("\n") + 1 :]) < SHORT
    )


def _trim(text: str, start: int, end: int) -> Span:
    words = text[start:end]
    return start + len(words) - len(words.lstrip()), end - (len(words) - len(words.rstrip()))
