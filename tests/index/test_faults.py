"""What a reader and the next build find after a build that was killed, and during a busy hour."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest

from chatbot.engine import Engine
from chatbot.publishing.publisher import Publisher
from corpus.errors import BuildLockedError
from corpus.library import Library
from index.build import build
from index.storage.publish import Releases
from index.storage.verify import inspect
from tests.fake_encoder import FakeEncoder

ROOT = Path(__file__).parents[2]
KILLS = int(os.environ.get("TEST_KILLS", "12"))


def _start(library: Library, releases: Releases, step: int = -1) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "tests.killed_build", library.folder, releases.folder, step]
    return subprocess.Popen(list(map(str, command)), cwd=ROOT, stdout=subprocess.PIPE)


def _check(releases: Releases, allowed: set[str]) -> None:
    """What is live is one of two releases, whole, and answers."""
    live = releases.live()
    assert live in allowed
    inspect(releases.path(live))
    answer = Engine(releases, FakeEncoder).ask("When was the red bridge built?")
    assert (answer.release, answer.found) == (live, True)


def _write(library: Library, number: int) -> None:
    words = " ".join(f"Case {number} says {n} of it." for n in range(40))
    (library.folder / f"{number}.txt").write_text(f"{words}\n", "utf-8")


def _target(library: Library, place: Path) -> str:
    """Return the id of the release that the library gives, built elsewhere."""
    return build(library, Releases(place), FakeEncoder()).release


@pytest.mark.slow
def test_killed_before_every_step(library: Library, published: Releases, tmp_path: Path) -> None:
    """SIGKILL at each sync, rename and batch: the old or the new is live; the next build ends."""
    before = published.live()
    _write(library, 0)
    after = _target(library, tmp_path / "target")
    step = 0
    while True:
        with _start(library, published, step) as process:
            process.communicate(timeout=60)
        _check(published, {before, after})
        if process.returncode == 0:
            break
        assert process.returncode == -signal.SIGKILL
        step += 1
    assert step > 20
    assert published.live() == after
    assert not list(published.folder.glob(".tmp-*"))


@pytest.mark.slow
def test_killed_at_random_moments(library: Library, published: Releases, tmp_path: Path) -> None:
    """SIGKILL whenever it comes; afterwards the next build cleans up and succeeds."""
    chance = random.Random(3)  # noqa: S311 - moments, no secrets
    _write(library, 0)
    with _start(library, published) as process:
        started = time.perf_counter()
        process.communicate(timeout=60)
    whole, killed = time.perf_counter() - started, 0
    for number in range(1, KILLS + 1):
        before = published.live()
        _write(library, number)
        after = _target(library, tmp_path / f"target{number}")
        with _start(library, published) as process:
            with suppress(subprocess.TimeoutExpired):
                process.communicate(timeout=chance.uniform(0, whole * 0.9))
            process.kill()
            killed += process.wait(60) == -signal.SIGKILL
        _check(published, {before, after})
        assert build(library, published, FakeEncoder()).release == after
        assert {path.name for path in published.folder.glob(".tmp-*")} <= {".tmp-CURRENT"}
    assert killed > KILLS / 2


@pytest.mark.slow
def test_two_builds_at_once(library: Library, published: Releases) -> None:
    """One wins, the other is told which process holds the lock; a dead one holds none."""
    _write(library, 0)
    with published.draft():
        with _start(library, published) as process:
            process.communicate(timeout=60)
        assert process.returncode == 1
        with pytest.raises(BuildLockedError, match=str(os.getpid())), published.draft():
            pass
    with _start(library, published, 3) as process:
        process.communicate(timeout=60)
    assert process.returncode == -signal.SIGKILL
    assert build(library, published, FakeEncoder()).published


@pytest.mark.slow
def test_readers_never_notice_a_publish(library: Library, published: Releases) -> None:
    """Eight ask while ten releases come and two are rolled back: no error, no mixed answer."""
    engine = Engine(published, FakeEncoder)
    publisher = Publisher(library, published, FakeEncoder)
    engine.warm()
    stop = threading.Event()
    follower = threading.Thread(target=engine.follow, args=(stop,))
    follower.start()
    texts: dict[str, dict[str, str]] = {}

    def note() -> None:
        from index.storage.release import Release

        held = Release(published.path(published.live()))
        texts[held.id] = {document.sha256: document.text for document in held.documents()}

    note()
    answered: list[tuple[str, str, int, int, str]] = []

    def ask(number: int) -> int:
        asked = 0
        while not stop.is_set():
            answer = engine.ask(f"When was the red bridge built, {number}?")
            assert answer.found
            for c in answer.citations:
                place = (answer.release, c.document_sha256, c.start, c.end, c.quote)
                answered.append(place)
            asked += 1
        return asked

    with ThreadPoolExecutor(8) as pool:
        asking = [pool.submit(ask, number) for number in range(8)]
        for number in range(10):
            path = library.folder / "bridge.txt"
            path.write_text(f"News {number}.\n\n" + path.read_text("utf-8"), "utf-8")
            publisher.publish()
            note()
            if number in (4, 8):
                publisher.rollback()
            _await(lambda: engine.status().release == published.live())
        stop.set()
        assert all(done.result() > 0 for done in asking)
    follower.join(60)
    assert len({place[0] for place in answered}) > 3
    for release, document, start, end, quote in set(answered):
        assert texts[release][document][start:end] == quote


def _await(reached: object) -> None:
    assert callable(reached)
    for _ in range(400):
        if reached():
            return
        threading.Event().wait(0.02)
    raise AssertionError("not reached in 8 seconds")
