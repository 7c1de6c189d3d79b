"""How much a word tells, whatever the collection: its rarity in public texts and questions.

A weight that came from the collection itself would change with every document added, and with it
every score. So words are weighed by a background of public paragraphs and of the questions asked of
them, in thirteen languages: `rarity.npz` holds how many of them have each term, and `python -m
training.rarity` makes it. As questions are among them, words that only ask weigh little in all of
these languages. Measured on XQuAD, words weighed so find as well as by the collection's own counts;
benchmarks/LOG.md has the figures.
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

PATH = Path(__file__).with_name("rarity.npz")
_LOW = 0xFFFFFFFF


@functools.lru_cache(maxsize=65_536)
def hash_term(term: str) -> int:
    """Return the number of a term: 63 bits of its BLAKE2b."""
    digest = hashlib.blake2b(term.encode("utf-8", "replace"), digest_size=8).digest()
    return int.from_bytes(digest, "little") >> 1


class Rarity:
    """Of how many of `count` background texts hold a term, by the low 32 bits of its number."""

    def __init__(self, count: int, numbers: NDArray[np.uint32], held: NDArray[np.uint16]) -> None:
        """Take the (t,) numbers, ascending, and of how many texts each is held."""
        self.count = count
        self._held = dict(zip(numbers.tolist(), held.tolist(), strict=True))

    def weigh(self, terms: Iterable[str]) -> float:
        """Return ln(1 + (n - h + .5) / (h + .5)) of terms that mean the same, held by h of n texts.

        That is BM25's idf (Robertson and Zaragoza 2009, 3.1); of several terms h is the sum, n at
        the most. A term that is too rare for the table counts as held by none.
        """
        held = min(sum(self._held.get(hash_term(term) & _LOW, 0) for term in terms), self.count)
        return float(np.log1p((self.count - held + 0.5) / (held + 0.5)))


@functools.cache
def load_rarity() -> Rarity:
    """Return the background that comes with Casebook."""
    with np.load(PATH, allow_pickle=False) as file:
        return Rarity(int(file["count"]), file["numbers"], file["held"])
