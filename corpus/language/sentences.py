"""The spans of the sentences of a text; exact, linear, no model.

Made for the prose that reports are written in: English and Chinese first, other European languages
as far as capital letters and the abbreviations of `lexicons/sentences.json` carry. Not a tokenizer.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from corpus.lexicons import read_lexicon

# Characters of a sentence; a longer one is cut. Sentences of 640 letters occur in real reports. 500
# Chinese signs, or 1000 characters of which 200 are signs, make at most 425 of a model's sub-words,
# so a sentence always fits into one passage.
LONGEST, LONGEST_SIGNS, _FEW_SIGNS = 1000, 500, 200
_LIST_NUMBER = 2  # figures of a list's number at the most

_WIDE = frozenset("。！？；｡")
_NEWLINE = r"(?>\r\n|\r|\n)"
_ITEM = (
    r"(?:[-*+•·●○▪◦◆■□►–]\s|\d{1,3}[.)]\s|\d{1,3}、|[(（]\d{1,3}[)）]|[a-zA-Z]\)\s"
    r"|[(（]?[一二三四五六七八九十]{1,3}[、)）]|[①-⑳])"
)
# Every part is possessive and a run of marks is taken whole: a million cost a million steps.
_STOP = re.compile(rf"(?P<stop>[.!?…。！？；｡]++)|{_NEWLINE}[^\S\r\n]*+(?:{_NEWLINE}|(?={_ITEM}))")
_PAIRS = ("（）", "()", "“”", "「」", "『』")  # a semicolon inside one ends nothing
_PAIR = 80  # signs of a sentence of two halves, which stay together
_ENDS = "。！？；\n"
_END = re.compile(f"[{_ENDS}]")
_NOTES = r"[⁰¹²³⁴-⁹]*+"  # marks of notes, which stand behind what ends a sentence
_CLOSE_WIDE = re.compile(r"[”’»）)\]】」』》〉]*+" + _NOTES)
_CLOSE_NARROW = re.compile(
    r"(?:[\"'”’“‘»«）)\]}】」』]|[\u00a0\u202f]»)*+(?:\[(?:\w{1,9} )?\w{1,6}\])*+" + _NOTES
)
_SPACE = re.compile(r"\s*+")
_FOLLOWS = re.compile(r"\s*+[\"'“‘„«»(\[{（「『《¿¡*_#-]{0,9}(?:§\s?){0,2}(\w{0,40})")
_ACRONYM = re.compile(r"(?:[^\W\d_]{1,2}\.)+[^\W\d_]{0,2}")
_ROMAN = re.compile(r"[IVXLC]+")
_PREVIOUS = re.compile(r"(\w{1,12})\W{1,3}\Z")
_CUT = re.compile(r"[,;:]\s+|[，、；：]\s*")


_WORDS = {name: frozenset(words.split()) for name, words in read_lexicon("sentences").items()}
_NEVER = _WORDS["never"]  # a full stop behind these never ends a sentence ...
_NUMBERED = _WORDS["numbered"]  # ... behind these only where no number follows ...
_SELDOM = _WORDS["seldom"]  # ... behind these only where a word follows that often begins one:
_STARTERS = _WORDS["starters"]
# Words before a German ordinal (`am 3. Oktober`, `im 19. Jahrhundert`) and words behind one.
_BEFORE_ORDINALS, _AFTER_ORDINALS = _WORDS["before_ordinals"], _WORDS["after_ordinals"]


def sentence_spans(text: str) -> list[tuple[int, int]]:
    """Return the spans of the sentences of `text`, in order; together they tile it.

    A span takes the white space behind its sentence, the first also any before it. A sentence ends
    at a terminator with its closing quotation marks, at a blank line, and before a line that opens
    a list item; at a Chinese semicolon unless it is the only one of a short sentence. A full stop
    inside a number or behind an abbreviation ends none; nor does a question mark inside a word,
    which is how some sources lost a letter. A sentence of more than 1000 characters, 500 where many
    are Chinese signs, is cut at a comma or a blank.
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
    if text[start:stop] == "；" and (
        any(_is_open(text, pair, start, 200) for pair in _PAIRS) or _parts_pair(text, start)
    ):
        return False
    return not (_is_open(text, "《》", start, 40) and "》" in text[end : end + 40])


def _parts_pair(text: str, at: int) -> bool:
    """Tell whether the semicolon at `at` is the only one of a short sentence.

    Its second half often leaves out what the first has said: `A的电耗最高，因为除盐；B最低。`
    """
    before = max((text.rfind(mark, max(0, at - _PAIR), at) for mark in _ENDS), default=-1)
    behind = _END.search(text, at + 1, before + 1 + _PAIR)
    if behind is None or text[before : before + 1] == "；":
        return False
    return at - before <= _PAIR and behind[0] in "。！？"


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
    if text[start] == "…" and _is_wide(after):
        return False  # Chinese goes on behind its dots
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
        if len(token) <= _LIST_NUMBER and "\u2e80" <= word[0] < "\uac00":
            return False  # the full stop is no Chinese one
        counts = text[at + 1 : at + 2] > "\u3000" or _is_ordinal(token, before, word)
        return not counts
    if lower in _NUMBERED:
        return not (word[:1].isdigit() or _ROMAN.fullmatch(word))
    if lower in _NEVER:
        return False
    if len(token) == 1 and _opens_line(before):  # `A. The plant`: a list's letter
        return False
    initial = len(token) == 1 and token.isalpha() and not before.endswith("°")
    if lower in _SELDOM or initial or _ACRONYM.fullmatch(token):
        return word.lower() in _STARTERS and not (len(word) > 1 and word.isupper())
    return True


def _is_ordinal(token: str, before: str, word: str) -> bool:
    """Tell whether a number with a full stop counts a list's item or, in German, a day or place."""
    previous = _PREVIOUS.search(before)
    if previous and previous[1].lower() in _NUMBERED:
        return False
    if len(token) <= 3 or "." in token:
        if _opens_line(before) or before.rstrip(" \t\u3000")[-1] in ".!?。！？；":
            return True
        if previous and previous[1].lower() in _BEFORE_ORDINALS:
            return True
    return word.lower() in _AFTER_ORDINALS


def _opens_line(before: str) -> bool:
    """Tell whether nothing stands on a line before what `before` ends at."""
    return before.rstrip(" \t\u3000")[-1:] in "\r\n"


def begins_sentence(text: str) -> bool:
    """Tell whether a text begins as sentences often do: a common first word with its capital."""
    word = text.split(maxsplit=1)[0] if text.strip() else ""
    return word[:1].isupper() and word.lower() in _STARTERS


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
