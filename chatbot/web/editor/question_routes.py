"""The page of known questions: one written, tried against the live release, and kept."""

from __future__ import annotations

from contextlib import suppress

from starlette.responses import Response

from chatbot.evaluation.regression_questions import is_right
from chatbot.publishing.known_questions import make_question
from chatbot.web.editor.session import Said
from chatbot.web.editor.visit import Route, Visit
from corpus.errors import NotFoundError

MOST_ROWS = 500  # questions of the list; the rest is counted


def show_questions(visit: Visit) -> Response:
    """Show the known questions, and what the live release answers to one that is tried."""
    typed = {key: visit.ask(key) for key in ("question", "answers", "item")}
    answer, right = None, False
    if visit.ask("try"):
        tried = make_question(typed["question"], _read_answers(typed["answers"]))
        answer = visit.actions.engine.ask(tried.question)
        right = is_right(tried, answer)
    return visit.show(
        "questions", "questions", typed=typed, answer=answer, right=right,
        questions=visit.actions.publisher.questions(), most=MOST_ROWS,
    )  # fmt: skip


def keep(visit: Visit) -> Response:
    """Keep a question, which the gate asks from now on; an item of the worklist is done by it."""
    made = make_question(visit.read("question"), _read_answers(visit.read("answers")))
    visit.actions.publisher.keep_question(made)
    if item := visit.read("item"):
        with suppress(NotFoundError):  # done meanwhile
            visit.shared.worklist.finish(item)
    words = visit.actions.words
    to = "worklist" if item else "questions"
    return visit.lead(to, Said(words["question_kept"].format(question=made.question)))


def drop(visit: Visit) -> Response:
    """Take a question out."""
    question = visit.read("question")
    visit.actions.publisher.drop_question(question)
    words = visit.actions.words
    return visit.lead("questions", Said(words["question_dropped"].format(question=question)))


ROUTES: tuple[Route, ...] = (
    ("GET", "/questions", show_questions),
    ("POST", "/questions/keep", keep),
    ("POST", "/questions/drop", drop),
)


def _read_answers(text: str) -> list[str]:
    """Return the words that a field holds, a line each."""
    return [line.strip() for line in text.splitlines() if line.strip()]
