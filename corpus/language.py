"""The language of a text and the spans of its sentences; exact, linear, no model.

Made for the prose that reports are written in: English and Chinese first, other European languages
as far as capital letters, a few abbreviations and common words carry. Not a tokenizer, and no judge
of languages: two that share a script and no common words look the same to it.
"""

from __future__ import annotations

import functools
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator

# Characters of a sentence; a longer one is cut. Sentences of 640 letters occur in real reports. 500
# Chinese signs, or 1000 characters of which 200 are signs, make at most 425 of a model's sub-words,
# so a sentence always fits into one passage.
LONGEST, LONGEST_SIGNS, _FEW_SIGNS = 1000, 500, 200

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

_WIDE = frozenset("。！？；｡")
_NEWLINE = r"(?>\r\n|\r|\n)"
_ITEM = (
    r"(?:[-*+•·●○▪◦◆■□►–]\s|\d{1,3}[.)]\s|\d{1,3}、|[(（]\d{1,3}[)）]|[a-zA-Z]\)\s"
    r"|[(（]?[一二三四五六七八九十]{1,3}[、)）]|[①-⑳])"
)
# Every part is possessive and a run of marks is taken whole: a million cost a million steps.
_STOP = re.compile(rf"(?P<stop>[.!?…。！？；｡]++)|{_NEWLINE}[^\S\r\n]*+(?:{_NEWLINE}|(?={_ITEM}))")
_PAIRS = ("（）", "()", "“”", "「」", "『』")  # a semicolon inside one ends nothing
_CLOSE_WIDE = re.compile(r"[”’»）)\]】」』》〉]*+")
_CLOSE_NARROW = re.compile(
    r"(?:[\"'”’“‘»«）)\]}】」』]|[\u00a0\u202f]»)*+(?:\[(?:\w{1,9} )?\w{1,6}\])*+"
)
_SPACE = re.compile(r"\s*+")
_FOLLOWS = re.compile(r"\s*+[\"'“‘„«»(\[{（「『《¿¡*_#-]{0,9}(\w{0,40})")
_ACRONYM = re.compile(r"(?:[^\W\d_]{1,2}\.)+[^\W\d_]{0,2}")
_ROMAN = re.compile(r"[IVXLC]+")
_PREVIOUS = re.compile(r"(\w{1,12})\W{1,3}\Z")
_CUT = re.compile(r"[,;:]\s+|[，、；：]\s*")


def _words(line: str) -> frozenset[str]:
    return frozenset(line.split())


# A full stop behind these never ends a sentence ...
_NEVER = _words(
    "mr mrs ms dr prof messrs gov capt cpt lt sgt maj rev hon e.g i.e eg ie vs cf viz resp approx"
    " ca z.b bzw bsp d.h u.a sog evtl vgl geb str sr sra srta dra ud uds ee p.ej mme mlle"
)
# ... behind these only where no number follows ...
_NUMBERED = _words(
    "no nos nr fig figs eq eqs sec secs ch chap art arts vol vols pp p pt para bd núm pág ref"
    " jan feb mar apr jun jul aug sep sept oct nov dec"
)
# ... and behind these only where a word follows that often begins one.
_SELDOM = _words(
    "inc ltd co corp llc plc pty al jr ph.d a.m p.m mio mrd tsd jh jhd chr bros univ dept"
    " op st mt ft ed eds gen col sen rep est ext tel uu ee.uu assn intl natl gmbh"
)
_STARTERS = _words(
    "the in it its this that these those a an he she they we i you his her their our there however"
    " but and as at on for from with after before during since when while although though also"
    " moreover furthermore meanwhile additionally by to under according following many some most"
    " both each such if once then today what who which where why how one two other another no not"
    " of only as all because despite so thus therefore through among between"
    " der die das ein eine es er sie im am an auf nach mit seit von zu als bei durch für diese"
    " dieser dieses nur el la los las un una en se su sus por para con de desde durante aunque"
    " según este esta le les une dans il elle"
)
# Words before a German ordinal (`am 3. Oktober`, `im 19. Jahrhundert`) and words behind one.
_ORDINAL = _words(
    "am vom zum beim im des dem der den das ab bis seit jeder jedes ihr ihre sein seine ihrem ihrer"
    " seinem seiner und oder"
)
_MONTHS = _words(
    "januar februar märz april mai juni juli august september oktober november dezember"
    " jahrhundert jahrhunderts jahrhunderte jahrhunderten jahrtausend weltkrieg weltkriegs"
)

_COMMON = {
    "en": "the of and to in is was are were be been for that this with by on from at it its as an"
    " what who which how when where why did does do has have had or not can will about many there"
    " they he his her but",
    "de": "der die das und ist von zu den mit sich des auf für im in dem nicht ein eine einer einem"
    " was wer wen wem wie wo wann warum welche welcher welches welchen welchem wurde wurden wird"
    " werden war waren hat haben sind es an als auch bei nach aus am zum zur durch über viele"
    " vielen um gegen seine wovon worauf worüber",
    "es": "el la de que y en los del se las por un para con una su es qué quién cuál cuáles cómo"
    " cuándo cuántos cuántas dónde fue al lo como más no era o sus a",
    "fr": "le la les des et est en du une un dans que qui pour pas sur au aux avec quel quelle ce"
    " quels quelles cette combien comment où quand a de il elle",
    "pt": "de que e da em um uma para com não por mais dos como qual quais quem foi são ao à os as"
    " o a do no na quando onde quantos",
    "it": "il lo la gli di che e un una per con del della dei delle non sono si nel nella quale"
    " quali chi come è ha da in al quando quanti dove",
    "nl": "de het een van en in is dat die op te zijn met voor niet aan er wat wie welke hoe waar"
    " wanneer werd was door bij om ook uit",
}
_LANGUAGES: dict[str, tuple[str, ...]] = {
    word: tuple(name for name, others in _COMMON.items() if word in others.split())
    for word in _words(" ".join(_COMMON.values()))
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


def sentence_spans(text: str) -> list[tuple[int, int]]:
    """Return the spans of the sentences of `text`, in order; together they tile it.

    A span takes the white space behind its sentence, the first also any before it. A sentence ends
    at a terminator with its closing quotation marks, at a blank line, and before a line that opens
    a list item. A full stop inside a number or behind an abbreviation ends none; nor does a
    question mark inside a word, which is how some sources lost a letter. A sentence of more than
    1000 characters, 500 where many are Chinese signs, is cut at a comma or a blank.
    """
    spans: list[tuple[int, int]] = []
    start = last = 0
    for end in [*_find_ends(text), len(text)]:
        if any(character.isalnum() for character in text[last:end]):
            spans.extend(_cut(text, start, end))
            start = end
        elif spans and start == last and end - spans[-1][0] <= LONGEST_SIGNS:
            spans[-1] = (spans[-1][0], end)  # stray marks belong to the sentence before them
            start = end
        last = end
    spans.extend(_cut(text, start, len(text)))
    return spans


def _find_ends(text: str) -> Iterator[int]:
    """Yield where sentences end, behind their white space; may yield the text's end."""
    reached = counted = quotes = 0
    for match in _STOP.finditer(text):
        end = match.end()
        if end <= reached:
            continue
        if match["stop"] is None:
            counted, quotes = end, 0
        elif _WIDE.isdisjoint(match["stop"]):
            end = _close(_CLOSE_NARROW, text, end)
            if not _ends_narrow(text, match.start(), match.end(), end):
                continue
        else:
            quotes += text.count('"', counted, end)
            counted = end
            end = _close(_CLOSE_WIDE, text, end)
            if quotes % 2 and text.startswith('"', end):  # else the mark opens the next sentence
                end += 1
            if not _ends_wide(text, match.start(), match.end(), end):
                continue
        reached = _close(_SPACE, text, end)
        yield reached


def _close(pattern: re.Pattern[str], text: str, at: int) -> int:
    match = pattern.match(text, at)
    return match.end() if match else at


def _ends_wide(text: str, start: int, stop: int, end: int) -> bool:
    """Tell whether marks among which is a Chinese terminator end a sentence."""
    after = text[end : end + 1]
    if after in frozenset("，、：；,;—～~…)）》」』”’"):
        return False
    closed = text[stop:end]
    spaced = not after or after.isspace()
    if not spaced and ("》" in closed or (closed[:1] in ("）", ")") and text[stop - 1] != "。")):
        return False  # a title or an aside with a mark of its own, inside its sentence
    if text[start:stop] == "；" and any(_is_open(text, pair, start, 200) for pair in _PAIRS):
        return False
    return not (_is_open(text, "《》", start, 40) and "》" in text[end : end + 40])


def _is_open(text: str, pair: str, at: int, reach: int) -> bool:
    """Tell whether the last mark of a pair before `at` is the one that opens it."""
    opened = text.rfind(pair[0], max(0, at - reach), at)
    return opened >= 0 and text.find(pair[1], opened, at) < 0


def _ends_narrow(text: str, start: int, stop: int, end: int) -> bool:
    """Tell whether a run of `.`, `!`, `?` and `…` ends a sentence."""
    after = text[end : end + 1]
    if after and not after.isspace() and not _is_wide(after):
        return False
    follows = _FOLLOWS.match(text, end)
    word = follows[1] if follows else ""
    if not word:
        at = _close(_SPACE, text, end)
        rest = text[at : at + 1]
        return rest not in frozenset(".…,;:)%") or not rest
    if word[0].islower():
        return False
    if stop - start > 1 or text[start] != ".":
        return True
    if follows and len(word) == 1 and word.isupper() and text.startswith(".", follows.end()):
        word = ""  # an initial begins no sentence behind another, whatever its letter
    return _ends_behind(text, _word_before(text, start), start, word)


def _is_wide(character: str) -> bool:
    return character >= "\u3000" or character in "“‘"


def _word_before(text: str, at: int) -> str:
    """Return the run of letters, digits, dots and `&` that ends at `at`, 24 characters at most."""
    first = at
    while first and at - first < 24:
        character = text[first - 1]
        if not (character.isalnum() or character in ".&") or _is_wide(character):
            break
        first -= 1
    return text[first:at].lstrip(".&")


def _ends_behind(text: str, token: str, at: int, word: str) -> bool:
    """Tell whether the full stop at `at`, behind `token`, ends a sentence before `word`."""
    lower = token.lower()
    before = text[max(0, at - len(token) - 16) : at - len(token)]
    if token.replace(".", "").isdigit():
        counts = text[at + 1 : at + 2] > "\u3000" or _is_ordinal(token, before, word)
        return not counts
    if lower in _NUMBERED:
        return not (word[:1].isdigit() or _ROMAN.fullmatch(word))
    if lower in _NEVER:
        return False
    initial = len(token) == 1 and token.isalpha() and not before.endswith("°")
    if lower in _SELDOM or initial or _ACRONYM.fullmatch(token):
        return word.lower() in _STARTERS and not (len(word) > 1 and word.isupper())
    return True


def _is_ordinal(token: str, before: str, word: str) -> bool:
    """Tell whether a number with a full stop counts a list's item or, in German, a day or place."""
    if len(token) <= 3 or "." in token:
        if before.rstrip(" \t\u3000")[-1:] in "\r\n.!?。！？；":  # or nothing stands before it
            return True
        previous = _PREVIOUS.search(before)
        if previous and previous[1].lower() in _ORDINAL:
            return True
    return word.lower() in _MONTHS


def _cut(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Yield a sentence's span, or, where it is too long, those of its parts; none where empty."""
    filled = start + len(text[start:end].rstrip())
    while filled - start > (longest := _longest_at(text, start, filled)):
        least, most = start + longest // 4, start + longest
        cut = max((m.end() for m in _CUT.finditer(text, least, most)), default=0)
        if not cut:
            blanks = [at + 1 for at in range(least, most) if text[at].isspace()]
            cut = max(blanks, default=most)
        while cut > least and _joins(text, cut):
            cut -= 1
        cut = _close(_SPACE, text, cut)
        yield start, cut
        start = cut
    if start < end:
        yield start, end


def _longest_at(text: str, start: int, end: int) -> int:
    """Return how many characters a sentence that starts at `start` may have."""
    if end - start <= LONGEST_SIGNS:
        return LONGEST_SIGNS
    window = text[start : min(end, start + LONGEST)]
    signs = 0 if window.isascii() else sum(map("\u2e80".__le__, window))
    return LONGEST if signs <= _FEW_SIGNS else LONGEST_SIGNS


def _joins(text: str, at: int) -> bool:
    """Tell whether the characters before and behind `at` make one sign."""
    after = text[at]
    return (
        unicodedata.category(after)[0] == "M"
        or after == "\u200d"
        or text[at - 1] == "\u200d"
        or "\U0001f3fb" <= after <= "\U0001f3ff"
        or (after == "\n" and text[at - 1] == "\r")
    )
