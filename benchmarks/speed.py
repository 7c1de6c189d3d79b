"""How fast Casebook and its peers start, answer and build, on the same work in one run.

    python -m benchmarks.speed squad2-half.en.json --json

Each system has an environment of its own below `var/peers`, see `benchmarks.environments`, and
runs with the same model folder, or with `--own` with all-MiniLM-L6-v2, which a package carries.
Rounds go through all systems in turn; every step is a process of its own, and the medians count.
For a peer an answer is the ten nearest paragraphs; for Casebook it is a whole answer, its citations
checked, and `cold start` is `python app.py ask`. Casebook builds a document for each paragraph, and
encodes every sentence besides: `texts/s`. Ratios are to sentence-transformers with FAISS and the
same model.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

from benchmarks.chart import Panel, draw_bars
from benchmarks.environments import list_versions, make_environment
from benchmarks.follow import find_server
from benchmarks.load import time_encoder
from benchmarks.server import ROOT, serving
from benchmarks.speed_peers import DEPTH, THREADS, read_peak, time_questions
from benchmarks.squad import name_document, read_paragraphs, read_questions, write_library
from chatbot.engine import Engine
from chatbot.evaluation.labels import sample
from chatbot.evaluation.squad import read_squad
from corpus.library import Library
from index.build import build
from index.encoder.shared_encoder import SharedEncoder
from index.models import load_encoder
from index.searcher import Searcher
from index.storage.publish import Releases

RESULTS = ROOT / "benchmarks" / "results"
PEERS = {
    "plain": "sentence-transformers", "txtai": "txtai", "llama-index": "llama-index",
    "langchain": "langchain", "haystack": "haystack", "chroma": "chroma",
}  # fmt: skip
OURS, BASE = "casebook", "plain"
MODEL = "multilingual-e5-small"
EXTRA = "The lamp of the harbour was lit by hand until the spring of 1931, when Ada put in a motor."
# What is aimed at, as ratios to BASE; more is better for the second kind. A peer finds and reads
# nothing, so its question is what finding alone is compared with too.
AT_MOST = {"cold start s": 0.25, "p50 ms": 2.0, "finding p50 ms": 0.6, "server MiB": 0.5}
AT_LEAST = {"HTTP questions/s": 3.0, "texts/s": 2.0}
FIGURES = {  # whether more is better
    "cold start s": False, "p50 ms": False, "p95 ms": False, "finding p50 ms": False,
    "questions/s": True,
    "HTTP questions/s": True, "bare encoder/s": True, "passages/s": True, "texts/s": True,
    "add s": False, "build MiB": False, "serving MiB": False, "server MiB": False, "R@1": True,
    "MRR@10": True,
}  # fmt: skip
LIMIT = 0.7  # of the encoder's bare questions a second, over HTTP


def run_peer(python: Path, name: str, model: str, work: Path, folder: Path) -> dict[str, Any]:
    """Build and ask with a peer, each in a process of its own; returns its figures."""
    environ = {
        **os.environ, "HF_HUB_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "false",
        "ANONYMIZED_TELEMETRY": "False", "HAYSTACK_TELEMETRY_ENABLED": "False",
        "ORT_DISABLE_TELEMETRY": "1",
    }  # fmt: skip
    script = ROOT / "benchmarks" / "speed_peers.py"
    figures: dict[str, Any] = {}
    for step in ("build", "ask"):
        command = [str(python.absolute()), str(script), name, model, str(work), str(folder), step]
        figures |= _read(command, environ)
    return figures


def run_casebook(work: Path, file: Path, folder: Path, var: Path) -> dict[str, Any]:
    """Build, ask from the shell, in a process and over HTTP; returns Casebook's figures."""
    given = json.loads(work.read_bytes())
    own = folder / "var"
    own.mkdir()
    (own / "models").symlink_to((var / "models").resolve())
    write_library(file, folder / "reports")
    step = [sys.executable, "-m", "benchmarks.speed", str(file), "--work", str(work), str(folder)]
    environ = {**os.environ, "OPENBLAS_NUM_THREADS": "1"}  # as app.py sets it
    figures = _read([*step, "build"], environ)
    began = time.perf_counter()
    paths = ["--var", str(own), "--reports", str(folder / "reports")]
    shell = [sys.executable, "app.py", "ask", given["questions"][0], *paths]
    subprocess.run(shell, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    figures["cold start s"] = time.perf_counter() - began
    warm = _read([*step, "ask"], environ)
    figures |= {key: value for key, value in warm.items() if key != "cold start s"}
    with serving(folder / "reports", own) as client:
        place = threading.local()

        def ask(question: str) -> None:
            if not hasattr(place, "line"):
                place.line = HTTPConnection(client.base_url.host, client.base_url.port)
            body = json.dumps({"question": question})
            place.line.request("POST", "/api/ask", body, {"Content-Type": "application/json"})
            answer = place.line.getresponse()
            if answer.status != HTTPStatus.OK or not answer.read():
                raise RuntimeError(f"status {answer.status}")

        half = len(given["timed"]) // 2  # as in a process: the second half, after the first
        for question in given["timed"][:half]:
            ask(question)
        left = given["timed"][half:]
        with ThreadPoolExecutor(THREADS) as pool:
            began = time.perf_counter()
            list(pool.map(ask, left))
            figures["HTTP questions/s"] = len(left) / (time.perf_counter() - began)
        status = Path(f"/proc/{find_server(client)}/status").read_text("ascii").splitlines()
        peak = next(line for line in status if line.startswith("VmHWM"))
        figures["server MiB"] = int(peak.split()[1]) / 1024
    return figures


def run_step(step: str, work: Path, folder: Path) -> None:
    """Do one step of Casebook's in this process, and print its figures."""
    given = json.loads(work.read_bytes())
    encoder = load_encoder("", folder / "var" / "models", _say_nothing)
    releases = Releases(folder / "var" / "releases")
    figures: dict[str, Any]
    if step == "build":
        began = time.perf_counter()
        plan = build(Library(folder / "reports"), releases, encoder).plan
        took = time.perf_counter() - began
        (folder / "reports" / "new.txt").write_text(given["extra"], "utf-8")
        began = time.perf_counter()
        build(Library(folder / "reports"), releases, encoder)
        figures = {
            "passages/s": plan.passages / took, "texts/s": plan.texts / took, "texts": plan.texts,
            "add s": time.perf_counter() - began, "build MiB": read_peak(),
        }  # fmt: skip
    else:
        engine = Engine(releases, lambda: SharedEncoder(encoder))
        print(json.dumps(engine.ask(given["questions"][0]).found), flush=True)
        engine.read_ahead()  # as a server does before its second second is over
        half = len(given["timed"]) // 2  # a question is answered from memory when it comes again
        figures = time_questions(engine.ask, given["timed"][:half])
        began = time.perf_counter()
        with ThreadPoolExecutor(THREADS) as pool:
            list(pool.map(engine.ask, given["timed"][half:]))
        figures["questions/s"] = half / (time.perf_counter() - began)
        figures["serving MiB"] = read_peak()
        figures["bare encoder/s"], _ = time_encoder(encoder, given["timed"])
        searcher = Searcher(releases.open(releases.live()), encoder)
        searcher.read_ahead()
        found = time_questions(lambda q: searcher.find(searcher.parse(q)), given["timed"][half:])
        figures["finding p50 ms"] = found["p50 ms"]
        ranks = []
        for question in given["questions"]:
            names = [hit.document.name for hit in searcher.search(question, 2 * DEPTH)]
            numbers = [int(name[:5]) if name != "new.txt" else 1_000_000 for name in names]
            ranks.append(list(dict.fromkeys(numbers))[:DEPTH])
        figures["ranks"] = ranks
    print(json.dumps(figures), flush=True)


def _say_nothing(line: str) -> None:
    """Leave stdout to the figures."""


def _read(command: Sequence[str], environ: dict[str, str]) -> dict[str, Any]:
    """Run a step and return its figures, with the time to its first line where it prints two."""
    began = time.perf_counter()
    with subprocess.Popen(
        command, cwd=ROOT, env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        lines, first = [], 0.0
        for line in process.stdout:
            first = first or time.perf_counter() - began
            lines.append(line)
        assert process.stderr is not None
        said = process.stderr.read()
    if process.returncode:
        raise RuntimeError((said.strip() or "nothing said").splitlines()[-1][:300])
    figures: dict[str, Any] = json.loads(lines[-1])
    if len(lines) > 1:
        figures["cold start s"] = first
    return figures


def mark(ranks: Sequence[Sequence[int]], right: Sequence[int]) -> dict[str, float]:
    """Return R@1 and MRR@10."""
    places = [
        each.index(number) + 1 if number in each else 0
        for each, number in zip(ranks, right, strict=True)
    ]
    return {
        "R@1": statistics.mean(place == 1 for place in places),
        "MRR@10": statistics.mean(1 / place if place else 0 for place in places),
    }


def main() -> None:
    """Run all rounds, print the table and what was aimed at."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("file", type=Path, help="a question set")
    parser.add_argument("--questions", type=int, default=300, help="for R@1; two thirds are timed")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--systems", nargs="+", default=[OURS, *PEERS])
    parser.add_argument("--own", action="store_true", help="peers with all-MiniLM-L6-v2")
    parser.add_argument("--var", type=Path, default=ROOT / "var")
    parser.add_argument("--json", action="store_true", help="write benchmarks/results too")
    parser.add_argument("--work", nargs=3, help=argparse.SUPPRESS)  # work, folder, step
    arguments = parser.parse_args()
    if arguments.work:
        work, folder, step = arguments.work
        run_step(step, Path(work), Path(folder))
        return
    labels = [one for one in read_squad(arguments.file, None).labels if one.group == "answerable"]
    labels = sample(labels, arguments.questions, 0)
    numbers = {name_document(n): n for n in range(len(read_paragraphs(arguments.file)))}
    found = read_questions(arguments.file, arguments.file)
    homes = {" ".join(one.text.split()): one.document for one in found}
    right = [numbers[homes[one.question]] for one in labels]
    asked = [one.question for one in labels]
    others = [text for text in homes if text not in set(asked)]
    timed = others[:: max(1, len(others) // arguments.questions)][: arguments.questions]
    rounds: dict[str, list[dict[str, Any]]] = {name: [] for name in arguments.systems}
    model = "" if arguments.own else str((arguments.var / "models" / MODEL).resolve())
    pythons = {
        name: make_environment(PEERS[name], arguments.var / "peers")
        for name in arguments.systems
        if name != OURS
    }
    with tempfile.TemporaryDirectory() as place:
        work = Path(place, "work.json")
        paragraphs = read_paragraphs(arguments.file)
        given = {"paragraphs": paragraphs, "questions": asked, "timed": timed, "extra": EXTRA}
        work.write_text(json.dumps(given))
        for turn in range(arguments.rounds):
            for name in arguments.systems:
                with tempfile.TemporaryDirectory(dir=place) as folder:
                    try:
                        if name == OURS:
                            figures = run_casebook(
                                work, arguments.file, Path(folder), arguments.var
                            )
                        else:
                            figures = run_peer(pythons[name], name, model, work, Path(folder))
                    except RuntimeError as error:
                        print(f"{name}: {error}", file=sys.stderr, flush=True)
                        continue
                rounds[name].append(figures | mark(figures.pop("ranks"), right))
                print(f"round {turn + 1}: {name}", file=sys.stderr, flush=True)
    told = {
        name: {key: statistics.median(one[key] for one in each) for key in each[0]}
        for name, each in rounds.items()
        if each
    }
    table = tabulate(told) + "\n\n" + "\n".join(judge(told)) + "\n"
    print(table, end="")
    if arguments.json:
        name = f"speed{'-own' if arguments.own else ''}"
        versions = {each: list_versions(python, PEERS[each]) for each, python in pythons.items()}
        record = {"figures": told, "versions": versions, "rounds": arguments.rounds}
        RESULTS.mkdir(exist_ok=True)
        (RESULTS / f"{name}.json").write_text(json.dumps(record, indent=1) + "\n", "utf-8")
        (RESULTS / f"{name}.md").write_text(table, "utf-8")
        (RESULTS / f"{name}.png").write_bytes(draw(told, arguments.own))


def tabulate(told: Mapping[str, Mapping[str, float]]) -> str:
    """Return a table in Markdown: a row for each figure, with its ratio to BASE in brackets."""
    base = told.get(BASE, {})
    lines = ["| | " + " | ".join(told) + " |", "|" + "---|" * (len(told) + 1)]
    for key in FIGURES:
        row = []
        for name, figures in told.items():
            if key not in figures:
                row.append("-")
                continue
            ratio = f" ({figures[key] / base[key]:.2f})" if key in base and name != BASE else ""
            row.append(f"{figures[key]:.3g}{ratio}")
        lines.append(f"| {key} | " + " | ".join(row) + " |")
    return "\n".join(lines)


def judge(told: Mapping[str, Mapping[str, float]]) -> list[str]:
    """Return a line for each ratio that is aimed at, with what it is."""
    ours, base = told.get(OURS), told.get(BASE)
    if not ours or not base:
        return []
    against = {
        "HTTP questions/s": "questions/s", "texts/s": "passages/s", "finding p50 ms": "p50 ms",
        "server MiB": "serving MiB",
    }  # fmt: skip
    lines = [
        f"- {key}: {ours[key] / base[against.get(key, key)]:.2f}, aimed at {bound} {aim}"
        for bound, aims in (("most", AT_MOST), ("least", AT_LEAST))
        for key, aim in aims.items()
    ]
    share = ours["HTTP questions/s"] / ours["bare encoder/s"]
    return [
        *lines,
        f"- HTTP questions/s of the bare encoder's: {share:.2f}, aimed at least {LIMIT}",
    ]


def draw(told: Mapping[str, Mapping[str, float]], own: bool) -> bytes:
    """Return a picture of the figures that every system has."""
    panels = [
        Panel(key, FIGURES[key], {name: figures[key] for name, figures in told.items()})
        for key in FIGURES
        if all(key in figures for figures in told.values())
    ]
    model = "each with its own model" if own else "all with multilingual-e5-small"
    return draw_bars(f"646 paragraphs on two cores, {model}", panels, OURS)


if __name__ == "__main__":
    main()
