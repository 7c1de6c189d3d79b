"""The file of known questions written by the program: one put in, changed or taken out.

Other lines of the file stay as their editor wrote them.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from chatbot.evaluation.regression_questions import Question, check_question, read_questions
from corpus.errors import NotFoundError
from corpus.files import lock_folder, write_file
from corpus.language.detection import detect


def make_question(question: str, answers: Sequence[str]) -> Question:
    """Return a question in the language it is asked in; raises DocumentError, naming the mend."""
    fields = {"question": question, "language": detect(question), "answers": list(answers)}
    return check_question(fields, "the question")


def keep_question(path: Path, question: Question) -> None:
    """Put a question into a file, in place of the line that asks the same; raises as reading."""
    fields = {
        "question": question.question, "language": question.language,
        "answers": list(question.answers),
    }  # fmt: skip
    _replace_line(path, question.question, json.dumps(fields, ensure_ascii=False).encode(), True)


def drop_question(path: Path, question: str) -> None:
    """Take a question out of a file; raises NotFoundError where no line asks it."""
    _replace_line(path, question, b"", False)


def _replace_line(path: Path, question: str, line: bytes, may_be_new: bool) -> None:
    with lock_folder(path.parent):
        asked = [each.question for each in read_questions(path)]
        data = path.read_bytes() if asked else b""
        lines = [each for each in data.removeprefix(b"\xef\xbb\xbf").split(b"\n") if each.strip()]
        if question in asked:
            lines[asked.index(question)] = line
        elif may_be_new:
            lines.append(line)
        else:
            raise NotFoundError("no such known question: it was taken out already; reload the page")
        write_file(path, b"".join(each.rstrip(b"\r") + b"\n" for each in lines if each))
