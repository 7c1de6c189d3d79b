"""chatbot.server: a process as a person starts and ends it."""

from __future__ import annotations

import ctypes
import logging
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from pathlib import Path

import httpx
import pytest

from chatbot.engine import Engine
from chatbot.server import describe_address, serve, take_port
from chatbot.settings import Settings
from chatbot.web.security.traffic import AT_ONCE, OncePerMinute
from corpus.errors import LibraryError, UsageError
from index.storage.publish import Releases
from tests.clock import wait_until
from tests.conftest import MODELS, REPORTS
from tests.fake_encoder import FakeEncoder
from tests.fakes import FakeEngine, serving

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


def test_no_level_of_the_log_shows_a_question(var: Path, server_process: None) -> None:
    """Whatever is asked, by whichever route, and refused or not, its words stay out of the log."""
    started = Server(var, "--log-level", "debug")
    word = "zanzibarium"
    turn = {"turn": 1, "question": word, "interface": "en"}
    join = {"data": [], "event_data": turn, "fn_index": 0, "session_hash": "x"}
    try:
        started.wait_for("Casebook is starting")
        with httpx.Client(base_url=f"http://127.0.0.1:{started.port}", timeout=60) as client:
            while True:
                with suppress(httpx.TransportError):
                    client.get("/healthz")
                    break
                time.sleep(0.2)
            for question in (word, word * 1000, f"{word}\n" * 3):
                client.get("/api/search", params={"q": question[:3000]})
                for accept in ("application/json", "text/event-stream"):
                    body = {"question": question, "filters": {"company": [word]}}
                    client.post("/api/ask", json=body, headers={"Accept": accept})
            client.post("/gradio_api/queue/join", json=join)
            vote = {"question": word, "comment": word, "release": "x" * 12, "vote": "up"}
            client.post("/api/feedback", json=vote)
        started.process.send_signal(signal.SIGINT)
        started.process.wait(40)
        started.reader.join()
        assert any("/api/search" in line for line in started.lines)
        assert word not in "".join(started.lines).lower()
    finally:
        started.close()


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


def test_it_ends_while_questions_take_their_time(server: Server) -> None:
    """SIGTERM is obeyed in seconds: exit code 0, and every reader hears an answer or a 503."""
    server.wait_for("Casebook answers on")
    turn = {"role": "user", "content": ("WeRide " * 300)[:2000]}
    client = httpx.Client(base_url=f"http://127.0.0.1:{server.port}", timeout=40)
    with client, ThreadPoolExecutor(12) as pool:
        bodies = [
            {"question": f"{number} " + "solar " * 300, "history": [turn] * 10}
            for number in range(12)
        ]
        asked = [pool.submit(client.post, "/api/ask", json=body) for body in bodies]
        time.sleep(0.5)
        server.process.send_signal(signal.SIGTERM)
        answers = [each.result() for each in asked]
    assert {each.status_code for each in answers} <= {200, 503}
    assert all("error" in each.json() for each in answers if each.status_code == 503)
    assert server.process.wait(30) == 0
    server.reader.join()
    assert "Traceback" not in "".join(server.lines)
    assert server.lines[-1] == "Casebook has ended\n"


def connect(address: str, data: bytes = b"") -> socket.socket:
    """Open a connection and send something."""
    host, port = address.removeprefix("http://").split(":")
    opened = socket.create_connection((host, int(port)), 20)
    opened.sendall(data)
    return opened


def is_closed(opened: socket.socket) -> bool:
    """Tell whether the server has closed a connection."""
    opened.settimeout(0)
    try:
        return opened.recv(1) == b""
    except BlockingIOError:
        return False
    except ConnectionError:
        return True


HEADS = [
    b"",
    b"GET / HTTP/1.1\r\nHost: localhost\r\n",
    b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\nGET / HT",  # the second of a connection
]


@pytest.mark.parametrize("head", HEADS)
def test_a_head_that_does_not_come_is_not_waited_for(
    monkeypatch: pytest.MonkeyPatch, head: bytes
) -> None:
    """A connection is closed in time, also where a byte comes now and then."""
    monkeypatch.setattr("chatbot.server.HEAD", 0.5)
    with serving(FakeEngine()) as address, connect(address, head) as opened:
        end = time.monotonic() + 10
        while time.monotonic() < end:
            time.sleep(0.1)
            try:
                opened.settimeout(0.1)
                if opened.recv(4096) == b"":
                    break
            except TimeoutError:
                opened.sendall(b"X" if head else b"")
            except ConnectionError:
                break
        assert time.monotonic() < end
        assert httpx.get(f"{address}/healthz").status_code == 200


def test_a_request_that_takes_its_time_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """The limit is for heads: an answer may take longer, and so may the next question."""
    monkeypatch.setattr("chatbot.server.HEAD", 0.3)
    engine = FakeEngine()
    engine.hold = threading.Event()
    with serving(engine) as address, httpx.Client(base_url=address, timeout=20) as client:
        threading.Timer(1, engine.hold.set).start()
        for _ in range(2):
            assert client.post("/api/ask", json={"question": "benefit"}).status_code == 200
            time.sleep(0.6)


def test_no_connection_is_counted_for_ever() -> None:
    """Whatever becomes of them, as by asking for another protocol, they are given back."""
    head = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: upgrade\r\nUpgrade: "
    key = b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: x3JJHMbDL1EzLkh9GBhXDw==\r\n"
    asks = (head + b"websocket\r\n" + key + b"\r\n", head + b"h2c\r\n\r\n", b"x\r\n\r\n", b"")
    with serving(FakeEngine()) as address:
        for ask in asks * AT_ONCE:
            with connect(address, ask) as opened:
                if ask:
                    assert opened.recv(4096).startswith((b"HTTP/1.1 200", b"HTTP/1.1 400"))
        assert httpx.get(f"{address}/healthz").status_code == 200


@pytest.mark.slow
def test_half_open_connections_keep_nobody_out(caplog: pytest.LogCaptureFixture) -> None:
    """Of 1,100 from one address few are held, others connect, and the log has a line or two."""
    logging.getLogger("casebook.refused").addFilter(seldom := OncePerMinute())
    opened: list[socket.socket] = []
    with serving(FakeEngine()) as address, ExitStack() as stack:
        for _ in range(1100):
            with suppress(ConnectionError):
                opened.append(stack.enter_context(connect(address, b"GET / HTTP/1.1\r\n")))
        end = time.monotonic() + 8  # less than a head may take
        while time.monotonic() < end and sum(not is_closed(each) for each in opened) > AT_ONCE:
            time.sleep(0.1)
        assert sum(not is_closed(each) for each in opened) == AT_ONCE
        port = int(address.rpartition(":")[2])
        other = stack.enter_context(
            socket.create_connection(("127.0.0.1", port), 20, ("127.0.0.2", 0))
        )
        other.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert other.recv(4096).startswith(b"HTTP/1.1 200")
        assert len(caplog.records) <= 3
        for each in opened:
            each.close()
        time.sleep(0.5)
        assert httpx.get(f"{address}/healthz").status_code == 200
    logging.getLogger("casebook.refused").removeFilter(seldom)


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
