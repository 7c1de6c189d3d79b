"""Which sentence a reader takes, and whether it knows that none answers, on public question sets.

    python -m benchmarks.reading --data FOLDER [--check] [--raise-floors [--lower]]

FOLDER holds the question sets, wherever below it: XQuAD whole in English, Chinese, Spanish and
German (`xquad.*.json`), CMRC, SQuAD 2 and `cases.jsonl`. Only articles, paragraphs and company
cases that nothing was trained on are asked about. Each question is read over the 8 chunks that the
search hands over, the right one among them (in place of the last where it is not), by the bundled
reader and by sentence cosine, and by another where `--reader` or CASEBOOK_READER names one. Prints
a row for each set:

    first   how often the best sentence is a right one
    AUROC   how well the best sentence's lead over "none" tells the 8 chunks from the same without
            the right one; for SQuAD 2, questions that are answered from those that cannot be

With `--raise-floors` what the bundled reader reaches is written as floors, to which `--check` holds
it, and the table into docs/quality.md. No floor is lowered but with `--lower`.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from tqdm import tqdm

from benchmarks.finding import find_xquad, list_judged
from benchmarks.server import ROOT
from benchmarks.squad import Question, name_document, read_paragraphs, read_questions
from chatbot.composition import choose_reader
from chatbot.evaluation.quality_floors import (
    Floors,
    check_floors,
    raise_floors,
    read_floors,
    round_down,
)
from chatbot.evaluation.temporary_release import open_trial
from chatbot.settings import read_settings
from corpus.errors import CasebookError
from index.encoder.encoder import Encoder
from index.models import load_encoder, load_reader
from index.reader.cosine import CosineReader
from index.reader.protocol import Reader, Text
from index.searcher import READ, Searcher
from training.collections import list_files, read_held_cases
from training.confidence import tell_apart
from training.groups import mark

MOST = 300  # questions of one set
SOUGHT = 64  # chunks among which the right one is looked for
DOCUMENT = ROOT / "docs" / "quality.md"
FLOORS = ROOT / "benchmarks" / "results" / "reading-floors.json"
BUNDLED = "bundled"  # the reader that has floors
_TABLE = re.compile(r"(?<=<!-- reading -->\n)[^<]*(?=<!-- end of reading -->)")


@dataclass(frozen=True, slots=True)
class Exam:
    """Documents by name and the questions that are asked of them, as they stand in `files`."""

    name: str
    files: tuple[Path, ...]
    texts: dict[str, str]
    questions: Sequence[Question]


def list_exams(data: Path) -> Iterator[Exam]:
    """Give the sets."""
    pairs = [("en", "en"), ("zh", "zh"), ("en", "zh"), ("zh", "en"), ("de", "es")]
    for told, asked in pairs:
        paragraphs, questions = find_xquad(data, told), find_xquad(data, asked)
        texts = read_paragraphs(paragraphs)
        judged = list_judged(paragraphs)
        every = read_questions(paragraphs, questions)
        kept = [one for one, is_judged in zip(every, judged, strict=True) if is_judged]
        name = f"XQuAD {told}" if told == asked else f"XQuAD {asked} over {told}"
        yield Exam(name, (paragraphs, questions), _name(texts, kept), kept)
    cmrc, squad, held = (list_files(data, [name])[0] for name in ("cmrc", "squad", "cases"))
    texts = read_paragraphs(cmrc)
    kept = [one for one in read_questions(cmrc, cmrc) if int(one.document[:5]) % 2]
    yield Exam("CMRC", (cmrc,), _name(texts, kept), kept)
    judged = list_judged(squad)
    every = read_questions(squad, squad)
    kept = [one for one, is_judged in zip(every, judged, strict=True) if is_judged]
    yield Exam("SQuAD 2", (squad,), _name(read_paragraphs(squad), kept), kept)
    cases, asked_of = read_held_cases(data)
    yield Exam("company cases", (held,), cases, asked_of)


def _name(texts: Sequence[str], questions: Sequence[Question]) -> dict[str, str]:
    """Return the paragraphs that questions are about, by name."""
    wanted = {question.document for question in questions}
    named = {name_document(number): text for number, text in enumerate(texts)}
    return {name: text for name, text in named.items() if name in wanted}


@dataclass(frozen=True, slots=True)
class Score:
    """How a reader does on a set of `count` questions that are answered."""

    first: float
    auroc: float
    count: int


def measure(
    exam: Exam, readers: dict[str, Reader], work: Path, encoder: Encoder
) -> dict[str, Score]:
    """Return how each reader does."""
    release, _ = open_trial(exam.texts, work, encoder)
    searcher = Searcher(release, encoder, next(iter(readers.values())))
    asked = exam.questions[:: max(1, round(len(exam.questions) / MOST))]
    impossible = any(not one.answers for one in asked)
    first: dict[str, list[bool]] = {name: [] for name in readers}
    lead: dict[str, list[tuple[float, bool]]] = {name: [] for name in readers}
    for question in tqdm(asked, desc=exam.name, leave=False):
        query = searcher.parse(question.text)
        texts = _hand_over(question, searcher.find(query, SOUGHT))
        marks = [mark(question, text) for text in texts]
        right = bool(any(each.any() for each in marks))
        without = [text for text, each in zip(texts, marks, strict=True) if not each.any()]
        for name, reader in readers.items():
            reading = reader.read(query, texts)
            scores = np.concatenate(reading.scores)
            lead[name].append((float(scores.max() - reading.none), right))
            if right:
                first[name].append(bool(np.concatenate(marks)[scores.argmax()]))
                if not impossible and without:
                    left = reader.read(query, without)
                    best = max(float(each.max()) for each in left.scores)
                    lead[name].append((best - left.none, False))
    return {
        name: Score(
            float(np.mean(first[name])),
            tell_apart(np.array([s for s, _ in lead[name]]), np.array([r for _, r in lead[name]])),
            len(first[name]),
        )
        for name in readers
    }


def _hand_over(question: Question, found: Sequence[Text]) -> list[Text]:
    """Return the READ best chunks, one that answers in place of the last where none does."""
    best = list(found[:READ])
    answering = [text for text in found if mark(question, text).any()]
    if answering and not any(text in answering for text in best):
        best[-1] = answering[0]
    return best


def tabulate(rows: dict[str, dict[str, Score]]) -> str:
    """Return the figures as a table in Markdown."""
    names = list(next(iter(rows.values())))
    head = " | ".join(f"{name}: first | AUROC" for name in names)
    lines = [f"| set | n | {head} |", "|---" * (2 + 2 * len(names)) + "|"]
    for exam, scores in rows.items():
        told = " | ".join(f"{s.first:.3f} | {s.auroc:.3f}" for s in scores.values())
        lines.append(f"| {exam} | {next(iter(scores.values())).count} | {told} |")
    return "\n".join(lines) + "\n"


def list_floors(exams: Sequence[Exam], rows: dict[str, dict[str, Score]]) -> Floors:
    """Return what the bundled reader reaches, as floors."""
    files = {path.name: path for exam in exams for path in exam.files}
    data = {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in files.items()}
    reached = {}
    for exam, scores in rows.items():
        reached[f"{exam}: first"] = round_down(scores[BUNDLED].first)
        reached[f"{exam}: AUROC"] = round_down(scores[BUNDLED].auroc)
    return Floors(data, reached)


def main() -> None:
    """Run the benchmark; a figure below its floor is one line, and exit code 1."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="where the question sets lie")
    parser.add_argument(
        "--var", type=Path, default=ROOT / "var", help="where the model is prepared"
    )
    parser.add_argument("--reader", help="one to measure beside; else what CASEBOOK_READER names")
    either = parser.add_mutually_exclusive_group()
    either.add_argument("--check", action="store_true", help="fail below a floor")
    either.add_argument("--raise-floors", action="store_true", help="write floors and table")
    parser.add_argument("--lower", action="store_true", help="with it: lower floors if need be")
    arguments = parser.parse_args()
    if arguments.lower and not arguments.raise_floors:
        parser.error("--lower goes with --raise-floors")
    try:
        _run(arguments)
    except CasebookError as error:
        raise SystemExit(str(error)) from error


def _run(arguments: argparse.Namespace) -> None:
    settings = read_settings({"reader": arguments.reader}, os.environ)
    encoder = load_encoder("", arguments.var / "models", print)
    readers: dict[str, Reader] = {
        BUNDLED: load_reader("", encoder, print),
        "cosine": CosineReader(encoder),
    }
    if settings.reader:
        other = choose_reader(settings, encoder)
        readers[other.name] = other
    work = arguments.var / "evaluation"
    work.mkdir(parents=True, exist_ok=True)
    exams = list(list_exams(arguments.data))
    rows = {}
    for exam in exams:
        rows[exam.name] = measure(exam, readers, work, encoder)
        print(exam.name, rows[exam.name], flush=True)
    table = tabulate(rows)
    print(table)
    reached = list_floors(exams, rows)
    if arguments.check:
        check_floors(read_floors(FLOORS), reached)
    if arguments.raise_floors:
        raise_floors(FLOORS, reached, arguments.lower)
        text = DOCUMENT.read_text("utf-8")
        DOCUMENT.write_text(_TABLE.sub(lambda _: table, text), "utf-8")


if __name__ == "__main__":
    main()
