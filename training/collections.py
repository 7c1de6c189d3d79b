"""Labelled collections that the reader is trained on: releases of question sets and questions.

    squad    SQuAD 2's paragraphs in English, with questions that theirs does not answer
    cmrc     CMRC's in Chinese, every other one
    mixed    XQuAD's open articles, every second paragraph in Chinese and the others in English,
             asked in both languages, of texts in the other half as often: readers ask more of what
             is written in their own
    es-de    the same articles in German, asked in Spanish
    drcd     DRCD's in traditional Chinese
    jaquad   JaQuAD's in Japanese, every fifth article
    swapped  the company cases, asked of other companies than theirs: nothing answers
    cases    invented company cases in several languages, asked as readers ask, a quarter of it in
             vain, with a glossary of the companies' names
    written  more of them, that lie beside this file and judge nothing
    everyday  those again, asked what has nothing to do with companies (far.json): nothing answers

The articles of XQuAD that judge are in none of them, nor is one company case in seven.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.squad import Question, name_document, read_questions
from chatbot.evaluation.temporary_release import open_trial
from corpus.library import GLOSSARY
from index.encoder.encoder import Encoder
from index.searcher import Searcher
from training.question_sets import HELD, is_held

Texts = tuple[dict[str, str], list["Labelled"]]
_HERE = Path(__file__).parent
_PARAGRAPH = 4  # sentences of a case that stand in one paragraph


@dataclass(frozen=True, slots=True)
class Labelled:
    """A question of a set: `article` is the number of what it belongs to and is drawn with."""

    question: Question
    article: int


@dataclass(frozen=True, slots=True)
class Collection:
    """A release to ask and the questions to ask of it, those without answers among them."""

    name: str
    searcher: Searcher
    asked: Sequence[Labelled]


_FILES = {
    "squad": ("squad2-half.en.json",),
    "cmrc": ("cmrc2018-dev.zh.json",),
    "mixed": ("xquad-open.en.json", "xquad-open.zh.json"),
    "es-de": ("xquad-open.de.json", "xquad-open.es.json"),
    "drcd": ("drcd-dev.zh-Hant.json",),
    "jaquad": ("jaquad-train.ja.json",),
    "cases": ("cases.jsonl",),
    "swapped": ("cases.jsonl",),
    "written": ("written.jsonl",),
    "everyday": ("written.jsonl", "far.json"),
}


def list_files(data: Path, only: Sequence[str] = ()) -> list[Path]:
    """Return the files that the sets are read from."""
    names = [name for name in _FILES if not only or name in only]
    return [_find(data, file) for name in names for file in _FILES[name]]


def read_collections(data: Path, only: Sequence[str] = ()) -> dict[str, Texts]:
    """Return the documents of each set, by name, and its questions; with `only`, those named."""
    readers: dict[str, Callable[..., Texts]] = {
        "squad": partial(_read_squad, every=1),
        "cmrc": partial(_read_squad, every=2),
        "mixed": partial(_read_mixed, both=True),
        "es-de": partial(_read_mixed, both=False),
        "drcd": partial(_read_squad, every=1),
        "jaquad": partial(_read_squad, every=5),
        "cases": _read_cases,
        "swapped": _read_swapped,
        "written": partial(_read_cases, judges=False),
        "everyday": _read_everyday,
    }
    return {
        name: readers[name](*(_find(data, file) for file in files))
        for name, files in _FILES.items()
        if not only or name in only
    }


def open_collection(name: str, read: Texts, work: Path, encoder: Encoder) -> Collection:
    """Open the release of a set's documents, built once below `work`."""
    texts, asked = read
    release, failed = open_trial(texts, work, encoder)
    kept = [one for one in asked if one.question.document not in failed]
    return Collection(name, Searcher(release, encoder), kept)


def _find(folder: Path, name: str) -> Path:
    for path in [*sorted(folder.rglob(name)), *_HERE.glob(name)]:
        return path
    raise SystemExit(f"{folder}: no {name} in it; see training/README.md for what it has to hold")


def _read_squad(path: Path, every: int) -> tuple[dict[str, str], list[Labelled]]:
    data = json.loads(path.read_text("utf-8-sig"))["data"]
    texts: dict[str, str] = {}
    owners: dict[str, int] = {}
    numbers = iter(range(1_000_000))
    for article, each in enumerate(data):
        is_open = each.get("title", "").replace(" ", "_") not in HELD and article % every == 0
        for paragraph in each["paragraphs"]:
            document = name_document(next(numbers))
            if is_open:
                texts[document] = paragraph["context"]
                owners[document] = article // every
    asked = [
        Labelled(one, owners[one.document])
        for one in read_questions(path, path)
        if one.document in texts
    ]
    return texts, asked


def _read_mixed(first: Path, second: Path, both: bool) -> tuple[dict[str, str], list[Labelled]]:
    """Read paragraphs of the first file, with `both` every second one of the other.

    Questions are in the second's language, or with `both` in either.
    """
    files = [first, second]
    articles = [json.loads(path.read_text("utf-8"))["data"] for path in files]
    owners = [number for number, each in enumerate(articles[0]) for _ in each["paragraphs"]]
    contexts = [[p["context"] for each in one for p in each["paragraphs"]] for one in articles]
    side = [number % 2 if both else 0 for number in range(len(owners))]
    texts = {name_document(number): contexts[which][number] for number, which in enumerate(side)}
    asked = []
    for paragraphs in range(2 if both else 1):
        for questions in range(2) if both else (1,):
            for one in read_questions(files[paragraphs], files[questions]):
                number = int(one.document[:5])
                near = not both or questions == paragraphs or number % 4 < 2
                if side[number] == paragraphs and near:
                    asked.append(Labelled(one, owners[number]))
    return texts, asked


def _read_cases(path: Path, judges: bool = True) -> tuple[dict[str, str], list[Labelled]]:
    """Read company cases, without those that are kept apart where some of them judge."""
    cases = [json.loads(line) for line in path.read_text("utf-8").splitlines() if line.strip()]
    texts: dict[str, str] = {}
    asked = []
    for number, case in enumerate(cases):
        if judges and is_held(case["id"]):
            continue
        document = name_document(number)
        texts[document], starts = lay_out(case)
        asked += [
            Labelled(_ask(each, document, case, starts), number) for each in case["questions"]
        ]
    names = [[case["company_en"], case["company_zh"]] for case in cases]
    groups = [group for group in map(list, dict.fromkeys(map(tuple, names))) if all(group)]
    texts[GLOSSARY] = json.dumps(groups, ensure_ascii=False)
    return texts, asked


def _read_swapped(path: Path) -> tuple[dict[str, str], list[Labelled]]:
    """Read the company cases and their questions with another case's company in place of theirs."""
    texts, _ = _read_cases(path)
    lines = path.read_text("utf-8").splitlines()
    cases = [json.loads(line) for line in lines if line.strip()]
    asked = []
    for number, case in enumerate(cases):
        if is_held(case["id"]):
            continue
        for place, each in enumerate(case["questions"]):
            # far enough to be no twin, and another one for each question
            other = cases[(number + 7 + 11 * place) % len(cases)]
            text = _swap(each["question"], case, other)
            if text and not each.get("history"):
                asked.append(Labelled(Question(text, name_document(number), ()), number))
    return texts, asked


def _read_everyday(path: Path, far: Path) -> tuple[dict[str, str], list[Labelled]]:
    """Read company cases, and questions that no company's case answers, by their language."""
    texts, _ = _read_cases(path, judges=False)
    said: dict[str, list[str]] = json.loads(far.read_text("utf-8"))
    name = name_document(0)
    return texts, [
        Labelled(Question(question, name, ()), number)
        for questions in said.values()
        for number, question in enumerate(questions)
    ]


def _swap(question: str, case: dict[str, Any], other: dict[str, Any]) -> str:
    """Return a question with the other case's company in place of its own, or nothing.

    Each is called by the beginning of its name, as many words or signs of it as the question has.
    """
    for tag, between, least in (("company_en", " ", 4), ("company_zh", "", 2)):
        own, new = (one[tag].split() if between else list(one[tag]) for one in (case, other))
        for count in range(min(len(own), len(new)), 0, -1):
            name, put = (between.join(parts[:count]) for parts in (own, new))
            at = question.casefold().find(name.casefold())
            if at >= 0 and len(name) >= least and name.casefold() != put.casefold():
                return question[:at] + put + question[at + len(name) :]
    return ""


def read_held_cases(data: Path) -> tuple[dict[str, str], list[Question]]:
    """Return the company cases that were kept apart, by document, and their questions."""
    lines = _find(data, "cases.jsonl").read_text("utf-8").splitlines()
    cases = [json.loads(line) for line in lines if line.strip()]
    texts: dict[str, str] = {}
    asked = []
    for number, case in enumerate(cases):
        if is_held(case["id"]):
            texts[name_document(number)], starts = lay_out(case)
            asked += [_ask(each, name_document(number), case, starts) for each in case["questions"]]
    return texts, asked


def _ask(
    asked: dict[str, Any], document: str, case: dict[str, Any], starts: Sequence[int]
) -> Question:
    """Return a question of a case, the last one that it follows before it."""
    text = " ".join([*(asked.get("history") or [])[-1:], asked["question"]])
    golds = tuple((starts[gold], case["sentences"][gold].strip()[:12]) for gold in asked["gold"])
    return Question(text, document, golds)


def lay_out(case: dict[str, Any]) -> tuple[str, list[int]]:
    """Return a case as a text of paragraphs, and where each of its sentences begins."""
    names = " ".join(filter(None, (case["company_en"], case["company_zh"])))
    text = f"{case['title']}\n\n{names}\n\n"
    between = "" if case["lang"] == "zh" else " "
    starts = []
    for number, sentence in enumerate(case["sentences"]):
        starts.append(len(text))
        last = number % _PARAGRAPH == _PARAGRAPH - 1
        text += sentence.strip() + ("\n\n" if last else between)
    return text, starts
