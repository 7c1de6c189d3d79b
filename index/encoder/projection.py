"""The states of sub-words as the bundled reader takes them, in 8 bits.

The arrays lie in the reader's file, see index.reader.weights.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from index.encoder.encoder import ReadChunk, States, Vectors

MATCHES = 2  # unit vectors of each sub-word that words are compared by
_PARTS = ("norm_weight", "norm_bias", "in_weight", "in_bias", "match")


class Projection:
    """States as the reader takes them, in 8 bits.

    Layer-normalised states (t, w) times two matrices: `size` numbers to reason with and MATCHES
    unit vectors to compare words by, of `matched` numbers in all. Each sub-word's numbers of either
    kind have a scale of their own. `identity` changes with what it does to them.
    """

    def __init__(self, parts: Mapping[str, NDArray[Any]]) -> None:
        """Take the arrays of a file; raises ValueError where they do not fit each other."""
        arrays = [np.ascontiguousarray(parts[name], np.float32) for name in _PARTS]
        self._norm, self._shift, self._in, self._bias, self.match = arrays
        (self.width,) = self._norm.shape
        self.size, self.matched = len(self._bias), self.match.shape[1]
        if (self._in.shape, self.match.shape[0]) != ((self.width, self.size), self.width):
            raise ValueError("the parts of the projection do not fit each other")
        digest = hashlib.sha256(b"".join(each.tobytes() for each in arrays))
        self.identity = f"read-{digest.hexdigest()[:8]}"

    def apply(self, states: Vectors) -> tuple[Vectors, Vectors]:
        """Return (t, size) and (t, MATCHES m) float32 of (t, w) states."""
        centred = states - states.mean(axis=1, keepdims=True)
        spread = np.sqrt(np.square(centred).mean(axis=1, keepdims=True) + np.float32(1e-5))
        normed = centred / spread * self._norm + self._shift
        matched = (normed @ self.match).reshape(len(states), MATCHES, -1)
        lengths = np.linalg.norm(matched, axis=-1, keepdims=True)
        matched = matched / np.maximum(lengths, np.float32(1e-12))
        return normed @ self._in + self._bias, matched.reshape(len(states), -1)

    def pack(self, chunk: ReadChunk) -> States:
        """Return a chunk's states as a release keeps them."""
        if chunk.states.shape[1] != self.width:
            return States.empty()
        parts = self.apply(chunk.states)
        peaks = [np.abs(each).max(axis=1, keepdims=True) for each in parts]
        scales = np.concatenate(
            [np.maximum(peak, np.float32(1e-6)) / 127 for peak in peaks], axis=1
        ).astype(np.float16)
        rows = [
            np.clip(np.round(each / scales[:, [at]].astype(np.float32)), -127, 127)
            for at, each in enumerate(parts)
        ]
        pieces = np.minimum(chunk.pieces, np.iinfo(np.uint16).max).astype(np.uint16)
        return States(np.concatenate(rows, axis=1).astype(np.int8), scales, pieces)
