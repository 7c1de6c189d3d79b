"""The file of the bundled reader: its network, how states are projected for it, its calibration.

    made           JSON: format, command, encoder, data with hashes, licence, figures
    norm_*, in_*   the projection, float32; see Projection
    match          (w, n m) float32, of the same
    network        the bytes of the network in ONNX; see index.reader.bundled
    calibration    (f,) float32: the weights of index.reader.calibration's features
    look, look_shift   see index.search.late_interaction

`python -m training.reader` writes it.
"""

from __future__ import annotations

import json
import tokenize
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np

from corpus.errors import ModelError
from index.encoder.encoder import Encoder, Vectors
from index.encoder.projection import Projection
from index.search.late_interaction import LateInteraction

PATH = Path(__file__).with_name("reader.npz")
FORMAT = 2
# What NumPy and zipfile raise over a file that is missing, damaged or of something else.
_UNREADABLE = (
    OSError, EOFError, ValueError, KeyError, TypeError, RuntimeError, MemoryError, SyntaxError,
    tokenize.TokenError, BadZipFile, zlib.error,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Weights:
    """What a file holds, as it lies there; see the top of this file."""

    made: Mapping[str, Any]
    projection: Projection
    network: bytes
    calibration: Vectors
    interaction: LateInteraction

    def fits(self, encoder: Encoder) -> bool:
        """Tell whether this was made for an encoder's model, in whatever precision it runs."""
        return encoder.identity.startswith(str(self.made["encoder"]))


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
        if not np.isfinite(calibration).all():
            raise ValueError("its calibration is no numbers")
        projection = Projection(held)
        interaction = LateInteraction(held, projection.size, projection.matched)
        return Weights(made, projection, network, calibration, interaction)
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
