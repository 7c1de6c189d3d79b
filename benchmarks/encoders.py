"""Encoders for benchmarks: one without a model, and one that counts what another does."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from index.encoder import Encoder, Progress, Vectors, ignore_progress, make_unit, prepare_text
from index.splitter import open_splitter


class StandIn(Encoder):
    """An encoder without a model: a vector by each text's hash, sub-words by the real tokenizer."""

    identity = "stand-in@1"
    dimension = 384

    def __init__(self, folder: Path) -> None:
        """Take an exported model's folder, for its sub-words."""
        self._splitter = open_splitter(folder)

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

    def split_subwords(self, texts: Sequence[str]) -> list[list[int]]:
        """See Encoder."""
        return [self._splitter.split(prepare_text(text).lower()) for text in texts]


class Counted(Encoder):
    """An encoder that counts the texts it encodes for passages, and the seconds that takes."""

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
        """See Encoder."""
        started = time.perf_counter()
        rows = self._encoder.encode_passages(texts, progress)
        self.seconds += time.perf_counter() - started
        self.texts += len(texts)
        return rows

    def split_subwords(self, texts: Sequence[str]) -> list[list[int]]:
        """See Encoder."""
        return self._encoder.split_subwords(texts)
