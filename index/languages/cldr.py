"""What every language has a name for, as CLDR spells it: countries, cities, languages, months.

A question in French names `Allemagne`, and the English text that answers it has `Germany`. No
letters tell that these are the same, and there is a dictionary for two languages only. Babel
carries the Unicode Common Locale Data Repository, which has such names in all of them, also of
money and measures; benchmarks/LOG.md has what they find, and which kinds of names do not help.
"""

from __future__ import annotations

import functools
import re
import unicodedata
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain

from babel import Locale, UnknownLocaleError
from babel.core import get_global
from babel.numbers import get_currency_name
from babel.units import format_unit, get_unit_name

from corpus.glossary import Finder, fold_signs
from corpus.language.stems import UNSPACED

_KEPT = 32  # languages
# Spellings of other regions and of the other script, which are found as well.
_REGIONS = {"en": "en_GB", "es": "es_MX", "pt": "pt_PT", "zh": "zh_Hant zh_Hant_HK"}
# Usual names that CLDR has as variants, which Babel leaves out, or has not; put beside the others.
_BESIDE = {
    "ar": {"US": "أمريكا", "GB": "بريطانيا"},
    "de": {"US": "USA", "GB": "Großbritannien"},
    "el": {"US": "ΗΠΑ", "GB": "Βρετανία"},
    "en": {"US": "USA/US", "GB": "UK", "TR": "Turkey", "CZ": "Czech Republic", "CI": "Ivory Coast"},
    "es": {"US": "EE. UU./EE.UU.", "GB": "Gran Bretaña", "CZ": "República Checa"},
    "fr": {"US": "USA", "GB": "Grande-Bretagne", "CZ": "République tchèque"},
    "hi": {"US": "अमेरिका", "GB": "ब्रिटेन"},
    "it": {"US": "USA", "GB": "Gran Bretagna", "CZ": "Repubblica Ceca"},
    "ja": {"US": "アメリカ/米国", "GB": "英国"},
    "ko": {"KR": "한국", "TR": "터키"},
    "nl": {"US": "VS", "GB": "Groot-Brittannië"},
    "pt": {"US": "EUA", "GB": "Grã-Bretanha"},
    "ru": {"US": "США", "GB": "Британия"},
    "th": {"US": "สหรัฐฯ/สหรัฐ", "GB": "อังกฤษ"},
}
_CONTINENTS = ("002", "003", "005", "009", "019", "142", "150")
_MADE = ("eo", "ia", "ie", "io", "vo")  # languages whose names are words
_MONEY = ("XAF", "XCD", "XOF", "XPF")  # of several countries; others with an X are metals and tests
# No durations: years and days are in half of all questions and say nothing of their subjects.
_UNITS = """
    length-kilometer length-meter length-centimeter length-millimeter length-mile
    area-square-kilometer area-square-meter area-square-mile area-hectare area-acre
    volume-cubic-kilometer volume-cubic-meter volume-liter volume-milliliter
    mass-tonne mass-kilogram mass-gram energy-kilowatt-hour energy-kilojoule energy-kilocalorie
    power-gigawatt power-megawatt power-kilowatt power-watt power-horsepower
"""
_SHORT = 4  # letters of a name that is a word too where it is written otherwise: Chad, Mali
_SPELLED = ("city", "month")  # as is a longer one of these: March, Nice
# What a name of one word ends in, and what else where it is declined; the first that fits.
_ENDINGS: Mapping[str, Mapping[str, str]] = {
    "de": {"": "s"},
    "el": {"ία": "ίας", "α": "ας", "η": "ης", "ος": "ου ο"},
    "ru": {
        "кий": "кого кому ким ком кая кой кую кое кие ких", "ия": "ии ию ией", "а": "ы и е у ой",
        "я": "и е ю ей", "ы": "ах", "й": "я ю ем е", "ь": "я и ю е ем ью",
        "о": "", "е": "", "и": "", "у": "", "": "а у ом е ов",
    },
}  # fmt: skip
_PROCLITICS = "وفبلكבלמהושכ"  # words of a letter that Arabic and Hebrew write before a name


@dataclass(frozen=True, slots=True)
class _Known:
    """The names of a language that are found, and of each, folded, the key of what has it.

    `spelled` has those that are words too, with how they are written as names.
    """

    finder: Finder
    keys: Mapping[str, str]
    spelled: Mapping[str, Collection[str]]


def put_names(text: str, language: str, into: str) -> str:
    """Return a text in a language with such names as another one has them, or the text itself.

    The longest names win. A name that is alike in both stays, and so does everything where CLDR
    does not know a language.
    """
    if language == into or not (names := _list_names(into)):
        return text
    known = _load(language)
    parts: list[str] = []
    last = 0
    for start, end, found in known.finder.find(text):
        put, asked = names.get(known.keys[found], ""), text[start:end]
        if put and fold_signs(put) != found and asked in known.spelled.get(found, (asked,)):
            before, after = text[start - 1 : start], text[end : end + 1]
            parts += text[last:start], " " * before.isalnum(), put, " " * after.isalnum()
            last = end
    return "".join([*parts, text[last:]])


def name_language(tag: str, language: str) -> str:
    """Return what a language is called in another, such as `Chinese`; the tag where none knows."""
    return str(Locale.parse(language).languages.get(tag.replace("-", "_"), tag))


def find_countries(text: str, language: str) -> list[str]:
    """Return the countries that a text in a language names, as it spells them, capital or not.

    Names of up to four letters count only as they are written as names: Chad, Mali.
    """
    known = _load(language)
    return [
        text[start:end]
        for start, end, found in known.finder.find(text)
        if re.fullmatch("[A-Z]{2}", known.keys[found])
        and text[start:end] in known.spelled.get(found, (text[start:end],))
    ]


@functools.lru_cache(_KEPT)
def _list_names(language: str) -> Mapping[str, str]:
    """Return what is put for each thing, by a key that languages share; none for no language."""
    names: dict[str, str] = {}
    for key, name in _read(language):
        names.setdefault(key, name)
    beside = _BESIDE.get(language, {})
    return names | {
        key: f"{names[key]} {' '.join(others.split('/'))}" for key, others in beside.items()
    }


@functools.lru_cache(_KEPT)
def _load(language: str) -> _Known:
    """Return the names of a language, declined too; what two things share is that of the first."""
    regions = map(_read, (language, *_REGIONS.get(language, "").split()))
    beside = _BESIDE.get(language, {}).items()
    whole = [*chain(*regions), *((key, name) for key, names in beside for name in names.split("/"))]
    parts = [(key, part) for key, name in whole if " " not in key for part in _part(name)]
    keys: dict[str, str] = {}
    spelled: dict[str, set[str]] = defaultdict(set)
    for key, name in dict.fromkeys((*whole, *parts)):
        for form in (name, *_decline(name, language)):
            first = keys.setdefault(folded := fold_signs(form), key) == key
            is_word = len(form) <= _SHORT or key.startswith(_SPELLED)
            if first and is_word and form != form.swapcase():
                spelled[folded].add(form)
    return _Known(Finder(keys, _stands), keys, dict(spelled))


def _read(language: str) -> Iterator[tuple[str, str]]:
    """Yield the names of a language, or of a region's, with their keys; the first is put first."""
    if not re.fullmatch(r"[a-z]{2,3}(_[A-Za-z]+)*", language):
        return  # Babel would look for a file of any name
    try:
        locale = Locale(language)  # parsed, `und` would be English
    except UnknownLocaleError:
        return
    for key, name in _list_all(locale):
        if len(name) > 1:  # a single sign is in too many words
            yield key, name


def _list_all(locale: Locale) -> Iterator[tuple[str, str]]:
    """Yield the names of everything that has a key."""
    for code, name in locale.territories.items():
        if code in _CONTINENTS or (code.isalpha() and not code.startswith("X") and code != "ZZ"):
            yield code, name
    for number in range(1, 13):
        for context in ("format", "stand-alone"):
            for width in ("abbreviated", "wide") if f"{locale}"[:2] == "zh" else ("wide",):
                yield f"month {number}", locale.months[context][width][number]
    yield from _read_cities(locale)
    for code, name in locale.languages.items():
        if len(code) == 2 and code not in _MADE:  # those with longer codes are spoken by few
            yield f"language {code}", name
    for code, name in locale.currencies.items():
        special = any(sign.isdigit() or sign in "(（" for sign in name)  # former, of one market
        if not special and (not code.startswith("X") or code in _MONEY):
            yield f"money {code}", name
            for count in (1, 5):
                yield f"money {code}", get_currency_name(code, count, locale)
    for unit in _UNITS.split():
        yield unit, get_unit_name(unit, "long", locale) or ""
        yield unit, format_unit("", unit, "long", locale=locale).strip()


def _read_cities(locale: Locale) -> Iterator[tuple[str, str]]:
    """Yield the cities by which time zones go; where one has no name, its zone's is that."""
    for zone in get_global("zone_territories"):
        area, _, name = zone.partition("/")
        if area in ("Africa", "America", "Asia", "Australia", "Europe"):
            said = locale.time_zones.get(zone, {})
            if "city" in said or "/" not in name:
                yield f"city {zone}", said.get("city", name.replace("_", " "))


def _part(name: str) -> Iterator[str]:
    """Yield the name before brackets, and the one word in them: `Myanmar (Burma)`."""
    before, bracket, inside = name.replace("（", "(").partition("(")
    inside = inside.rstrip(")）")
    if bracket and len(before.strip()) > 1:
        yield before.strip()
        if len(inside) > 1 and " " not in inside:
            yield inside


def _decline(name: str, language: str) -> Iterable[str]:
    """Return how else a name of one word ends in a sentence."""
    for end, others in _ENDINGS.get(language, {}).items():
        if name.endswith(end) and len(name) >= _SHORT and " " not in name:
            return [name.removesuffix(end) + other for other in others.split()]
    return ()


def _stands(folded: str, start: int, end: int) -> bool:
    """Tell whether a name is a word, but for a letter that is a word before it."""
    last, before = folded[end - 1], folded[start - 1 : start]
    if _joins(last, folded[end : end + 1]) and not "가" <= last <= "힣":  # whose cases are endings
        return False
    return not _joins(before, folded[start]) or (
        before in _PROCLITICS and not _joins(folded[start - 2 : start - 1], before)
    )


def _joins(sign: str, after: str) -> bool:
    """Tell whether two signs, or none, make a word or a number together."""
    return _find_kind(sign) == _find_kind(after) != ""


def _find_kind(sign: str) -> str:
    if sign.isdigit():
        return "number"
    if UNSPACED.match(sign):
        return "katakana" if sign.isalpha() and "ァ" <= sign <= "ー" else ""
    return "letter" if sign and unicodedata.category(sign)[0] in "LM" else ""
