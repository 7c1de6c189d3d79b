"""The rows nearest to a question in a large collection: lists by neighbourhood, in 8 bits.

Up to EXACT rows every row is compared. Beyond, rows are kept a second time, a byte for each number,
in the lists of an inverted file, and a search looks into the lists nearest to the question; what it
finds is compared exactly. How many lists is measured at the build: the fewest from PROBED on
that find RECALL of the ten nearest rows of sampled questions. The file is mapped, not loaded.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import faiss
import numpy as np
from numpy.typing import NDArray

from corpus.errors import CorruptReleaseError
from index.storage.vectors import Rows, Vectors, stay_alone, write_index

# Comparing one row costs 100 ns. Of 60,000 rows, lists find the nearest no sooner.
EXACT = 100_000
DEPTH = 1000  # rows nearest to a question that a search goes on with
RECALL = 0.99
PROBED = 8
TEN = 10
SAMPLED = 200  # questions
_FILE, _FACTS = "nearest.faiss", "nearest.json"
# FAISS advises 4 to 16 times the root. Of 60,000 rows, the same part of the lists has to be looked
# into for RECALL, of 256 lists as of 1,024, whose centres take five times as long to learn.
_LISTS = 1.0  # times the root of the rows
_MORE = 1.25  # times as many lists, where those that were tried find too little
# For other questions than those that chose: of 150,000 rows and 512 lists, the 15 that found .99 of
# theirs found .9895 of others', 30 found .9965.
_SPARE = 2
_LEARNED = 40  # rows of each list that its centre is learned from; FAISS asks for 39
_ROUNDS = 8
_CHUNK = 16_384  # rows read at a time: 25 MB of 384 numbers


@dataclass(frozen=True, slots=True)
class Reach:
    """How many lists there are and are looked into, and the share of the ten nearest that finds."""

    lists: int
    probed: int
    recall: float


def write_nearest(rows: Rows, ask: Callable[[], Vectors], found: int, folder: Path) -> Reach | None:
    """Write the lists of `rows` into a release's folder, if they are many; returns their reach.

    `ask` gives the questions (q, d) that recall is measured with, where `found` rows are compared
    exactly.
    The same rows and questions give the same bytes. None where every row is better compared: for
    EXACT rows or fewer, or where no number of lists reaches RECALL.
    """
    if rows.count <= EXACT:
        return None
    stay_alone()  # sums would come in another order with every number of threads
    lists = 1 << round(np.log2(_LISTS * np.sqrt(rows.count)))
    index: Any = faiss.index_factory(rows.dimension, f"IVF{lists},SQ8", faiss.METRIC_INNER_PRODUCT)
    index.cp.niter, index.cp.min_points_per_centroid = _ROUNDS, 1
    learned = np.linspace(0, rows.count - 1, min(rows.count, _LEARNED * lists)).astype(np.int64)
    index.train(rows.take(learned))
    for first in range(0, rows.count, _CHUNK):
        index.add(rows.take(np.arange(first, min(first + _CHUNK, rows.count))))
    questions = ask()
    tenth = [rows.search(question, TEN)[1][-1] for question in questions]
    index.nprobe, recall = PROBED, 0.0
    while recall < RECALL:
        if index.nprobe >= lists:
            return None
        near = [_search(index, rows, question, found)[1][:TEN] for question in questions]
        recall = compare(near, tenth)
        index.nprobe = min(int(index.nprobe * (_MORE if recall < RECALL else _SPARE)), lists)
    reach = Reach(lists, index.nprobe, round(recall, 4))
    write_index(index, folder / _FILE)
    (folder / _FACTS).write_text(json.dumps(asdict(reach)) + "\n", "utf-8")
    return reach


def compare(near: Sequence[Vectors], tenth: Sequence[float]) -> float:
    """Return the share of TEN rows that are as near as the tenth nearest, whichever they are.

    FAISS and NumPy add the products of one row in another order, to a difference of about 1e-6.
    """
    held = [int((found >= least - 1e-5).sum()) for found, least in zip(near, tenth, strict=True)]
    return sum(held) / (TEN * len(held))


class AnnIndex:
    """The rows of one release, searched by its lists; safe to share between threads."""

    def __init__(self, rows: Rows, folder: Path) -> None:
        """Map the lists of `rows`; raises CorruptReleaseError where they are none of theirs."""
        try:
            self.reach = Reach(**json.loads((folder / _FACTS).read_bytes()))
            index: Any = faiss.read_index(str(folder / _FILE), faiss.IO_FLAG_MMAP)
        except (OSError, RuntimeError, ValueError, TypeError) as error:
            raise CorruptReleaseError(f"{folder / _FILE}: cannot be read; build again") from error
        if (index.ntotal, index.d) != (rows.count, rows.dimension):
            raise CorruptReleaseError(f"{folder / _FILE}: not of these rows; build again")
        index.invlists.prefetch_nthread = 0
        self._index, self._rows = index, rows

    def search(self, query: Vectors, k: int) -> tuple[NDArray[np.int64], Vectors]:
        """Return the numbers and inner products of at most k rows near to `query`, see Rows."""
        stay_alone()
        return _search(self._index, self._rows, query, k)


def open_nearest(rows: Rows, folder: Path) -> AnnIndex | Rows:
    """Return what finds the nearest of a release's rows: their lists, or where none are, all."""
    return AnnIndex(rows, folder) if (folder / _FACTS).exists() else rows


def _search(index: Any, rows: Rows, query: Vectors, k: int) -> tuple[NDArray[np.int64], Vectors]:
    numbers = index.search(query[None, :], min(k, rows.count))[1][0]
    numbers = np.sort(numbers[numbers >= 0])  # in the order they are mapped
    products = rows.compare(numbers, query)
    order = np.lexsort((numbers, -products))
    return numbers[order], products[order]
