"""chatbot.locales: every language has every word, and the same places to fill in."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from chatbot.locales import LANGUAGES, read_file, read_words
from chatbot.locales.interface import MESSAGES, tell
from corpus.errors import DocumentError, Message

PARTS = read_file("en").keys() - {"examples"}
ROOT = Path(__file__).parents[3]
NAMES = re.compile(r"\{\w+\}")


def test_every_language_has_the_same_parts() -> None:
    """Nothing is said in one alone; the English of messages is that of the errors themselves."""
    parts = {language: read_file(language).keys() - {"messages"} for language in LANGUAGES}
    assert all(found == parts["en"] for found in parts.values())


def list_forms() -> Iterator[str]:
    """Yield the forms of all that is said of documents, as the code has them."""
    for path in sorted((ROOT / "corpus").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
                continue
            made = node.func.id
            first = node.args[1 if made == "LeftOut" else 0] if node.args else None
            if made == "LeftOut" and ast.unparse(node.args[0]) == "'furniture'":
                continue  # of which no page tells
            if made in ("Message", "LeftOut") or made.endswith(("DocumentError", "PackingError")):
                assert not isinstance(first, ast.JoinedStr), f"{path.name}: {node.lineno}"
                if isinstance(first, ast.Constant):
                    yield str(first.value)


def test_what_is_said_of_documents_has_words_in_chinese() -> None:
    """With the same fields, and none that nothing says any more."""
    for form in filter(None, list_forms()):
        assert form in MESSAGES, form
    for form, words in MESSAGES.items():
        assert sorted(NAMES.findall(form)) == sorted(NAMES.findall(words)), form


def test_a_message_is_told_in_the_language_of_the_page() -> None:
    """With the messages in it; English, and what has no words there, is as it is."""
    error = DocumentError(
        "{name}: {kind}, which Casebook does not read; {mend}",
        name="a{name}.rtf", kind=Message("a rich text file"), mend=Message("{odd}", odd="do"),
    )  # fmt: skip
    line = "a{name}.rtf: a rich text file, which Casebook does not read; do"
    assert str(error) == tell(error.message, "en") == line
    assert tell(error.message, "zh") == "a{name}.rtf：是 RTF 文件，Casebook 不读取；do"
    assert tell("chart", "zh") == "chart"
    assert tell(Message.restore("broken", "{name}: no text in it; put text into it", {}), "zh") == (
        "broken"
    )


@pytest.mark.parametrize("part", sorted(PARTS))
def test_both_languages_have_every_word(part: str) -> None:
    """With the same names in braces, which the code fills in."""
    english, chinese = (read_words(part)[language] for language in LANGUAGES)
    assert english.keys() == chinese.keys()
    for key, words in english.items():
        found = [sorted(set(re.findall(r"\{\w+\}", each))) for each in (words, chinese[key])]
        assert found[0] == found[1], key
