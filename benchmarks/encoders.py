"""Encoders for benchmarks: one without a model, and one that counts what another does."""

from __future__ import annotations

import hashlib
import time
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


class StandIn(Encoder):
    """An encoder without a model: a vector by each text's hash, and no states."""

    identity = "stand-in@1"
    dimension = 384

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        """See Encoder."""
        return self.encode_passages(texts)

    def encode_passages(
        self, texts: Sequence[str], progress: Progress = ignore_progress
    ) -> Vectors:
        """See Encoder."""
        rows = np.empty((len(texts), self.dimension), np.float32)
        for number, text in enumerate(texts):
            seed = int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")
            generator = np.random.default_rng(seed)
            rows[number] = make_unit(generator.standard_normal(self.dimension, np.float32))
            progress(number + 1, len(texts))
        return rows


class Counted(Encoder):
    """An encoder that counts the texts it encodes for a release, and the seconds that takes."""

    def __init__(self, encoder: Encoder) -> None:
        """Take the encoder that does the work."""
        self._encoder = encoder
        self.identity = encoder.identity
        self.dimension = encoder.dimension
        self.texts = 0
        self.seconds = 0.0

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        """See Encoder."""
        return self._encoder.encode_queries(texts)

    def encode_passages(
        self, texts: Sequence[str], progress: Progress = ignore_progress
    ) -> Vectors:
        """See Encoder; not counted, as no release holds them."""
        return self._encoder.encode_passages(texts, progress)

    def encode_chunks(
        self, chunks: Sequence[Pieces], progress: Progress = ignore_progress
    ) -> tuple[Vectors, list[States]]:
        """See Encoder."""
        started = time.perf_counter()
        made = self._encoder.encode_chunks(chunks, progress)
        self._count(started, len(chunks))
        return made

    def encode_sentences(
        self, texts: Sequence[str], progress: Progress = ignore_progress
    ) -> Vectors:
        """See Encoder."""
        started = time.perf_counter()
        rows = self._encoder.encode_sentences(texts, progress)
        self._count(started, len(texts))
        return rows

    def _count(self, started: float, texts: int) -> None:
        self.seconds += time.perf_counter() - started
        self.texts += texts
