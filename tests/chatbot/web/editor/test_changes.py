"""The template of what known questions showed and what a build changes; words stay words."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import partial
from html.parser import HTMLParser
from typing import Any

import pytest

from chatbot.evaluation.gate_report import cut, join_expected, list_changed
from chatbot.evaluation.regression_questions import GateReport, Quoted, Setback
from chatbot.locales.interface import EDITOR, count, tell
from chatbot.web.templates import make_environment
from tests.chatbot.publishing.test_publish_job import PLAN

EVIL = "</li><img src=x onerror=alert(1)>\x1b\x00\u202e\"'&amp;"
WEAKER = Setback(
    "How old is the road?",
    ("nine years",),
    Quoted("The road is nine years old.", "road.txt"),
    Quoted("filler " * 90 + "It was nine years old. " + "filler " * 90, "reprint.pdf"),
)
LOST = Setback(
    "桥是什么时候建的？",
    ("in 1999", "the year 1999"),
    Quoted("It was built in 1999.", "bridge.txt"),
    Quoted("茶叶在春天采摘。", "茶.txt"),
)
REPORT = GateReport(9, 5, 7, 5, (WEAKER,), (LOST,), ("Who?",), (), ("Who?", "Why?"))


class Reader(HTMLParser):
    """Notes the elements, the text, and whether every element that opens is closed."""

    def __init__(self, html: str) -> None:
        """Read it."""
        super().__init__()
        self.open: list[str] = []
        self.names: set[str] = set()
        self.text: list[str] = []
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, _: object) -> None:
        """Note it."""
        self.open.append(tag)
        self.names.add(tag)

    def handle_endtag(self, tag: str) -> None:
        """Close what is open."""
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        """Note the words."""
        self.text += [data.strip()] if data.strip() else []


def load(language: str) -> Any:
    """Return the parts of the template, as a page in a language has them."""
    shared = {
        "language": language, "words": EDITOR[language], "cut": cut, "changed": list_changed,
        "join_expected": join_expected, "count": partial(count, language=language),
        "tell": partial(tell, language=language),
    }  # fmt: skip
    return make_environment().get_template("editor/changes.html").make_module(shared)


def test_both_quotations_are_shown_with_their_documents() -> None:
    """Figures first; what is lost and what is weaker each with its meaning; then the others."""
    read = Reader(load("en").gate(REPORT))
    assert [text for text in read.text if "filler" not in text] == [
        "Known questions",
        "5 of 9 are answered rightly; before, 7.",
        "Of 7 that were right, 5 kept, 1 weaker, 1 lost.",
        "Lost",
        "The right words are no longer found, or others are the answer.",
        *("桥是什么时候建的？", "Expected", "in 1999 / the year 1999"),
        *("Before", "It was built in 1999.", "bridge.txt"),
        *("Now", "茶叶在春天采摘。", "茶.txt"),
        "Weaker",
        EDITOR["en"]["gate_weaker_more"],
        *("How old is the road?", "Expected", "nine years"),
        *("Before", "The road is nine years old.", "road.txt"),
        *("Nearest now", "reprint.pdf"),
        *("Now answered rightly", "Who?"),
        *("Answered in other words", "Why?"),
    ]
    (long,) = (text for text in read.text if "filler" in text)
    assert re.fullmatch("…(filler )+It was nine years old. (filler )*filler…", long)
    assert len(long) <= 162


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_word_is_the_pages(language: str) -> None:
    """Nothing quoted, nothing expected, not to be asked: each has its words in both languages."""
    words, gate = EDITOR[language], load(language).gate
    for setback, said in (
        (replace(LOST, now=Quoted()), words["gate_nothing"]),
        (replace(LOST, expected=(), before=Quoted()), words["gate_expected_none"]),
        (replace(LOST, now=Quoted(), error="x"), words["gate_error"].format(error="x")),
    ):
        read = Reader(gate(replace(REPORT, lost=(setback,), weaker=())))
        assert said in read.text
        assert words["gate_weaker"] not in read.text
    none = replace(REPORT, right_before=None, kept=0, lost=(), weaker=())
    assert words["gate_lost"] not in Reader(gate(none)).text


def test_hostile_words_stay_words() -> None:
    """Markup, controls and words without end are shown, cut, wherever they come from."""
    quoted = Quoted(EVIL + "x" * 9999, f"{EVIL}{'y' * 9999}.txt")
    setbacks = tuple(
        Setback(f"{EVIL} {number}?", (EVIL * 50, EVIL), quoted, now, error)
        for number in range(60)
        for now, error in ((quoted, ""), (Quoted(), EVIL * 50))
    )
    asked = tuple(each.question for each in setbacks)
    html = load("zh").gate(GateReport(120, 0, 120, 0, setbacks, setbacks, asked, (), asked))
    read = Reader(html)
    assert not {"img", "script"} & read.names
    assert "\x1b" not in html
    assert "\x00" not in html
    assert max(map(len, read.text)) < 200
    assert html.count("<dl>") == 100
    assert read.text.count("另有 70 项") == 3


def test_a_renamed_file_is_shown_as_that() -> None:
    """Where it was and where it is, and a count only where there is one."""
    made = replace(PLAN, added=(), renamed={"<a>.txt": "2024/a.txt"})
    html = load("en").changes(made, False)
    assert "&lt;a&gt;.txt → 2024/a.txt" in html
    assert "<dt>renamed</dt><dd>1</dd>" in html
    assert "更名" in load("zh").changes(made, False)
    assert "renamed" not in load("en").changes(PLAN, False)
