"""What a reader is given and what it gives: chunks in, a score for every sentence out."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from corpus.records import Case, Document, Passage
from index.encoder.encoder import States, Vectors
from index.reader.stemmed import Stemmed
from index.search.candidates import Candidate
from index.search.query import Query

Floats = NDArray[np.floating[Any]]
NEVER = -1e4  # the score of what may not be chosen


@dataclass(frozen=True, slots=True, eq=False)
class Text:
    """A chunk as it is read: its passages, whose m sentences are numbered through.

    `rows` are the passages' rows in the release. `vectors` (m, d) are the sentences' unit rows,
    `nearness` (m,) their cosines with the question, `sentences` what they hold, and `states` those
    of the chunk's sub-words, piece 0 what stands before the sentences. `lacking`, 0 to 1, is the
    share of the question's names that the chunk's whole case does not have, by whatever spelling
    the glossary knows.
    """

    candidate: Candidate
    rows: tuple[int, ...]
    passages: tuple[Passage, ...]
    case: Case
    document: Document
    vectors: Vectors
    nearness: Floats
    sentences: tuple[Stemmed, ...]
    states: States
    lacking: float

    @property
    def counts(self) -> list[int]:
        """How many sentences each passage has."""
        return [len(passage.sentences) for passage in self.passages]

    @property
    def worded(self) -> NDArray[np.bool_]:
        """Which sentences (m,) say anything: have a letter or a digit and are no header."""
        said = [not each.header and any(map(str.isalnum, each.text)) for each in self.sentences]
        return np.array(said, bool)


@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """What a reader says of some texts.

    `scores` has (m,) float32 for each text, log odds of its sentences, and `none` is that of
    "none of these says it". `confidence`, 0 to 1, is how likely one of them answers; 0 where
    there are no texts.
    """

    scores: tuple[Floats, ...]
    none: float
    confidence: float

    @property
    def best(self) -> float:
        """The highest score, NEVER where there is none."""
        return max((float(each.max()) for each in self.scores if len(each)), default=NEVER)


class Reader(Protocol):
    """What finds the sentence that answers; `name` is shown in the status.

    The same question and texts give the same reading, whatever else is in the collection.
    """

    name: str

    def read(self, query: Query, texts: Sequence[Text]) -> Reading:
        """Return what is to be said of some texts, in their order."""


def judge(scores: Sequence[Floats], none: float) -> Reading:
    """Return the reading of scores that are log odds, so that they tell the confidence too."""
    reading = Reading(tuple(each.astype(np.float32) for each in scores), none, 0.0)
    if reading.best <= NEVER:
        return reading
    odds = min(max(reading.best - none, -500.0), 500.0)
    return replace(reading, confidence=1.0 / (1.0 + math.exp(-odds)))
