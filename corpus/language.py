"""The language of a text and the spans of its sentences; exact, linear, no model.

Made for the prose that reports are written in: English and Chinese first, other European languages
as far as capital letters and a few abbreviations carry. Not a tokenizer.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator

LONGEST = 1000  # characters of a sentence; longer ones without an end are cut at a comma or blank

_SCRIPTS = (
    ("zh", 0x3400, 0x9FFF), ("zh", 0x20000, 0x3FFFF), ("zh", 0xF900, 0xFAFF),
    ("ja", 0x3040, 0x30FF), ("ko", 0xAC00, 0xD7AF), ("ko", 0x1100, 0x11FF),
    ("ru", 0x0400, 0x052F), ("el", 0x0370, 0x03FF), ("he", 0x0590, 0x05FF),
    ("ar", 0x0600, 0x06FF), ("hi", 0x0900, 0x097F), ("th", 0x0E00, 0x0E7F),
)  # fmt: skip
_LETTERS_PER_SIGN = 3  # a Chinese sign says about as much as three letters
_SAMPLE = 20_000  # characters looked at to name a language
_COMMON_WORDS = {
    "en": "the of and to in is was for that with what who which how are did does do on by from it",
    "de": "der die das und ist von zu den mit sich des auf für im dem nicht ein eine wer wie wurde",
    "es": "el la de que y en los del se las por un para con una su es qué quién cuál cómo fue",
    "fr": "le la les des et est en du une un dans que qui pour pas sur au avec quel quelle ce",
    "pt": "o a os as de que e do da em um uma para com não por mais dos como qual quem foi",
    "it": "il lo la gli di che e un una per con del della non sono si nel quale chi come è",
}
_WORD = re.compile(r"[^\W\d_]+")

_CLOSERS = "\"'”’»）)\\]」』】〉》"
# Possessive, and never begun inside a run of marks, so that a million of them cost a million steps.
_STOP = re.compile(
    rf"(?P<wide>[。！？；]++[{_CLOSERS}]*+)"
    rf"|(?P<narrow>(?<![.!?…])[.!?…]++[{_CLOSERS}]*+(?:\[\d{{1,3}}\])*+)(?=\s|\Z|[\u3400-\u9fff])"
    r"|(?P<line>\r?\n[^\S\r\n]*(?:\r?\n)|\r?\n(?=[^\S\r\n]*(?:[-*•·▪◦–—]\s|\(?\d{1,3}[.)、]\s?|[（(]?[一二三四五六七八九十]{1,3}[、）)])))"
)
_SPACE = re.compile(r"\s*+")
_FOLLOWS = re.compile(r"\s*+[\"'“‘«(\[（「『¿¡*_]{0,9}(\w{0,40})")
_BEFORE = re.compile(r"[^\s(\[{“‘\"'（]*\Z")
_ACRONYM = re.compile(r"(?:[^\W\d_]\.)+[^\W\d_]?\Z")

# A full stop behind these never ends a sentence ...
_NEVER_ENDING = """
    mr mrs ms dr prof st gen sen rep gov capt cpt lt col sgt maj rev hon messrs no nos vol vols pp
    fig figs eq sec ch art ed eds vs cf e.g i.e approx est dept mt ft viz resp tel ext
    z.b bzw ca bsp nr str d.h u.a sog evtl vgl sr sra srta dra ud uds pág ej p.ej mme mlle
"""
# ... behind these only where a word follows that often begins one ...
_SELDOM_ENDING = """
    inc ltd co corp llc plc etc al jr ph.d a.m p.m jan feb mar apr jun jul aug sep sept oct nov dec
    usw jh bros univ op
"""
# ... such as these.
_STARTING = """
    the in it its this that these those a an he she they we i you his her their our there however
    but and as at on for from with after before during since when while although though also
    moreover furthermore meanwhile additionally by to under according following many some most
    both each such if once then today what who which where why how one two other another no not
    only as all because despite so thus therefore
    der die das ein eine es er sie im am an auf nach mit seit von zu als bei durch für diese dieser
    dieses nur el la los las un una en se su sus por para con de desde durante aunque según este
    esta le les une dans il elle
"""
_NEVER = frozenset(_NEVER_ENDING.split())
_SELDOM = frozenset(_SELDOM_ENDING.split())
_STARTERS = frozenset(_STARTING.split())


def detect(text: str) -> str:
    """Return the primary tag of the language most of `text` is in, `und` where it does not show.

    By script, then for Latin letters by common words. Looks at the first 20,000 characters.
    """
    sample = text[:_SAMPLE]
    counts: Counter[str] = Counter()
    for character in sample:
        if character.isalpha():
            counts[_script_of(ord(character))] += 1
    if not counts:
        return "und"
    for script in counts.keys() - {"latin"}:
        counts[script] *= _LETTERS_PER_SIGN if script in ("zh", "ja", "ko") else 1
    if counts["ja"] * 4 > counts["zh"] and counts["ja"]:
        return "ja" if counts["ja"] + counts["zh"] > counts["latin"] else _detect_latin(sample)
    top = max(counts, key=lambda script: (counts[script], script))
    return _detect_latin(sample) if top == "latin" else top


def _script_of(point: int) -> str:
    if point < 0x0370:
        return "latin"
    for name, first, last in _SCRIPTS:
        if first <= point <= last:
            return name
    return "latin"


def _detect_latin(text: str) -> str:
    words = Counter(word.lower() for word in _WORD.findall(text))
    scores = {
        language: sum(words[word] for word in common.split())
        for language, common in _COMMON_WORDS.items()
    }
    best = max(scores, key=lambda language: scores[language])
    return best if scores[best] else "und"


def sentence_spans(text: str) -> list[tuple[int, int]]:
    """Return the spans of the sentences of `text`, in order; together they tile it.

    A span takes the white space behind its sentence, the first also any before it. A sentence ends
    at a terminator with its closing quotation marks, at a blank line, and before a line that opens
    a list item. A full stop inside a number or behind an abbreviation ends none; nor does a
    question mark inside a word, which is how some sources lost a letter.
    """
    spans: list[tuple[int, int]] = []
    start = last = 0
    for end in [*_find_ends(text), len(text)]:
        if _says_something(text, last, end):
            spans.extend(_cut(text, start, end))
            start = end
        elif spans and start == last:  # stray marks belong to the sentence before them
            spans[-1] = (spans[-1][0], end)
            start = end
        last = end
    if start < len(text):
        spans.append((start, len(text)))
    return spans


def _find_ends(text: str) -> Iterator[int]:
    reached = 0
    for match in _STOP.finditer(text):
        if match.start() < reached:
            continue
        if match["narrow"] and not _ends_sentence(text, match.start(), match.end()):
            continue
        space = _SPACE.match(text, match.end())
        reached = space.end() if space else match.end()
        yield reached


def _says_something(text: str, start: int, end: int) -> bool:
    return any(character.isalnum() for character in text[start:end])


def _ends_sentence(text: str, start: int, end: int) -> bool:
    follows = _FOLLOWS.match(text, end)
    word = follows[1] if follows else ""
    if not word:
        return True
    if word[0].islower():
        return False
    if text[start] not in ".…":
        return True
    before = _BEFORE.search(text[max(0, start - 24) : start])
    token = (before[0] if before else "").lower()
    if token in _NEVER:
        return False
    starts = word.lower() in _STARTERS and not word.isupper()
    initial = len(token) == 1 and token.isalpha()
    if token in _SELDOM or _ACRONYM.match(token) or initial:
        return starts
    if token.isdigit() and len(token) <= 2:
        return starts
    return True


def _cut(text: str, start: int, end: int) -> list[tuple[int, int]]:
    spans = []
    while end - start > LONGEST:
        window = text[start : start + LONGEST]
        at = max((window.rfind(mark) for mark in ",;，、；：:"), default=-1) + 1
        if at <= LONGEST // 4:
            at = window.rfind(" ") + 1
        if at <= LONGEST // 4:
            at = LONGEST
        cut = start + at
        while cut < end and text[cut].isspace():
            cut += 1
        while cut - start > LONGEST // 4 and cut < end and _joins(text, cut):
            cut -= 1
        spans.append((start, cut))
        start = cut
    if start < end:
        spans.append((start, end))
    return spans


def _joins(text: str, at: int) -> bool:
    character = text[at]
    return (
        unicodedata.combining(character) > 0
        or character in "\u200d\ufe0e\ufe0f\n"
        or text[at - 1] == "\u200d"
    )
