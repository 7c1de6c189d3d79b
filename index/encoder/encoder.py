"""What the index needs of a model, and the records of what a model has read."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from index.languages.dictionary import Dictionary

Vectors = NDArray[np.float32]
Pieces = Sequence[str]  # the parts of a chunk: what stands before it, then its sentences
Progress = Callable[[int, int], None]


def ignore_progress(done: int, total: int) -> None:
    """Take a step's report and show nothing."""


@dataclass(frozen=True, slots=True)
class EncodedQuery:
    """A question as a model has read it.

    `vector` (d,) is its float32 unit vector; `find_part` returns that of a part of it, which is the
    question with words left out. `states` (t, w) float32 are those of its sub-words, special ones
    and the prompt left out, none where the model gives none.
    """

    vector: Vectors
    find_part: Callable[[str], Vectors]
    states: Vectors = field(default_factory=lambda: np.empty((0, 0), np.float32))


@dataclass(frozen=True, slots=True)
class ReadChunk:
    """A chunk as a model has read it: its unit vector (d,) and the states (t, w) of its sub-words.

    Special ones and the prompt are left out; `pieces` (t,) int64 is the number of the piece of the
    chunk that each belongs to. No states where the model gives none.
    """

    vector: Vectors
    states: Vectors
    pieces: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class States:
    """The states of a chunk's sub-words as a release keeps them, for the reader.

    `rows` (t, w) int8 and `scales` (t, 2) float16 are as index.reader.projection makes them of
    the states; `pieces` (t,) uint16 are as in ReadChunk.
    """

    rows: NDArray[np.int8]
    scales: NDArray[np.float16]
    pieces: NDArray[np.uint16]

    @classmethod
    def empty(cls) -> States:
        """Return those of a chunk that no reader of states reads."""
        return cls(np.empty((0, 0), np.int8), np.empty((0, 2), np.float16), np.empty(0, np.uint16))


class Encoder(Protocol):
    """What the index needs of a model; the tests bring a small one of their own.

    `identity` names the model, its files' bytes and the preparation of texts: vectors of equal
    identity can be compared. `dimension` is the width d of the vectors. `dictionary` has the
    words of a question in other languages.
    """

    identity: str
    dimension: int
    dictionary: Dictionary = Dictionary.empty()

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        """Return (n, d) float32 unit rows, one for each question, in order."""

    def encode_alike(self, texts: Sequence[str]) -> Vectors:
        """Return (n, d) float32 unit rows of texts that are compared with each other."""
        return self.encode_queries(texts)

    def read_queries(self, texts: Sequence[str]) -> list[EncodedQuery]:
        """Return questions as they are read, in order; here a part is encoded by itself."""
        find_part = cache(lambda part: self.encode_queries([part])[0])
        return [EncodedQuery(row, find_part) for row in self.encode_queries(texts)]

    def read_examples(self, texts: Sequence[str]) -> list[EncodedQuery]:
        """Return texts that questions are compared with, read as these are, in order."""
        return self.read_queries(texts)

    def begin_query(self, text: str) -> Callable[[], EncodedQuery]:
        """Begin to read a question, if others can do it meanwhile; what is returned waits."""
        return lambda: self.read_queries([text])[0]

    def encode_passages(self, texts: Sequence[str], progress: Progress = ...) -> Vectors:
        """Return (n, d) float32 unit rows, one for each text, in order."""

    def encode_chunks(
        self, chunks: Sequence[Pieces], progress: Progress = ignore_progress
    ) -> tuple[Vectors, list[States]]:
        """Return (n, d) float32 unit rows of chunks, to be compared with questions, and states.

        A chunk comes in pieces, that are one text but for the states.
        """
        rows = self.encode_passages([join_pieces(pieces) for pieces in chunks], progress)
        return rows, [States.empty() for _ in chunks]

    def read_chunks(
        self, chunks: Sequence[Pieces], progress: Progress = ignore_progress
    ) -> Iterator[ReadChunk]:
        """Give chunks as they are read, in order."""
        rows = self.encode_passages([join_pieces(pieces) for pieces in chunks], progress)
        for row in rows:
            yield ReadChunk(row, np.empty((0, 0), np.float32), np.empty(0, np.int64))

    def encode_sentences(
        self, texts: Sequence[str], progress: Progress = ignore_progress
    ) -> Vectors:
        """Return (n, d) float32 unit rows of sentences, to be compared with questions."""
        return self.encode_passages(texts, progress)

    def __hash__(self) -> int:
        """Return a number by which what an encoder made is found again."""
        return object.__hash__(self)


def join_pieces(pieces: Pieces) -> str:
    """Return a chunk's pieces as one text, a line each."""
    return "\n".join(filter(None, pieces))


def count_cores() -> int:
    """Return how many cores this process may use, at most 8: a passage keeps no more busy."""
    allowed = getattr(os, "sched_getaffinity", None)
    return min(len(allowed(0)) if allowed else os.cpu_count() or 1, 8)


def make_unit(vectors: Vectors) -> Vectors:
    """Return vectors (..., d) at length 1; one of length 0 stays as it is."""
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    units: Vectors = vectors / np.maximum(lengths, np.float32(1e-12))
    return units
