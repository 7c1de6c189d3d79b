"""The company a document is of, as its head or its own words name it; empty rather than guessed."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from functools import cache
from typing import Any

from corpus.lexicons import read_lexicon

_MOST_WORDS = 7  # of a name before its legal form
_MOST_SIGNS = 20  # Chinese signs before it
_READ = 50_000  # characters in which a document names its company
_WORD = re.compile(r"[^\s,;:!?()（）“”\"<>|/]{1,40}[ \u00a0]\Z")
_SHORT = 2  # signs or words of a name that speak for all of it
_SOON = 600  # characters in which a text names the company that it calls `the company` later
_CLEAR = 2  # times as often as any other a company has to be named
_OPENS = re.compile(r"\s?[（(](?:[^\W\d_]{2,20}[)）]\s?[（(])?\s?")


def find_companies(text: str) -> Iterator[tuple[int, int]]:
    """Yield the spans of the full names of companies: those that end in a legal form."""
    last = 0
    for match in match_forms().finditer(text):
        start = _begin_signs if match["signs"] else _begin_words
        first = start(text, match.start(), last)
        if first < match.start():
            yield first, match.end()
        last = match.end()


def find_owner(lines: list[str], text: str) -> str:
    """Return the company that a document is of, empty where it does not say.

    `lines` are the first of it, each of which may name it by a label (`Company: `), or by its full
    name; else the text has to name itself: `X Co., Ltd. (hereinafter ...)`, or one company alone,
    or one far more often than any other.
    """
    for line in lines:
        label, colon, value = re.sub("：", ":", line, count=1).partition(":")
        if colon and label.strip().casefold() in read_labels("company") and value.strip():
            return _cut_name(value.strip())
    for line in lines:
        for start, end in find_companies(line):
            return _spell(line[start:end], text)
    return _find_named(text[:_READ])


def is_company(line: str) -> bool:
    """Tell whether a line is the full name of a company, perhaps with its place in brackets."""
    spans = list(find_companies(line))
    rest = "".join(
        line[end:start]
        for end, start in zip([0, *(e for _, e in spans)], [*(s for s, _ in spans), len(line)],
                              strict=True)
    )  # fmt: skip
    return bool(spans) and not re.sub(r"[（(][^()（）]{1,40}[)）]|[\s·/|,、&-]", "", rest)


@cache
def read_labels(kind: str) -> frozenset[str]:
    """Return the labels of a kind (`company`, `published`), without case."""
    return frozenset(label.casefold() for label in read_lexicon("labels")[kind])


def _find_named(text: str) -> str:
    lexicon = read_lexicon("companies")
    names: Counter[str] = Counter()
    for start, end in find_companies(text):
        name = text[start:end]
        opens = _OPENS.match(text, end)
        if opens and text.startswith(tuple(lexicon["named"]), opens.end()):
            return name
        names[name] += 1
    counts = Counter({name: text.count(_shorten(name)) for name in names})
    best = counts.most_common(2)
    if not best or (len(best) > 1 and best[0][1] < _CLEAR * best[1][1]):
        return ""
    name = best[0][0]
    return name if len(best) > 1 or best[0][1] > 1 or text.find(name) < _SOON else ""


def _shorten(name: str) -> str:
    """Return the first words or signs of a name, by which a text mostly calls it."""
    return " ".join(name.split()[:_SHORT]) if name.isascii() else name[:_SHORT]


def _cut_name(value: str) -> str:
    """Return the company of a labelled line: up to its legal form, or to the first comma."""
    for start, end in find_companies(value):
        return value[start:end]
    return re.split(r"[,，;；(（|]", value, maxsplit=1)[0].strip()[:100]


def _spell(name: str, text: str) -> str:
    """Return a name that a line has in capitals as names are written."""
    if not name.isupper() or not name.isascii():
        return name
    at = text.casefold().find(name.casefold(), len(name))
    found = text[at : at + len(name)] if at >= 0 else name
    return found if not found.isupper() else name.title()


@cache
def _list_common() -> frozenset[str]:
    """Return the commonest words of languages (`the`, `die`), with which no name begins."""
    return frozenset(" ".join(read_lexicon("common_words").values()).split())


@cache
def match_forms() -> re.Pattern[str]:
    """Return a pattern of all legal forms, the longest first."""
    lexicon: dict[str, Any] = read_lexicon("companies")
    words = "|".join(map(re.escape, sorted(lexicon["forms"], key=len, reverse=True)))
    signs = "|".join(map(re.escape, sorted(lexicon["signs"], key=len, reverse=True)))
    return re.compile(rf"(?<![^\W_])(?:(?i:{words})(?![^\W_]))|(?P<signs>{signs})")


def _begin_words(text: str, end: int, least: int) -> int:
    """Return where the name whose legal form begins at `end` does: capitals, and `&` among them."""
    joining = read_lexicon("companies")["joining"]
    first = at = end
    for _ in range(_MOST_WORDS):
        # a name in Latin letters is on one line, and the form may follow a comma
        window = text[max(least, at - 60) : at]
        word = _WORD.search(window.rstrip(", ") + " " if at == end else window)
        if word is None or "\n" in word[0]:
            break
        plain = word[0].strip()
        at -= len(window) - (word.start())
        if plain in joining:
            continue
        if not (plain[0].isupper() or plain[0].isdigit()) or plain.endswith("."):
            break
        first = at
    opening, _, rest = text[first:end].partition(" ")
    return end - len(rest) if rest and opening.casefold() in _list_common() else first


def _begin_signs(text: str, end: int, least: int) -> int:
    before = read_lexicon("companies")["before_signs"]
    first = end
    while first > max(least, end - _MOST_SIGNS) and text[first - 1] >= "\u3400":
        if text[first - 1] in before or not text[first - 1].isalpha():
            break
        first -= 1
    return first
