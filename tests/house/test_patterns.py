"""No regular expression, and nothing around one, takes time that grows faster than its text."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from chatbot.answers import conversation
from chatbot.answers import small_talk as about
from chatbot.llm import quantity
from chatbot.llm import restating as generative
from corpus import tables
from corpus.glossary import Glossary
from corpus.language import stems
from corpus.language.sentences import sentence_spans
from corpus.layout.paragraphs import Line, join_lines
from corpus.readers.pieces import clean
from index.reader import stemmed
from index.search import names
from tests.fakes import no_searcher
from tests.patterns import (
    NAMES,
    UNITS,
    Attack,
    Found,
    OverTimeError,
    bound,
    collect,
    list_attacks,
)

# Four times the text may take eight times as long: what is linear takes four, and what is quadratic
# sixteen. So much text takes a quadratic pattern more than SOME, and a linear one seldom.
LENGTH, TIMES, MOST = 12_000, 4, 8
SOME, TOO_LONG = 0.006, 1.0  # seconds of processor time
TRIES = 2

Run = Callable[[Any], object]


def _measure(run: Run, text: str | bytes) -> float:
    """Return the processor time that a text takes, infinite where it is too long."""
    try:
        with bound(TOO_LONG):
            started = time.thread_time()
            run(text)
            return time.thread_time() - started
    except OverTimeError:
        return float("inf")


def _grows(run: Run, attack: Attack, binary: bool = False) -> bool:
    """Tell whether four times the text takes more than eight times as long."""
    texts = [attack.make(length) for length in (LENGTH // TIMES, LENGTH)]
    short, long = (text.encode("utf-8") if binary else text for text in texts)
    part, whole = float("inf"), _measure(run, long)
    if whole < SOME or whole == float("inf"):
        return whole > SOME
    for _ in range(TRIES):  # the best of each: others may be at work on this machine
        part = min(part, _measure(run, short))
        if whole <= MOST * part:
            return False
        whole = min(whole, _measure(run, long))
    return whole > MOST * part


def find_attack(pattern: re.Pattern[Any], ways: Sequence[str]) -> str:
    """Return a way and a text for which a pattern takes too long, or nothing."""
    for way in ways:
        method = getattr(pattern, way)

        def run(text: Any, method: Run = method, many: bool = way == "finditer") -> None:
            found: Any = method(text)
            for _ in found if many else ():
                pass

        for attack in list_attacks(pattern):
            if _grows(run, attack, isinstance(pattern.pattern, bytes)):
                return f"{way} of {attack}"
    return ""


@pytest.mark.slow
@pytest.mark.parametrize("found", collect(), ids=lambda found: found.places[0])
def test_a_pattern_takes_linear_time(found: Found) -> None:
    """Whatever a reader, a document, a model or a page has it read."""
    assert find_attack(found.pattern, found.ways) == ""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("pattern", "way"),
    [
        (r"(?:a|aa)+!", "search"),
        (r"(\w+\s?)*:", "fullmatch"),
        (r"\s+$", "search"),
        (r"\s*,\s*", "finditer"),
        (r".*word", "search"),
        (r"<b[^>]*>", "finditer"),
        (r"[五六]+(?=年)", "finditer"),
        (r"note:.*?;\s*$", "search"),
        (rb"=\s*['\"]?\s*;", "search"),
    ],
)
def test_a_bad_pattern_is_found(pattern: str | bytes, way: str) -> None:
    """One that grows with the power of its text, or with its square."""
    assert find_attack(re.compile(pattern), [way]) != ""


@pytest.mark.parametrize(
    "pattern", [r"(?<!\s)\s++$", r"\w+", r"(?<!\w)(?:\w+-)?\w+:", r"<b[^<>]{0,200}>"]
)
def test_a_good_pattern_is_not(pattern: str) -> None:
    """One that looks at each character once, or so many times at the most."""
    assert find_attack(re.compile(pattern), ["search", "finditer"]) == ""


_GLOSSARY = Glossary([["WeRide", "文远知行"], ["CAMCE", "中工国际"]])


def _count(text: str) -> object:
    """Read a text's numbers, none of over 99 digits: sums of endless ones take their square."""
    text = re.sub(r"([1五]{99})[1五]", r"\1 ", text)
    return [quantity.read_quantities(text, language) for language in ("en", "zh")]


def _set(text: str) -> object:
    """Put a text on a page, in lines that end in a hyphen."""
    cut = [text[at : at + 20].strip() or "a" for at in range(0, len(text), 20)]
    return join_lines([Line(f"{line}-", 0, 60, 300, 700, 10) for line in cut])


@pytest.mark.slow
@pytest.mark.parametrize(
    "run",
    [
        lambda text: about.find_topic(text, no_searcher),
        lambda text: about.find_companies(text, NAMES, _GLOSSARY, no_searcher),
        lambda text: conversation.join_questions(text, "When?"),
        generative.read_sentences,
        _count,
        lambda text: names.find_names(text, NAMES),
        lambda text: names.leave_out(text, NAMES),
        lambda text: names.holds(text, "a"),
        stemmed.find_numbers,
        lambda text: tables.spell_rows([text.replace(" ", tables.BETWEEN)] * 3),
        stems.list_stems,
        sentence_spans,
        clean,
        _GLOSSARY.translate,
        _set,
    ],
)
def test_what_reads_a_text_takes_linear_time(run: Run) -> None:
    """The code around the patterns too: nothing is looked up from the beginning again and again."""
    for unit in UNITS:
        assert not _grows(run, Attack("", unit, "x")), unit
