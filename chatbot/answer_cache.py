"""Answers given before, for equal questions to the same release; bounded, forgotten at the end."""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Sequence

from chatbot.answers.answer import Answer
from chatbot.answers.conversation import Turn
from chatbot.answers.question_input import Filters

KEPT = 1024  # answers, about 5 kB each


class RecentAnswers:
    """The answers asked for last; safe to share between threads."""

    def __init__(self) -> None:
        """Start with none."""
        self._answers: OrderedDict[str, Answer] = OrderedDict()
        self._lock = threading.Lock()

    def find(self, key: str) -> Answer | None:
        """Return the answer kept under a key, if there is one still."""
        with self._lock:
            answer = self._answers.get(key)
            if answer is not None:
                self._answers.move_to_end(key)
            return answer

    def keep(self, key: str, answer: Answer) -> None:
        """Keep an answer, and forget the one that nobody has asked for longest."""
        with self._lock:
            self._answers[key] = answer
            self._answers.move_to_end(key)
            if len(self._answers) > KEPT:
                self._answers.popitem(last=False)


def make_key(
    release: str,
    question: str,
    history: Sequence[Turn],
    filters: Filters | None,
    language: str | None,
) -> str:
    """Return a short name of all that an answer depends on: equal names, equal answers.

    A release's id comes from its content, the name of its model among it.
    """
    limits = sorted((key, sorted(values)) for key, values in (filters or {}).items() if values)
    turns = [(turn.role, turn.content) for turn in history]
    told = repr((release, question, turns, limits, language))
    return hashlib.sha256(told.encode("utf-8")).hexdigest()
