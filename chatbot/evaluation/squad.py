"""Question sets in SQuAD's format, versions 1 and 2: paragraphs as texts, questions as labels.

    {"data": [{"title": ..., "paragraphs": [{"context": ..., "qas": [
        {"id": ..., "question": ..., "answers": [{"text": ..., "answer_start": ...}],
         "is_impossible": false}]}]}]}

An article is an entry of `data`. Equal paragraphs are one text.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from chatbot.answers.question_input import clean_question
from chatbot.evaluation.labels import Label, draw
from corpus.errors import DocumentError, QuestionError
from corpus.files import read_file
from corpus.language.detection import detect
from corpus.metadata import show

LARGEST = 64 * 2**20  # bytes of a file; the training set of SQuAD 2.0 has 40 MiB
_KINDS: dict[type, str] = {str: "a text", int: "a whole number", list: "a list"}
_MARK = "\ufeff"  # some paragraphs of XQuAD begin with it, and no document's text does

T = TypeVar("T")
Record = dict[str, Any]


@dataclass(frozen=True, slots=True)
class QuestionSet:
    """Texts by document name, the questions about them, and what had to be left out.

    `articles` names the article of each document by its place in the file. `left_out` says of each
    answer and question that cannot be used where it stands and why, a line each.
    """

    texts: Mapping[str, str]
    articles: Mapping[str, int]
    labels: tuple[Label, ...]
    left_out: tuple[str, ...]


def read_squad(paragraphs: Path, questions: Path | None = None) -> QuestionSet:
    """Read a file; with `questions`, ask the questions of that one over the paragraphs of this.

    The n-th question of the one is then the n-th of the other, in another language. Answers that do
    not stand at `answer_start`, and questions that nothing is left of, are left out. Raises
    DocumentError, naming the file and the place, where a file cannot be read, is not JSON, lacks a
    key, is of another shape than the other file, or uses an id twice.
    """
    answered = _read(paragraphs)
    asked = _read(questions) if questions else answered
    if len(answered) != len(asked):
        raise DocumentError(
            f"{show(paragraphs.name)}: {len(answered)} paragraphs, and {len(asked)} in the file of "
            "questions; give two files of the same set"
        )
    names: dict[str, str] = {}
    articles: dict[str, int] = {}
    labels: dict[str, Label] = {}
    left_out: list[str] = []
    for (place, article, paragraph), other in zip(answered, asked, strict=True):
        context = _take_text(paragraph, "context", place)
        name = names.setdefault(context.removeprefix(_MARK), f"{len(names):06}.txt")
        articles.setdefault(name, article)
        for where, told, asking in _pair(place, paragraph, other):
            label = _label(where, told, asking, context, name, left_out)
            if label is None:
                continue
            if label.id in labels:
                raise DocumentError(f"{where}: id {show(label.id)!r} is there twice; give each one")
            labels[label.id] = label
    if not labels:
        why = f": {left_out[0]}" if left_out else "; give a file that has some"
        raise DocumentError(f"{show(paragraphs.name)}: no question in it can be asked{why}")
    texts = {name: context for context, name in names.items()}
    return QuestionSet(texts, articles, tuple(labels.values()), tuple(left_out))


def hold_out(whole: QuestionSet, share: float, seed: int) -> QuestionSet:
    """Leave a share of the articles out, at least one and not all; their questions stay.

    Nothing in the texts answers these then: they become off-collection ones. Which articles they
    are depends on their places in the file and the seed. Raises DocumentError where there is only
    one article.
    """
    numbers = sorted(set(whole.articles.values()), key=lambda number: draw(str(number), seed))
    if len(numbers) < 2:
        raise DocumentError("one article alone cannot be held out; give a file of several")
    gone = set(numbers[: min(max(round(share * len(numbers)), 1), len(numbers) - 1)])
    texts = {n: text for n, text in whole.texts.items() if whole.articles[n] not in gone}
    labels = tuple(
        label
        if label.document in texts
        else replace(label, group="off-collection", relevant=frozenset(), spans=())
        for label in whole.labels
    )
    return replace(whole, texts=texts, labels=labels)


def _label(
    place: str, told: Record, asking: Record, context: str, name: str, left_out: list[str]
) -> Label | None:
    """Return the label of one question, or None where it cannot be used, which is then told."""
    words = _take_text(asking, "question", place)
    try:
        question = clean_question(words)
    except QuestionError as error:
        left_out.append(f"{place}: {error}")
        return None
    identity = _take_text(told, "id", place)
    if told.get("is_impossible"):
        return Label(identity, question, detect(question), "impossible", name, frozenset(), ())
    shift = len(context) - len(context.removeprefix(_MARK))
    spans = []
    for number, answer in enumerate(_take(told, "answers", list, place)):
        where = f"{place}.answers[{number}]"
        text = _take_text(answer, "text", where)
        start = _take(answer, "answer_start", int, where)
        if not text.strip() or start < 0 or context[start : start + len(text)] != text:
            left_out.append(f"{where}: {text[:40]!r} is not at {start} of the paragraph")
            continue
        spans.append((name, start - shift, start - shift + len(text)))
    if not spans:
        left_out.append(f"{place}: no answer is left to the question")
        return None
    return Label(
        identity, question, detect(question), "answerable", name, frozenset({name}),
        tuple(dict.fromkeys(spans)),
    )  # fmt: skip


def _read(path: Path) -> list[tuple[str, int, Record]]:
    """Return the place, the article's number and the record of every paragraph of a file."""
    name = show(path.name)
    try:
        data = read_file(path, name, LARGEST)
    except FileNotFoundError as error:
        raise DocumentError(f"{show(str(path))}: no such file; check the path") from error
    try:
        record = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise DocumentError(f"{name}: not JSON ({error}); give a file in SQuAD's format") from error
    found = []
    for number, article in enumerate(_take(record, "data", list, name)):
        above = f"{name}: data[{number}]"
        for place, paragraph in enumerate(_take(article, "paragraphs", list, above)):
            found.append((f"{above}.paragraphs[{place}]", number, paragraph))
    return found


def _pair(
    place: str, paragraph: Record, other: tuple[str, int, Record]
) -> list[tuple[str, Record, Record]]:
    """Return the place of each question of a paragraph, its record and that which asks it."""
    told = _take(paragraph, "qas", list, place)
    asking = _take(other[2], "qas", list, other[0])
    if len(told) != len(asking):
        raise DocumentError(
            f"{place}: {len(told)} questions, and {len(asking)} in the file of questions; "
            "give two files of the same set"
        )
    pairs = zip(told, asking, strict=True)
    return [(f"{place}.qas[{number}]", *pair) for number, pair in enumerate(pairs)]


def _take_text(record: object, key: str, place: str) -> str:
    text = _take(record, key, str, place)
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise DocumentError(f"{place}: {key} holds half a character; mend the file") from error
    return text


def _take(record: object, key: str, kind: type[T], place: str) -> T:
    """Return a record's value; raises DocumentError, naming place and key."""
    if not isinstance(record, dict):
        raise DocumentError(f"{place}: not an object, so no SQuAD format; check the file")
    if key not in record:
        raise DocumentError(f"{place}: {key} is missing; give a file in SQuAD's format")
    value = record[key]
    if not isinstance(value, kind) or isinstance(value, bool):
        raise DocumentError(f"{place}: {key} is not {_KINDS[kind]}; give a file in SQuAD's format")
    return value
