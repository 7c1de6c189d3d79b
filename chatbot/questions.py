"""Questions whose answers are known, and what a new release makes of them: the gate."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from chatbot.answer import Answer
from index.encoder import Progress, ignore_progress


@dataclass(frozen=True, slots=True)
class Question:
    """One line of questions.jsonl."""

    question: str
    language: str
    answers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class GateReport:
    """What known questions showed."""

    asked: int
    right: int
    right_before: int | None
    lost: tuple[str, ...]
    won: tuple[str, ...]
    wrong: tuple[str, ...]
    changed: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """Return the report as data."""
        return asdict(self)


def read_questions(path: Path) -> list[Question]:
    """Read them."""
    if not path.exists():
        return []
    lines = [json.loads(line) for line in path.read_text("utf-8").splitlines() if line.strip()]
    return [Question(r["question"], r["language"], tuple(r["answers"])) for r in lines]


def is_right(question: Question, answer: Answer) -> bool:
    """Tell whether it is."""
    if not question.answers:
        return not answer.found
    return any(words in c.quote for c in answer.citations for words in question.answers)


def compare(
    questions: Sequence[Question],
    before: Callable[[str], Answer] | None,
    now: Callable[[str], Answer],
    progress: Progress = ignore_progress,
) -> GateReport:
    """Compare."""
    lost, won, wrong, changed = [], [], [], []
    right = right_before = 0
    for question in questions:
        new = now(question.question)
        good = is_right(question, new)
        right += good
        if not good:
            wrong.append(question.question)
        if before:
            old = before(question.question)
            was = is_right(question, old)
            right_before += was
            if was and not good:
                lost.append(question.question)
            if good and not was:
                won.append(question.question)
            if [c.quote for c in old.citations] != [c.quote for c in new.citations]:
                changed.append(question.question)
    return GateReport(
        len(questions), right, right_before if before else None,
        tuple(lost), tuple(won), tuple(wrong), tuple(changed),
    )  # fmt: skip
