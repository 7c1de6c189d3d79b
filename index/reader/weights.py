"""The file of the bundled reader: its network, how states are projected for it, its calibration.

    made           JSON: format, command, encoder, data with hashes, licence, figures
    norm_*, in_*   the projection, float32; see Projection
    match          (w, n m) float32, of the same
    network        the bytes of the network in ONNX; see index.reader.bundled
    calibration    (f,) float32: the weights of index.reader.calibration's features

`python -m training.reader` writes it.
"""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from corpus.errors import ModelError
from index.encoder import Encoder, ReadChunk, States, Vectors

PATH = Path(__file__).with_name("reader.npz")
FORMAT = 1
MATCHES = 2  # unit vectors of each sub-word that words are compared by
# What NumPy and zipfile raise over a file that is missing, damaged or of something else.
_UNREADABLE = (
    OSError, EOFError, ValueError, KeyError, TypeError, RuntimeError, BadZipFile, zlib.error,
)  # fmt: skip
_PARTS = ("norm_weight", "norm_bias", "in_weight", "in_bias", "match")


@dataclass(frozen=True, slots=True)
class Weights:
    """What a file holds, as it lies there; see the top of this file."""

    made: Mapping[str, Any]
    projection: Projection
    network: bytes
    calibration: Vectors

    def fits(self, encoder: Encoder) -> bool:
        """Tell whether this was made for an encoder's model, in whatever precision it runs."""
        return encoder.identity.startswith(str(self.made["encoder"]))


class Projection:
    """States as the reader takes them, in 8 bits.

    Layer-normalised states (t, w) times two matrices: `size` numbers to reason with and MATCHES
    unit vectors to compare words by. Each sub-word's numbers of either kind have a scale of their
    own. `identity` changes with what it does to them.
    """

    def __init__(self, parts: Mapping[str, NDArray[Any]]) -> None:
        """Take the arrays of a file; raises ValueError where they do not fit each other."""
        arrays = [np.ascontiguousarray(parts[name], np.float32) for name in _PARTS]
        self._norm, self._shift, self._in, self._bias, self._match = arrays
        (self.width,) = self._norm.shape
        self.size = len(self._bias)
        if (self._in.shape, self._match.shape[0]) != ((self.width, self.size), self.width):
            raise ValueError("the parts of the projection do not fit each other")
        digest = hashlib.sha256(b"".join(each.tobytes() for each in arrays))
        self.identity = f"read-{digest.hexdigest()[:8]}"

    def apply(self, states: Vectors) -> tuple[Vectors, Vectors]:
        """Return (t, size) and (t, MATCHES m) float32 of (t, w) states."""
        centred = states - states.mean(axis=1, keepdims=True)
        spread = np.sqrt(np.square(centred).mean(axis=1, keepdims=True) + np.float32(1e-5))
        normed = centred / spread * self._norm + self._shift
        matched = (normed @ self._match).reshape(len(states), MATCHES, -1)
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


def read_weights(path: Path = PATH) -> Weights:
    """Read a file; raises ModelError, naming it, where it is none of this format."""
    try:
        with path.open("rb") as opened, np.load(opened, allow_pickle=False) as file:
            held = {name: file[name] for name in file.files}
        made = json.loads(str(held["made"]))
        if made["format"] != FORMAT:
            raise ValueError(f"format {made['format']}, and {FORMAT} is read here")
        str(made["encoder"])
        network = np.asarray(held["network"], np.uint8).tobytes()
        calibration = np.asarray(held["calibration"], np.float32)
        return Weights(made, Projection(held), network, calibration)
    except _UNREADABLE as error:
        raise ModelError(
            f"{path}: not a reader's weights that can be read ({error}); take it from Casebook's "
            "own files, or run `python -m training.reader`"
        ) from error


def choose_weights(
    encoder: Encoder, report: Callable[[str], None], path: Path = PATH
) -> Weights | None:
    """Return the bundled reader's weights, or None for an encoder that they were not made for.

    `report` is told in one line why there are none.
    """
    try:
        weights = read_weights(path)
    except ModelError as error:
        report(f"{error}; sentences are compared by their vectors instead")
        return None
    if weights.fits(encoder):
        return weights
    report(
        f"the bundled reader was made for {weights.made['encoder']}, not for {encoder.identity}: "
        "sentences are compared by their vectors instead"
    )
    return None
