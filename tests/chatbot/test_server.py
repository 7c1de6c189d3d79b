"""chatbot.server: a process as a person starts and ends it."""

from __future__ import annotations

import ctypes
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from chatbot.engine import Engine
from chatbot.server import describe_address, serve, take_port
from chatbot.settings import Settings
from corpus.errors import LibraryError, UsageError
from index.storage.publish import Releases
from tests.clock import wait_until
from tests.conftest import MODELS, REPORTS
from tests.fake_encoder import FakeEncoder

ROOT = Path(__file__).parents[2]


def test_a_port_in_use_is_told() -> None:
    """The port and the mend stand in one line."""
    with take_port("127.0.0.1", 0) as listener:
        port = listener.getsockname()[1]
        assert describe_address(listener) == f"http://127.0.0.1:{port}"
        assert listener.proto == socket.IPPROTO_TCP
        with pytest.raises(UsageError, match=f"{port}.*CASEBOOK_PORT"):
            take_port("127.0.0.1", port)


@pytest.mark.parametrize("host", ["no.such.host.invalid", "203.0.113.1", ""])
def test_an_address_that_is_not_ours_is_told(host: str) -> None:
    """A host that cannot be bound names the setting; an empty one means every address."""
    if not host:
        take_port(host, 0).close()
        return
    with pytest.raises(UsageError, match="CASEBOOK_HOST"):
        take_port(host, 0)


@pytest.fixture
def var(tmp_path: Path) -> Path:
    """An empty place for everything built, with the model there already."""
    (tmp_path / "var").mkdir()
    (tmp_path / "var" / "models").symlink_to(MODELS)
    return tmp_path / "var"


class Server:
    """A served process whose lines are read as they come."""

    def __init__(self, var: Path, *arguments: str) -> None:
        """Start it on a free port."""
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        environ = {
            **os.environ, "CASEBOOK_VAR": str(var), "CASEBOOK_REPORTS": str(REPORTS),
            "CASEBOOK_PORT": str(self.port),
        }  # fmt: skip
        self.process = subprocess.Popen(
            [sys.executable, "app.py", *arguments], cwd=ROOT, env=environ, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
        self.lines: list[str] = []
        self.reader = threading.Thread(target=self._read)
        self.reader.start()

    def _read(self) -> None:
        assert self.process.stderr
        self.lines.extend(self.process.stderr)

    def wait_for(self, words: str, seconds: float = 120) -> None:
        """Return when a line with `words` has come."""
        end = time.monotonic() + seconds
        while not any(words in line for line in self.lines):
            assert time.monotonic() < end, self.lines
            assert self.process.poll() is None, self.lines
            time.sleep(0.05)

    def close(self) -> None:
        """End the process whatever it does."""
        self.process.kill()
        self.process.wait()
        self.reader.join()
        assert self.process.stdout
        assert self.process.stderr
        self.process.stdout.close()
        self.process.stderr.close()


def test_the_page_is_there_before_the_first_release(releases: Releases, tmp_path: Path) -> None:
    """While the first build is at work, all but answers is served; its failure ends the server."""
    failing = threading.Event()

    def prepare() -> None:
        failing.wait(120)
        raise LibraryError("the folder is empty")

    settings = Settings(var=tmp_path, port=0)
    said: list[str] = []
    engine = Engine(releases, FakeEncoder)
    with ThreadPoolExecutor(1) as pool:
        served = pool.submit(serve, engine, settings, prepare, said.append)
        try:
            wait_until(lambda: said or served.done())
            address = said[0].removeprefix("Casebook is starting on ")
            with httpx.Client(base_url=address, timeout=120) as client:
                assert client.get("/healthz").status_code == 200
                assert client.get("/").status_code == 200
                ready = client.get("/readyz")
                assert (ready.status_code, ready.json()["live"]) == (503, False)
        finally:
            failing.set()
        with pytest.raises(LibraryError, match="empty"):
            served.result(120)
    assert len(said) == 1


@pytest.fixture
def server(var: Path, real_encoder: object, server_process: None) -> Iterator[Server]:
    """A server started on nothing but the model."""
    started = Server(var)
    yield started
    started.close()


def test_it_builds_serves_says_so_and_ends(server: Server) -> None:
    """First a release is built, then the line comes, questions are answered, Ctrl-C ends it."""
    server.wait_for("Casebook answers on")
    with httpx.Client(base_url=f"http://127.0.0.1:{server.port}", timeout=30) as client:
        assert client.get("/readyz").status_code == 200
        question = {"question": "How many people benefit from the Padma Water Plant?"}
        answer = client.post("/api/ask", json=question).json()
        assert "3 million people" in answer["citations"][0]["quote"]
        assert "server" not in client.get("/healthz").headers
    server.process.send_signal(signal.SIGINT)
    assert server.process.wait(60) == 0
    server.reader.join()
    said = "".join(server.lines)
    assert "Building the index" in said
    assert "Traceback" not in said
    assert server.lines[-1] == "Casebook has ended\n"


def test_no_question_stops_it(server: Server) -> None:
    """What took a minute, or hours, is answered at once; meanwhile it is alive, then it ends."""
    server.wait_for("Casebook answers on")
    turn = {"role": "user", "content": ("WeRide " * 1200)[:8000]}
    bodies = [
        {"question": "WeRide " * 285},
        {"question": "And what about it?", "history": [turn] * 5},
    ]
    with httpx.Client(base_url=f"http://127.0.0.1:{server.port}", timeout=20) as client:
        with ThreadPoolExecutor(len(bodies)) as pool:
            asked = [pool.submit(client.post, "/api/ask", json=body) for body in bodies]
            while not all(each.done() for each in asked):
                assert client.get("/healthz", timeout=5).status_code == 200
        assert [each.result().status_code for each in asked] == [200, 200]
    server.process.send_signal(signal.SIGINT)
    assert server.process.wait(60) == 0


def test_a_model_that_does_not_load_ends_it(
    var: Path, real_encoder: object, server_process: None
) -> None:
    """Without a model there is nothing to serve: one line, exit code 1."""
    started = Server(var, "--model", str(var / "nothing"))
    try:
        assert started.process.wait(60) == 1
        started.reader.join()
        assert [line for line in started.lines if line.startswith("casebook:")] == [
            started.lines[-1]
        ]
        assert "CASEBOOK_MODEL" in started.lines[-1]
        assert "Traceback" not in "".join(started.lines)
    finally:
        started.close()


COUNT_ARENAS = """
import ctypes, os, sys, threading
from chatbot.server import share_arena
if sys.argv[2] == "shared":
    share_arena()
threads = [threading.Thread(target=lambda: bytearray(100_000) and wait.wait()) for _ in range(6)]
wait = threading.Barrier(7)
for thread in threads:
    thread.start()
wait.wait()
libc = ctypes.CDLL(None)
libc.fopen.restype = ctypes.c_void_p
file = libc.fopen(sys.argv[1].encode(), b"w")
libc.malloc_info(0, ctypes.c_void_p(file))
libc.fclose(ctypes.c_void_p(file))
"""


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "malloc_info"), reason="not glibc")
def test_threads_share_one_arena(tmp_path: Path) -> None:
    """After share_arena one heap serves all threads; without it there are more."""
    counted = {}
    for way in ("shared", "apart"):
        told = tmp_path / way
        command = [sys.executable, "-c", COUNT_ARENAS, str(told), way]
        subprocess.run(command, check=True, cwd=ROOT, timeout=60)
        counted[way] = told.read_text().count("<heap nr=")
    assert counted["shared"] == 1 < counted["apart"]
