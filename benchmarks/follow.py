"""A served process under eight clients while ten releases are published and two rolled back.

    python -m benchmarks.follow [--seconds 60] [--clients 8]

Needs the model prepared (`make run` once). Every answer is compared with the texts of the release
it names, read from disk apart from the server. Prints requests, failures, quotations that do not
hold, the seconds from CURRENT replaced to the first answer from the new release, and the server's
memory before, at its highest and after. Linux alone tells a process's memory.
"""

from __future__ import annotations

import argparse
import itertools
import random
import shutil
import statistics
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx

from benchmarks.latency import QUESTIONS
from benchmarks.server import ROOT, serving
from chatbot.publishing.publisher import Publisher
from corpus.library import Library
from index.models import load_encoder
from index.storage.publish import Releases
from index.storage.release import Release

PUBLISHED, ROLLED_BACK = 10, {4, 8}


def main() -> None:
    """Run the benchmark and print its figures."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--clients", type=int, default=8)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        run(Path(place), arguments.seconds, arguments.clients)


def run(place: Path, seconds: float, clients: int) -> None:
    """Serve a copy of the report, ask and publish, and print the figures."""
    shutil.copytree(ROOT / "corpus" / "reports", place / "reports")
    (place / "var").mkdir()
    (place / "var" / "models").symlink_to(ROOT / "var" / "models")
    releases = Releases(place / "var" / "releases")
    encoder = load_encoder("", place / "var" / "models", print)
    publisher = Publisher(Library(place / "reports"), releases, lambda: encoder)
    publisher.publish()
    texts: dict[str, dict[str, str]] = {}
    keep_texts(releases, texts)
    stop = threading.Event()
    answers: list[tuple[float, dict[str, object]]] = []
    failures: list[str] = []
    switched: list[tuple[float, str]] = []
    with serving(place / "reports", place / "var") as client:
        process = find_server(client)
        for question in QUESTIONS * 3:
            client.post("/api/ask", json={"question": question}).raise_for_status()
        before = [read_memory(process)]
        memory: list[float] = []

        def ask(seed: int) -> None:
            chance = random.Random(seed)  # noqa: S311 - which question, no secret
            with httpx.Client(base_url=client.base_url, timeout=60) as own:
                while not stop.is_set():
                    words = f"{chance.choice(QUESTIONS)} {chance.random()}"
                    try:
                        got = own.post("/api/ask", json={"question": words})
                        got.raise_for_status()
                        answers.append((time.monotonic(), got.json()))
                    except httpx.HTTPError as error:
                        failures.append(repr(error))

        with ThreadPoolExecutor(clients) as pool:
            for seed in range(clients):
                pool.submit(ask, seed)
            ends = time.monotonic() + seconds
            for number in range(PUBLISHED):
                change(place / "reports", number)
                publisher.publish(accept=True)
                switched.append((time.monotonic(), releases.live()))
                keep_texts(releases, texts)
                if number in ROLLED_BACK:
                    stop.wait(1.5)
                    switched.append((time.monotonic(), publisher.rollback()))
                memory.append(read_memory(process))
                left = (ends - time.monotonic()) / (PUBLISHED - number)
                stop.wait(max(left, 1.5))
            stop.set()
        for question in QUESTIONS * 3:
            client.post("/api/ask", json={"question": question}).raise_for_status()
        after = read_memory(process)
    wrong = count_wrong(texts, [answer for _, answer in answers])
    waits = []
    for at, release in switched:
        first = next((t for t, a in answers if t > at and a["release"] == release), None)
        if first:
            waits.append(first - at)
    served = {str(answer["release"]) for _, answer in answers}
    print(f"{len(answers)} answers from {len(served)} releases, {len(failures)} requests failed")
    print(f"{wrong} quotations do not hold in the release that their answer names")
    print(
        f"CURRENT replaced to first answer: median {statistics.median(waits):.2f} s, "
        f"most {max(waits):.2f} s, {len(waits)} of {len(switched)} switches"
    )
    print(
        f"memory of the server: {before[0]:.0f} MiB before, {max(memory):.0f} at the most, "
        f"{after:.0f} after"
    )
    for failure in failures[:5]:
        print(failure)


def change(reports: Path, number: int) -> None:
    """Edit the report: a paragraph at the top moves every span, and a case is added."""
    article = next(reports.glob("*.txt"))
    text = article.read_text("utf-8")
    mark = "WeRide, a global leading"
    article.write_text(text.replace(mark, f"News item number {number}.\n\n{mark}", 1), "utf-8")
    case = f"Case {number}\n\nThe plant of case {number} serves {number + 7} villages by the sea."
    (reports / f"case-{number}.txt").write_text(case, "utf-8")


def keep_texts(releases: Releases, texts: dict[str, dict[str, str]]) -> None:
    """Note the texts of the live release, by SHA-256."""
    held = Release(releases.path(releases.live()))
    texts[held.id] = {document.sha256: document.text for document in held.documents()}


def count_wrong(texts: dict[str, dict[str, str]], answers: list[dict[str, object]]) -> int:
    """Return how many quotations are not their document's characters in the named release."""
    wrong = 0
    cited = [(a["release"], c) for a in answers for c in list(a["citations"])]  # type: ignore[call-overload]
    for release, citation in cited:
        text = texts[str(release)].get(citation["document_sha256"], "")
        wrong += text[citation["start"] : citation["end"]] != citation["quote"]
    return wrong


def find_server(client: httpx.Client) -> int:
    """Return the id of the process that listens on the client's port."""
    port = f"{client.base_url.port:04X}"
    for line in itertools.chain(Path("/proc/net/tcp").read_text().splitlines()[1:]):
        fields = line.split()
        if fields[1].endswith(f":{port}") and fields[3] == "0A":
            wanted = f"socket:[{fields[9]}]"
            for handle in Path("/proc").glob("[0-9]*/fd/*"):
                try:
                    if str(handle.readlink()) == wanted:
                        return int(handle.parts[2])
                except OSError:
                    continue
    raise LookupError("no process listens on the port")


def read_memory(process: int) -> float:
    """Return a process's memory that no file backs, in MiB: mapped releases can be dropped."""
    for line in Path(f"/proc/{process}/status").read_text().splitlines():
        if line.startswith("RssAnon:"):
            return int(line.split()[1]) / 1024
    raise LookupError("no RssAnon")


if __name__ == "__main__":
    main()
