"""The verb `evaluate`: which questions are asked of which release, and the figures as tables."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from chatbot.answers.answering import FOUND
from chatbot.evaluation.evaluation import (
    UNANSWERABLE,
    Figures,
    Mark,
    Report,
    ask,
    confidences,
    summarise,
)
from chatbot.evaluation.labels import Label, Unit, by_document, by_passage, locate, sample
from chatbot.evaluation.measures import Bin, Figure, trade_off
from chatbot.evaluation.quality_floors import FLOORS, measure, raise_floors
from chatbot.evaluation.regression_questions import read_questions
from chatbot.evaluation.squad import hold_out, read_squad
from chatbot.evaluation.temporary_release import open_trial
from chatbot.settings import Settings
from chatbot.terminal import count, print_json, progress_bar, say
from corpus.errors import DocumentError, UsageError
from corpus.files import write_file
from corpus.library import QUESTIONS
from index.encoder.encoder import Encoder
from index.reader.protocol import Reader
from index.storage.manifest import check_model
from index.storage.publish import Releases
from index.storage.release import Release

Run = Callable[[Settings, argparse.Namespace], int]
_SHOWN = 3  # of what was left out
_LINES = ".jsonl"  # ends the name of a file of Casebook's own questions


@dataclass(frozen=True, slots=True)
class Exam:
    """Questions, the release that they are put to, what it is to find, what was left out."""

    name: str
    labels: Sequence[Label]
    release: Release
    unit: Unit
    left_out: Sequence[str]


def add_verb(
    add: Callable[[str, Run, str], argparse.ArgumentParser],
    open_releases: Callable[[Settings], Releases],
    load_encoder: Callable[[Settings], Encoder],
    load_reader: Callable[[Settings, Encoder], Reader],
) -> None:
    """Tell a parser of the verb; the three others open what settings name."""

    def run(settings: Settings, arguments: argparse.Namespace) -> int:
        return _evaluate(settings, arguments, open_releases, load_encoder, load_reader)

    verb = add("evaluate", run, "Ask labelled questions and print how good the answers are.")
    verb.add_argument(
        "file", nargs="?", type=Path, metavar="FILE",
        help="a file in SQuAD's format, asked of a release of its own paragraphs, or a file like "
        "questions.jsonl, asked of the live release (default: the library's)",
    )  # fmt: skip
    verb.add_argument(
        "--questions", type=Path, metavar="FILE",
        help="ask the questions of this one over the paragraphs of the other: another language",
    )  # fmt: skip
    verb.add_argument("--limit", type=int, metavar="N", help="ask only N of them, drawn by hash")
    verb.add_argument("--seed", type=int, default=0, help="of what is drawn (default 0)")
    verb.add_argument(
        "--hold-out", type=float, metavar="SHARE",
        help="leave this share of a SQuAD file's articles out and ask about them all the same",
    )  # fmt: skip
    verb.add_argument(
        "--plot", type=Path, metavar="FILE",
        help="draw wrong answers against refused ones over all thresholds, as PNG",
    )  # fmt: skip
    verb.add_argument(
        "--raise-floors", action="store_true",
        help="write the library's own figures as floors that the tests hold; never lowers one",
    )  # fmt: skip
    verb.add_argument("--lower", action="store_true", help="with it: lower them if need be")


def _evaluate(
    settings: Settings,
    arguments: argparse.Namespace,
    open_releases: Callable[[Settings], Releases],
    load_encoder: Callable[[Settings], Encoder],
    load_reader: Callable[[Settings, Encoder], Reader],
) -> int:
    _check(settings, arguments)
    own = settings.reports / QUESTIONS
    path: Path = arguments.file or own
    if path.suffix == _LINES:
        exam = _open_live(path, open_releases(settings))
        encoder = load_encoder(settings)
        check_model(exam.release.manifest, encoder.identity)
    else:
        encoder = load_encoder(settings)
        exam = _open_squad(path, arguments, settings.var / "evaluation", encoder)
    labels = exam.labels
    if arguments.limit:
        labels = sample(labels, arguments.limit, arguments.seed)
    if arguments.plot and not {label.group for label in labels} & set(UNANSWERABLE):
        raise UsageError("--plot: every question has an answer; give --hold-out, or other ones")
    reader = load_reader(settings, encoder)
    with progress_bar("Asking", "question") as asking:
        marks = ask(labels, exam.release, encoder, exam.unit, asking, reader)
    report = summarise(marks)
    if arguments.json:
        left_out = {"count": len(exam.left_out), "such_as": list(exam.left_out[:_SHOWN])}
        print_json(
            {
                "file": path.name, "release": exam.release.id, "threshold": FOUND,
                "left_out": left_out, **report.to_json(),
            }
        )  # fmt: skip
    else:
        print("\n".join(_describe(report, exam)))
    if arguments.plot:
        _plot(arguments.plot, path.name, marks)
    if arguments.raise_floors:
        floors = raise_floors(FLOORS, measure(report, own, exam.release), arguments.lower)
        say(f"{FLOORS}: {len(floors.measures)} floors are written")
    return 0


def _check(settings: Settings, arguments: argparse.Namespace) -> None:
    """Raise UsageError for flags that cannot be, or be together."""
    lines = arguments.file is None or arguments.file.suffix == _LINES
    if arguments.limit is not None and arguments.limit < 1:
        raise UsageError(f"--limit {arguments.limit}: give 1 or more")
    if arguments.hold_out is not None and not 0 < arguments.hold_out < 1:
        raise UsageError(f"--hold-out {arguments.hold_out}: give a share between 0 and 1")
    for flag, given in (("--hold-out", arguments.hold_out), ("--questions", arguments.questions)):
        if lines and given is not None:
            raise UsageError(f"{flag} needs a FILE in SQuAD's format")
    if arguments.plot and not arguments.plot.absolute().parent.is_dir():
        raise UsageError(f"--plot {arguments.plot}: no such folder; make it first")
    if arguments.raise_floors and (arguments.file or arguments.limit):
        raise UsageError("--raise-floors is of all of the library's questions: give no FILE, no N")
    if arguments.raise_floors and settings.reader:
        raise UsageError("--raise-floors is of the bundled reader: leave CASEBOOK_READER unset")
    if arguments.lower and not arguments.raise_floors:
        raise UsageError("--lower goes with --raise-floors")


def _open_live(path: Path, releases: Releases) -> Exam:
    """Return the questions of a file like questions.jsonl for the live release."""
    release = releases.open(releases.live())
    if not path.exists():
        raise DocumentError(f"{path}: no such file; check the path")
    questions = read_questions(path)
    if not questions:
        raise DocumentError(f"{path}: holds no question; see corpus/reports/README.md")
    return Exam(path.name, locate(questions, release), release, by_passage, ())


def _open_squad(path: Path, arguments: argparse.Namespace, folder: Path, encoder: Encoder) -> Exam:
    """Return the questions of a file in SQuAD's format for a release of its paragraphs."""
    whole = found = read_squad(path, arguments.questions)
    if arguments.hold_out:
        found = hold_out(whole, arguments.hold_out, arguments.seed)
    for line in found.left_out[:_SHOWN]:
        say(f"casebook: left out: {line}")
    if len(found.left_out) > _SHOWN:
        say(f"casebook: left out: {len(found.left_out) - _SHOWN} more answers and questions")
    only = found.texts.keys() if arguments.hold_out else None
    with progress_bar("Encoding", "text") as encoding:
        release, failed = open_trial(whole.texts, folder, encoder, encoding, only)
    for reason in failed.values():
        say(f"casebook: left out: {reason}")
    labels = [label for label in found.labels if label.document not in failed]
    return Exam(path.name, labels, release, by_document, (*found.left_out, *failed.values()))


def _describe(report: Report, exam: Exam) -> Iterator[str]:
    manifest = exam.release.manifest
    yield (
        f"{exam.name}: {count(report.questions, 'question')} to release {exam.release.id} "
        f"({count(manifest.documents, 'document')}, {count(manifest.rows, 'passage')})"
    )
    if exam.left_out:
        yield f"{len(exam.left_out)} answers and questions left out, such as {exam.left_out[0]}"
    for group, figures in report.groups.items():
        yield f"\n{group}: {count(next(iter(figures.values())).count, 'question')}"
        for name, figure in figures.items():
            yield f"  {name:20}{_show(figure, 1 if name.endswith(' ms') else 3)}"
    for title, parts in (("language", report.languages), ("asks for", report.kinds)):
        yield from _tabulate(title, parts)
    for group, bins in report.bins.items():
        yield from _tabulate_bins(group, bins)


def _tabulate(title: str, parts: Mapping[str, Figures]) -> Iterator[str]:
    names = ("right", "R@1", "any quotation", "refused")
    yield f"\n{title:10}{'n':>6}  " + "".join(f"{name:22}" for name in names).rstrip()
    for part, figures in parts.items():
        shown = [_show(figures[name]) if name in figures else "-" for name in names]
        count = figures["right"].count
        yield f"{part:10}{count:6}  " + "".join(f"{each:22}" for each in shown).rstrip()


def _tabulate_bins(group: str, bins: Sequence[Bin]) -> Iterator[str]:
    of, word = (
        ("answered", "right") if group == "answered" else (f"answerable and {group}", "answerable")
    )
    yield f"\nconfidence of {of} questions"
    yield f"{'from':>6}{'to':>6}{'n':>7}{'mean':>8}{word:>12}"
    for each in bins:
        line = f"{each.low:6.1f}{each.high:6.1f}{each.count:7}"
        yield line + (f"{each.confidence:8.3f}{each.share:12.3f}" if each.count else "")


def _show(figure: Figure, places: int = 3) -> str:
    low, high = (f"{value:.{places}f}" for value in (figure.low, figure.high))
    return f"{figure.value:.{places}f} [{low}, {high}]"


def _plot(path: Path, name: str, marks: Sequence[Mark]) -> None:
    from chatbot.evaluation.plot import Curve, draw_curves

    held = [mark for mark in marks if mark.label.group == "answerable"]
    curves: dict[str, Curve] = {}
    for group in UNANSWERABLE:
        others = [mark for mark in marks if mark.label.group == group]
        if not (others and held):
            continue
        _, refused, wrong = trade_off(confidences(marks, "answerable"), confidences(marks, group))
        point = (
            sum(not mark.found for mark in held) / len(held),
            sum(mark.found for mark in others) / len(others),
        )
        curves[group] = Curve(refused, wrong, point)
    write_file(path, draw_curves(name, curves))
    say(f"{path} is written")
