"""What one address can take from all others: their times under each load, and what is left behind.

    python -m benchmarks.hostile [--seconds 60] [--requests 10000] [LOAD ...]

Serves the library's live release by a process of its own, behind what it takes for a proxy, so that
each sender has an address. A reader of another address asks short questions, by turns
alone and beside each load of one address that sends as much as it can. Prints the median and the
95th percentile, how they compare with the quiet ones before, and what the sender heard. Then sends
hostile requests of every kind and compares descriptors, files and memory before and after.
"""

from __future__ import annotations

import argparse
import http.client
import itertools
import json
import os
import random
import secrets
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import httpx

from benchmarks.follow import find_server, read_memory
from benchmarks.server import ROOT, wait_until_ready

EVE, ANN = "198.51.100.7", "198.51.100.8"
VOCABULARY = ["water", "plant", "people", "solar", "power", "village", "road", "green", "donate"]
ROUNDS = 6
PAUSE = 0.2  # seconds between two questions of the reader whose times count
_ASKED = itertools.count()  # by a new address now and then: no reader may ask so often for so long
Send = Callable[[int, int], str]  # port and number to what was heard


def write_text(length: int) -> str:
    """Return words that nobody has asked before."""
    words = itertools.islice(iter(lambda: random.choice(VOCABULARY), ""), length)  # noqa: S311
    return f"{random.randrange(10**9)} {' '.join(words)}"[:length]  # noqa: S311 - no secret


def request(
    port: int, method: str, path: str, body: object = None, sender: str = EVE, patience: float = 60
) -> str:
    """Send one request and return its status, or what went wrong."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=patience)
    kind = "application/x-www-form-urlencoded" if path == "/session" else "application/json"
    headers = {
        "X-Forwarded-For": sender, "Content-Type": kind, "Accept": "application/json",
    }  # fmt: skip
    data = body if isinstance(body, bytes | None) else json.dumps(body)
    try:
        connection.request(method, path, data, headers)
        response = connection.getresponse()
        response.read()
        return str(response.status)
    except (OSError, http.client.HTTPException) as error:
        return type(error).__name__
    finally:
        connection.close()


def ask_long(port: int, _: int) -> str:
    """Ask the longest question there is, after as much that was said before."""
    history = [{"role": "user", "content": write_text(2000)} for _ in range(10)]
    return request(port, "POST", "/api/ask", {"question": write_text(2000), "history": history})


def join_queue(port: int, number: int) -> str:
    """Join the chat's queue and listen to nothing."""
    asked = {"turn": 1, "question": write_text(1900), "interface": "en"}
    body = {"data": [], "event_data": asked, "fn_index": 0, "session_hash": f"eve{number}"}
    return request(port, "POST", "/gradio_api/queue/join", body)


def read_cases(port: int, _: int) -> str:
    """Read the list of cases."""
    return request(port, "GET", "/api/cases")


def open_stream(port: int, number: int) -> str:
    """Open a stream of an answer and leave before its end."""
    body = {"question": write_text(1000)}
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    headers = {
        "X-Forwarded-For": EVE, "Content-Type": "application/json", "Accept": "text/event-stream",
    }  # fmt: skip
    try:
        connection.request("POST", "/api/ask", json.dumps(body), headers)
        response = connection.getresponse()
        response.read(10 if number % 2 else None)
        return str(response.status)
    except (OSError, http.client.HTTPException) as error:
        return type(error).__name__
    finally:
        connection.close()


def load_assets(port: int, _: int) -> str:
    """Load the page, which takes the most of what is no question."""
    return request(port, "GET", "/")


def vote(port: int, _: int) -> str:
    """Give the longest vote there is."""
    body = {"question": "界" * 2000, "comment": "界" * 1000, "release": "0" * 12, "vote": "up"}
    return request(port, "POST", "/api/feedback", body)


def call_mcp(port: int, number: int) -> str:
    """Call nothing but for the list of tools."""
    return request(port, "POST", "/mcp", {"jsonrpc": "2.0", "id": number, "method": "tools/list"})


def send_faults(port: int, _: int) -> str:
    """Send the largest body there is, with nothing but faults."""
    return request(port, "POST", "/v1/chat/completions", FAULTS)


def read_collection(port: int, number: int) -> str:
    """Read the page of the collection, filtered by what nobody asked for before."""
    return request(port, "GET", f"/cases?company={number}")


def sign_in(port: int, number: int) -> str:
    """Send a token that is none."""
    return request(port, "POST", "/session", f"token=a.b.{number}".encode())


def hang(port: int, _: int) -> str:
    """Open a hundred connections from an address that is no proxy's, each with half a head."""
    with ExitStack() as stack:
        opened = [stack.enter_context(socket.socket()) for _ in range(100)]
        for each in opened:
            with suppress(OSError):
                each.bind(("127.0.0.9", 0))
                each.connect(("127.0.0.1", port))
                each.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n")
        time.sleep(5)
    return "opened"


# Each load, and how many send it at the same time.
LOADS: dict[str, tuple[Send, int]] = {
    "long questions": (ask_long, 4),
    "joins of the chat's queue": (join_queue, 32),
    "streams": (open_stream, 32),
    "the list of cases": (read_cases, 32),
    "pages": (load_assets, 32),
    "the collection's page": (read_collection, 32),
    "calls of MCP": (call_mcp, 32),
    "large bodies of faults": (send_faults, 32),
    "votes": (vote, 32),
    "forged tokens": (sign_in, 32),
    "half-open connections": (hang, 11),
}
FAULTS = b'{"model": "casebook", "messages": [], "modalities": [' + b"1," * 250_000 + b"1]}"
RUBBISH: list[tuple[str, str, object]] = [
    ("POST", "/api/ask", b"{" * 60_000),
    ("POST", "/api/ask", {"question": "x" * 60_000}),
    ("POST", "/gradio_api/queue/join", {"data": [], "fn_index": 999, "session_hash": "x"}),
    ("GET", "/gradio_api/queue/data?session_hash=nobody", None),
    ("GET", "/nothing/" + "x" * 4000, None),
    ("TRACE", "/", None),
    ("POST", "/api/feedback", {"vote": "sideways"}),
    ("GET", "/gradio_api/file=/etc/passwd", None),
    ("POST", "/v1/chat/completions", {"model": "casebook", "messages": [{"role": "x"}] * 2000}),
    ("POST", "/mcp", b"[" * 60_000),
    ("POST", "/mcp", {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "x"}}),
    ("GET", "/cases?page=99999&year=0000&company=" + "x" * 499, None),
    ("GET", "/cases/..%2f..%2fetc%2fpasswd", None),
    ("GET", "/editor/en/worklist", None),
    ("POST", "/editor/sign-in", {"token": "x" * 60_000}),
]


def send_for(port: int, load: str, ends: float) -> Counter[str]:
    """Send a load until `ends`; return what was heard."""
    send, senders = LOADS[load]
    heard: Counter[str] = Counter()
    numbers = itertools.count()

    def run() -> None:
        while time.monotonic() < ends:
            heard[send(port, next(numbers))] += 1

    threads = [threading.Thread(target=run, daemon=True) for _ in range(senders)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(max(0.1, ends + 30 - time.monotonic()))
    return heard


def time_reader(port: int, seconds: float) -> list[float]:
    """Ask short questions from another address; return the milliseconds that each took, sorted."""
    took = []
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        number = next(_ASKED)
        sender = f"192.0.{number // 5000}.{number // 20 % 250}"
        started = time.perf_counter()
        status = request(port, "POST", "/api/ask", {"question": write_text(50)}, sender)
        took.append((time.perf_counter() - started) * 1000 if status == "200" else 60_000.0)
        time.sleep(PAUSE)
    return sorted(took)


def pick(times: list[float], share: float) -> float:
    """Return a percentile of sorted times."""
    return times[min(int(len(times) * share), len(times) - 1)]


def measure(port: int, load: str, seconds: float) -> float:
    """Print a load's line; return how many times the quiet 95th percentile the loaded one is.

    By turns for a sixth of the time with it and without, so that a machine which others use is as
    slow for both.
    """
    quiet: list[float] = []
    loaded: list[float] = []
    heard: Counter[str] = Counter()
    for _ in range(ROUNDS):
        quiet += time_reader(port, seconds / ROUNDS)
        # In a process of its own that takes no processor time from others: an attacker has a
        # machine.
        with ProcessPoolExecutor(1, initializer=os.nice, initargs=(19,)) as pool:
            sending = pool.submit(send_for, port, load, time.monotonic() + seconds / ROUNDS + 1)
            time.sleep(1)
            loaded += time_reader(port, seconds / ROUNDS)
            heard += sending.result()
    quiet.sort()
    loaded.sort()
    times = pick(loaded, 0.95) / pick(quiet, 0.95)
    told = ", ".join(f"{count} {status}" for status, count in heard.most_common(4))
    print(
        f"| {load} | {pick(quiet, 0.5):.0f} | {pick(quiet, 0.95):.0f} | {pick(loaded, 0.5):.0f} | "
        f"{pick(loaded, 0.95):.0f} | {times:.1f} | {told} |", flush=True,
    )  # fmt: skip
    return times


def take_stock(process: int, var: Path) -> tuple[int, int, int, float]:
    """Return descriptors, threads, files below `var`, and MiB of memory."""
    files = sum(path.is_file() for path in var.rglob("*"))
    proc = Path("/proc", str(process))
    descriptors, threads = (len(list((proc / name).iterdir())) for name in ("fd", "task"))
    return descriptors, threads, files, read_memory(process)


def send_rubbish(port: int, count: int) -> Counter[str]:
    """Send hostile requests of every kind from as many addresses as a crowd has."""
    kinds = [
        *((lambda port, number, each=each: request(  # type: ignore[misc]
            port, *each, sender=f"2001:db8:{number % 500:x}::1")) for each in RUBBISH),
        join_queue, open_stream, read_cases, vote, sign_in, call_mcp, read_collection,
    ]  # fmt: skip
    with ThreadPoolExecutor(16) as pool:
        return Counter(pool.map(lambda n: kinds[n % len(kinds)](port, n), range(count)))


@contextmanager
def serving(var: Path) -> Iterator[httpx.Client]:
    """Serve the release of `var` behind a proxy's address until the block ends."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environ = {
        **os.environ, "CASEBOOK_VAR": str(var), "CASEBOOK_PORT": str(port),
        "CASEBOOK_LOG_LEVEL": "warning", "CASEBOOK_TRUSTED_PROXIES": "127.0.0.1",
        "CASEBOOK_EDITOR_TOKEN": secrets.token_hex(16),
    }  # fmt: skip
    log = (var / "log").open("w")
    process = subprocess.Popen([sys.executable, "app.py", "serve"], cwd=ROOT, env=environ,
                               stderr=log)  # fmt: skip
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60) as client:
            wait_until_ready(client, 300)
            yield client
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(60)
        log.close()


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("loads", nargs="*", metavar="LOAD", help=f"of {', '.join(LOADS)}")
    parser.add_argument("--seconds", type=float, default=60, help="of each load")
    parser.add_argument("--requests", type=int, default=10_000, help="hostile ones at the end")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        var = Path(place, "var")
        shutil.copytree(ROOT / "var" / "releases", var / "releases")
        (var / "models").symlink_to(ROOT / "var" / "models")
        with serving(var) as client:
            port, process = client.base_url.port or 80, find_server(client)
            time_reader(port, 5)
            print("| load of one address | quiet p50, ms | p95 | beside it p50 | p95 "
                  "| times | heard |\n|---|---|---|---|---|---|---|")  # fmt: skip
            loads = arguments.loads or list(LOADS)
            worst = [measure(port, load, arguments.seconds) for load in loads]
            print(f"median {statistics.median(worst):.1f}, worst {max(worst):.1f}")
            if arguments.requests:
                send_rubbish(port, arguments.requests // 10)
                time.sleep(15)
                before = take_stock(process, var)
                heard = send_rubbish(port, arguments.requests)
                time.sleep(15)
                print(f"{arguments.requests} hostile requests: {dict(heard)}")
                print("descriptors, threads, files, MiB:", before, take_stock(process, var))
        print(f"{len((var / 'log').read_text().splitlines())} lines of log")


if __name__ == "__main__":
    main()
