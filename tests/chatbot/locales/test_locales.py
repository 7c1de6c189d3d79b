"""chatbot.locales: every language has every word, and a file of words is all that one takes."""

from __future__ import annotations

import ast
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from chatbot.locales import FOLDER, LANGUAGES, read_file, read_words
from chatbot.locales.interface import MESSAGES, tell
from corpus.errors import DocumentError, Message

ROOT = Path(__file__).parents[3]
NAMES = re.compile(r"\{\w+\}")
PARTS = sorted(key for key, held in read_file("en").items() if isinstance(held, dict))
# Asks a server for every page, and prints them by their address.
ASKS = """
import json, pathlib, pytest, httpx
from tests.fake_publisher import TOKEN, Office, serving_publisher
from tests.small_reader import use_small_reader

use_small_reader(pytest.MonkeyPatch())
office = Office.make(pathlib.Path("office"))
taken = {"Accept-Language": "eo", "Accept": "text/html"}
with serving_publisher(office, warm=True) as address, httpx.Client(
    base_url=address, headers=taken, timeout=60, follow_redirects=True
) as client:
    told = {path: client.get(path).text for path in (
        "/", "/cases", "/nothing", "/widget", "/widget.js", "/openapi.json", "/editor/sign-in",
    )}
    asked = {"question": "Who sells violins?", "language": "eo"}
    told["/api/ask"] = client.post("/api/ask", json=asked).text
    signed_in = client.post("/editor/sign-in", data={"token": TOKEN})
    told["/editor/"], told["address"] = signed_in.text, str(signed_in.url)
print(json.dumps(told))
"""


def test_every_language_has_the_same_parts() -> None:
    """Nothing is said in one alone; the English of messages is that of the errors themselves."""
    assert LANGUAGES[:2] == ("en", "zh")
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


@pytest.mark.parametrize("language", LANGUAGES[1:])
def test_what_is_said_of_documents_has_words(language: str) -> None:
    """With the same fields, and none that nothing says any more."""
    for form in filter(None, list_forms()):
        assert form in MESSAGES[language], form
    for form, words in MESSAGES[language].items():
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


@pytest.mark.parametrize("part", PARTS)
def test_every_language_has_every_word(part: str) -> None:
    """With the same names in braces, which the code fills in."""
    english = read_words(part)["en"]
    for language, others in read_words(part).items():
        assert others.keys() == english.keys(), language
        for key, words in english.items():
            found = [sorted(set(NAMES.findall(each))) for each in (words, others[key])]
            assert found[0] == found[1], (language, key)


def _mark(held: Any) -> Any:
    """Return words in a language that nobody speaks: in brackets, with the same names in braces."""
    if isinstance(held, dict):
        return {key: _mark(each) for key, each in held.items()}
    return f"⟦{held}⟧" if isinstance(held, str) else held


@pytest.mark.slow
def test_one_file_adds_a_language(tmp_path: Path) -> None:
    """It is spoken on every page, by the widget and its loader, in answers and at the desk."""
    shutil.copytree(ROOT / "chatbot", tmp_path / "chatbot")
    for room in ("corpus", "index", "tests"):
        (tmp_path / room).symlink_to(ROOT / room)
    added = {**_mark(read_file("en")), "tag": "eo"}
    path = tmp_path / FOLDER.relative_to(ROOT) / "eo.json"
    path.write_text(json.dumps(added, ensure_ascii=False), "utf-8")
    command = [sys.executable, "-c", ASKS]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    for page in ("/cases", "/nothing", "/editor/sign-in", "/editor/"):
        assert '<html lang="eo">' in told[page], page
    assert '<html lang="eo"' in told["/"]
    assert '<div class="boot" id="boot" lang="eo">' in told["/"]
    assert added["loader"]["ask"] in told["/widget.js"]
    assert added["page"]["welcome"] in told["/widget"]
    assert added["pages"]["page_missing"] in told["/nothing"]
    assert added["editor"]["task_documents"] in told["/editor/"]
    assert told["address"].endswith("/editor/eo/")
    assert json.loads(told["/api/ask"])["text"].startswith(added["answer"]["absent"])
    schema = json.loads(told["/openapi.json"])["components"]["schemas"]["AskBody"]
    assert schema["properties"]["language"]["anyOf"][0]["enum"] == ["en", "eo", "zh"]
