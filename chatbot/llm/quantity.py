"""The numbers of a sentence, read alike in English, Chinese, Spanish and German.

`3 million`, `300万`, `3,000,000` and `tres millones` are one value; a per cent sign, a unit of
measure or a currency belongs to its number. Made to compare a sentence with the one it restates,
not to understand every number: what it reads wrongly it reads wrongly in both.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from corpus.language.script import make_plain

_DIGITS = r"\d{1,3}(?:[,.'’ \u00a0\u202f]\d{3})+(?:[.,]\d+)?(?!\d)|\d+(?:[.,]\d+)?"
_WORDS: dict[str, dict[str, int]] = {
    "en": {
        "two": 2, "both": 2, "twice": 2, "second": 2, "three": 3, "third": 3, "four": 4,
        "fourth": 4, "five": 5, "fifth": 5, "six": 6, "sixth": 6, "seven": 7, "seventh": 7,
        "eight": 8, "eighth": 8, "nine": 9, "ninth": 9, "ten": 10, "tenth": 10, "decade": 10,
        "decades": 10, "eleven": 11, "twelve": 12, "dozen": 12, "dozens": 12, "thirteen": 13,
        "fourteen": 14, "fifteen": 15, "sixteen": 16, "seventeen": 17, "eighteen": 18,
        "nineteen": 19, "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60,
        "seventy": 70, "eighty": 80, "ninety": 90, "hundred": 100, "hundreds": 100,
        "century": 100, "centuries": 100, "thousand": 1000, "thousands": 1000,
        "million": 10**6, "millions": 10**6, "billion": 10**9, "billions": 10**9,
        "trillion": 10**12, "trillions": 10**12,
    },
    "es": {
        "dos": 2, "ambos": 2, "ambas": 2, "segundo": 2, "segunda": 2, "tres": 3, "tercero": 3,
        "tercera": 3, "tercer": 3, "cuatro": 4, "cuarto": 4, "cinco": 5, "quinto": 5, "seis": 6,
        "sexto": 6, "siete": 7, "ocho": 8, "nueve": 9, "diez": 10, "década": 10, "décadas": 10,
        "once": 11, "doce": 12, "docena": 12, "docenas": 12, "trece": 13, "catorce": 14,
        "quince": 15, "veinte": 20, "treinta": 30, "cuarenta": 40, "cincuenta": 50,
        "sesenta": 60, "setenta": 70, "ochenta": 80, "noventa": 90, "cien": 100, "ciento": 100,
        "cientos": 100, "siglo": 100, "siglos": 100, "mil": 1000, "miles": 1000,
        "millón": 10**6, "millones": 10**6, "billón": 10**12, "billones": 10**12,
    },
    "de": {
        "zwei": 2, "beide": 2, "beiden": 2, "zweite": 2, "zweiten": 2, "drei": 3, "dritte": 3,
        "dritten": 3, "vier": 4, "vierte": 4, "vierten": 4, "fünf": 5, "fünfte": 5, "sechs": 6,
        "sieben": 7, "acht": 8, "neun": 9, "zehn": 10, "jahrzehnt": 10, "jahrzehnte": 10,
        "jahrzehnten": 10, "elf": 11, "zwölf": 12, "dutzend": 12, "dutzende": 12, "zwanzig": 20,
        "dreißig": 30, "vierzig": 40, "fünfzig": 50, "hundert": 100, "hunderte": 100,
        "hunderten": 100, "jahrhundert": 100, "jahrhunderts": 100, "jahrhunderte": 100,
        "tausend": 1000, "tausende": 1000, "tausenden": 1000, "mio": 10**6, "million": 10**6,
        "millionen": 10**6, "mrd": 10**9, "milliarde": 10**9, "milliarden": 10**9,
        "billion": 10**12, "billionen": 10**12,
    },
}  # fmt: skip
_HAN_DIGITS = {**{sign: at for at, sign in enumerate("零一二三四五六七八九")}, "〇": 0, "两": 2}
_HAN_TENS = {"十": 10, "百": 100, "千": 1000}
_HAN_MYRIADS = {"万": 10**4, "亿": 10**8}
_SIGN = "零〇一二两三四五六七八九十百千万亿"
# Digits before signs are looked through once, from the first of them.
_HAN = rf"(?:(?<!\d)(?<!\d,)\d(?:,?\d)*,?(?:\.\d+)?)?[{_SIGN}][{_SIGN}\d]*"
# Signs of numbers in words that count nothing.
_HAN_IDIOM = re.compile(r"十分(?!钟|之)|百姓|万一|千方百计|四川|三峡|一带一路|千万别|统一")
_MONTHS = (
    "January|enero|Januar", "February|febrero|Februar", "March|marzo|März", "April|abril",
    "May|mayo|Mai", "June|junio|Juni", "July|julio|Juli", "August|agosto",
    "September|septiembre", "October|octubre|Oktober", "November|noviembre",
    "December|diciembre|Dezember",
)  # fmt: skip
_MONTH = re.compile("|".join(rf"(?P<m{n}>\b(?:{names})\b)" for n, names in enumerate(_MONTHS, 1)))
# What may follow a number, the longer before the shorter.
_UNITS = (
    ("%", r"%|per ?cent\b|por ciento\b|Prozent\b|percentage points?\b|个百分点"),
    ("kWh", r"kWh\b|kilowatt[- ]hours?\b|千瓦时|度电|kilovatios[- ]hora\b"),
    ("GWh", r"GWh\b"), ("MWh", r"MWh\b|兆瓦时"),
    ("GW", r"GW\b|gigawatts?\b|吉瓦"), ("MW", r"MW\b|megawatts?\b|兆瓦|megavatios?\b"),
    ("kW", r"kW\b|kilowatts?\b|千瓦|kilovatios?\b"),
    ("km2", r"km2\b|square kilomet(?:er|re)s?\b|平方公里|平方千米|kilómetros cuadrados\b"),
    ("m2", r"m2\b|square met(?:er|re)s?\b|平方米|metros cuadrados\b|Quadratmetern?\b"),
    ("m3", r"m3\b|cubic met(?:er|re)s?\b|立方米|metros cúbicos\b|Kubikmetern?\b"),
    ("km", r"km\b|kilomet(?:er|re)s?\b|公里|千米|kilómetros?\b|Kilometern?\b"),
    ("mile", r"miles?\b|英里|millas?\b|Meilen?\b"),
    ("m", r"m\b|met(?:er|re)s?\b|米|metros?\b|Metern?\b"),
    ("ha", r"ha\b|hectares?\b|公顷|hectáreas?\b|Hektar\b"), ("mu", r"mu\b|亩"),
    ("kg", r"kg\b|kilograms?\b|kilos?\b|公斤|千克|kilogramos?\b|Kilogramm\b"),
    ("t", r"t\b|(?:metric )?ton(?:ne)?s?\b|吨|toneladas?\b|Tonnen?\b"),
    ("l", r"lit(?:er|re)s?\b|升|litros?\b|Litern?\b"), ("°C", r"°C\b|摄氏度|degrees Celsius\b"),
    ("USD", r"US dollars?\b|dollars?\b|USD\b|美元|dólares\b|Dollar\b"),
    ("CNY", r"yuan\b|RMB\b|CNY\b|人民币|元(?!旦|素)|yuanes\b"), ("EUR", r"euros?\b|EUR\b|欧元|€"),
    ("month", r"months?\b|个月|meses\b|mes\b|Monaten?\b"),
    ("week", r"weeks?\b|周(?!年)|个?星期|semanas?\b|Wochen?\b"),
    ("day", r"days?\b|天|日(?!本|元|常)|días?\b|Tagen?\b"),
    ("hour", r"hours?\b|个?小时|horas?\b|Stunden?\b"),
    ("minute", r"minutes?\b|分钟|minutos?\b|Minuten?\b"),
    ("year", r"years?\b|年|周年|años?\b|Jahren?\b"),
)  # fmt: skip
_UNIT = re.compile(
    "|".join(rf"(?P<u{n}>{words})" for n, (_, words) in enumerate(_UNITS)), re.IGNORECASE
)
_BETWEEN = re.compile(r"(?:[\s-]|多|余|来|几|万?件|\+)*")
_BEFORE = re.compile(r"(?:(?P<USD>US\$|\$|USD)|(?P<CNY>RMB|¥|CNY)|(?P<EUR>€|EUR))\s?\Z")

_BESIDE_MONTH = re.compile(r"(?:st|nd|rd|th|\.)?\s?(?:of |de )?", re.IGNORECASE)
_OVER = re.compile(
    r"(?:more than|over|above|at least|exceed\w{0,18}|超过?了?|逾|至少|不少于|不低于|不止|高于"
    r"|más de|al menos|superior a|über|mehr als|mindestens)\s*\Z",
    re.IGNORECASE,
)
_UNDER = re.compile(
    r"(?:less than|fewer than|under|below|up to|at most|nearly|almost|close to|不到|不足|接?近|低于"
    r"|少于|至多|最多|menos de|casi|hasta|cerca de|weniger als|unter|fast|bis zu|knapp)\s*\Z",
    re.IGNORECASE,
)
_OVER_AFTER = re.compile(r"[多余](?!\w?年前)|以上|\+|or more")
_UNDER_AFTER = re.compile(r"以下|以内")


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


def fold(text: str) -> str:
    """Return `text` with wide and raised signs as plain ones; offsets are those of the result."""
    return unicodedata.normalize("NFKC", make_plain(text))


def read_quantities(text: str, language: str) -> list[Quantity]:
    """Return the numbers of a folded text, in order.

    A lone word for one is none: in Chinese and Spanish it is an article more often than a count.
    `language` is `en`, `zh`, `es` or `de`; any other is read as English.
    """
    words = _WORDS.get(language, _WORDS["en"])
    text = _HAN_IDIOM.sub(lambda match: " " * len(match[0]), text)
    found = []
    for match in match_numbers(words).finditer(text):
        values, unit = _read(match, words, language), ""
        if not values:
            continue
        end = match.end()
        if match["share"]:
            unit = "%"
        elif after := _UNIT.match(text, _BETWEEN.match(text, end).end()):  # type: ignore[union-attr]
            unit = _UNITS[int(str(after.lastgroup)[1:])][0]
            end = after.end()
        start = match.start()
        if not unit and (before := _BEFORE.search(text, max(0, start - 4), start)):
            unit, start = str(before.lastgroup), before.start()
        bound = _find_bound(text, start, end)
        found.append(_date(Quantity(values, unit, bound, start, end), text))
    for match in _MONTH.finditer(text):
        month = Fraction(str(match.lastgroup)[1:])
        found.append(
            Quantity(frozenset((month,)), "calendar month", "", match.start(), match.end())
        )
    return _find_days(sorted(found, key=lambda quantity: quantity.start), text)


def match_numbers(words: Iterable[str]) -> re.Pattern[str]:
    """Return a pattern for numbers, with the words for some in one language."""
    name = "|".join(sorted(words, key=len, reverse=True))
    # Digits in a name (CO2, COVID-19, PM2.5) count nothing.
    return re.compile(
        rf"百分之(?P<share>{_HAN}|{_DIGITS})|(?P<han>{_HAN})"
        rf"|(?<![A-Za-zÀ-ÿ\d])(?<!\d[.])(?<![A-Z]-)(?P<digits>{_DIGITS})"
        rf"(?P<tail>(?:[ -]?\b(?:{name})\b)*)"
        rf"|(?P<words>\b(?:{name})\b(?:(?: and | y |[ -])\b(?:{name})\b)*)",
        re.IGNORECASE,
    )


def _find_bound(text: str, start: int, end: int) -> str:
    before, after = text[max(0, start - 24) : start], text[start : end + 4]
    if _OVER.search(before) or _OVER_AFTER.search(after):
        return ">"
    return "<" if _UNDER.search(before) or _UNDER_AFTER.search(after) else ""


def _date(found: Quantity, text: str) -> Quantity:
    """Return a number with the unit that a Chinese date gives it: none to `2022年`, `3月`."""
    value = max(found.values)
    if found.unit == "year" and 1000 <= value <= 2999 and text[found.end - 1] == "年":
        return replace(found, unit="")
    if not found.unit and text[found.end : found.end + 1] == "月" and 1 <= value <= 12:
        return replace(found, unit="calendar month", end=found.end + 1)
    return found


def _find_days(found: Sequence[Quantity], text: str) -> list[Quantity]:
    """Return the numbers with those that stand beside a month as days of it."""
    days = []
    for at, each in enumerate(found):
        near = [
            text[min(each.end, other.end) : max(each.start, other.start)]
            for other in (*found[max(0, at - 1) : at], *found[at + 1 : at + 2])
            if other.unit == "calendar month"
        ]
        day = each.unit in ("", "day") and not each.bound and 1 <= max(each.values) <= 31
        beside = any(_BESIDE_MONTH.fullmatch(gap) for gap in near)
        days.append(replace(each, unit="calendar day") if day and beside else each)
    return days


def _read(match: re.Match[str], words: dict[str, int], language: str) -> frozenset[Fraction]:
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


def _read_words(text: str, words: dict[str, int], start: Fraction | None) -> Fraction:
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
    for atom in re.findall(r"\d[\d,]*(?:\.\d+)?|.", text):
        if atom[0].isascii():
            current = Fraction(atom.replace(",", ""))
        elif atom in _HAN_DIGITS:
            current = (current or Fraction(0)) * 10 + _HAN_DIGITS[atom]  # 二〇二二
        elif atom in _HAN_TENS:
            section += (1 if current is None else current) * _HAN_TENS[atom]
            current = None
        else:
            section += current or 0
            current = None
            factor = _HAN_MYRIADS[atom]
            if not section or atom == "亿":
                total = ((total + section) or 1) * Fraction(factor)
            else:
                total += section * factor
            section = Fraction(0)
    return total + section + (current or 0)
