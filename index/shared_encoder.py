"""One encoder for many askers: a bounded line, equal questions encoded once.

A question is encoded on its own, not in a padded batch: in 8 bits a vector would depend on its
company, and so would the answer. What batches would gain stands in benchmarks/LOG.md.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

import numpy as np

from corpus.errors import BusyError
from index.encoder import Encoder, Progress, Vectors, count_cores, ignore_progress

PLACES = 128  # questions that are encoded or wait for it


class SharedEncoder(Encoder):
    """An encoder that any number of threads may ask; see Encoder.

    As many questions are encoded at once as there are cores, in the order in which they came.
    """

    def __init__(self, encoder: Encoder) -> None:
        """Take the encoder that does the work; it has to be safe to share between threads."""
        self._encoder = encoder
        self.identity = encoder.identity
        self.dimension = encoder.dimension
        self._pool = ThreadPoolExecutor(count_cores(), "encode")
        self._encoding: dict[str, Future[Vectors]] = {}
        self._lock = threading.Lock()

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        """See Encoder; raises BusyError at once where too many questions wait."""
        return self.begin_queries(texts)()

    def begin_queries(self, texts: Sequence[str]) -> Callable[[], Vectors]:
        """See Encoder; raises BusyError at once where too many questions wait."""
        futures = [self._submit(text) for text in texts]

        def wait() -> Vectors:
            rows = np.empty((len(texts), self.dimension), np.float32)
            for number, future in enumerate(futures):
                rows[number] = future.result()
            return rows

        return wait

    def encode_passages(
        self, texts: Sequence[str], progress: Progress = ignore_progress
    ) -> Vectors:
        """See Encoder; waits in no line."""
        return self._encoder.encode_passages(texts, progress)

    def split_subwords(self, texts: Sequence[str]) -> list[list[int]]:
        """See Encoder."""
        return self._encoder.split_subwords(texts)

    def _submit(self, text: str) -> Future[Vectors]:
        with self._lock:
            future = self._encoding.get(text)
            if future is None:
                if len(self._encoding) >= PLACES:
                    raise BusyError(
                        "too many questions wait to be read; ask again in a few seconds"
                    )
                future = self._encoding[text] = self._pool.submit(self._encode, text)
            return future

    def _encode(self, text: str) -> Vectors:
        try:
            row: Vectors = self._encoder.encode_queries([text])[0]
            return row
        finally:
            with self._lock:
                del self._encoding[text]
