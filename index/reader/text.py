"""What a reader is given and what it gives: chunks in, a score for every sentence out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from corpus.records import Case, Document, Passage
from index.encoder import States, Vectors
from index.reader.stemmed import Stemmed
from index.search.candidates import Candidate
from index.search.query import Query

Floats = NDArray[np.floating[Any]]


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


@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """What a reader says of some texts.

    `scores` has (m,) float32 for each text, log odds of its sentences, and `none` is that of
    "none of these says it". `confidence`, 0 to 1, is how likely the best sentence answers.
    """

    scores: tuple[Floats, ...]
    none: float
    confidence: float


class Reader(Protocol):
    """What finds the sentence that answers; `name` is shown in the status.

    The same question and texts give the same reading, whatever else is in the collection.
    """

    name: str

    def read(self, query: Query, texts: Sequence[Text]) -> Reading:
        """Return what is to be said of one or more texts, in their order."""
