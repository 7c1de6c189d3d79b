"""Countries by their two letters of ISO 3166, `+` between several, and by the names of CLDR.

`KE+ET` is Kenya and Ethiopia. They may be written as names, English or Chinese, with commas.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from corpus.language.script import simplify

if TYPE_CHECKING:
    from babel import Locale

MOST = 20  # countries of a case
_WRITTEN = ("en", "zh")  # languages in which a country may be written
_NONE = {"EU", "EZ", "QO", "UN", "XA", "XB", "ZZ"}  # regions, and codes for tests and the unknown
_BETWEEN = re.compile("[+,;/，、；]")


def read_countries(written: str) -> str:
    """Return the codes of countries that are written as codes or names, each once, in their order.

    Raises ValueError for the first that is neither, and for more than 20.
    """
    known = _list_written()
    parts = [part.strip() for part in _BETWEEN.split(written) if part.strip()]
    codes = []
    while parts:
        # A name may hold a comma itself: St. Helena, Ascension & Tristan da Cunha.
        whole = known.get(_fold(", ".join(parts[:2])))
        code = whole or known.get(_fold(parts[0]))
        if code is None:
            raise ValueError(parts[0])
        codes.append(code)
        del parts[: 2 if whole else 1]
    found = list(dict.fromkeys(codes))
    if len(found) > MOST:
        raise ValueError(found[MOST])
    return "+".join(found)


def split_countries(codes: str) -> list[str]:
    """Return the codes that stand together."""
    return [code for code in codes.split("+") if code]


def name_country(code: str, language: str) -> str:
    """Return what a language calls a country; the code where it is none."""
    return list_countries(language).get(code, code)


def name_countries(codes: str, language: str) -> str:
    """Return what a language calls countries, with what it puts between them."""
    names = (name_country(code, language) for code in split_countries(codes))
    return ("、" if language == "zh" else ", ").join(names)


@functools.lru_cache(4)
def list_countries(language: str) -> Mapping[str, str]:
    """Return the name of every country in a language, by code."""
    return {
        code: str(name)
        for code, name in _open_locale(language).territories.items()
        if len(code) == 2 and code not in _NONE
    }


@functools.cache
def _list_written() -> Mapping[str, str]:
    known = {_fold(code): code for code in list_countries("en")}
    for language in _WRITTEN:
        known |= {_fold(name): code for code, name in list_countries(language).items()}
    return known


def _fold(name: str) -> str:
    return " ".join(simplify(name).casefold().replace("’", "'").split())


def _open_locale(language: str) -> Locale:
    from babel import Locale  # a tenth of a second, for who names a country

    return Locale.parse(language)
