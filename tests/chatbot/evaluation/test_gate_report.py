"""gate: what known questions showed, in a shell of whatever width, hostile words or not."""

from __future__ import annotations

import os
import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatbot.evaluation.gate_report import LONGEST, cut, describe_gate
from chatbot.evaluation.regression_questions import Change, GateReport, Quoted, Setback
from chatbot.terminal import find_width

LONG = "The plant gives clean water to the people of nine villages by the river. " * 9
REPORT = GateReport(
    asked=9,
    right=5,
    right_before=7,
    kept=4,
    weaker=(
        Setback(
            "How old is the road?",
            ("nine years",),
            Quoted("The road is nine years old.", "road.txt"),
            Quoted(f"{LONG}\n\nIt was nine years\nold. {LONG}", "reprint.pdf"),
        ),
    ),
    lost=(
        Setback(
            "When was the bridge built?",
            ("in 1999", "the year 1999"),
            Quoted("It was built in 1999.", "bridge.txt"),
            Quoted("Tea was planted in 1887.", "tea.txt"),
        ),
        Setback("Who sells violins?", (), Quoted(), Quoted("Ada sells a violin.", "ada.txt")),
    ),
    won=("Who is Ada?",),
    wrong=("When was the bridge built?", "Who sells violins?", "How old is the road?", "Why?"),
    changed=(
        Change(
            "Why?",
            ("because",),
            Quoted("It is because.", "a.txt"),
            Quoted("Because.", "b.txt"),
            ("answer", "answer"),
            True,
        ),
        Change("Who?", (), Quoted(), Quoted("Bo.", "b.txt"), ("absent", "nearest"), True),
        Change("How?", ("so",), Quoted("No.", "n.txt"), Quoted(), ("answer", "absent"), False),
    ),
)


def test_a_block_for_each_question() -> None:
    """Lost first, each with what was expected, what was quoted, and what is now, from where."""
    lines = describe_gate(REPORT, 200)
    near = lines.pop(12)
    assert near.startswith("         nearest   “…")
    assert near.endswith("…” (reprint.pdf)")
    assert "It was nine years old." in near
    assert lines == [
        "5 of 9 known questions are answered rightly (7 before)",
        "4 kept, 1 weaker, 2 lost",
        "lost     When was the bridge built?",
        "         expected  in 1999 / the year 1999",
        "         before    “It was built in 1999.” (bridge.txt)",
        "         now       “Tea was planted in 1887.” (tea.txt)",
        "lost     Who sells violins?",
        "         expected  nothing: the collection does not say",
        "         now       “Ada sells a violin.” (ada.txt)",
        "weaker   How old is the road?",
        "         expected  nine years",
        "         before    “The road is nine years old.” (road.txt)",
        "won      Who is Ada?",
        "changed  Why?",
        "         expected  because (right before and now)",
        "         before    “It is because.” (a.txt)",
        "         now       “Because.” (b.txt)",
        "changed  Who?",
        "         expected  nothing: the collection does not say (right before and now)",
        "         before    nothing is answered",
        "         now       near: “Bo.” (b.txt)",
        "changed  How?",
        "         expected  so (not right, before or now)",
        "         before    “No.” (n.txt)",
        "         now       nothing is answered",
    ]


def test_what_quotes_nothing_now_says_so() -> None:
    """Refused without the right words near, or not to be asked at all, and why."""
    was = Quoted("It is a.", "a.txt")
    lost = (
        Setback("A?", ("a",), was, Quoted()),
        Setback("B?", ("b",), was, Quoted(), "the release is\ndamaged"),
    )
    lines = describe_gate(GateReport(2, 0, 2, 0, (), lost, (), ("A?", "B?"), ()), 80)
    assert lines[5] == "         now       nothing is answered"
    assert lines[9] == "         now       it cannot be asked: the release is damaged"


def test_where_nothing_went_back_there_is_a_line() -> None:
    """As before a first release, or where all is kept; the figures keep their form."""
    first = GateReport(3, 2, None, 0, (), (), (), ("Why?",), ())
    assert describe_gate(first, 80) == ["2 of 3 known questions are answered rightly"]
    kept = GateReport(3, 2, 2, 2, (), (), (), ("Why?",), ())
    assert describe_gate(kept, 80) == ["2 of 3 known questions are answered rightly (2 before)"]


def measure(line: str) -> int:
    """Return the columns of a line of Latin and Chinese."""
    return sum(2 if unicodedata.east_asian_width(each) in "WF" else 1 for each in line)


@pytest.mark.parametrize("width", [40, 80, 100])
def test_lines_are_wrapped_below_their_labels(width: int) -> None:
    """Chinese, which has no blanks, is broken between its characters, twice as wide as Latin."""
    setback = Setback(
        "农民" * 40, ("茶叶",), Quoted("茶叶在春天采摘。" * 20, "茶" * 30), Quoted(LONG, "x" * 300)
    )
    report = GateReport(1, 0, 1, 0, (), (setback,), (), (setback.question,), ())
    _, _, *lines = describe_gate(report, width)
    assert all(measure(line) <= width for line in lines)
    assert max(map(measure, lines)) >= width - 1
    asked = [line for line in lines if "农" in line or "民" in line]
    assert "".join(line[9:] for line in asked) == "农民" * 40
    assert [line[:9].strip() for line in asked] == ["lost", *[""] * (len(asked) - 1)]
    labels = [line[:19].strip() for line in lines[len(asked) :]]
    assert [label for label in labels if label] == ["expected", "before", "now"]


def test_a_terminal_is_not_steered() -> None:
    """Escapes, line ends, direction characters and lone surrogates come as U+FFFD or a blank."""
    evil = "\x1b[31m\x9b2J\x00a\r\nb\u2028\u202e\u2066c\ud800 \x7f"
    setback = Setback("Q?", (evil,), Quoted(evil, evil), Quoted(evil, evil), "")
    change = Change(evil, (evil,), Quoted(evil, evil), Quoted(), ("nearest", ""), False, evil)
    report = GateReport(1, 0, 1, 0, (setback,), (), (evil,), (), (change,))
    told = "".join(describe_gate(report, 80))
    assert told.isprintable()
    assert "\N{REPLACEMENT CHARACTER}[31m\N{REPLACEMENT CHARACTER}2J" in told
    assert "a b \N{REPLACEMENT CHARACTER}\N{REPLACEMENT CHARACTER}c" in told


def test_long_words_are_cut_where_a_word_ends() -> None:
    """From the beginning, or round what is looked for, however long that is."""
    assert cut("a\n b\t") == "a b"
    assert cut("x" * LONGEST) == "x" * LONGEST
    assert cut("x" * 999) == "x" * LONGEST + "…"
    start = cut(LONG)
    assert start.endswith(" The plant…")
    assert LONG.startswith(start[:-1])
    middle = cut(f"{LONG} in 1999 {LONG}", ["nowhere", "in  1999"])
    assert middle[0] == middle[-1] == "…"
    assert " in 1999 " in middle
    assert all(word in LONG + "in 1999" for word in middle.strip("…").split())
    assert cut(f"{LONG} in 1999", ["in 1999"]).endswith(" in 1999")
    assert cut(f"in 1999 {LONG}", ["in 1999"]).startswith("in 1999")
    assert cut("茶" * 500 + "山" + "茶" * 500, ["山"]).count("山") == 1


WORDS = st.text(st.sampled_from("ab 茶\n"), max_size=400)


@given(text=WORDS, about=WORDS)
def test_a_cut_is_short_and_holds_what_it_is_for(text: str, about: str) -> None:
    """Never much longer than LONGEST, always a part of the text, with the words if they fit."""
    words, line = " ".join(about.split()), " ".join(text.split())
    short = cut(text, [about])
    assert len(short) <= LONGEST + 2
    assert short.strip("…") in line
    if len(words) <= LONGEST:
        assert (words in short) or words not in line


def test_the_width_is_the_terminals(monkeypatch: pytest.MonkeyPatch) -> None:
    """80 where there is none, or one that tells nothing; one too narrow is not obeyed."""
    assert find_width() == 80
    monkeypatch.setattr("sys.stderr", sys.__stderr__)
    for columns, width in ((0, 80), (10, 40), (120, 120)):
        monkeypatch.setattr("os.get_terminal_size", lambda _, c=columns: os.terminal_size((c, 24)))
        assert find_width() == width
