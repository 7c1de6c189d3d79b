"""milvus: vectors in a real Milvus server on loopback, and in a file of milvus-lite."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from chatbot.cli import main
from chatbot.engine import Engine
from chatbot.settings import Settings, read_settings
from chatbot.web.error_responses import status_of
from corpus.errors import StoreError, UsageError
from corpus.library import Library
from index.build import build
from index.searcher import Searcher
from index.storage.milvus import Milvus, MilvusRows
from index.storage.publish import Releases
from index.storage.release import Release
from tests.fake_encoder import FakeEncoder
from tests.web_server import find_port, listens

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")
QUESTIONS = (
    "Who built the red bridge?", "How many trains cross the river?", "When is tea picked?",
    "Where does green tea grow?", "What is made of oak?", "农民工作几小时？", "old bridge age",
)  # fmt: skip
PORTS = (
    "etcd", "root-coord", "proxy-internal", "query-coord", "query-node", "index-coord",
    "index-node", "data-coord", "data-node",
)  # fmt: skip


class Server:
    """A Milvus server of its own, in a folder that outlives it."""

    def __init__(self, folder: Path) -> None:
        """Choose a port; nothing is started."""
        self.folder, self.port = folder, find_port()
        self.uri = f"http://127.0.0.1:{self.port}"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and wait until it takes connections.

        Killed, it leaves a lease of a minute behind, which may end the next one: then again.
        """
        for _ in range(4):
            if self._try():
                return
            self.kill()
        raise AssertionError("Milvus does not listen")

    def _try(self) -> bool:
        ports = {name: find_port() for name in PORTS}
        command = [
            str(Path(sys.executable).with_name("milvus-server")), "--data", str(self.folder),
            f"--proxy-port={self.port}", *(f"--{name}-port={ports[name]}" for name in PORTS),
        ]  # fmt: skip
        self._process = subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
            env={**os.environ, "METRICS_PORT": str(find_port())},
        )  # fmt: skip
        end = time.monotonic() + 30
        while time.monotonic() < end and self._process.poll() is None:
            if listens(self.port):
                return True
            time.sleep(0.1)
        return False

    def kill(self) -> None:
        """Kill it with all its children, if it runs."""
        if self._process is not None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait(60)
            self._process = None


@pytest.fixture(scope="module")
def server(server_process: None) -> Iterator[Server]:
    """A server that runs; a test that kills it starts it again."""
    folder = Path(tempfile.mkdtemp(prefix="milvus"))  # its paths have to be short
    server = Server(folder)
    try:
        server.start()
        yield server
    finally:
        server.kill()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(params=["server", "file"])
def store(request: pytest.FixtureRequest, server_process: None, tmp_path: Path) -> Milvus:
    """An empty store of either kind."""
    if request.param == "file":
        return Milvus(str(tmp_path / "casebook.db"))
    store = Milvus(request.getfixturevalue("server").uri)
    store.keep([])
    return store


def count(store: Milvus) -> int:
    """Return how many collections there are."""
    return len(store.call("list_collections"))


def open_both(folder: Path, store: Milvus, release_id: str) -> tuple[Release, Release]:
    """Return a release as the folder has it, and with its vectors in Milvus."""
    plain = Releases(folder).open(release_id)
    kept = Releases(folder, store).open(release_id)
    assert isinstance(kept.chunks, MilvusRows)
    return plain, kept


def test_the_same_is_found(
    library: Library, encoder: FakeEncoder, tmp_path: Path, store: Milvus
) -> None:
    """The same hits in the same order with the same scores, however many are asked for."""
    releases = Releases(tmp_path / "releases", store)
    release_id = build(library, releases, encoder).release
    plain, kept = open_both(tmp_path / "releases", store, release_id)
    for question in QUESTIONS:
        for k in (1, 3, 50):
            hits = [Searcher(each, encoder).search(question, k) for each in (plain, kept)]
            assert [hit.passage for hit in hits[0]] == [hit.passage for hit in hits[1]]
            for one, other in zip(*hits, strict=True):
                assert one.score == pytest.approx(other.score, abs=1e-3)
                assert one.sentences == pytest.approx(other.sentences, abs=1e-3)
    query = encoder.encode_queries(QUESTIONS[:1])[0]
    for rows in ("chunks", "sentences"):
        here, there = getattr(plain, rows), getattr(kept, rows)
        last = here.count - 1
        numbers = np.array([last, 0, last, last // 2])
        np.testing.assert_allclose(here.take(numbers), there.take(numbers), atol=1e-6)
        for asked in (numbers[:2], np.arange(last + 1), numbers[:0]):
            np.testing.assert_allclose(
                here.compare(asked, query), there.compare(asked, query), atol=1e-5
            )


def test_the_nearest_of_many_are_found_there(
    library: Library, encoder: FakeEncoder, tmp_path: Path, store: Milvus,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """Where not every chunk is compared, Milvus says which are near; filtered or not."""
    for number, name in enumerate(("ant", "bee", "cat", "dog", "eel", "fox", "gnu", "hen")):
        text = f"The {name} lives in house number {number}.\n"
        (library.folder / f"{name}.txt").write_text(text, "utf-8")
    for name, value in (("DEPTH", 3), ("NEAR", 2)):
        monkeypatch.setattr(f"index.search.candidates.{name}", value)
    release_id = build(library, Releases(tmp_path / "releases", store), encoder).release
    plain, kept = open_both(tmp_path / "releases", store, release_id)
    here, there = Searcher(plain, encoder), Searcher(kept, encoder)
    every = range(len(plain.cases()))
    for name in ("ant", "fox", "hen"):
        for cases in (None, every):
            asked = f"Does the {name} live in a house?"
            hits = [each.search(asked, 1, cases) for each in (here, there)]
            assert [hit.document.name for (hit,) in hits] == [f"{name}.txt"] * 2
            assert hits[0][0].evidence.sentence == pytest.approx(hits[1][0].evidence.sentence, 1e-5)


def test_publish_rollback_and_prune(
    library: Library, encoder: FakeEncoder, tmp_path: Path, store: Milvus
) -> None:
    """The aliases name what is live; an engine follows; what is pruned is dropped."""
    releases = Releases(tmp_path / "releases", store)
    engine = Engine(releases, lambda: encoder)
    first = build(library, releases, encoder).release
    assert store.live() == first
    assert engine.ask("Who built the red bridge?").release == first
    (library.folder / "new.txt").write_text("New\n\nA yellow bridge opened in 2020.\n", "utf-8")
    second = build(library, releases, encoder).release
    assert store.live() == second != first
    assert engine.ask("When did the yellow bridge open?").release == second
    assert releases.rollback() == first == store.live()
    assert engine.ask("Who built the red bridge?").release == first
    assert count(store) == 4
    assert releases.prune(0) == [second]
    assert count(store) == 2
    assert engine.ask("Which bridge is red?").release == first


def test_what_was_not_filled_to_its_end_is_filled_again(
    library: Library, encoder: FakeEncoder, tmp_path: Path, store: Milvus
) -> None:
    """Rows that are missing, or a whole collection: the folder still has them."""
    releases = Releases(tmp_path / "releases", store)
    release_id = build(library, releases, encoder).release

    def find() -> list[str]:
        searcher = Searcher(releases.open(release_id), encoder)
        return [hit.passage.id for hit in searcher.search("bridge", 9)]

    expected = find()
    assert expected
    store.call("delete", f"casebook_{release_id}_chunks", ids=[1])
    store.call("drop_alias", "casebook_sentences")
    store.call("drop_collection", f"casebook_{release_id}_sentences")
    assert find() == expected


def test_a_server_that_is_away_is_said_and_comes_back(
    library: Library, encoder: FakeEncoder, tmp_path: Path, server: Server
) -> None:
    """One line while it is away, nothing published meanwhile; then all goes on as before."""
    store = Milvus(server.uri)
    store.keep([])
    releases = Releases(tmp_path / "releases", store)
    release_id = build(library, releases, encoder).release
    engine = Engine(releases, lambda: encoder)
    before = engine.ask("Who built the red bridge?")
    server.kill()
    try:
        began = time.monotonic()
        with pytest.raises(StoreError, match="does not answer") as caught:
            engine.ask("What is made of oak?")
        assert time.monotonic() - began < 60
        assert "\n" not in str(caught.value)
        assert status_of(caught.value) == 503
        (library.folder / "new.txt").write_text("New\n\nA yellow bridge opened in 2020.\n", "utf-8")
        with pytest.raises(StoreError):
            build(library, releases, encoder)
        assert releases.live() == release_id
    finally:
        server.start()
    end = time.monotonic() + 90
    while True:  # it listens before it answers
        try:
            after = engine.ask("WHO BUILT THE RED BRIDGE?")
        except StoreError:
            assert time.monotonic() < end
            time.sleep(0.2)
        else:
            break
    assert after.release == before.release
    assert [c.quote for c in after.citations] == [c.quote for c in before.citations]
    published = build(library, releases, encoder).release
    assert store.live() == published != release_id


@pytest.mark.parametrize(
    "uri", ["10.1.2.3:19530", "ftp://a", "http://", "http://a:port", "http://a/b?c", "file.txt"]
)
def test_an_address_that_is_none_is_said(uri: str) -> None:
    """Before anything is opened, and without the address, which may hold a password."""
    with pytest.raises(UsageError, match="CASEBOOK_MILVUS_URI: give a server") as caught:
        read_settings({}, {"CASEBOOK_MILVUS_URI": uri})
    assert "10.1.2.3" not in str(caught.value)


def test_a_password_stays_inside(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """It is in no message and no record of the settings."""
    uri = f"http://ann:s3cretword@127.0.0.1:{find_port()}"
    assert "s3cretword" not in repr(Settings(milvus_uri=uri))
    monkeypatch.setattr("index.storage.milvus.PATIENCE", 1.0)
    with pytest.raises(StoreError) as caught:
        Milvus(uri).live()
    assert "s3cretword" not in str(caught.value)
    assert "127.0.0.1" in str(caught.value)
    monkeypatch.setenv("CASEBOOK_MILVUS_URI", "http://s3cretword@")
    assert main(["status", "--var", str(tmp_path)]) == 2
    assert "s3cretword" not in "".join(capfd.readouterr())
