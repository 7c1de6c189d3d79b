"""Search and its indexes by the size of the collection, from a thousand passages to a million.

    python -m benchmarks.scale squad2-half.en.json --json

The vectors are those of a question set's real paragraphs; beyond their number, each is a real one
mixed with another, by a share of up to a half that is drawn for it, with noise of NOISE in each of
its numbers, and made a unit row: so they lie where texts lie. The words are the paragraphs' own
sub-words, repeated. For each size, in a process of its own:
seconds to write the rows and what finds the nearest of them, and the word index; seconds to open
both; milliseconds to find the 1,000 nearest rows and to compare the words, by real questions; how
many of the ten nearest are found, by questions that were not used to choose how many lists are
looked into; bytes on disk; and memory, private and mapped, after the questions, and at its most.
"""

from __future__ import annotations

import argparse
import itertools
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.server import ROOT
from benchmarks.squad import read_paragraphs, read_questions
from corpus.language.stems import list_stems
from index.encoder.encoder import make_unit
from index.languages.rarity import hash_term
from index.models import load_encoder
from index.search.candidates import NEAR
from index.storage.ann import TEN, AnnIndex, compare, open_nearest, write_nearest
from index.storage.vectors import Rows, RowsWriter
from index.storage.words import Words, write_words

SIZES = (1_000, 10_000, 100_000, 1_000_000)
WORDS = 100_000  # passages with words at the most, beyond which the word index is left out
NOISE = 0.005
ASKED = 200  # questions to choose the lists by, and as many to measure with
_CHUNK = 10_000


def measure(texts: Path, size: int, place: Path) -> dict[str, Any]:
    """Return the figures of one size; `texts` holds what `encode` wrote."""
    held = np.load(texts)
    base, questions = held["paragraphs"], held["questions"]
    chance = np.random.default_rng(3)
    began = time.perf_counter()
    writer = RowsWriter(place / "passages.faiss", base.shape[1])
    for first in range(0, size, _CHUNK):
        numbers = np.arange(first, min(first + _CHUNK, size))
        rows, real = base[numbers % len(base)], (numbers < len(base))[:, None]
        other, share = chance.integers(0, len(base), len(rows)), chance.random((len(rows), 1)) / 2
        noise = NOISE * chance.standard_normal(rows.shape, np.float32)
        mixed = (1 - share) * rows + share * base[other] + noise
        writer.append(make_unit(np.where(real, rows, mixed).astype(np.float32)))
    writer.close()
    del writer
    figures: dict[str, Any] = {"passages": size, "rows written s": time.perf_counter() - began}
    began = time.perf_counter()
    reach = write_nearest(Rows(place / "passages.faiss"), lambda: questions[:ASKED], NEAR, place)
    figures["lists written s"] = time.perf_counter() - began
    if reach:
        figures |= {"lists": reach.lists, "probed": reach.probed}
    began = time.perf_counter()
    exact = Rows(place / "passages.faiss")
    nearest = open_nearest(exact, place)
    figures["open ms"] = (time.perf_counter() - began) * 1000
    figures["exact ms"] = _time(lambda row: exact.search(row, NEAR), questions[ASKED:])
    figures["nearest ms"] = _time(lambda row: nearest.search(row, NEAR), questions[ASKED:])
    if isinstance(nearest, AnnIndex):
        near = [nearest.search(row, NEAR)[1][:TEN] for row in questions[ASKED:]]
        tenth = [exact.search(row, TEN)[1][-1] for row in questions[ASKED:]]
        figures["recall"] = compare(near, tenth)
    if size <= WORDS:
        words, starts = held["words"], held["starts"]
        numbers = np.arange(size) % (len(starts) - 1)
        began = time.perf_counter()
        pieces = [words[starts[number] : starts[number + 1]] for number in numbers]
        bounds = np.cumsum([0, *(len(piece) for piece in pieces)], dtype=np.int64)
        write_words(np.concatenate(pieces), bounds, place / "words")
        figures["words written s"] = time.perf_counter() - began
        began = time.perf_counter()
        index = Words(place / "words")
        figures["words open ms"] = (time.perf_counter() - began) * 1000
        asked, ends = held["asked"], held["ends"]
        parts = [asked[a:b].tolist() for a, b in itertools.pairwise(ends)][ASKED:]
        groups = [[([term], 1.0) for term in dict.fromkeys(part)] for part in parts]
        figures["words ms"] = _time(index.share, groups)
    files = [path for path in place.rglob("*") if path.is_file()]
    figures["disk MB"] = sum(path.stat().st_size for path in files) / 1e6
    status = dict(
        line.split(":", 1) for line in Path("/proc/self/status").read_text("ascii").splitlines()
    )
    for name, key in (("private", "RssAnon"), ("mapped", "RssFile"), ("most", "VmHWM")):
        figures[f"{name} MiB"] = int(status[key].split()[0]) / 1024
    return figures


def _time(ask: Callable[[Any], Any], questions: Any) -> float:
    """Return the median milliseconds of a question."""
    times = []
    for question in questions:
        began = time.perf_counter()
        ask(question)
        times.append(time.perf_counter() - began)
    return float(np.median(times)) * 1000


def encode(file: Path, models: Path, to: Path) -> None:
    """Write the vectors and terms of a set's paragraphs and of its questions."""
    encoder = load_encoder("", models, print)
    paragraphs = read_paragraphs(file)
    questions = [one.text for one in read_questions(file, file)]
    step = max(1, len(questions) // (2 * ASKED))
    questions = questions[::step][: 2 * ASKED]
    words, asked = (
        [[hash_term(stem) for stem in list_stems(text)] for text in texts]
        for texts in (paragraphs, questions)
    )
    np.savez(
        to,
        paragraphs=encoder.encode_chunks([(text,) for text in paragraphs])[0],
        questions=encoder.encode_queries(questions),
        words=np.concatenate([np.asarray(each, np.int64) for each in words]),
        starts=np.cumsum([0, *map(len, words)]),
        asked=np.concatenate([np.asarray(each, np.int64) for each in asked]),
        ends=np.cumsum([0, *map(len, asked)]),
    )


def main() -> None:
    """Measure every size and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path, help="a question set")
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES)
    parser.add_argument("--var", type=Path, default=Path("var"), help="where the model is prepared")
    parser.add_argument("--json", action="store_true", help="write benchmarks/results/scale.json")
    parser.add_argument("--one", nargs=2, help=argparse.SUPPRESS)  # a size and a place
    arguments = parser.parse_args()
    if arguments.one:
        size, place = arguments.one
        print(json.dumps(measure(arguments.file, int(size), Path(place))))
        return
    told = []
    with tempfile.TemporaryDirectory() as folder:
        texts = Path(folder, "texts.npz")
        encode(arguments.file, arguments.var / "models", texts)
        for size in arguments.sizes:
            with tempfile.TemporaryDirectory(dir=folder) as place:
                command = [
                    sys.executable, "-m", "benchmarks.scale", str(texts), "--one", str(size), place
                ]  # fmt: skip
                done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
            told.append(json.loads(done.stdout))
            print(", ".join(f"{name} {value:.4g}" for name, value in told[-1].items()), flush=True)
    if arguments.json:
        path = ROOT / "benchmarks" / "results" / "scale.json"
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(told, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
