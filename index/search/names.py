"""The names that a question mentions, and which of them a text or a release holds.

A name is one that is known, from the glossary or as a company; a word that its letters give away: a
capital inside it (WeRide, BYD), or one at its head where no sentence begins, but not in German,
where every noun has one; or a country, however it is written. Other names in scripts without
capitals are missed. What is missed costs nothing: the question is then judged by its meaning alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from corpus.glossary import match_whole
from corpus.language.detection import detect
from corpus.language.stems import UNSPACED, fold, list_stems
from index.languages.cldr import find_countries
from index.languages.rarity import hash_term
from index.storage.release import Release

# Languages in whose script a word of Latin letters is a name, and spelled as anywhere.
FOREIGN = ("zh", "ja", "ko", "th", "ar", "he", "hi", "ru", "el")
# A name among Chinese signs ends where its Latin letters do.
_PART = "[0-9A-Za-zÀ-ÖØ-öø-ɏḀ-ỿ]+"
_WORD = re.compile(rf"{_PART}(?:[-’'.&]{_PART})*")
_POSSESSIVE = re.compile(r"[’']s?$", re.IGNORECASE)
_STOPS = frozenset(".?!:;¿¡。？！：；")
_LATIN = re.compile(r"[a-zß-ɏ]")
_SHORT = 4  # Gree is not in "green"; of names that are only guessed, Iran is in "Iranian"
_OWNS = re.compile(r"^[’']s\b")
_READ = 50  # chunks looked into for a name whose stems they hold


def find_names(question: str, known: Iterable[str] = (), language: str | None = None) -> list[str]:
    """Return the names in a question, each once, as it spells them: first the `known` ones.

    `language` is that in which it was asked, where that is not to be judged by the question: names
    put in it may be of another.
    """
    names = find_known(question, known)
    language = language or detect(question)
    words = [match for match in _WORD.finditer(question) if _LATIN.search(fold(match[0]))]
    if len(words) > 1 and not any(sign.islower() for sign in question):
        words = []  # all in capitals
    for match in words:
        word = _POSSESSIVE.sub("", match[0])
        inside = any(sign.isupper() for sign in word[1:])
        heads = word[:1].isupper() and not _begins(question, match.start())
        named = inside or language in FOREIGN or (heads and language != "de")
        if named and len(word) > 1 and not any(word in name for name in names):
            names.append(word)
    if language not in (*FOREIGN, "de"):  # which names a text of another language spells otherwise
        countries = find_countries(question, language)
        names += [each for each in countries if not any(each in name for name in names)]
    return names


def find_known(question: str, known: Iterable[str]) -> list[str]:
    """Return the `known` names that a question spells as they are, each once, in their order."""
    names = dict.fromkeys(name for name in known if name and name in question)  # ten times as fast
    return [name for name in names if re.search(match_whole(name), question)]


def leave_out(question: str, names: Iterable[str]) -> str:
    """Return a question without some names, or whole where no word is left."""
    left = question
    for name in filter(None, names):
        first, *others = re.split(match_whole(name), left)
        left = " ".join([first, *(_OWNS.sub("", part, count=1) for part in others)])
    return " ".join(left.split()) if any(sign.isalnum() for sign in left) else question


def holds(text: str, name: str, known: bool = False) -> bool:
    """Tell whether a folded text holds a name, as a word or at the beginning of one.

    Among the signs of a script without blanks a name may stand anywhere, be it of letters.

    A `known` name of up to _SHORT letters is a company's more often than a country's: it begins too
    many words that do not come from it, and may only have an s behind it.
    """
    sought, short = fold(name), known and len(name) <= _SHORT
    for at in _find_all(text, sought):
        end = at + len(sought)
        behind, before = text[end : end + 2].removeprefix("s"), text[max(at - 1, 0) : at]
        begins = UNSPACED.match(sought) or UNSPACED.match(before) or not before.isalnum()
        if begins and not (short and _LATIN.match(behind)):
            return True
    return False


def occurs(release: Release, name: str, known: bool = False) -> bool:
    """Tell whether any passage of a release holds a name, `known` or not.

    The chunks that hold all its stems are read; where they are more than _READ, that is enough.
    One sign of a script without blanks is in too many words to tell, and counts as there.
    """
    if UNSPACED.fullmatch(name):
        return True
    chunks = release.words.find_holding([hash_term(stem) for stem in list_stems(name)]).tolist()
    if len(chunks) > _READ:
        return True
    return any(
        holds(fold(passage.text), name, known)
        for chunk in chunks
        for passage, _, _ in release.chunk(chunk)
    )


def _begins(text: str, at: int) -> bool:
    """Tell whether a sentence may begin at a place: no letter or digit is nearer than a stop."""
    for sign in map(text.__getitem__, range(at - 1, -1, -1)):
        if sign in _STOPS or sign.isalnum():
            return sign in _STOPS
    return True


def _find_all(text: str, sought: str) -> Iterator[int]:
    """Yield every place of some words in a text; a pattern made for each name takes ten times."""
    at = text.find(sought)
    while at >= 0:
        yield at
        at = text.find(sought, at + 1)
