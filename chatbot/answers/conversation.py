"""The turns before a question, as far as they say what it is about.

Only what the reader asked is used, never what Casebook answered, so no answer can steer a later
one. Whether a question stands alone is not judged by its words: it is read alone and with its
forerunner before it, and what is likelier answered counts. A language model, where there is one to
ask, makes it whole and puts it in another language, for the search alone.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Literal

from chatbot.answers.deadline import TimedSearcher
from chatbot.answers.question_input import clean_question
from chatbot.answers.small_talk import find_topic
from corpus.errors import QuestionError
from index.reader.ranking import Found

# How much likelier a question has to be answered in other words than alone: what was answered
# before is near to both.
AHEAD = 0.1
_TURNS = 10  # how far back a forerunner is looked for

_ENDS_BACKWARDS = re.compile(r"\W*?[.!?。？！]")  # from the end: every sign is looked at once


@dataclass(frozen=True, slots=True)
class Turn:
    """One message of the conversation so far."""

    role: Literal["user", "assistant"]
    content: str


def clean_history(history: Sequence[Turn]) -> list[Turn]:
    """Return the turns before a question, what the reader asked in them cleaned as a question is.

    What could not be asked, as it is too long or has no words, is left out. Answers stay as they
    are: nothing is read from them.
    """
    turns = []
    for turn in history:
        if turn.role == "user":
            with suppress(QuestionError):
                turns.append(Turn("user", clean_question(turn.content)))
        else:
            turns.append(turn)
    return turns


def list_asked(history: Sequence[Turn]) -> list[str]:
    """Return what the reader asked in the last turns, the last first."""
    return [turn.content for turn in reversed(history[-2 * _TURNS :]) if turn.role == "user"]


def join_questions(forerunner: str, question: str) -> str:
    """Return a question after the one it follows, each a sentence of its own."""
    ended = _ENDS_BACKWARDS.match(forerunner[::-1])
    stop = " " if ended else ". "  # or the first word of the next would be a name
    return f"{forerunner}{stop}{question}"


def read_after(
    question: str,
    before: Sequence[str],
    searcher: TimedSearcher,
    cases: Collection[int] | None,
) -> tuple[str, Found]:
    """Return the words that are read for a question, and what is found for them.

    It is read alone, made whole by a language model where there is one, and with its forerunner
    before it, which is the first of those asked `before`, last first, that is no small talk. What
    is likelier answered counts. Raises SlowError.
    """
    forerunner = next((one for one in before if find_topic(one, searcher.get) is None), "")
    rephraser, whole = searcher.rephraser, question
    if rephraser and forerunner and searcher.has_time(3):  # to make it whole, and two readings
        whole = rephraser.make_whole(before[::-1], question)
    alone = whole == question
    other = _translate(whole, searcher) if searcher.has_time(2 if alone else 3) else ""
    words, best = question, searcher.read(question, cases, other=other if alone else "")
    if not alone and searcher.has_time(1):
        found = searcher.read(whole, cases, other=other)
        if found.confidence > best.confidence + AHEAD:
            words, best = whole, found
    if forerunner and searcher.has_time(1):
        joined = join_questions(forerunner, question)
        found = searcher.read(joined, cases)
        if found.confidence > best.confidence + AHEAD:
            words, best = joined, found
    return words, best


def _translate(question: str, searcher: TimedSearcher) -> str:
    """Return a question in a language that the release has beside its own, or nothing."""
    rephraser = searcher.rephraser
    if rephraser is None:
        return ""
    own = searcher.searcher.parse(question).language
    for language in searcher.release.languages:
        if language != own and language in rephraser.languages:
            return rephraser.translate(question, language)
    return ""
