"""The turns before a question, as far as they say what it is about.

Only what the reader asked is used, never what Casebook answered, so no answer can steer a later
one. Whether a question stands alone is not judged by its words: it is read alone and with its
forerunner before it, and what is likelier answered counts (`chatbot.answers.answering`).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Literal

from chatbot.answers.question import clean_question
from corpus.errors import QuestionError

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
