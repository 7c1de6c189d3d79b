"""Late interaction: a question's sub-words, each compared with all of a chunk's.

One vector says what a chunk is about, and a question that words it another way may be near to many.
So the best candidates are compared once more, word by word (ColBERT, Khattab and Zaharia 2020):
each sub-word of the question looks for the one of the chunk that is most alike, and the best are
added up, weighed by how much each tells. The chunk's side is what a release keeps for the reader;
the question's is learned (training/late_interaction.py) and lies in the reader's file. The score is
of the question and the chunk alone. benchmarks/LOG.md has the figures.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from index.encoder.encoder import States, Vectors
from index.search.candidates import Candidate

COMPARED = 32  # of the best candidates
# As it is trained, to tell apart what was found, it counts too much beside everything else.
WEIGHT = 0.3


class LateInteraction:
    """See the top of this file; safe to share between threads.

    Of a sub-word's numbers, those to reason with are compared as a unit vector, the others as they
    are: unit vectors already.
    """

    def __init__(self, parts: Mapping[str, NDArray[Any]], size: int, matched: int) -> None:
        """Take the arrays of a file; raises ValueError where they do not fit each other.

        `size` and `matched` are how many numbers of each kind a chunk's sub-words are kept as.
        """
        self._look = np.ascontiguousarray(parts["look"], np.float32)
        self._shift = np.ascontiguousarray(parts["look_shift"], np.float32)
        self._size, self._compared = size, size + matched
        if (self._look.shape[1:], self._shift.shape) != ((self._compared + 1,),) * 2:
            raise ValueError("what compares sub-words does not fit the projection")
        if not (np.isfinite(self._look).all() and np.isfinite(self._shift).all()):
            raise ValueError("what compares sub-words is no numbers")

    def order(
        self, asked: Vectors, found: Sequence[Candidate], chunks: Iterable[States]
    ) -> list[Candidate]:
        """Return candidates by their score and how alike their sub-words are, ties by number.

        `asked` (q, v) are the question's states and `chunks` those of the candidates, in order.
        """
        scores = [
            one.score + WEIGHT * alike
            for one, alike in zip(found, self.compare(asked, chunks), strict=True)
        ]
        order = sorted(range(len(found)), key=lambda at: (-scores[at], found[at].chunk))
        return [found[at] for at in order]

    def compare(self, asked: Vectors, chunks: Iterable[States]) -> list[float]:
        """Return how alike a question and each of some chunks are; 0 for one without states.

        Chunk by chunk: a product of several may add in another order than that of one.
        """
        if not len(asked) or asked.shape[1] != len(self._look):
            return [0.0 for _ in chunks]
        centred = asked - asked.mean(axis=1, keepdims=True)
        spread = np.sqrt(np.square(centred).mean(axis=1, keepdims=True) + np.float32(1e-5))
        made = (centred / spread) @ self._look + self._shift
        looked, weights = made[:, :-1].T, np.exp(made[:, -1] - made[:, -1].max())
        weights /= weights.sum()
        alike = []
        for states in chunks:
            if states.rows.shape[1] != self._compared or not len(states.rows):
                alike.append(0.0)
                continue
            rows = states.rows.astype(np.float32)
            told, match = rows[:, : self._size], rows[:, self._size :]
            lengths = np.maximum(np.sqrt(np.einsum("tc,tc->t", told, told)), np.float32(1e-6))
            every = told @ looked[: self._size] / lengths[:, None]
            every += match @ looked[self._size :] * states.scales[:, 1:].astype(np.float32)
            alike.append(float(every.max(axis=0) @ weights))
        return alike
