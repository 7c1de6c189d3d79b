"""A small encoder for tests: vectors without a model, and a record of what it was asked."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence

import numpy as np

from index.encoder.encoder import (
    Encoder,
    Pieces,
    Progress,
    States,
    Vectors,
    ignore_progress,
    make_unit,
)

_WORD = re.compile(r"[^\W_]+|[\u3400-\u9fff]")


class FakeEncoder(Encoder):
    """Sums a fixed random vector for each lower-case word, so texts that share words are near."""

    def __init__(self, dimension: int = 32, identity: str = "fake@1") -> None:
        """Take the width of the vectors and the identity to claim."""
        self.dimension = dimension
        self.identity = identity
        self.encoded: list[str] = []

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        """Return unit rows, as the Encoder protocol says."""
        return np.stack([self._encode(text) for text in texts])

    def encode_passages(
        self, texts: Sequence[str], progress: Progress = ignore_progress
    ) -> Vectors:
        """Return unit rows and note the texts."""
        self.encoded += texts
        for number in range(len(texts)):
            progress(number + 1, len(texts))
        rows = [self._encode(text) for text in texts]
        return np.stack(rows) if rows else np.empty((0, self.dimension), np.float32)

    def _encode(self, text: str) -> Vectors:
        total = np.full(self.dimension, 1e-3, np.float32)
        for number in number_words(text):
            total += np.random.default_rng(number).standard_normal(self.dimension)
        return make_unit(total.astype(np.float32))


class PackedEncoder(FakeEncoder):
    """The small encoder, which also keeps a state of four numbers for each word of a chunk."""

    def encode_chunks(
        self, chunks: Sequence[Pieces], progress: Progress = ignore_progress
    ) -> tuple[Vectors, list[States]]:
        """Return those of FakeEncoder, with states that depend on the word and its piece."""
        rows, _ = super().encode_chunks(chunks, progress)
        return rows, [pack_words(pieces) for pieces in chunks]


def pack_words(pieces: Pieces) -> States:
    """Return the states that PackedEncoder keeps of a chunk."""
    words = [number_words(piece) for piece in pieces]
    numbers = np.array([number for each in words for number in each], np.int64)
    return States(
        (numbers[:, None] >> np.arange(0, 20, 5)).astype(np.int8),
        (numbers[:, None] % np.array([89, 97])).astype(np.float16),
        np.repeat(np.arange(len(pieces)), [len(each) for each in words]).astype(np.uint16),
    )


def number_words(text: str) -> list[int]:
    """Return a number for each lower-case word of a text."""
    digests = (hashlib.sha256(word.encode()).digest() for word in _WORD.findall(text.lower()))
    return [int.from_bytes(digest[:3], "big") for digest in digests]
