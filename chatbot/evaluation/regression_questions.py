"""Labelled questions, and what a release makes of them compared with the one before.

The gate before publishing: a question that was answered rightly must not be lost. Right is judged
by characters, not by meaning: a quotation of an answer holds one of the words that the label gives,
or nothing is answered where the collection does not say. What is merely shown as nearest is no
answer. Words that stand twice count at either place.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import chain
from pathlib import Path
from typing import Any

from chatbot.answers.answer import Answer
from chatbot.answers.question_input import clean_question
from corpus.errors import CasebookError, DocumentError, QuestionError
from index.encoder.encoder import Progress, ignore_progress

_KEYS = ("question", "language", "answers")
_LANGUAGE = re.compile(r"[a-z]{2,3}")
_LARGEST = 16 * 2**20  # bytes of a file of questions


@dataclass(frozen=True, slots=True)
class HandedPassage:
    """A passage that was found and is read for an answer, and the name of its document."""

    document: str
    passage: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What comes of a question: the answer, and the passages handed over, best first.

    `handed` is read once at most, and only where the question was right and is refused now; so it
    may be an iterator that searches when it is read.
    """

    answer: Answer
    handed: Iterable[HandedPassage] = ()


Ask = Callable[[str], Outcome]


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
class Quoted:
    """Words and the name of their document; both empty where nothing is quoted."""

    quote: str = ""
    document: str = ""


@dataclass(frozen=True, slots=True)
class Setback:
    """A question that was answered rightly and is weaker or lost.

    `expected` are the label's answers, `before` is the quotation that was right. `now` is what
    holds the right words among what is nearest, for a weaker question; for a lost one, the first
    quotation of the answer, if there is any. `error` says why it could not be asked, or is empty.
    """

    question: str
    expected: tuple[str, ...]
    before: Quoted
    now: Quoted
    error: str = ""


@dataclass(frozen=True, slots=True)
class Change:
    """A question that is answered otherwise, and as rightly, or as wrongly, as before: `right`.

    `before` and `now` are the first quotations that only one of the answers has, else its first
    one; what is merely near where `outcomes`, before and now, say `nearest`. `error` says why it
    could not be asked, or is empty.
    """

    question: str
    expected: tuple[str, ...]
    before: Quoted
    now: Quoted
    outcomes: tuple[str, str]
    right: bool
    error: str = ""


@dataclass(frozen=True, slots=True)
class GateReport:
    """How many questions are answered rightly, and which went another way than before.

    All lists are in the file's order. Of the questions that were right before, `kept` are right
    now, `weaker` are answered by nothing while the right words are among what is nearest, quoted as
    such or handed over, and `lost` are all others. `won` are right now and were not, `wrong` are
    not right now; `changed` are none of these but answered in other words than before, or with
    another outcome, right or not. A question that could not be asked before is in `wrong` at most;
    `right_before` counts the others, and is None where there are none.
    """

    asked: int
    right: int
    right_before: int | None
    kept: int
    weaker: tuple[Setback, ...]
    lost: tuple[Setback, ...]
    won: tuple[str, ...]
    wrong: tuple[str, ...]
    changed: tuple[Change, ...]

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
    """Tell whether an answer quotes what answers the question, or is none where nothing does.

    Characters are compared as they are, runs of white space as one blank.
    """
    if not question.answers:
        return answer.outcome != "answer"
    return answer.outcome == "answer" and _pick(question, _list_quoted(answer)) is not None


def is_shown(question: Question, answer: Answer) -> bool:
    """Tell whether the right words are quoted at all, as the answer or as what comes near it."""
    return _pick(question, _list_quoted(answer)) is not None


def compare(
    questions: Sequence[Question],
    before: Ask | None,
    now: Ask,
    progress: Progress = ignore_progress,
) -> GateReport:
    """Ask every question of what was live before, if anything was, and of what may be live next.

    A question that cannot be asked now counts as wrong, and as lost if it was right. `progress` is
    told questions done and in all after each.
    """
    right, right_before, kept, comparable = 0, 0, 0, False
    weaker: list[Setback] = []
    lost: list[Setback] = []
    won: list[str] = []
    wrong: list[str] = []
    changed: list[Change] = []
    for number, question in enumerate(questions, 1):
        old = _try(before, question) if before else None
        new = _try(now, question)
        is_now = isinstance(new, Outcome) and is_right(question, new.answer)
        right += is_now
        if not is_now:
            wrong.append(question.question)
        if isinstance(old, Outcome):
            was = is_right(question, old.answer)
            comparable = True
            right_before += was
            kept += was and is_now
            if was and not is_now:
                setback, is_near = _look_into(question, old.answer, new)
                (weaker if is_near else lost).append(setback)
            if is_now and not was:
                won.append(question.question)
            if was == is_now and (change := _contrast(question, old.answer, new, was)):
                changed.append(change)
        progress(number, len(questions))
    return GateReport(
        len(questions), right, right_before if comparable else None, kept, tuple(weaker),
        tuple(lost), tuple(won), tuple(wrong), tuple(changed),
    )  # fmt: skip


def _try(ask: Ask, question: Question) -> Outcome | CasebookError:
    try:
        return ask(question.question)
    except CasebookError as error:
        return error


def _look_into(
    question: Question, old: Answer, new: Outcome | CasebookError
) -> tuple[Setback, bool]:
    """Return what became of a question that is right no more, and whether its words are near."""
    was = _pick(question, _list_quoted(old)) or Quoted()
    told, error, near = Quoted(), "", None
    if isinstance(new, CasebookError):
        error = str(new)
    elif new.answer.outcome == "answer":
        told = next(iter(_list_quoted(new.answer)), Quoted())
    else:
        try:
            near = _pick(question, chain(_list_quoted(new.answer), _list_handed(new)))
        except CasebookError as caught:  # handed over only now
            error = str(caught)
    setback = Setback(question.question, question.answers, was, near or told, error)
    return setback, near is not None


def _pick(question: Question, quoted: Iterable[Quoted]) -> Quoted | None:
    """Return the first that holds what answers a question."""
    wanted = [_even_out(words) for words in question.answers]
    for each in quoted:
        quote = _even_out(each.quote)
        if any(words in quote for words in wanted):
            return each
    return None


def _list_quoted(answer: Answer) -> list[Quoted]:
    return [Quoted(citation.quote, citation.document) for citation in answer.citations]


def _list_handed(outcome: Outcome) -> Iterable[Quoted]:
    return (Quoted(each.passage, each.document) for each in outcome.handed)


def _contrast(
    question: Question, old: Answer, new: Outcome | CasebookError, right: bool
) -> Change | None:
    """Return how an answer differs; None if it does not: what is near may be another each time."""
    if isinstance(new, CasebookError):
        told, outcomes = ([*_list_quoted(old), Quoted()][0], Quoted()), (old.outcome, "")
        return Change(question.question, question.answers, *told, outcomes, right, str(new))
    quotes = [[each.quote for each in _list_quoted(answer)] for answer in (old, new.answer)]
    outcomes = (old.outcome, new.answer.outcome)
    if outcomes[0] == outcomes[1] and (old.outcome != "answer" or quotes[0] == quotes[1]):
        return None
    before, now = _pick_other(old, quotes[1]), _pick_other(new.answer, quotes[0])
    return Change(question.question, question.answers, before, now, outcomes, right)


def _pick_other(answer: Answer, quotes: Sequence[str]) -> Quoted:
    """Return the first quotation that is none of `quotes`, else the first."""
    quoted = _list_quoted(answer)
    return next((each for each in quoted if each.quote not in quotes), (*quoted, Quoted())[0])


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
    return check_question(fields, place)


def check_question(fields: Mapping[str, object], place: str) -> Question:
    """Return the question of its three fields; raises DocumentError, naming place and mend."""
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
    halves = isinstance(words, str) and any("\ud800" <= each <= "\udfff" for each in words)
    return isinstance(words, str) and bool(words.strip()) and not halves
