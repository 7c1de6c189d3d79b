"""A small network of made-up weights for the small encoder, and that encoder with states."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from index.encoder.encoder import (
    EncodedQuery,
    Pieces,
    Progress,
    ReadChunk,
    Vectors,
    ignore_progress,
    join_pieces,
)
from index.reader.calibration import FEATURES as CALIBRATED
from index.reader.features import FEATURES
from index.reader.weights import FORMAT
from tests.fake_encoder import FakeEncoder, number_words
from training.export import write_reader
from training.network import Network

MADE = {"format": FORMAT, "command": "made up", "encoder": "fake@1", "data": {}}


class StatesEncoder(FakeEncoder):
    """The small encoder, which also gives a state for each word: the word's own vector."""

    def read_queries(self, texts: Sequence[str]) -> list[EncodedQuery]:
        """See Encoder."""
        find_part = functools.cache(lambda part: self.encode_queries([part])[0])
        rows = self.encode_queries(texts)
        return [
            EncodedQuery(row, find_part, self._read_words(text))
            for row, text in zip(rows, texts, strict=True)
        ]

    def read_chunks(
        self, chunks: Sequence[Pieces], progress: Progress = ignore_progress
    ) -> Iterator[ReadChunk]:
        """See Encoder."""
        rows = self.encode_passages([join_pieces(pieces) for pieces in chunks], progress)
        for row, pieces in zip(rows, chunks, strict=True):
            states = [self._read_words(piece) for piece in pieces]
            owners = np.repeat(np.arange(len(pieces)), [len(each) for each in states])
            yield ReadChunk(row, np.concatenate(states), owners)

    def _read_words(self, text: str) -> Vectors:
        words = number_words(text)
        made = [np.random.default_rng(word).standard_normal(self.dimension) for word in words]
        return np.array(made, np.float32).reshape(len(words), self.dimension)


def make_network(width: int = 32) -> Network:
    """Return the network, the same each time."""
    torch.manual_seed(5)
    network = Network(width, len(FEATURES), size=16, heads=2, hidden=16, match=4, drop=0.0).eval()
    network.spread.fill_(3.0)
    return network


def make_interaction(width: int = 32) -> dict[str, NDArray[Any]]:
    """Return what compares a question's states with those that the network keeps of a chunk."""
    chance = np.random.default_rng(6)
    kept = 16 + 2 * 4
    return {
        "look": chance.normal(0, 0.1, (width, kept + 1)).astype(np.float16),
        "look_shift": np.zeros(kept + 1, np.float32),
    }


@functools.cache
def _write_once() -> bytes:
    import tempfile

    weights = np.zeros(len(CALIBRATED), np.float32)
    weights[CALIBRATED.index("lead")] = 1.0
    with tempfile.TemporaryDirectory() as place:
        path = Path(place, "reader.npz")
        write_reader(make_network(), weights, make_interaction(), MADE, path)
        return path.read_bytes()


def write_small(path: Path) -> Path:
    """Write a file of the network's weights; the first time it takes some seconds."""
    path.write_bytes(_write_once())
    return path
