"""How pages label what is no article, and facts: lexicons/web_page.json, labels.json for dates."""

from __future__ import annotations

import functools
import re
import unicodedata

from corpus.lexicons import read_lexicon

_NO_WORD = re.compile(r"[\W\d_]+")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_LONGEST = 60  # characters of a label


@functools.cache
def list_words(kind: str) -> frozenset[str]:
    """Return the words of a kind in lower case."""
    words = read_lexicon("web_page").get(kind) or read_lexicon("labels")[kind]
    return frozenset(map(fold, words))


def fold(text: str) -> str:
    """Return text in lower case and in one form, for comparing."""
    return unicodedata.normalize("NFKC", text).casefold().strip()


def is_label(text: str, kind: str) -> bool:
    """Tell whether a line is one of the labels of a kind, numbers and signs around it aside."""
    if len(text) > _LONGEST:
        return False
    bare = _NO_WORD.sub(" ", fold(text)).strip()
    return bool(bare) and bare in _list_bare(kind)


def find_opening(text: str, kind: str, closed: bool = True) -> int:
    """Return how many characters of `text`, folded, are a word of a kind that it opens with.

    0 where it opens with none. `closed` asks for something that is no letter behind the word.
    """
    words = list_words(kind)
    for length in _list_lengths(kind):
        if text[:length] in words and length <= len(text):
            behind = text[length : length + 1]
            if not closed or not (text[length - 1].isalpha() and behind.isalpha()):
                return length
    return 0


@functools.cache
def _list_lengths(kind: str) -> tuple[int, ...]:
    """Return how long the words of a kind are, the longest first."""
    return tuple(sorted({len(word) for word in list_words(kind)}, reverse=True))


@functools.lru_cache(4096)
def find_name(names: str) -> str:
    """Return which kind of names is among classes and ids that pages give to what is no article.

    That is `names`, `comment_names` or nothing.
    """
    parted = _NO_WORD.sub("-", _CAMEL.sub("-", names[:400])).lower()
    kinds = ("comment_names", "names")
    return next((kind for kind in kinds if _match_names(kind).search(f"-{parted}-")), "")


@functools.cache
def _list_bare(kind: str) -> frozenset[str]:
    return frozenset(_NO_WORD.sub(" ", word).strip() for word in list_words(kind))


@functools.cache
def _match_names(kind: str) -> re.Pattern[str]:
    names = "|".join(re.escape(name.replace(" ", "-")) for name in sorted(list_words(kind)))
    return re.compile(f"-(?:{names})-")
