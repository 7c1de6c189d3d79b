"""Dates as the lines of a document write them, as exact as they are: a year, a month or a day."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from functools import cache

_LANGUAGES = ("en", "fr", "de", "es", "pt", "it", "nl", "ru")
_FIRST, _LAST = 1900, 2100
_SIGNS = {sign: str(number) for number, sign in enumerate("〇一二三四五六七八九")}
_SIGNS |= {"○": "0", "零": "0", "Ｏ": "0"}
_NUMERAL = "一二三四五六七八九十"

_ISO = re.compile(r"\d{4}(?:-\d{2}){0,2}(?![\d-])")
_FORMS = (
    re.compile(
        r"(?<!\d)(?P<y>\d{4})\s?[-/.年]\s?(?P<m>\d{1,2})\s?[-/.月]\s?(?P<d>\d{1,2})(?!\d)日?"
    ),
    re.compile(r"(?<!\d)(?P<y>\d{4})\s?年\s?(?P<m>\d{1,2})\s?月"),
    re.compile(
        rf"(?P<y>[〇○零Ｏ一二三四五六七八九]{{4}})年(?P<m>[{_NUMERAL}]{{1,3}})月"
        rf"(?:(?P<d>[{_NUMERAL}]{{1,3}})[日号號])?"
    ),
    re.compile(
        r"(?<!\d)(?P<d>\d{1,2})(?:st|nd|rd|th|er|º|\.)?\s(?:de\s|of\s)?(?P<m>[^\W\d_]{3,12})\.?,?\s"
        r"(?:de\s|del\s)?(?P<y>\d{4})(?!\d)"
    ),
    re.compile(
        r"(?<!\w)(?P<m>[^\W\d_]{3,12})\.?\s(?P<d>\d{1,2})(?:st|nd|rd|th)?,?\s(?P<y>\d{4})(?!\d)"
    ),
    re.compile(r"(?<!\w)(?P<m>[^\W\d_]{3,12})\.?,?\s(?:de\s)?(?P<y>\d{4})(?!\d)"),
    re.compile(r"(?<!\d)(?P<d>\d{1,2})[./](?P<m>\d{1,2})[./](?P<y>\d{4})(?!\d)"),
    re.compile(r"(?<![\d-])(?P<y>\d{4})-(?P<m>\d{2})(?![\d-])"),
)


def find_dates(words: str) -> Iterator[tuple[int, int, str]]:
    """Yield where each date of a line begins and ends, and it as ISO; those that overlap once.

    A year alone is none. Of figures that may be day and month or month and day, none is made.
    """
    taken: list[tuple[int, int]] = []
    for form in _FORMS:
        for match in form.finditer(words):
            start, end = match.span()
            if any(start < last and end > first for first, last in taken):
                continue
            if iso := _read(match):
                taken.append((start, end))
                yield start, end, iso


def read_date(words: str) -> str:
    """Return the date that a field of a file's own description holds, empty where it is none."""
    whole = _ISO.match(words.strip())
    if whole is None:
        return next((iso for _, _, iso in find_dates(words)), "")
    parts = [int(part) for part in whole[0].split("-")]
    try:
        dt.date(*[*parts, 1, 1][:3])
    except ValueError:
        return ""
    return whole[0] if _FIRST <= parts[0] <= _LAST else ""


def _read(match: re.Match[str]) -> str:
    named = match.groupdict()
    year, month, day = named["y"], named["m"], named.get("d")
    if year[0] in _SIGNS:
        year = "".join(_SIGNS[sign] for sign in year)
    number = _count(month)
    if not number or not _FIRST <= int(year) <= _LAST:
        return ""
    if day is None:
        return f"{year}-{number:02}"
    days = _count(day)
    first = match.start("d") == match.start()  # the day stands before a month in figures
    if first and "/" in match[0] and max(days, number) <= 12 and days != number:
        return ""
    if first and month.isdecimal() and number > 12 >= days:
        number, days = days, number
    try:
        return dt.date(int(year), number, days).isoformat()
    except ValueError:
        return ""


def _count(words: str) -> int:
    """Return the number that figures, Chinese numerals or the name of a month stand for, or 0."""
    if words.isdecimal():
        return int(words)
    if words[0] in _NUMERAL:
        tens, ten, ones = words.rpartition("十")
        if not ten:
            return int(_SIGNS.get(words, "0")) if len(words) == 1 else 0
        return int(_SIGNS.get(tens, "1")) * 10 + int(_SIGNS.get(ones, "0"))
    return _name_months().get(words.casefold(), 0)


@cache
def _name_months() -> dict[str, int]:
    """Return the months by their names, whole and shortened, in the languages that are read."""
    from babel import Locale

    named: dict[str, int] = {}
    for language in _LANGUAGES:
        for context in Locale(language).months.values():
            for width in ("wide", "abbreviated"):
                for number, name in context[width].items():
                    named.setdefault(str(name).casefold().rstrip("."), number)
    named["sept"] = 9
    return named
