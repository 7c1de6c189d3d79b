"""How often a question finds its paragraph in a collection of two languages.

    python -m benchmarks.mixed xquad.de.json xquad.es.json

Takes a question set in two languages and makes a library of both: the paragraphs with even numbers
from the first file, those with odd ones from the second. Every question is asked in both languages.
Prints, by the languages of question and paragraph, R@1, how often the best passage is in the
question's own language, and how many questions are answered.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from tqdm import tqdm

from benchmarks.server import ROOT
from benchmarks.squad import name_document, read_paragraphs, read_questions
from chatbot.answers.answering import FOUND
from corpus.library import Library
from index.build import build
from index.models import load_encoder
from index.searcher import Searcher
from index.storage.publish import Releases


def write_mixed(files: Sequence[Path], folder: Path) -> None:
    """Write every paragraph as a text document, by turns from one file and from the other."""
    folder.mkdir(parents=True)
    both = zip(*map(read_paragraphs, files), strict=True)
    for number, texts in enumerate(both):
        (folder / name_document(number)).write_text(texts[number % 2], "utf-8")


def measure(searcher: Searcher, questions: Path, own: int) -> None:
    """Ask all questions of a file and print a line for its paragraphs and one for the other's.

    `own` is the file's place, 0 or 1, and so the remainder of its paragraphs' numbers.
    """
    marks: dict[bool, list[tuple[bool, bool, bool]]] = {True: [], False: []}
    for question in tqdm(read_questions(questions, questions), unit="question", leave=False):
        found = searcher.read(searcher.parse(question.text))
        best = found.hits[0].document.name
        marks[_is_own(question.document, own)].append(
            (best == question.document, _is_own(best, own), found.confidence >= FOUND)
        )
    for same, each in marks.items():
        found, alike, answered = np.mean(each, axis=0)
        print(f"| {questions.stem} | {'its own' if same else 'the other'} | {len(each)} | "
              f"{found:.3f} | {alike:.3f} | {answered:.3f} |")  # fmt: skip


def _is_own(document: str, own: int) -> bool:
    return int(Path(document).stem) % 2 == own


def main() -> None:
    """Run the benchmark for two files."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("files", type=Path, nargs=2, metavar="FILE")
    parser.add_argument("--var", type=Path, default=ROOT / "var", help="where the model is")
    arguments = parser.parse_args()
    encoder = load_encoder("", arguments.var / "models", print)
    with tempfile.TemporaryDirectory() as place:
        write_mixed(arguments.files, Path(place, "reports"))
        releases = Releases(Path(place, "releases"))
        build(Library(Path(place, "reports")), releases, encoder)
        release = releases.open(releases.live(), encoder.identity)
        searcher = Searcher(release, encoder)
        print("| questions | paragraph | n | R@1 | best in own language | answered |")
        print("|---|---|---|---|---|---|")
        for own, questions in enumerate(arguments.files):
            measure(searcher, questions, own)


if __name__ == "__main__":
    main()
