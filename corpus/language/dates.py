"""Dates as the lines of a document write them, as exact as they are: a year, a month or a day."""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from babel import Locale

_LANGUAGES = ("en", "en-GB", "fr", "de", "es", "pt", "it", "nl", "ru")
_FIRST, _LAST = 1900, 2100
_SIGNS = {sign: str(number) for number, sign in enumerate("〇一二三四五六七八九")}
_SIGNS |= {"○": "0", "零": "0", "Ｏ": "0"}
_NUMERAL = "一二三四五六七八九十"

_ISO = re.compile(r"\d{4}(?:-\d{2}){0,2}(?![\d-])")
_FORMS = (
    re.compile(
        r"(?<!\d)(?P<y>\d{4})\s?[-/.年]\s?(?P<m>\d{1,2})\s?[-/.月]\s?(?P<d>\d{1,2})(?!\d)\s?[日号號]?"
    ),
    re.compile(r"(?<!\d)(?P<y>\d{4})\s?年\s?(?P<m>\d{1,2})\s?月"),
    re.compile(
        rf"(?P<y>[〇○零Ｏ一二三四五六七八九]{{4}})年(?P<m>[{_NUMERAL}]{{1,3}})月"
        rf"(?:(?P<d>[{_NUMERAL}]{{1,3}})[日号號])?"
    ),
    re.compile(
        r"(?<!\d)(?P<d>\d{1,2})(?:st|nd|rd|th|er|º|°|\.)?\s?(?:(?:de|of|-)\s?)?"
        r"(?P<m>[^\W\d_]{3,20})\.?,?\s?(?:(?:de|del|-)\s?)?(?P<y>\d{4})(?!\d)"
    ),
    re.compile(
        r"(?<!\w)(?P<m>[^\W\d_]{3,20})\.?\s?(?P<d>\d{1,2})(?:st|nd|rd|th)?,?\s(?P<y>\d{4})(?!\d)"
    ),
    re.compile(r"(?<!\w)(?P<m>[^\W\d_]{3,20})\.?,?\s(?:de\s)?(?P<y>\d{4})(?!\d)"),
    re.compile(
        r"(?<![\d./-])(?P<d>\d{1,2})(?P<sign>[./-])\s?(?P<m>\d{1,2})(?P=sign)\s?(?P<y>\d{4})(?!\d)"
    ),
    re.compile(r"(?<![\d-])(?P<y>\d{4})-(?P<m>\d{2})(?![\d-])"),
)


def find_dates(words: str, language: str = "") -> Iterator[tuple[int, int, str]]:
    """Yield where each date of a line begins and ends, and it as ISO; those that overlap once.

    A year alone is none. Of figures that may be day and month or month and day, none is made unless
    `language`, a text's own word for its language, such as `en-GB`, tells; it also names months.
    """
    taken: list[tuple[int, int]] = []
    for form in _FORMS:
        for match in form.finditer(words):
            start, end = match.span()
            if any(start < last and end > first for first, last in taken):
                continue
            if iso := _read(match, language):
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


def _read(match: re.Match[str], language: str) -> str:
    named = match.groupdict()
    year, day = named["y"], named.get("d")
    if year[0] in _SIGNS:
        year = "".join(_SIGNS[sign] for sign in year)
    number = _count(named["m"], language)
    if not number or not _FIRST <= int(year) <= _LAST:
        return ""
    if day is None:
        return f"{year}-{number:02}" if number <= 12 else ""
    days = _count(day, language)
    if named.get("sign"):
        days, number = _order(days, number, named["sign"], language)
    try:
        return dt.date(int(year), number, days).isoformat()
    except ValueError:
        return ""


def _order(first: int, second: int, sign: str, language: str) -> tuple[int, int]:
    """Return day and month of two numbers before a year, zeros where nobody can tell."""
    if second > 12:
        return second, first
    if first > 12 or sign == "." or first == second:
        return first, second
    locale = _find_locale(language)
    if locale is None or language == "en":  # British or American
        return 0, 0
    pattern = str(locale.date_formats["short"].pattern)
    return (first, second) if pattern.find("d") < pattern.find("M") else (second, first)


def _count(words: str, language: str) -> int:
    """Return the number that figures, Chinese numerals or the name of a month stand for, or 0."""
    if words.isdecimal():
        return int(words)
    if words[0] in _NUMERAL:
        tens, ten, ones = words.rpartition("十")
        if not ten:
            return int(_SIGNS.get(words, "0")) if len(words) == 1 else 0
        return int(_SIGNS.get(tens, "1")) * 10 + int(_SIGNS.get(ones, "0"))
    return _name_months(language).get(_fold(words), 0)


@lru_cache(64)
def _name_months(language: str) -> dict[str, int]:
    """Return the months by their names, whole and shortened, in a language and those all read."""
    named: dict[str, int] = {}
    for locale in filter(None, map(_find_locale, (language, *_LANGUAGES))):
        for context in locale.months.values():
            for width in ("wide", "abbreviated"):
                for number, name in context[width].items():
                    named.setdefault(_fold(str(name)), number)
    return named


@lru_cache(64)
def name_days(language: str) -> frozenset[str]:
    """Return the names of the days of the week in English, Chinese and a language, folded."""
    return frozenset(
        _fold(str(name))
        for locale in filter(None, map(_find_locale, ("en", "zh", language)))
        for context in locale.days.values()
        for width in ("wide", "abbreviated")
        for name in context[width].values()
    )


def _fold(name: str) -> str:
    return unicodedata.normalize("NFKC", name).casefold().rstrip(".")


@lru_cache(64)
def _find_locale(language: str) -> Locale | None:
    from babel import Locale, UnknownLocaleError

    try:
        return Locale.parse(language.replace("-", "_")[:20]) if language else None
    except (UnknownLocaleError, ValueError, TypeError):
        base = language.partition("-")[0]
        return _find_locale(base) if base != language else None
