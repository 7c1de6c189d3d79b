"""Words by which a model's sentence is held against its quotation: our own, and CLDR's.

What CLDR has (units of measure and of time, months) comes from Babel; `lexicon.json` has what it
has not: number words, bounds, denials, what rises and what falls, and a language's name as a model
is told it. In the file `*` stands for the rest of a word and `#` for a digit. A language is added
by adding its words.
"""

from __future__ import annotations

import functools
import json
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from babel import Locale

from corpus.language.script import make_plain

LANGUAGES = ("en", "zh", "es", "de")  # whose numbers and units are known
_KEPT = 3  # letters up to which a unit's case tells: MW and mW


def fold(text: str) -> str:
    """Return `text` with wide and raised signs as plain ones; offsets are those of the result."""
    return unicodedata.normalize("NFKC", make_plain(text))


@functools.cache
def load_words() -> Any:
    """Return what the file holds; nobody may change it."""
    return json.loads(Path(__file__).with_name("lexicon.json").read_bytes())


def match_any(words: Iterable[str], after: str = "") -> re.Pattern[str]:
    """Return a pattern for any of some words, the longest first, with `after` behind each."""
    either = "|".join(map(_match, sorted(words, key=len, reverse=True)))
    return re.compile(f"(?:{either}){after}", re.IGNORECASE)


def _match(word: str) -> str:
    inner = re.escape(word.strip("*")).replace(r"\#", r"\d")
    before = r"\b\w+" if word.startswith("*") else r"\b" if _is_bounded(word[0]) else ""
    after = r"\w*" if word.endswith("*") else r"\b" if _is_bounded(word[-1]) else ""
    return f"{before}{inner}{after}"


def _is_bounded(sign: str) -> bool:
    """Tell whether words in a sign's script stand apart; in Chinese they do not."""
    return sign.isalpha() and sign < "\u2e80"


class Units:
    """Names of units, by which the unit behind a number is found."""

    def __init__(self) -> None:
        names = dict(_read_cldr())
        for unit, ours in load_words()["units"].items():
            names.update((fold(name), unit) for name in ours)
        folded = {name.casefold(): unit for name, unit in names.items() if len(name) > _KEPT}
        names |= dict.fromkeys(load_words()["no_units"], "")
        self._names: Mapping[str, str] = folded | names
        self._longest = max(map(len, self._names))

    def find(self, text: str, start: int) -> tuple[str, int]:
        """Return the unit whose name stands in a folded text at `start`, and where that ends.

        The longest name counts; where none stands, the unit is empty and the end is `start`.
        """
        for end in range(min(start + self._longest, len(text)), start, -1):
            name = text[start:end]
            unit = self._names.get(name, self._names.get(name.casefold()))
            if unit is not None and not (_is_bounded(name[-1]) and _goes_on(text, end)):
                return unit, end if unit else start
        return "", start


def _goes_on(text: str, end: int) -> bool:
    return text[end : end + 1].isalnum() and text[end] < "\u2e80"


@functools.cache
def load_units() -> Units:
    """Return the units of all languages."""
    return Units()


@functools.cache
def match_months() -> Mapping[int, re.Pattern[str]]:
    """Return patterns for the months' names, by their number, spelled as CLDR does."""
    spaced = [language for language in LANGUAGES if language != "zh"]
    names = [Locale(language).months["format"]["wide"] for language in spaced]
    return {
        number: re.compile("|".join(rf"\b{re.escape(each[number])}\b" for each in names))
        for number in range(1, 13)
    }


def _read_cldr() -> Iterator[tuple[str, str]]:
    """Yield names of units with their keys in CLDR; of one name, that of the shortest key last."""
    found: list[tuple[str, str]] = []
    for locale in (*map(Locale, LANGUAGES), Locale("en", "GB")):
        # Babel writes values with their units; only its data tell the names alone.
        for unit, widths in locale._data["unit_patterns"].items():
            for width in ("long", "short"):
                forms = widths.get(width, {}) if "compound" not in unit else {}
                found += [
                    (fold(form.replace("{0}", "").strip()), unit)
                    for form in dict(forms).values()
                    if isinstance(form, str) and form.startswith("{0}")
                ]
    yield from sorted(found, key=lambda each: -len(each[1]))
