"""Dense rows on disk and in search: exact inner product, in FAISS."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import faiss
import numpy as np
from numpy.typing import NDArray

from corpus.errors import CorruptReleaseError

Vectors = NDArray[np.float32]
_UNIT = 1e-3  # how far a row's length may be from 1


class RowsWriter:
    """Writes rows as an exact inner-product index; equal rows in equal order give equal bytes."""

    def __init__(self, path: Path, dimension: int) -> None:
        """Name the file, and the width d of its rows."""
        self._path = path
        self._index = faiss.IndexFlatIP(dimension)

    def append(self, rows: Vectors) -> None:
        """Add (n, d) float32 rows."""
        self._index.add(np.ascontiguousarray(rows))

    def close(self) -> None:
        """Write the file; raises OSError."""
        write_index(self._index, self._path)


def write_index(index: Any, path: Path) -> None:
    """Write an index into a file; raises OSError: of a full disk FAISS itself says nothing."""
    with path.open("wb") as file:
        library: Any = faiss  # its stubs lack the writer
        library.write_index(index, library.PyCallbackIOWriter(file.write))


class Rows:
    """The unit rows of one file, memory-mapped; safe to share between threads.

    `count` is n, `dimension` is d. What reads them raises CorruptReleaseError for a row that is not
    unit any more, zeroed for instance: nothing would be near to it.
    """

    def __init__(self, path: Path) -> None:
        """Open `path`; raises CorruptReleaseError where it is not such an index."""
        try:
            self._index = faiss.read_index(str(path), faiss.IO_FLAG_MMAP_IFC)
        except RuntimeError as error:
            raise CorruptReleaseError(f"{path}: not an index of rows; build again") from error
        self._path = path
        self.count = int(self._index.ntotal)
        self.dimension = int(self._index.d)
        # The mapped bytes themselves: nothing of it may outlive the index.
        size = self.count * self.dimension
        flat: Any = self._index
        rows = faiss.rev_swig_ptr(flat.get_xb(), size) if size else np.empty(0, np.float32)
        self._rows: Vectors = rows.reshape(self.count, self.dimension)

    def search(self, query: Vectors, k: int) -> tuple[NDArray[np.int64], Vectors]:
        """Return the numbers and inner products of the min(k, n) rows nearest to `query` (d,).

        Best first, ties by row; which of several equal rows stand at the cut is FAISS's choice.
        """
        k = min(k, self.count)
        if k == 0:
            return np.empty(0, np.int64), np.empty(0, np.float32)
        stay_alone()
        scores, rows = self._index.search(query[None, :], k)
        self._check_products(rows[0], scores[0])
        order = np.lexsort((rows[0], -scores[0]))
        return rows[0][order], scores[0][order]

    def take(self, numbers: NDArray[np.int64]) -> Vectors:
        """Return the rows of these numbers, (len(numbers), d) float32, in their order."""
        taken: Vectors = self._rows[numbers]
        lengths = np.sqrt(np.einsum("ij,ij->i", taken, taken))
        self._check((np.abs(lengths - 1) <= _UNIT).all())
        return taken

    def compare(self, numbers: NDArray[np.int64], query: Vectors) -> Vectors:
        """Return the inner products of the rows of these numbers with `query`, in their order.

        By FAISS, which reads rows where they are mapped: at no whole address, for which NumPy would
        copy all of them first (3,568 rows in 1.4 ms instead of 0.6).
        """
        products = np.empty(len(numbers), np.float32)
        if len(numbers):
            stay_alone()
            labels = np.ascontiguousarray(numbers, np.int64)
            asked = np.ascontiguousarray(query, np.float32)
            index: Any = self._index
            index.compute_distance_subset(
                1, faiss.swig_ptr(asked), len(labels), faiss.swig_ptr(products),
                faiss.swig_ptr(labels),
            )  # fmt: skip
            self._check_products(numbers, products)
        return products

    def _check_products(self, numbers: NDArray[np.int64], products: Vectors) -> None:
        """Look at the rows whose product is 0 or no number, which those of unit ones hardly are.

        FAISS leaves out a row whose product is no number, and gives -1 in its place.
        """
        self._check((numbers >= 0).all())
        self.take(numbers[~(np.abs(products) > 0)])

    def _check(self, unit: bool | np.bool) -> None:
        if not unit:
            raise CorruptReleaseError(f"{self._path}: a row is not unit; build again")


def stay_alone() -> None:
    """Have FAISS start no threads for this one, whose own setting it is.

    Waiting, they spin: a question cost 26 ms of processor time with them, and 12 without.
    """
    faiss.omp_set_num_threads(1)
