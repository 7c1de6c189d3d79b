"""Which reader goes with an encoder where no other is named, and what compares sub-words."""

from __future__ import annotations

import functools
from collections.abc import Callable

from index.encoder.encoder import Encoder
from index.reader.bundled import BundledReader
from index.reader.cosine import CosineReader
from index.reader.protocol import Reader
from index.reader.weights import Weights, choose_weights
from index.search.late_interaction import LateInteraction


def ignore_report(line: str) -> None:
    """Take a line and show nothing."""


@functools.lru_cache(maxsize=4)
def find_reader(encoder: Encoder, report: Callable[[str], None] = ignore_report) -> Reader:
    """Return the bundled reader where it was made for an encoder that keeps its states, or cosines.

    `report` is told why it is not the bundled one. Raises ModelError where that does not open.
    """
    weights = choose_weights(encoder, report)
    if weights is not None and _are_kept(weights, encoder):
        return BundledReader(weights)
    if weights is not None:
        report(
            f"{encoder.identity} keeps no states that the bundled reader reads: "
            "sentences are compared by their vectors instead"
        )
    return CosineReader(encoder)


@functools.lru_cache(maxsize=4)
def find_interaction(encoder: Encoder) -> LateInteraction | None:
    """Return what compares sub-words, or None for an encoder that keeps no states it was made for.

    Nothing is told of that here; who opens the reader is told.
    """
    weights = choose_weights(encoder, ignore_report)
    return weights.interaction if weights is not None and _are_kept(weights, encoder) else None


def _are_kept(weights: Weights, encoder: Encoder) -> bool:
    return weights.projection.identity in encoder.identity.split("+")
