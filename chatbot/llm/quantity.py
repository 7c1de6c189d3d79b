"""The numbers of a sentence, read alike in English, Chinese, Spanish and German.

`3 million`, `300万`, `3,000,000` and `tres millones` are one value; a per cent sign, a unit of
measure or a currency belongs to its number. Made to compare a sentence with the one it restates,
not to understand every number: what it reads wrongly it reads wrongly in both.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from unicodedata import numeric

from chatbot.llm.lexicon import load_units, load_words, match_any, match_months

_DIGITS = r"\d{1,3}(?:[,.'’ \u00a0\u202f]\d{3})+(?:[.,]\d+)?(?!\d)|\d+(?:[.,]\d+)?"
_BESIDE_MONTH = re.compile(r"(?:st|nd|rd|th|\.)?\s?(?:of |de )?", re.IGNORECASE)
_SHARE, _MONTH = "concentr-percent", "calendar month"
_DAY, _YEAR = "duration-day", "duration-year"
_CONTEXT = 24  # characters before a number that are looked at


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number of a text: what it may mean, its unit, its bound, and where it stands.

    `values` has two members where a point or comma may part thousands or decimals. A named month is
    its number with the unit `calendar month`, a day beside one has `calendar day`. `bound` is `>`
    for "over 500", `<` for "up to 500", else empty, as `unit` is where none stands. `start` and
    `end` are offsets into the text.
    """

    values: frozenset[Fraction]
    unit: str
    bound: str
    start: int
    end: int

    def supports(self, other: Quantity) -> bool:
        """Tell whether the other says no more than this one: its value, no other unit or bound."""
        same = bool(self.values & other.values)
        return same and other.unit in ("", self.unit) and other.bound in ("", self.bound)


def read_quantities(text: str, language: str) -> list[Quantity]:
    """Return the numbers of a folded text, in order.

    A lone word for one is none: in Chinese and Spanish it is an article more often than a count.
    `language` is `en`, `zh`, `es` or `de`; any other is read as English.
    """
    known, words = load_words(), _list_numbers(language)
    text = _blank(text, known["idioms"], known["no_idioms"])
    found: list[Quantity] = []
    for match in match_numbers(language).finditer(text):
        values = _read(match, words, language)
        if not values:
            continue
        start, end = match.span()
        unit = _SHARE
        if not match["share"]:
            behind = _match_between().match(text, end).end()  # type: ignore[union-attr]
            unit, after = load_units().find(text, behind)
            end = after if unit else end
        if not unit and (before := _find_before(text[max(0, start - 4) : start])):
            unit, start = before[0], start - before[1]
        bound = _find_bound(text, start, end)
        found.append(_date(Quantity(values, unit, bound, start, end), text))
    for number, pattern in match_months().items():
        for match in pattern.finditer(text):
            value = frozenset((Fraction(number),))
            found.append(Quantity(value, _MONTH, "", match.start(), match.end()))
    return _find_days(sorted(found, key=lambda quantity: quantity.start), text)


@functools.cache
def match_numbers(language: str) -> re.Pattern[str]:
    """Return a pattern for numbers, with the words for some in one language."""
    words = _list_numbers(language)
    name = "|".join(map(re.escape, sorted(words, key=len, reverse=True)))
    known = load_words()
    share, signs = "|".join(map(re.escape, known["shares"])), known["han"]
    # Digits before signs are looked through once, from the first of them.
    han = rf"(?:(?<!\d)(?<!\d,)\d(?:,?\d)*,?(?:\.\d+)?)?[{signs}][{signs}\d]*"
    # Digits in a name (CO2, COVID-19, PM2.5) count nothing.
    return re.compile(
        rf"(?:{share})(?P<share>{han}|{_DIGITS})|(?P<han>{han})"
        rf"|(?<![A-Za-zÀ-ÿ\d])(?<!\d[.])(?<![A-Z]-)(?P<digits>{_DIGITS})"
        rf"(?P<tail>(?:[ -]?\b(?:{name})\b)*)"
        rf"|(?P<words>\b(?:{name})\b(?:(?: and | y |[ -])\b(?:{name})\b)*)",
        re.IGNORECASE,
    )


def _list_numbers(language: str) -> Mapping[str, int]:
    words: Mapping[str, Mapping[str, int]] = load_words()["numbers"]
    return words.get(language, words["en"])


@functools.cache
def _match_between() -> re.Pattern[str]:
    signs = "|".join(map(re.escape, load_words()["between"]))
    return re.compile(rf"(?:\s|{signs})*")


def _blank(text: str, words: Sequence[str], but: Sequence[str]) -> str:
    """Return a text with blanks for some words, but where these stand in longer ones."""
    if not any(word in text for word in words):
        return text
    kept = match_any([*but, *words])
    return kept.sub(lambda match: match[0] if match[0] in but else " " * len(match[0]), text)


def _find_before(text: str) -> tuple[str, int] | None:
    """Return the unit that a text ends in, and how long that is."""
    for unit, signs in load_words()["before"].items():
        for sign in signs:
            if text.rstrip().endswith(sign):
                return unit, len(text) - len(text.rstrip()) + len(sign)
    return None


def _find_bound(text: str, start: int, end: int) -> str:
    before, after = text[max(0, start - _CONTEXT) : start], text[start : end + _CONTEXT]
    for bound, kind in ((">", "over"), ("<", "under")):
        known = load_words()[kind]
        behind = _blank(after, known["not"], ())[: end - start + 4]
        if _match_end(kind).search(before) or any(word in behind for word in known["after"]):
            return bound
    return ""


@functools.cache
def _match_end(kind: str) -> re.Pattern[str]:
    """Return a pattern for the words of a bound, behind which a number begins."""
    return match_any(load_words()[kind]["before"], r"\s*\Z")


def _date(found: Quantity, text: str) -> Quantity:
    """Return a number, without its unit where it is a year of the calendar: `2022年`."""
    value = max(found.values)
    if found.unit == _YEAR and 1000 <= value <= 2999 and not text[found.end - 1].isascii():
        return replace(found, unit="")
    return found


def _find_days(found: Sequence[Quantity], text: str) -> list[Quantity]:
    """Return the numbers with those that stand beside a month as days of it."""
    days = []
    for at, each in enumerate(found):
        near = [
            text[min(each.end, other.end) : max(each.start, other.start)]
            for other in (*found[max(0, at - 1) : at], *found[at + 1 : at + 2])
            if other.unit == _MONTH
        ]
        day = each.unit in ("", _DAY) and not each.bound and 1 <= max(each.values) <= 31
        beside = any(_BESIDE_MONTH.fullmatch(gap) for gap in near)
        days.append(replace(each, unit="calendar day") if day and beside else each)
    return days


def _read(match: re.Match[str], words: Mapping[str, int], language: str) -> frozenset[Fraction]:
    han = match["share"] or match["han"]
    if han:
        if han in ("一", "零"):
            return frozenset()
        if not re.fullmatch(_DIGITS, han):
            return frozenset((_read_han(han),))
        return _read_digits(han, language)
    if match["words"]:
        return frozenset((_read_words(match["words"], words, None),))
    starts = _read_digits(match["digits"], language)
    return frozenset(_read_words(match["tail"], words, start) for start in starts)


def _read_digits(digits: str, language: str) -> frozenset[Fraction]:
    """Return what a number in digits may mean; outside English and Chinese a point is either."""
    plain = re.sub(r"['’ \u00a0\u202f]", "", digits)
    english = plain.replace(",", "")
    values = set()
    if english.count(".") <= 1 and (re.search(r",\d{3}(?!\d)", plain) or "," not in plain):
        values.add(Fraction(english))
    european = plain.replace(".", "").replace(",", ".")
    if language not in ("en", "zh") and european.count(".") <= 1:
        values.add(Fraction(european))
    if not values:  # a list such as 1,2 or a decimal comma in English
        values.add(Fraction(plain.replace(",", ".") if plain.count(",") == 1 else english))
    return frozenset(values)


def _read_words(text: str, words: Mapping[str, int], start: Fraction | None) -> Fraction:
    """Return the value of number words, behind a number in digits if any."""
    total, current = Fraction(0), start
    for word in re.findall(r"[^\W\d_]+", text.lower()):
        value = words.get(word)
        if value is None:  # and, y
            continue
        if value < 100:
            current = (current or Fraction(0)) + value
        elif value == 100:
            current = (current or 1) * Fraction(100)
        elif current is None and total:  # mil millones
            total *= value
        else:
            total += (1 if current is None else current) * value
            current = None
    return total + (current or 0)


def _read_han(text: str) -> Fraction:
    """Return the value of a number in Chinese signs, with digits in front or among them."""
    total = section = Fraction(0)
    current: Fraction | None = None
    # Unicode gives every such sign its value but the one for two of a kind.
    for atom in re.findall(r"\d[\d,]*(?:\.\d+)?|.", text.replace("两", "二")):
        value = Fraction(atom.replace(",", "")) if atom[0].isascii() else Fraction(numeric(atom))
        if atom[0].isascii():
            current = value
        elif value < 10:
            current = (current or Fraction(0)) * 10 + value  # 二〇二二
        elif value < 10_000:
            section += (1 if current is None else current) * value
            current = None
        else:
            section += current or 0
            current = None
            if not section or value > 10_000:
                total = ((total + section) or 1) * value
            else:
                total += section * value
            section = Fraction(0)
    return total + section + (current or 0)
