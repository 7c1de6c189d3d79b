"""Labelled questions, and what a release makes of them compared with the one before.

The gate before publishing: a question that was answered rightly must still be. Right is judged by
characters, not by meaning: a quotation holds one of the words that the label gives, or nothing is
quoted where the collection does not say.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from chatbot.answer import Answer
from chatbot.question import clean_question
from corpus.errors import CasebookError, DocumentError, QuestionError
from index.encoder import Progress, ignore_progress

_KEYS = ("question", "language", "answers")
_LANGUAGE = re.compile(r"[a-z]{2,3}")
_LARGEST = 16 * 2**20  # bytes of a file of questions

Ask = Callable[[str], Answer]


@dataclass(frozen=True, slots=True)
class Question:
    """A question and what answers it.

    `answers` are verbatim words of the source, one of which a quotation must hold; empty where the
    collection does not say. `language` is that of the question, a BCP 47 primary tag.
    """

    question: str
    language: str
    answers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class GateReport:
    """How many questions are answered rightly, and which went another way than before.

    All lists name questions in the file's order. `lost` were right before and are not now, `won`
    the reverse, `wrong` are not right now; `changed` quote other words than before, or find
    something where nothing was found, or the reverse, right or not. A question that could not be
    asked before is in none of `lost`, `won` and `changed`; `right_before` counts the others, and is
    None where there are none.
    """

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
    """Read a file of one JSON object a line, in order; a missing file has none.

    Questions come back as the engine cleans them. Raises DocumentError, naming the line and
    the mend, where a line is not a question or asks the same as another.
    """
    try:
        with path.open("rb") as file:
            data = file.read(_LARGEST + 1)
    except FileNotFoundError:
        return []
    except OSError as error:
        raise DocumentError(
            f"{path.name}: cannot be read ({error.strerror}); check the file"
        ) from error
    if len(data) > _LARGEST:
        raise DocumentError(f"{path.name}: more than {_LARGEST // 2**20} MiB; take questions out")
    questions: list[Question] = []
    lines: dict[str, int] = {}
    for number, line in enumerate(data.removeprefix(b"\xef\xbb\xbf").split(b"\n"), 1):
        if not line.strip():
            continue
        place = f"{path.name}: line {number}"
        question = _read_question(line, place)
        first = lines.setdefault(question.question, number)
        if first != number:
            raise DocumentError(f"{place}: asks what line {first} asks; take one of them out")
        questions.append(question)
    return questions


def is_right(question: Question, answer: Answer) -> bool:
    """Tell whether an answer quotes what answers the question, or nothing where nothing does.

    Characters are compared as they are, runs of white space as one blank.
    """
    if not question.answers:
        return not answer.found
    quotes = [_even_out(citation.quote) for citation in answer.citations]
    wanted = [_even_out(words) for words in question.answers]
    return answer.found and any(words in quote for words in wanted for quote in quotes)


def compare(
    questions: Sequence[Question],
    before: Ask | None,
    now: Ask,
    progress: Progress = ignore_progress,
) -> GateReport:
    """Ask every question of what was live before, if anything was, and of what may be live next.

    A question that cannot be asked now counts as wrong. `progress` is told questions done and in
    all after each.
    """
    marks: list[tuple[str, bool | None, bool, bool]] = []  # question, right before, now, changed
    for number, question in enumerate(questions, 1):
        old = _try(before, question) if before else None
        new = _try(now, question)
        was_right = None if old is None else is_right(question, old)
        changed = old is not None and _quoted(old) != _quoted(new)
        now_right = new is not None and is_right(question, new)
        marks.append((question.question, was_right, now_right, changed))
        progress(number, len(questions))
    comparable = [mark for mark in marks if mark[1] is not None]
    return GateReport(
        asked=len(marks),
        right=sum(is_now for _, _, is_now, _ in marks),
        right_before=sum(bool(mark[1]) for mark in comparable) if comparable else None,
        lost=tuple(asked for asked, was, is_now, _ in marks if was and not is_now),
        won=tuple(asked for asked, was, is_now, _ in marks if was is False and is_now),
        wrong=tuple(asked for asked, _, is_now, _ in marks if not is_now),
        changed=tuple(asked for asked, _, _, is_changed in marks if is_changed),
    )


def _try(ask: Ask, question: Question) -> Answer | None:
    try:
        return ask(question.question)
    except CasebookError:
        return None


def _quoted(answer: Answer | None) -> tuple[bool, tuple[str, ...]] | None:
    if answer is None:
        return None
    return answer.found, tuple(citation.quote for citation in answer.citations)


def _even_out(words: str) -> str:
    return " ".join(words.split())


def _read_question(line: bytes, place: str) -> Question:
    """Return the question of one line; raises DocumentError, naming the place."""
    try:
        fields = json.loads(line.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise DocumentError(f"{place}: not JSON in UTF-8 ({error}); mend or remove it") from error
    if not isinstance(fields, dict) or set(fields) != set(_KEYS):
        raise DocumentError(f"{place}: not an object of {', '.join(_KEYS)}; write these three")
    question, language, answers = (fields[key] for key in _KEYS)
    try:
        if not isinstance(question, str):
            raise DocumentError(f"{place}: question is not a text; write it in quotation marks")
        cleaned = clean_question(question)
    except QuestionError as error:
        raise DocumentError(f"{place}: {error}") from error
    if not isinstance(language, str) or not _LANGUAGE.fullmatch(language):
        raise DocumentError(f"{place}: language is not one; write it as en or zh")
    if not isinstance(answers, list) or not all(_is_text(words) for words in answers):
        raise DocumentError(
            f'{place}: answers is not a list of words of the source; write ["3 million people"],'
            " or [] where the collection does not say"
        )
    return Question(cleaned, language, tuple(answers))


def _is_text(words: object) -> bool:
    return isinstance(words, str) and bool(words.strip())
