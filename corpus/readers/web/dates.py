"""The day that a line of a page, its address or its metadata gives."""

from __future__ import annotations

import re

from corpus.language.dates import find_dates, name_days, read_date
from corpus.readers.web.lexicon import find_opening, fold

_LONGEST = 300  # characters of a line in which a date is looked for
_EARLIEST = "1980"
_STAMP = re.compile(r"(\d{4})(\d{2})(\d{2})(?!\d)")
_TIME = re.compile(r"\d{1,2}[:：.]\d{2}(?:[:：.]\d{2})?(?:\.\d{1,9})?|[ap]\.?m\.?|\b[a-z]{2,4}\b")
_BETWEEN = re.compile(r"[|｜•·●▪—–]|\s(?=[^\s\d:：]{2,12}\s?[:：])")
_LABELS = ("source", "bylines", "published", "updated", "openings")
_ADDRESS = re.compile(r"(?<!\d)(?:/|[/_]t|-)(\d{4})([-/]?)(\d{2})[-/]?(\d{2})(?=[/_.-]|$)")


def find_date(line: str, language: str) -> str:
    """Return the first date in a line as YYYY-MM-DD, empty where there is none.

    `language` is a page's own word for its language, such as `en-GB`, or empty; it gives the
    months' names and tells 3/4/2021 apart, which is no date without it.
    """
    found = _match(fold(line[:_LONGEST]), language)
    return found[0] if found else ""


def find_labelled(line: str, kind: str, language: str) -> str:
    """Return the date of a line that opens, or goes on, with a label of a kind, else nothing."""
    if len(line) > _LONGEST:
        return ""
    for piece in _BETWEEN.split(fold(line)):
        words = piece.strip(" :：-[]()（）【】")
        length = find_opening(words, kind)
        if length:
            found = _match(words[length:], language)
            if found and found[1] <= 40:
                return found[0]
            # A label and its date may stand in two cells.
            rest = fold(line).partition(piece)[2].strip(" |:：\u3000")
            found = _match(rest, language) if length == len(words) else None
            if found and found[1] == 0:
                return found[0]
    return ""


def find_alone(line: str, language: str) -> str:
    """Return the date that is a line, or a part of it between signs, but for a day and an hour."""
    if len(line) > _LONGEST:
        return ""
    for piece in _BETWEEN.split(fold(line)):
        found = _match(piece, language)
        if found:
            behind = _TIME.sub(" ", piece[found[2] :]).strip(" ,，()（）")
            if any(find_opening(behind, kind) for kind in _LABELS):
                behind = ""  # the next fact begins
            rest = piece[: found[1]] + " " + behind
            words = [word for word in re.split(r"[\s,，()]+", _TIME.sub(" ", rest)) if word]
            if all(not any(map(str.isalnum, w)) or w in name_days(language) for w in words):
                return found[0]
    return ""


def find_in_address(address: str) -> str:
    """Return the day that a web address names, as in `/2019/06/10/`, empty where it names none."""
    for found in _ADDRESS.finditer(address[:2000].lower()):
        day = _write(found[1], found[3], found[4])
        if day:
            return day
    return ""


def read_stamp(stamp: str) -> str:
    """Return the day of a time as metadata has it, such as `2021-06-14T08:00:00+08:00`."""
    words = stamp.strip()[:40]
    if found := _STAMP.match(words):
        return _write(*found.groups())
    first = _match(fold(words), "")
    return first[0] if first and first[1] == 0 else ""


def _match(text: str, language: str) -> tuple[str, int, int] | None:
    """Return the first day of a folded text with its span."""
    days = [found for found in find_dates(text, language) if _is_day(found[2])]
    if not days:
        return None
    start, end, date = min(days)
    return date, start, end


def _is_day(date: str) -> bool:
    return len(date) == len("2021-06-14") and date >= _EARLIEST


def _write(year: str, month: str, day: str) -> str:
    date = read_date(f"{year}-{month}-{day}")
    return date if _is_day(date) else ""
