"""Dates as people write them in a line: with figures, or with months by their names in CLDR."""

from __future__ import annotations

import datetime as dt
import functools
import re

from corpus.readers.web.lexicon import find_opening, fold

_LONGEST = 300  # characters of a line in which a date is looked for
_EARLIEST, _LATEST = 1980, 2100
_YEAR_FIRST = re.compile(
    r"(?<!\d)(\d{4})\s?[-/.年]\s?(\d{1,2})\s?[-/.月]\s?(\d{1,2})(?!\d)\s?[日号號]?"
)
_NUMBERS = re.compile(r"(?<![\d./-])(\d{1,2})([./-])\s?(\d{1,2})\2\s?(\d{4})(?!\d)")
_DAY_FIRST = re.compile(
    r"(?<!\d)(\d{1,2})(?:st|nd|rd|th|er|º|°|\.)?\s?(?:(?:de|of|-)\s?)?([^\W\d_]{3,20})\.?,?\s?"
    r"(?:(?:de|del|-)\s?)?(\d{4})(?!\d)"
)
_MONTH_FIRST = re.compile(r"([^\W\d_]{3,20})\.?\s?(\d{1,2})(?:st|nd|rd|th)?,?\s(\d{4})(?!\d)")
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
            if all(not any(map(str.isalnum, w)) or w in _list_days(language) for w in words):
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
    found = _YEAR_FIRST.match(stamp.strip()[:40])
    if found:
        return _write(found[1], found[2], found[3])
    plain = re.match(r"(\d{4})(\d{2})(\d{2})(?!\d{3})", stamp.strip()[:40])
    return _write(plain[1], plain[2], plain[3]) if plain else ""


def _match(text: str, language: str) -> tuple[str, int, int] | None:
    """Return the first date of a folded text with its span."""
    months = _list_months(language)
    dates = [(found, _write(found[1], found[2], found[3])) for found in _YEAR_FIRST.finditer(text)]
    dates += [
        (found, _write(found[3], months.get(found[2], 0), found[1]))
        for found in _DAY_FIRST.finditer(text)
    ]
    dates += [
        (found, _write(found[3], months.get(found[1], 0), found[2]))
        for found in _MONTH_FIRST.finditer(text)
    ]
    for found in _NUMBERS.finditer(text):
        day, month = _order(int(found[1]), int(found[3]), found[2], language)
        dates.append((found, _write(found[4], month, day)))
    known = [(found.start(), date, found.end()) for found, date in dates if date]
    if not known:
        return None
    start, date, end = min(known)
    return date, start, end


def _order(first: int, second: int, sign: str, language: str) -> tuple[int, int]:
    """Return day and month of two numbers before a year, zeros where nobody can tell."""
    if first > 12 or sign == "." or first == second:
        return first, second
    if second > 12:
        return second, first
    if "-" not in language and language.startswith("en"):
        return 0, 0
    locale = _find_locale(language)
    if locale is None:
        return 0, 0
    pattern = str(locale.date_formats["short"].pattern)
    return (first, second) if pattern.find("d") < pattern.find("M") else (second, first)


def _write(year: str | int, month: str | int, day: str | int) -> str:
    try:
        date = dt.date(int(year), int(month), int(day))
    except ValueError:
        return ""
    return date.isoformat() if _EARLIEST <= date.year <= _LATEST else ""


@functools.lru_cache(64)
def _list_months(language: str) -> dict[str, int]:
    names: dict[str, int] = {}
    for locale in filter(None, map(_find_locale, ("en", "en-GB", language))):
        for use in ("format", "stand-alone"):
            for width in ("wide", "abbreviated"):
                for number, name in locale.months[use][width].items():
                    names[fold(str(name)).rstrip(".")] = int(number)
    return names


@functools.lru_cache(64)
def _list_days(language: str) -> frozenset[str]:
    names: set[str] = set()
    for locale in filter(None, map(_find_locale, ("en", "zh", language))):
        for use in ("format", "stand-alone"):
            for width in ("wide", "abbreviated"):
                names |= {fold(str(name)).rstrip(".") for name in locale.days[use][width].values()}
    return frozenset(names)


@functools.lru_cache(64)
def _find_locale(language: str):  # type: ignore[no-untyped-def]
    from babel import Locale, UnknownLocaleError

    try:
        return Locale.parse(language.replace("-", "_")[:20]) if language else None
    except (UnknownLocaleError, ValueError, TypeError):
        base = language.partition("-")[0]
        return _find_locale(base) if base != language else None
