"""One encoder for many askers: a bounded line, equal questions encoded once, others together."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

import numpy as np

from corpus.errors import BusyError
from index.encoder.encoder import (
    EncodedQuery,
    Encoder,
    Pieces,
    Progress,
    States,
    Vectors,
    count_cores,
    ignore_progress,
)

PLACES = 128  # questions that are encoded or wait for it
TOGETHER = 2  # questions read at once; four are answered at once too, in each other's way


class SharedEncoder(Encoder):
    """An encoder that any number of threads may ask; see Encoder.

    A thread for each core but one encodes, in the order in which questions came: the last is left
    to those who work on what was read. Where more wait than there are threads free, each takes
    several.
    """

    def __init__(self, encoder: Encoder) -> None:
        """Take the encoder that does the work; it has to be safe to share between threads."""
        self._encoder = encoder
        self.identity = encoder.identity
        self.dimension = encoder.dimension
        self.dictionary = encoder.dictionary
        threads = max(count_cores() - 1, 1)
        self._pool = ThreadPoolExecutor(threads, "encode")
        self._free, self._coming = threads, 0  # threads without work, and on their way to it
        self._waiting: deque[str] = deque()
        self._encoding: dict[str, Future[EncodedQuery]] = {}
        self._lock = threading.Lock()

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        """See Encoder; raises BusyError at once where too many questions wait."""
        rows = [query.vector for query in self.read_queries(texts)]
        return np.stack(rows) if rows else np.empty((0, self.dimension), np.float32)

    def encode_alike(self, texts: Sequence[str]) -> Vectors:
        """See Encoder; waits in no line."""
        return self._encoder.encode_alike(texts)

    def read_queries(self, texts: Sequence[str]) -> list[EncodedQuery]:
        """See Encoder; raises BusyError at once where too many questions wait."""
        return [future.result() for future in [self._submit(text) for text in texts]]

    def read_examples(self, texts: Sequence[str]) -> list[EncodedQuery]:
        """See Encoder; waits in no line."""
        return self._encoder.read_examples(texts)

    def begin_query(self, text: str) -> Callable[[], EncodedQuery]:
        """See Encoder; raises BusyError at once where too many questions wait."""
        return self._submit(text).result

    def encode_passages(
        self, texts: Sequence[str], progress: Progress = ignore_progress
    ) -> Vectors:
        """See Encoder; waits in no line."""
        return self._encoder.encode_passages(texts, progress)

    def encode_chunks(
        self, chunks: Sequence[Pieces], progress: Progress = ignore_progress
    ) -> tuple[Vectors, list[States]]:
        """See Encoder; waits in no line."""
        return self._encoder.encode_chunks(chunks, progress)

    def encode_sentences(
        self, texts: Sequence[str], progress: Progress = ignore_progress
    ) -> Vectors:
        """See Encoder; waits in no line."""
        return self._encoder.encode_sentences(texts, progress)

    def _submit(self, text: str) -> Future[EncodedQuery]:
        with self._lock:
            future = self._encoding.get(text)
            if future is None:
                if len(self._encoding) >= PLACES:
                    raise BusyError(
                        "too many questions wait to be read; ask again in a few seconds"
                    )
                future = self._encoding[text] = Future()
                self._waiting.append(text)
                if self._free:
                    self._free, self._coming = self._free - 1, self._coming + 1
                    self._pool.submit(self._work)
            return future

    def _work(self) -> None:
        """Encode what waits, until nothing does."""
        came = 1
        while True:
            with self._lock:
                self._coming -= came
                came = 0
                if not self._waiting:
                    self._free += 1
                    return
                share = -(-len(self._waiting) // (self._free + self._coming + 1))
                texts = [self._waiting.popleft() for _ in range(min(share, TOGETHER))]
            try:
                queries = self._encoder.read_queries(texts)
            except BaseException as error:  # noqa: BLE001 - whoever asked has to hear of it
                told: list[EncodedQuery | BaseException] = [error] * len(texts)
            else:
                told = list(queries)
            for text, each in zip(texts, told, strict=True):
                with self._lock:
                    future = self._encoding.pop(text)
                if isinstance(each, BaseException):
                    future.set_exception(each)
                else:
                    future.set_result(each)
