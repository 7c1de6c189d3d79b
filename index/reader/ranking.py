"""Passages in the order in which they answer, with what speaks for each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from corpus.records import Case, Document, Passage
from index.reader.protocol import NEVER, Reading, Text


@dataclass(frozen=True, slots=True)
class Evidence:
    """What speaks for a hit, raw.

    `dense` is the cosine of its chunk, `sentence` that of its own best sentence, `lexical` BM25 of
    its chunk by the words' rarity in public text. `overlap` and `translated`, 0 to 1, are the
    shares of the question's words, by rarity, that its chunk meets: as they are, and as the
    dictionary has them in the chunk's language.
    """

    dense: float
    sentence: float
    lexical: float
    overlap: float
    translated: float


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage found, with its place in the ranking (from 1) and the score it has it by.

    `sentences` are its sentences' scores in text order, log odds against "none of what was read
    says it", NEVER for what may not be quoted, and `score` is the best of them.
    """

    rank: int
    score: float
    passage: Passage
    case: Case
    document: Document
    evidence: Evidence
    sentences: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Found:
    """What was found and read for a question: passages, best first, and how sure the reader is.

    `lacking` are the names of the question that no text of the release holds, `known` tells whether
    the case of the best passage lacks one that is known to be a name: a company of the release, or
    what the glossary has, by none of its spellings there.
    """

    hits: tuple[Hit, ...]
    confidence: float
    lacking: tuple[str, ...] = ()
    known: bool = False


def rank(texts: Sequence[Text], reading: Reading) -> list[Hit]:
    """Return every passage of some texts as a hit, best first, ties by row."""
    found: list[tuple[float, int, Text, int, tuple[float, ...]]] = []
    for text, scores in zip(texts, reading.scores, strict=True):
        at, odds = 0, np.where(scores > NEVER, scores - reading.none, NEVER)
        for number, count in enumerate(text.counts):
            own = tuple(odds[at : at + count].tolist())
            found.append((max(own), text.rows[number], text, number, own))
            at += count
    found.sort(key=lambda each: (-each[0], each[1]))
    hits = []
    for place, (score, _, text, number, own) in enumerate(found, 1):
        candidate, first = text.candidate, sum(text.counts[:number])
        near = float(text.nearness[first : first + len(own)].max())
        evidence = Evidence(
            candidate.dense, near, candidate.lexical, candidate.overlap, candidate.translated
        )
        hits.append(
            Hit(place, score, text.passages[number], text.case, text.document, evidence, own)
        )
    return hits
