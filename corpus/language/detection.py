"""The language of a text, by its script and, among Latin letters, by common words; no model.

No judge of languages: two that share a script and no common words look the same to it.
"""

from __future__ import annotations

import functools
import re
from collections import Counter

from corpus.lexicons import read_lexicon

_SCRIPTS = (
    ("zh", 0x3400, 0x9FFF), ("zh", 0x20000, 0x3FFFF), ("zh", 0xF900, 0xFAFF),
    ("ja", 0x3040, 0x30FF), ("ko", 0xAC00, 0xD7AF), ("ko", 0x1100, 0x11FF),
    ("ru", 0x0400, 0x052F), ("el", 0x0370, 0x03FF), ("he", 0x0590, 0x05FF),
    ("ar", 0x0600, 0x06FF), ("hi", 0x0900, 0x097F), ("th", 0x0E00, 0x0E7F),
)  # fmt: skip
_LETTERS_PER_SIGN = 3  # a Chinese sign says about as much as three letters
_SAMPLE = 20_000  # characters looked at to name a language
_SHORT = 2_000  # characters of a text whose language is kept
_LEAST_COMMON = 0.06  # share of common words below which a text is in none of the languages
_WORD = re.compile(r"[^\W\d_]+")

_COMMON = {name: frozenset(words.split()) for name, words in read_lexicon("common_words").items()}
_LANGUAGES: dict[str, tuple[str, ...]] = {
    word: tuple(name for name, others in _COMMON.items() if word in others)
    for word in frozenset().union(*_COMMON.values())
}
# Letters and marks that only one of these languages writes.
_SIGNS = {"es": "ñ¿¡", "de": "ß", "pt": "ãõ"}


def detect(text: str) -> str:
    """Return the primary tag of the language most of `text` is in, `und` where it does not show.

    By script, then for Latin letters by common words. Looks at the first 20,000 characters. What
    was told of short texts last is kept: a question's language is asked for again and again.
    """
    return _detect_again(text) if len(text) <= _SHORT else _detect(text[:_SAMPLE])


def _detect(sample: str) -> str:
    counts: Counter[str] = Counter()
    for character, number in Counter(sample).items():
        if character.isalpha():
            counts[_script_of(ord(character))] += number
    if not counts:
        return "und"
    for script in counts.keys() & {"zh", "ja", "ko"}:
        counts[script] *= _LETTERS_PER_SIGN
    if counts["ja"] * 4 > counts["zh"]:  # Japanese is written with kana among Chinese signs
        counts["ja"] += counts.pop("zh", 0)
    top = max(counts, key=lambda script: (counts[script], script))
    return _detect_latin(sample) if top == "latin" else top


_detect_again = functools.lru_cache(maxsize=256)(_detect)


def _script_of(point: int) -> str:
    if point < 0x0370:
        return "latin"
    for name, first, last in _SCRIPTS:
        if first <= point <= last:
            return name
    return "latin"


def _detect_latin(text: str) -> str:
    words = Counter(word.lower() for word in _WORD.findall(text))
    scores: dict[str, float] = dict.fromkeys(_COMMON, 0.0)
    for word, number in words.items():
        for language in _LANGUAGES.get(word, ()):
            scores[language] += number / len(_LANGUAGES[word])
    for language, signs in _SIGNS.items():
        scores[language] += sum(text.count(sign) for sign in signs)
    best, second = sorted(scores, key=lambda language: scores[language], reverse=True)[:2]
    if scores[best] == scores[second] or scores[best] < _LEAST_COMMON * words.total():
        return "und"
    return best
