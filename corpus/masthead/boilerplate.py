"""Which lines of a document are no statement: what leads through it, not what it says."""

from __future__ import annotations

import re
import unicodedata

from corpus.language.script import drop_unseen
from corpus.masthead.companies import read_labels
from corpus.tables import BETWEEN

_LONGEST = 300  # characters of a line that may be furniture
_ADDRESS = re.compile(r"(?:(?:https?://|www\.)\S+|[\w.+-]{1,60}@[\w-]{1,60}(?:\.[\w-]{1,60}){1,4})")
_PAGE = re.compile(
    r"(?:p\s?a\s?g\s?e|p\.|seite|página|pagina|第)?\s?[|:]?\s?(?:\d{1,4}|[ivxlc]{1,7})\s?(?:页|頁)?"
    r"(?:\s?(?:of|/|von|de|sur|共|，共|, 共|\|)\s?\d{1,4}\s?(?:页|頁|pages)?)?",
    re.IGNORECASE,
)
_LEADERS = re.compile(r"(?:[.·…_．⋯-]\s?){4,200}+(?:\d{1,4}|[ivxlc]{1,7})?\Z", re.IGNORECASE)
_STEP = re.compile(r"[>›»≫→＞]|\s/\s")
_NAMED = re.compile(r"[\w\s&'’()（）.,、:：·-]*")  # what a step is called, and no markup or sum
_AROUND = " \t\u3000-–—•·|.:：()（）[]【】<>《》_*»›>…"
_LONGEST_STEP = 60  # characters of a step of crumbs, and of a name behind `by`
_FIGURES = re.compile(r"[\d\s.,%–—+/-]+")


def is_furniture(words: str) -> bool:
    """Tell whether each line of a block is no statement."""
    lines = [drop_unseen(line).strip() for line in words.splitlines()]
    return all(not line or _is_furniture(line) for line in lines)


def is_crumbs(words: str) -> bool:
    """Tell whether a line is the way to a page: `Home > News > Content`."""
    steps = [step.strip() for step in _STEP.split(words)]
    if len(steps) < 2 or max(map(len, steps)) > _LONGEST_STEP or words.endswith((".", "。")):
        return False
    if not all(map(_NAMED.fullmatch, steps)):
        return False
    first = re.split("[:：]", steps[0], maxsplit=1)[0]
    return first.casefold() in read_labels("home") or (len(steps) > 2 and ">" in words)


def _is_furniture(line: str) -> bool:
    if len(line) > _LONGEST:
        return False
    bare = line.strip(_AROUND)
    if BETWEEN in line:  # a table's row, or `P a g e | i`
        return not bare[:1].isdigit() and _PAGE.fullmatch(bare) is not None
    folded = unicodedata.normalize("NFKC", bare).casefold()
    if not bare or folded in read_labels("controls") or folded in read_labels("contents"):
        return True
    if _ADDRESS.fullmatch(bare) or _PAGE.fullmatch(bare) or _LEADERS.search(line):
        return True
    if _FIGURES.fullmatch(line) and "%" not in line and len(line.split()) > 1:
        return True
    return is_crumbs(line) or _is_notice(line)


def _is_notice(line: str) -> bool:
    """Tell whether a line is a byline, or one of a page's own labels with its value."""
    label = re.split("[:：]", line, maxsplit=1)[0].strip(_AROUND).casefold()
    if len(label) < len(line.strip(_AROUND)) and label in read_labels("notices"):
        return True
    if line.casefold().startswith(("©", "copyright ©", "(c) 20")):
        return True
    words = line.split()
    by = words[0].casefold() in read_labels("by") if words else False
    return by and 1 < len(words) <= 5 and all(word[0].isupper() for word in words[1:])
