"""A real server under load, beside the bare speed of its encoder on the same questions.

    python -m benchmarks.load squad2-half.en.json cmrc2018-dev.zh.json xquad.es.json xquad.de.json

The first set's paragraphs become a library that a process of its own serves; the questions of all
sets, mixed, are asked by 1 to 96 clients, none twice, each as soon as it has its answer; a client
that is refused with 503 waits a second. Before and after each level, while the server idles, the
encoder alone encodes the same questions on all cores: what the server could reach if nothing else
cost anything. Clients share the server's cores. `cpu` is processor time for one question, in all
and the encoder's alone: it stays the same where other programs take cores away. Prints a table.
"""

from __future__ import annotations

import argparse
import http.client
import itertools
import json
import os
import random
import statistics
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from benchmarks.follow import find_server, read_memory
from benchmarks.server import ROOT, build_release, serving
from benchmarks.squad import read_questions, write_library
from index.encoder.encoder import Encoder, count_cores
from index.models import load_encoder

LEVELS = (1, 2, 4, 8, 16, 32, 64, 96)
WARMING = 200  # questions asked before the first level


@dataclass(slots=True)
class Level:
    """What came of one number of clients; milliseconds of each answer, statuses of the others."""

    clients: int
    seconds: float = 0.0
    times: list[float] = field(default_factory=list)
    failures: Counter[str] = field(default_factory=Counter)
    questions: list[str] = field(default_factory=list)

    @property
    def throughput(self) -> float:
        """Answers a second."""
        return len(self.times) / self.seconds


def ask(port: int, questions: Iterator[str], ends: float, level: Level) -> None:
    """Be one client until `ends`, on one connection."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    while time.monotonic() < ends:
        question = next(questions)
        body = json.dumps({"question": question})
        started = time.perf_counter()
        try:
            connection.request("POST", "/api/ask", body, {"Content-Type": "application/json"})
            response = connection.getresponse()
            response.read()
        except (OSError, http.client.HTTPException) as error:
            level.failures[type(error).__name__] += 1
            connection.close()
            continue
        if response.status == 200:
            level.times.append((time.perf_counter() - started) * 1000)
            level.questions.append(question)
        else:
            level.failures[str(response.status)] += 1
            time.sleep(1)
    connection.close()


def run_level(port: int, clients: int, questions: Iterator[str], seconds: float) -> Level:
    """Ask with so many clients for so many seconds."""
    level = Level(clients)
    started = time.monotonic()
    with ThreadPoolExecutor(clients) as pool:
        for _ in range(clients):
            pool.submit(ask, port, questions, started + seconds, level)
    level.seconds = time.monotonic() - started
    return level


def time_encoder(encoder: Encoder, questions: Sequence[str]) -> tuple[float, float]:
    """Return how many questions a second the encoder alone encodes, on all cores.

    And the milliseconds of processor time for each.
    """
    with ThreadPoolExecutor(count_cores()) as pool:
        started, spent = time.perf_counter(), time.process_time()
        list(pool.map(lambda question: encoder.encode_queries([question]), questions))
        took, spent = time.perf_counter() - started, time.process_time() - spent
        return len(questions) / took, spent / len(questions) * 1000


def read_spent(process: int) -> float:
    """Return the milliseconds of processor time that a process has used."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK") * 1000


class Shared:
    """An iterator that threads may share; raises RuntimeError where the questions are used up."""

    def __init__(self, questions: Sequence[str]) -> None:
        """Take the questions."""
        self._questions = iter(questions)
        self._lock = threading.Lock()

    def __iter__(self) -> Iterator[str]:
        """Return itself."""
        return self

    def __next__(self) -> str:
        """Return the next question."""
        with self._lock:
            for question in self._questions:
                return question
        raise RuntimeError("all questions are asked: give more sets, or fewer seconds")


def main() -> None:
    """Run the benchmark and print its table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("paths", type=Path, nargs="+", help="question sets; the first is served")
    parser.add_argument("--seconds", type=float, default=8)
    parser.add_argument("--place", type=Path, help="keep library and release there")
    arguments = parser.parse_args()
    models = ROOT / "var" / "models"
    asked = {one.text for path in arguments.paths for one in read_questions(path, path)}
    ordered = sorted(asked)
    random.Random(7).shuffle(ordered)  # noqa: S311 - an order, no secret
    with tempfile.TemporaryDirectory() as folder:
        place = arguments.place or Path(folder)
        if not (place / "var").exists():
            write_library(arguments.paths[0], place / "reports")
            build_release(place / "reports", place / "var", models)
        with serving(place / "reports", place / "var") as client:
            run(client, load_encoder("", models, print), ordered, arguments.seconds)


def run(client: httpx.Client, encoder: Encoder, asked: Sequence[str], seconds: float) -> None:
    """Measure each level and print the table."""
    port, process = client.base_url.port or 80, find_server(client)
    questions = Shared(asked)
    for question in itertools.islice(questions, WARMING):
        client.post("/api/ask", json={"question": question}).raise_for_status()
    bare, _ = time_encoder(encoder, asked[:WARMING])
    print("| clients | p50, ms | p95 | p99 | answers/s | bare encoder/s | ratio "
          "| cpu, ms (encoder) | refused (503) | other errors | memory, MiB |")  # fmt: skip
    print("|" + "---|" * 11)
    ratios = []
    for clients in LEVELS:
        spent = read_spent(process)
        level = run_level(port, clients, questions, seconds)
        spent = (read_spent(process) - spent) / len(level.times)
        before, (bare, alone) = bare, time_encoder(encoder, level.questions[:600])
        limit = statistics.mean([before, bare])
        ratios.append(level.throughput / limit)
        times = sorted(level.times)
        p50, p95, p99 = (times[int(len(times) * share)] for share in (0.5, 0.95, 0.99))
        refused = level.failures.pop("503", 0)
        others = dict(level.failures) or 0
        print(f"| {clients} | {p50:.0f} | {p95:.0f} | {p99:.0f} | {level.throughput:.0f} | "
              f"{limit:.0f} | {ratios[-1]:.2f} | {spent:.1f} ({alone:.1f}) | {refused} | "
              f"{others} | {read_memory(process):.0f} |", flush=True)  # fmt: skip
    print(f"best ratio {max(ratios):.2f}, median {statistics.median(ratios):.2f}")


if __name__ == "__main__":
    main()
