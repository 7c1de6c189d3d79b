"""index.encoder.shared_encoder: many askers, equal questions once, a bounded line."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from corpus.errors import BusyError
from index.encoder import shared_encoder as module
from index.encoder.encoder import States, Vectors
from index.encoder.shared_encoder import SharedEncoder
from tests.fake_encoder import FakeEncoder


class Held(FakeEncoder):
    """An encoder that notes its questions, and waits for `go` before it answers one."""

    def __init__(self) -> None:
        """Start with nothing asked, and held."""
        super().__init__()
        self.asked: list[str] = []
        self.together: list[int] = []
        self.begun = threading.Semaphore(0)
        self.go = threading.Event()
        self.error: BaseException | None = None

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        """Note, wait and encode, or fail as it was told to."""
        self.asked += texts
        self.together.append(len(texts))
        self.begun.release()
        self.go.wait(60)
        if self.error is not None:
            raise self.error
        return super().encode_queries(texts)


@pytest.fixture
def held() -> Iterator[Held]:
    """An encoder to hold up; let go at the end."""
    encoder = Held()
    yield encoder
    encoder.go.set()


def test_vectors_are_those_of_the_encoder(encoder: FakeEncoder) -> None:
    """Asked by many at once, each gets the vectors of its own texts, in its own order."""
    shared = SharedEncoder(encoder)
    assert (shared.identity, shared.dimension) == (encoder.identity, encoder.dimension)
    asked = [[f"question {n % 7}", f"of {n}"] for n in range(60)]
    with ThreadPoolExecutor(16) as pool:
        for texts, rows in zip(asked, pool.map(shared.encode_queries, asked), strict=True):
            assert (rows == encoder.encode_queries(texts)).all()
    assert (shared.encode_passages(["tea"]) == encoder.encode_passages(["tea"])).all()
    made = encoder.encode_queries(["c tea"]), [States.empty()]
    encoder.encode_chunks = lambda *_: made  # type: ignore[method-assign]
    encoder.encode_sentences = lambda texts, *_: encoder.encode_queries([f"s {t}" for t in texts])  # type: ignore[method-assign]
    assert shared.encode_chunks([("of tea", "tea")]) is made
    assert (shared.encode_sentences(["tea"]) == encoder.encode_queries(["s tea"])).all()
    assert (shared.encode_alike(["tea"]) == encoder.encode_queries(["tea"])).all()
    assert shared.dictionary is encoder.dictionary
    assert shared.encode_queries([]).shape == (0, encoder.dimension)


def test_equal_questions_are_encoded_once(held: Held) -> None:
    """Asked while it is encoded, a question waits for the one vector; later it is encoded anew."""
    shared = SharedEncoder(held)
    with ThreadPoolExecutor(8) as pool:
        first = pool.submit(shared.encode_queries, ["tea"])
        assert held.begun.acquire(timeout=60)
        others = [shared._submit("tea") for _ in range(5)]
        held.go.set()
        rows = [first.result(60)[0], *(other.result(60).vector for other in others)]
    assert held.asked == ["tea"]
    assert all((row == rows[0]).all() for row in rows)
    assert shared.encode_queries(["tea"]).shape == (1, held.dimension)
    assert held.asked == ["tea", "tea"]


def test_a_full_line_is_told_at_once(held: Held, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond its places nobody waits, and afterwards there is room again."""
    monkeypatch.setattr(module, "PLACES", 3)
    shared = SharedEncoder(held)
    waiting = [shared._submit(f"question {n}") for n in range(3)]
    with pytest.raises(BusyError, match="few seconds"):
        shared.encode_queries(["one more"])
    shared._submit("question 0")  # an equal one takes no place
    held.go.set()
    for future in waiting:
        future.result(60)
    assert np.isfinite(shared.encode_queries(["one more"])).all()


@pytest.mark.parametrize(("cores", "threads"), [(1, 1), (2, 1), (3, 2), (8, 7)])
def test_a_core_is_left_to_the_others(
    held: Held, monkeypatch: pytest.MonkeyPatch, cores: int, threads: int
) -> None:
    """Those who find no thread wait in line, and are read together, a few at a time, in order."""
    monkeypatch.setattr(module, "count_cores", lambda: cores)
    shared = SharedEncoder(held)
    waiting = [shared._submit(f"question {n}") for n in range(threads)]
    for _ in range(threads):
        assert held.begun.acquire(timeout=60)
    assert held.together == [1] * threads  # while threads are free, each takes one
    waiting += [shared._submit(f"question {n}") for n in range(threads, threads + 40)]
    assert not held.begun.acquire(timeout=0.1)
    held.go.set()
    for future in waiting:
        future.result(60)
    assert sorted(held.asked) == sorted(f"question {n}" for n in range(threads + 40))
    assert max(held.together) == module.TOGETHER
    for number, future in enumerate(waiting):
        row = held.encode_queries([f"question {number}"])[0]
        assert (future.result().vector == row).all()


@pytest.mark.parametrize("error", [MemoryError("no room"), SystemExit("gone")])
def test_an_encoder_that_fails_holds_up_nobody(held: Held, error: BaseException) -> None:
    """Every asker hears of it, even where it would have ended the thread; the next is answered."""
    shared = SharedEncoder(held)
    held.error = error
    held.go.set()
    for future in [shared._submit(f"question {n % 4}") for n in range(12)]:
        with pytest.raises(type(error)):
            future.result(60)
    held.error = None
    assert shared.encode_queries(["tea"]).shape == (1, held.dimension)
