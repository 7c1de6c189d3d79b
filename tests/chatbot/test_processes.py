"""Three servers of one folder behind the shipped nginx: they share what they have to know."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

from index.encoder.encoder import Encoder
from index.storage.publish import Releases
from tests.chatbot.web.test_nginx import NAME, proxying, reach
from tests.clock import is_ready, wait_until
from tests.conftest import MODELS, REPORTS
from tests.fake_portal import ISSUER, public_pem, sign
from tests.web_server import find_port

ROOT = Path(__file__).parents[2]
ASKERS = 6
TOPICS = ("water", "batteries", "robots", "solar power", "schools", "rice", "ports", "patents")


@dataclass(slots=True)
class Log:
    """What came of the questions: status, release, and when each was asked and answered."""

    answers: list[tuple[int, str, float, float]] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)


@dataclass(frozen=True, slots=True)
class Served:
    """The processes, their addresses, and how to reach them through nginx."""

    processes: list[subprocess.Popen[bytes]]
    ports: list[int]
    environ: dict[str, str]
    folder: Path
    port: int


def run(environ: dict[str, str], *verb: str) -> None:
    """Run a verb to its end."""
    done = subprocess.run(
        [sys.executable, "app.py", *verb], cwd=ROOT, env=environ, capture_output=True, timeout=300
    )
    assert done.returncode == 0, done.stderr.decode()


@pytest.fixture(scope="module")
def served(
    real_encoder: Encoder, server_process: None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Served]:
    """Serve the shipped report, for members with a public key, by three processes and nginx."""
    assert real_encoder.dimension  # its model is prepared
    folder = tmp_path_factory.mktemp("processes")
    var, reports = folder / "var", folder / "reports"
    var.mkdir()
    reports.mkdir()
    (var / "models").symlink_to(MODELS.resolve())
    for path in REPORTS.iterdir():
        (reports / path.name).write_bytes(path.read_bytes())
    settings = {
        "VAR": var, "REPORTS": reports, "ROOT_PATH": "/casebook", "TRUSTED_PROXIES": "127.0.0.1",
        "HOSTS": NAME, "MEMBERS": "required", "MEMBER_ISSUER": ISSUER,
        "MEMBER_KEY": public_pem("ES256"), "QUESTIONS_PER_MINUTE": 1000,
    }  # fmt: skip
    environ = {**os.environ, **{f"CASEBOOK_{name}": str(value) for name, value in settings.items()}}
    run(environ, "build")
    ports = [find_port() for _ in range(3)]
    with ExitStack() as stack:
        processes = []
        for port in ports:
            process = subprocess.Popen(
                [sys.executable, "app.py", "serve"], cwd=ROOT, stderr=subprocess.DEVNULL,
                env={**environ, "CASEBOOK_PORT": str(port)},
            )  # fmt: skip
            stack.callback(end, process)
            processes.append(process)
        for port in ports:
            wait_until_ready(port)
        port = find_port()
        stack.enter_context(proxying(folder, port, *(f"127.0.0.1:{each}" for each in ports)))
        yield Served(processes, ports, environ, folder, port)


def end(process: subprocess.Popen[bytes]) -> None:
    """End a process that may have ended."""
    process.kill()
    process.wait(60)


def wait_until_ready(port: int) -> None:
    """Return when a server can answer."""
    with httpx.Client(base_url=f"http://127.0.0.1:{port}/casebook") as client:
        wait_until(lambda: is_ready(client))


def come_in(client: httpx.Client, token: str) -> httpx.Response:
    """Turn a token into a session."""
    return client.post("/session", data={"token": token, "next": ""})


def test_a_session_is_known_to_all_and_a_token_spent_once(served: Served) -> None:
    """Whichever of them made it, though the portal's key tells them no secret."""
    token = sign(algorithm="ES256", iss=ISSUER)
    homes = [f"http://127.0.0.1:{port}/casebook" for port in served.ports]
    with httpx.Client(base_url=homes[0]) as client:
        came = come_in(client, token)
    assert came.status_code == 303
    cookie = {"Cookie": came.headers["set-cookie"].partition(";")[0]}
    for home in homes:
        with httpx.Client(base_url=home) as client:
            assert client.get("/api/cases").status_code == 401
            assert client.get("/api/cases", headers=cookie).status_code == 200
            assert come_in(client, token).status_code == 401


def ask(served: Served, number: int, log: Log, stop: threading.Event) -> None:
    """Ask questions, never the same twice, until it is enough."""
    token = sign(algorithm="ES256", iss=ISSUER, sub=f"member {number}")
    with reach(served.folder, served.port, token) as client:
        count = 0
        while not stop.is_set():
            topic = TOPICS[count % len(TOPICS)]
            question = f"What do companies do about {topic} ({number}, {count})?"
            count += 1
            asked, status, release = time.monotonic(), 0, ""
            try:
                answer = client.post("/api/ask", json={"question": question})
                status, release = answer.status_code, answer.json().get("release", "")
            except (httpx.HTTPError, ValueError):
                pass
            with log.lock:
                log.answers.append((status, release, asked, time.monotonic()))


def wait_for(log: Log, count: int) -> None:
    """Return when so many more answers came."""
    goal = len(log.answers) + count
    wait_until(lambda: len(log.answers) >= goal)


def test_all_follow_and_one_may_be_killed(served: Served) -> None:
    """Under load: a release is published, then a process killed; no question fails for it.

    But for those, one of each asker at the most, that the killed one had in hand.
    """
    log, stop = Log(), threading.Event()
    releases = Releases(Path(served.environ["CASEBOOK_VAR"]) / "releases")
    before = releases.live()
    with ThreadPoolExecutor(ASKERS) as pool:
        try:
            asking = [pool.submit(ask, served, n, log, stop) for n in range(ASKERS)]
            wait_for(log, 20)
            path = Path(served.environ["CASEBOOK_REPORTS"]) / "tea.txt"
            path.write_text("Tea of the hills\n\nAda grows green tea on seven hills.\n", "utf-8")
            run(served.environ, "build", "--accept")
            after = releases.live()
            for port in served.ports:
                follows(port, after)
            switched = time.monotonic()
            wait_for(log, 20)
            killed = time.monotonic()
            served.processes[1].send_signal(signal.SIGKILL)
            served.processes[1].wait(60)  # until then its socket may take a question
            gone = time.monotonic()
            wait_for(log, 60)
        finally:
            stop.set()
        for each in asking:
            each.result()
    assert before != after
    assert {release for _, release, _, _ in log.answers} <= {before, after, ""}
    assert {release for _, release, asked, _ in log.answers if asked > switched} <= {after, ""}
    failed = [(asked, done) for status, _, asked, done in log.answers if status != 200]
    assert all(asked <= gone and killed <= done for asked, done in failed), (killed, gone, failed)
    assert len(failed) <= ASKERS


def follows(port: int, release: str) -> None:
    """Return when a server answers from a release."""
    with httpx.Client(base_url=f"http://127.0.0.1:{port}/casebook") as client:
        wait_until(lambda: client.get("/readyz").json()["release"] == release)
