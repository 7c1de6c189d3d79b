"""Which reader goes with an encoder where no other is named."""

from __future__ import annotations

import functools
from collections.abc import Callable

from index.encoder.encoder import Encoder
from index.reader.bundled import BundledReader
from index.reader.cosine import CosineReader
from index.reader.protocol import Reader
from index.reader.weights import choose_weights


def ignore_report(line: str) -> None:
    """Take a line and show nothing."""


@functools.lru_cache(maxsize=4)
def find_reader(encoder: Encoder, report: Callable[[str], None] = ignore_report) -> Reader:
    """Return the bundled reader where it was made for an encoder that keeps its states, or cosines.

    `report` is told why it is not the bundled one. Raises ModelError where that does not open.
    """
    weights = choose_weights(encoder, report)
    if weights is not None and weights.projection.identity in encoder.identity.split("+"):
        return BundledReader(weights)
    if weights is not None:
        report(
            f"{encoder.identity} keeps no states that the bundled reader reads: "
            "sentences are compared by their vectors instead"
        )
    return CosineReader(encoder)
