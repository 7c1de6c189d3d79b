"""How long builds take and how much memory, by the size of the library.

    python -m benchmarks.build squad2-half.en.json
    python -m benchmarks.build squad2-half.en.json --sizes 1000 --stand-in

For each size, in paragraphs, writes a library out of the paragraphs of a SQuAD file, repeated with
words changed in every sentence so that no two texts are equal, twenty paragraphs a document; a
heading and a part of a long paragraph are passages too, so there are some more of those. Then
measures, each step in a process of its own: a full build; a build after one new document of six
paragraphs; and, in an Engine that is running, the time from CURRENT replaced to the first answer
from the new release. Loading the encoder is not counted in the seconds, and is in the memory.

The model itself encodes libraries of up to 2,000 paragraphs. Larger ones would take it hours on two
cores, so a stand-in takes its place there: unit vectors of 384 numbers seeded by each text's hash,
and no states. Its times are those of everything but encoding and keeping states, its memory is
without the model, and the table says which of the two it was. 100,000 paragraphs take some
gigabytes below TMPDIR.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from benchmarks.encoders import Counted, StandIn
from benchmarks.server import ROOT
from benchmarks.squad import read_paragraphs, vary_paragraphs
from chatbot.engine import Engine
from corpus.library import Library
from index.build import build
from index.encoder.encoder import Encoder
from index.models import load_encoder
from index.storage.publish import Releases

SIZES = (1_000, 10_000, 100_000)
REAL = 2_000  # paragraphs up to which the model itself encodes
PER_DOCUMENT = 20  # paragraphs
PATIENCE = 600  # seconds that an engine may take to follow
NEW = 6  # paragraphs of a new document
STAND_IN = (
    "stand-in: vectors seeded by each text's hash, no states; its times are those of everything but"
    " encoding and keeping states, its memory is without the model."
)
QUESTIONS = ("Who founded the school?", "When was the river crossed?", "How large is the city?")


def write(place: Path, paragraphs: Path, size: int) -> None:
    """Write a library of `size` paragraphs below `place`, and two new documents beside it."""
    texts = vary_paragraphs(read_paragraphs(paragraphs))
    (place / "reports").mkdir()
    for number in range(-(-size // PER_DOCUMENT)):
        count = min(PER_DOCUMENT, size - number * PER_DOCUMENT)
        _write_document(
            place / "reports" / f"{number:05}.txt", list(itertools.islice(texts, count))
        )
    for number in (1, 2):
        _write_document(place / f"new-{number}.txt", list(itertools.islice(texts, NEW)))


def _write_document(path: Path, paragraphs: Sequence[str]) -> None:
    path.write_text("\n\n".join([f"Collection {path.stem}", *paragraphs]) + "\n", "utf-8")


def build_once(place: Path, encoder: Encoder) -> dict[str, Any]:
    """Build what the library holds and return what it took."""
    counted = Counted(encoder)
    started = time.perf_counter()
    outcome = build(Library(place / "reports"), Releases(place / "releases"), counted)
    seconds = time.perf_counter() - started
    assert outcome.published
    plan = outcome.plan
    return {
        "documents": len(plan.added) + len(plan.edited) + len(plan.kept),
        "passages": plan.passages,
        "texts": plan.texts,
        "seconds": seconds,
        "encoded": counted.texts,
        "encoding_seconds": counted.seconds,
    }


def add(place: Path, encoder: Encoder, number: int) -> dict[str, Any]:
    """Put a new document into the library and build."""
    (place / f"new-{number}.txt").rename(place / "reports" / f"new-{number}.txt")
    return build_once(place, encoder)


def follow(place: Path, encoder: Encoder, step: Sequence[str]) -> dict[str, Any]:
    """Have another process publish while an Engine runs, and time its first answer from that.

    `step` is the command of that process. The clock starts when CURRENT names another release,
    looked at every millisecond.
    """
    releases = Releases(place / "releases")
    engine = Engine(releases, lambda: encoder)
    engine.warm()
    times = []
    for number, question in enumerate(QUESTIONS * 5):
        started = time.perf_counter()
        engine.ask(f"{question} {number}")  # equal ones are answered from memory
        times.append(time.perf_counter() - started)
    before = releases.live()
    with subprocess.Popen(step, cwd=ROOT, stdout=subprocess.DEVNULL) as process:
        while releases.live() == before:
            if process.poll():  # it asserts that it published
                raise subprocess.CalledProcessError(process.returncode, step)
            time.sleep(0.001)
        started = time.perf_counter()
        while engine.ask(QUESTIONS[0]).release == before:
            if time.perf_counter() - started > PATIENCE:
                raise TimeoutError("the engine did not follow CURRENT")
        seconds = time.perf_counter() - started
    return {"seconds": seconds, "question_seconds": statistics.median(times)}


def run_step(command: Sequence[str]) -> dict[str, Any]:
    """Run a step in a process of its own; returns what it printed, and its peak memory in MiB."""
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(command, cwd=ROOT, stdout=output)
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise subprocess.CalledProcessError(process.returncode, command)
        output.seek(0)
        result: dict[str, Any] = json.loads(output.read() or b"{}")
    kibibytes = used.ru_maxrss / 1024 if sys.platform == "darwin" else used.ru_maxrss
    return {**result, "peak_mib": kibibytes / 1024}


def measure(paragraphs: Path, size: int, models: Path, stand_in: bool) -> dict[str, Any]:
    """Run the steps for one size."""
    encoder = "stand-in" if stand_in or size > REAL else "model"
    with tempfile.TemporaryDirectory() as folder:

        def step(name: str) -> dict[str, Any]:
            print(f"{size} paragraphs, {encoder}: {name}", file=sys.stderr, flush=True)
            return run_step(command(name))

        def command(name: str) -> list[str]:
            return [
                sys.executable, "-m", "benchmarks.build", str(paragraphs), "--sizes", str(size),
                "--models", str(models), "--step", name, "--place", folder,
                *(["--stand-in"] if encoder == "stand-in" else []),
            ]  # fmt: skip

        step("write")
        full, added, followed = step("full"), step("add-1"), step("follow")
    del followed["peak_mib"]  # a build's process is among its own
    return {"size": size, "encoder": encoder, "full": full, "add": added, "follow": followed}


def run_named(name: str, arguments: argparse.Namespace) -> dict[str, Any]:
    """Do one step in this process."""
    place, size = arguments.place, arguments.sizes[0]
    if name == "write":
        write(place, arguments.paragraphs, size)
        return {}
    encoder: Encoder
    if arguments.stand_in:
        encoder = StandIn()
    else:
        encoder = load_encoder("", arguments.models, lambda _: None)
    steps: dict[str, Callable[[], dict[str, Any]]] = {
        "full": lambda: build_once(place, encoder),
        "add-1": lambda: add(place, encoder, 1),
        "add-2": lambda: add(place, encoder, 2),
        "follow": lambda: follow(
            place,
            encoder,
            [sys.executable, "-m", "benchmarks.build", *sys.argv[1:], "--step", "add-2"],
        ),
    }
    return steps[name]()


def format_table(results: Sequence[dict[str, Any]]) -> str:
    """Return the results as a table in Markdown."""
    heads = (
        "passages", "texts", "encoder", "full build", "of it encoding", "passages/s", "peak",
        "one new document", "of it encoding", "texts encoded", "peak", "CURRENT to answer",
        "a question",
    )  # fmt: skip
    lines = [f"| {' | '.join(heads)} |", "|---" * len(heads) + "|"]
    for result in results:
        full, added, followed = result["full"], result["add"], result["follow"]
        cells = [
            f"{full['passages']:,}", f"{full['texts']:,}", result["encoder"],
            f"{full['seconds']:.1f} s", f"{full['encoding_seconds']:.1f} s",
            f"{full['passages'] / full['seconds']:.0f}", f"{full['peak_mib']:,.0f} MiB",
            f"{added['seconds']:.2f} s", f"{added['encoding_seconds']:.2f} s",
            f"{added['encoded']:,}", f"{added['peak_mib']:,.0f} MiB",
            f"{followed['seconds']:.3f} s", f"{followed['question_seconds'] * 1000:.1f} ms",
        ]  # fmt: skip
        lines.append(f"| {' | '.join(cells)} |")
    if any(result["encoder"] == "stand-in" for result in results):
        lines.append(f"\n{STAND_IN}")
    return "\n".join(lines)


def main() -> None:
    """Run the benchmark, or one step of it."""
    parser = argparse.ArgumentParser(description="Times and memory of builds, by size.")
    parser.add_argument("paragraphs", type=Path, help="a file in SQuAD format")
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES, help="in paragraphs")
    parser.add_argument("--stand-in", action="store_true", help="encode nothing with the model")
    parser.add_argument("--models", type=Path, default=Path("var/models"), help="the model's place")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    parser.add_argument("--step", help=argparse.SUPPRESS)
    parser.add_argument("--place", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.step:
        print(json.dumps(run_named(arguments.step, arguments)))
        return
    paragraphs, models = arguments.paragraphs.resolve(), arguments.models.resolve()
    results = [measure(paragraphs, size, models, arguments.stand_in) for size in arguments.sizes]
    print(json.dumps(results, indent=1) if arguments.json else format_table(results))


if __name__ == "__main__":
    main()
