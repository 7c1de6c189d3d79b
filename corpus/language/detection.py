"""The language of a text, by its script and, among Latin letters, by common words; no model.

No judge of languages: two that share a script and no common words look the same to it.
"""

from __future__ import annotations

import functools
import re
from collections import Counter

from corpus.language.script import is_traditional
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
_LETTERS_PER_WORD = 5
_LEAST_PARAGRAPH = 60  # letters of a line that is prose
_GOOD_PART = 0.3  # share of a text that its second language has at least
_SIGNS_OF_CHINESE = re.compile(r"[\u3400-\u9fff]")
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


def name_languages(text: str) -> str:
    """Return the tag of a document's language: `en`, `zh-Hant`, or `en+zh` for one in two.

    It is in two where each has a good part of what stands in paragraphs.
    """
    sample = text[:_SAMPLE]
    sizes: Counter[str] = Counter()
    for line in sample.splitlines():
        wide = len(_SIGNS_OF_CHINESE.findall(line))
        size = _LETTERS_PER_SIGN * wide + len(_WORD.findall(line)) * _LETTERS_PER_WORD
        if size > _LEAST_PARAGRAPH:
            sizes[detect(line)] += size
    known = [name for name, _ in sizes.most_common() if name != "und"]
    if len(known) > 1 and sizes[known[1]] >= _GOOD_PART * sizes.total():
        return "+".join(sorted(_name_script(name, sample) for name in known[:2]))
    return _name_script(detect(sample), sample)


def _name_script(language: str, text: str) -> str:
    return "zh-Hant" if language == "zh" and is_traditional(text) else language


def list_primary(tag: str) -> list[str]:
    """Return the primary tags of what `name_languages` told: `en` and `zh` of `en+zh-Hant`."""
    return [part.partition("-")[0] for part in tag.split("+")]


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
