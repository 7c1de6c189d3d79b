"""Question sets as chunks with sentences and the sentences that answer.

Reads SQuAD's format and `cases.jsonl`, invented company cases with the questions that readers ask
of them. What may be trained on and what is kept apart to measure with is decided here, once: by
article for SQuAD and XQuAD, by paragraph for CMRC, by pairs of similar cases for `cases.jsonl`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from corpus.chunks import LONGEST
from corpus.language.sentences import sentence_spans
from corpus.passages import estimate_length

# The articles of XQuAD that judge, some of which stand in SQuAD too.
_JUDGES = """
    Warsaw Martin_Luther Southern_California Sky_(United_Kingdom) Victoria_(Australia) Steam_engine
    1973_oil_crisis Apollo_program Amazon_rainforest Fresno,_California Packet_switching Black_Death
    Geology American_Broadcasting_Company Pharmacy Construction Private_school Harvard_University
    Jacksonville,_Florida University_of_Chicago Intergovernmental_Panel_on_Climate_Change
    Chloroplast Prime_number Rhine United_Methodist_Church
"""
HELD = frozenset(_JUDGES.split())
PARALLEL = ("en", "zh", "es", "de", "ru", "ar", "vi", "tr", "ro", "el", "hi", "th")
SINGLE = {
    "squad": "squad2-half.en.json",
    "cmrc": "cmrc2018-dev.zh.json",
    "drcd": "drcd-dev.zh-Hant.json",
}
_CASES_HELD = 7  # one pair of similar cases in so many is kept apart


@dataclass(frozen=True, slots=True)
class SetChunk:
    """A chunk of a set: what stands before it, its sentences, and whether it may be trained on."""

    title: str
    sentences: tuple[str, ...]
    open: bool

    @property
    def words(self) -> str:
        """The chunk as it is encoded."""
        return "\n".join([self.title, *self.sentences])


@dataclass(frozen=True, slots=True)
class SetQuestion:
    """A question; `key` is the same for its translations, `text` has the one it follows before it.

    `golds` are chunk and sentence, by number, that answer: none where nothing does. `home` are the
    chunks of its paragraph or case.
    """

    key: tuple[int, int, int]
    text: str
    golds: tuple[tuple[int, int], ...]
    home: tuple[int, ...]
    open: bool


@dataclass(frozen=True, slots=True)
class QuestionSet:
    """The chunks and questions of one file; `digest` is the SHA-256 of its bytes."""

    name: str
    digest: str
    chunks: list[SetChunk] = field(default_factory=list)
    questions: list[SetQuestion] = field(default_factory=list)


def read_sets(folder: Path) -> Iterator[QuestionSet]:
    """Read every set of the folder, wherever below it a file lies."""
    for language in PARALLEL:
        yield read_squad(find(folder, f"xquad-open.{language}.json"), f"x-{language}")
    for name, file in SINGLE.items():
        yield read_squad(find(folder, file), name)
    yield read_cases(find(folder, "cases.jsonl"))


def find(folder: Path, name: str) -> Path:
    """Return the file of a name, wherever below a folder it lies; without one, ends in one line."""
    for path in sorted(folder.rglob(name)):
        return path
    raise SystemExit(f"{folder}: no {name} in it; see training/README.md for what it has to hold")


def read_squad(path: Path, name: str) -> QuestionSet:
    """Read a file in SQuAD's format."""
    data = path.read_bytes()
    found = QuestionSet(name, hashlib.sha256(data).hexdigest())
    articles = json.loads(data.decode("utf-8-sig"))["data"]
    for number, article in enumerate(articles):
        title = article.get("title", "")
        is_open = title.replace(" ", "_") not in HELD and not (name == "cmrc" and number % 2)
        for place, paragraph in enumerate(article["paragraphs"]):
            text = paragraph["context"]
            spans = sentence_spans(text)
            where = _add_chunks(
                found, title.replace("_", " "), [text[a:b].strip() for a, b in spans], is_open
            )
            home = tuple(sorted({chunk for chunk, _ in where}))
            for asked, question in enumerate(paragraph["qas"]):
                golds = tuple(sorted(set(_locate(question, spans, where))))
                if golds or question.get("is_impossible"):
                    key = (number, place, asked)
                    found.questions.append(
                        SetQuestion(key, question["question"], golds, home, is_open)
                    )
    return found


def read_cases(path: Path) -> QuestionSet:
    """Read the company cases; a name in one language stands above two cases of three."""
    data = path.read_bytes()
    found = QuestionSet("cases", hashlib.sha256(data).hexdigest())
    cases = [json.loads(line) for line in data.decode("utf-8").splitlines() if line.strip()]
    for number, case in enumerate(cases):
        is_open = not is_held(case["id"])
        names = [case["company_en"] if number % 3 else "", case["company_zh"] if number % 2 else ""]
        lines = [case["title"], " ".join(filter(None, names))]
        title = "\n".join(dict.fromkeys(filter(None, lines)))
        where = _add_chunks(found, title, [each.strip() for each in case["sentences"]], is_open)
        home = tuple(sorted({chunk for chunk, _ in where}))
        for asked, question in enumerate(case["questions"]):
            text = " ".join([*(question.get("history") or [])[-1:], question["question"]])
            golds = tuple(sorted({where[gold] for gold in question["gold"]}))
            found.questions.append(SetQuestion((number, 0, asked), text, golds, home, is_open))
    return found


def is_held(case_id: str) -> bool:
    """Tell whether a case judges and is not trained on; similar cases share one lot."""
    part, _, number = case_id.partition("-")
    lot = hashlib.sha256(f"{part} {(int(number) + 1) // 2}".encode()).hexdigest()
    return int(lot, 16) % _CASES_HELD == 0


def _add_chunks(
    found: QuestionSet, title: str, sentences: Sequence[str], is_open: bool
) -> list[tuple[int, int]]:
    """Add the chunks of consecutive sentences; returns where each sentence went."""
    where: list[tuple[int, int]] = []
    for group in _fill(sentences):
        where += [(len(found.chunks), place) for place in range(len(group))]
        found.chunks.append(SetChunk(title, tuple(group), is_open))
    return where


def _fill(sentences: Sequence[str]) -> Iterator[list[str]]:
    group: list[str] = []
    filled = 0.0
    for sentence in sentences:
        length = estimate_length(sentence)
        if group and filled + length > LONGEST:
            yield group
            group, filled = [], 0.0
        group.append(sentence)
        filled += length
    if group:
        yield group


def _locate(
    question: dict[str, Any], spans: Sequence[tuple[int, int]], where: Sequence[tuple[int, int]]
) -> Iterator[tuple[int, int]]:
    """Give the places of the sentences in which a question's answers begin."""
    if question.get("is_impossible"):
        return
    for answer in question["answers"]:
        start = answer["answer_start"]
        inside = [number for number, (first, last) in enumerate(spans) if first <= start < last]
        if inside:
            yield where[inside[0]]
