"""The page of known questions: one written, tried against the live release, and kept."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass

from starlette.responses import Response

from chatbot.answers.answer import Answer
from chatbot.evaluation.regression_questions import Question, is_right, is_shown
from chatbot.publishing.known_questions import make_question
from chatbot.web.editor.session import Said
from chatbot.web.editor.visit import Route, Visit
from corpus.errors import CasebookError, NotFoundError

MOST_ROWS = 500  # questions of the list; the rest is counted
_FIELDS = ("question", "answers", "item")
Typed = dict[str, str]


@dataclass(frozen=True, slots=True)
class Trial:
    """What the live release makes of a question; no `answer` where it cannot be asked, and why."""

    question: Question
    answer: Answer | None = None
    problem: str = ""

    @property
    def right(self) -> bool:
        """Whether it is answered as expected."""
        return self.answer is not None and is_right(self.question, self.answer)

    @property
    def told(self) -> str:
        """What the page showed, so that keeping it all the same keeps that and nothing else."""
        return "\n".join((self.question.question, *self.question.answers))

    @property
    def verdict(self) -> str:
        """The key of the sentence that says how the answer and what is expected agree."""
        expected = self.question.answers
        if self.answer is None:
            return "untried"
        if self.right:
            return "right" if expected else "silent"
        if not expected:
            return "answered"
        return "near" if is_shown(self.question, self.answer) else "wrong"


def show_questions(visit: Visit) -> Response:
    """Show the known questions, and what the live release answers to one that is tried."""
    typed = {key: visit.ask(key) for key in _FIELDS}
    return _show(visit, typed, _try(visit, _read_question(typed)) if visit.ask("try") else None)


def keep(visit: Visit) -> Response:
    """Keep a question, which the gate asks from now on; an item of the worklist is done by it.

    One that is not answered as expected is shown first, with what is, and kept if it is sent again.
    """
    typed = {key: visit.read(key) for key in _FIELDS}
    words = visit.actions.words
    try:
        made = _read_question(typed)
    except CasebookError as error:
        return _show(visit, typed, None, 422, Said(visit.actions.explain(error), "trouble"))
    trial = _try(visit, made)
    if not trial.right and _join_lines(visit.read("sure")) != trial.told:
        return _show(visit, typed, trial, 409, Said(words["not_kept"], "trouble"))
    visit.actions.publisher.keep_question(made)
    if item := typed["item"]:
        with suppress(NotFoundError):  # done meanwhile
            visit.shared.worklist.finish(item)
    kept = words["question_kept"].format(question=made.question)
    line = kept if trial.right else visit.actions.join([kept, words["kept_unanswered"]])
    return visit.lead("worklist" if item else "questions", Said(line))


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


def _join_lines(text: str) -> str:
    return "\n".join(text.splitlines())  # as before a form turned their ends into its own


def _show(
    visit: Visit, typed: Typed, trial: Trial | None, status: int = 200, said: Said | None = None
) -> Response:
    return visit.show(
        "questions", "questions", status, said, typed=typed, trial=trial,
        questions=visit.actions.publisher.questions(), most=MOST_ROWS,
    )  # fmt: skip


def _try(visit: Visit, question: Question) -> Trial:
    try:
        return Trial(question, visit.actions.engine.ask(question.question))
    except CasebookError as error:
        return Trial(question, problem=visit.actions.explain(error))


def _read_question(typed: Typed) -> Question:
    """Return the question that was typed, with the words of its answer, a line each."""
    lines = (line.strip() for line in typed["answers"].splitlines())
    return make_question(typed["question"], [line for line in lines if line])
