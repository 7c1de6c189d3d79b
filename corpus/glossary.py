"""Names that mean the same: a question's are put as the texts have them before it is searched.

Used for search and filters alone. What is quoted is never touched, so a source's damaged spelling
(`C?te d'Ivoire`) stands in the quotation and is found all the same.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterable, Iterator, Sequence

from corpus.language.script import simplify

_HEAD = 3  # signs of a name by which it is looked for; few names share them
_LETTER = re.compile("[A-Za-zÀ-ÿ]")
_HAN = re.compile("[\u3400-\u9fff\U00020000-\U0003ffff]")


class Glossary:
    """Groups of names, all of them in `names`; the first of a group stands for it.

    Names are compared without case, width and traditional signs. Groups are one where the first
    name of one stands in the other. Another name that stands in several groups means each of them:
    the names of all are alike by it, and none stands for it.
    """

    def __init__(self, groups: Sequence[Sequence[str]]) -> None:
        """Take the groups, as `glossary.json` holds them."""
        self.names = tuple(name for group in groups for name in group)
        self._spelled = {fold_signs(name): name for name in reversed(self.names)}
        self._groups: dict[str, list[tuple[str, ...]]] = {}
        for group in _join(groups):
            for name in set(map(_compare, group)):
                self._groups.setdefault(name, []).append(group)
        self._finder = Finder(self.names, stands_whole)

    def translate(self, question: str, held: Callable[[str], bool] | None = None) -> str:
        """Return the question with each name as its group has it first; the longest names win.

        `held` tells which names some texts have: such a one stays, and another becomes the first of
        its group that they have, or stays too where they have none.
        """
        parts: list[str] = []
        last = 0
        for start, end, found in self._finder.find(question):
            put = self._replace(question[start:end], self._spelled[found], held)
            parts += question[last:start], put
            last = end
        return "".join([*parts, question[last:]])

    def find(self, text: str) -> list[str]:
        """Return the names in a text, as it spells them, in order."""
        return [text[start:end] for start, end, _ in self._finder.find(text)]

    def widen(self, text: str) -> str:
        """Return a text with each name followed by others of its group, in brackets.

        These are the first of the group and the first in the other script, Latin or not, so that
        what is near to one of them is near to the text, whichever the texts have.
        """
        parts: list[str] = []
        last = 0
        for start, end, _ in self._finder.find(text):
            asked = text[start:end]
            alike = [name for name in self.list_alike(asked) if _compare(name) != _compare(asked)]
            other = [name for name in alike if name.isascii() != asked.isascii()]
            added = dict.fromkeys((*alike[:1], *other[:1]))
            parts += text[last:end], f" ({', '.join(added)})" if added else ""
            last = end
        return "".join([*parts, text[last:]])

    def list_alike(self, name: str) -> tuple[str, ...]:
        """Return the names of a name's group, or of all its groups, or it alone."""
        groups = self._groups.get(_compare(name), [(name,)])
        return tuple(dict.fromkeys(alike for group in groups for alike in group))

    def name_in(self, name: str, language: str) -> str:
        """Return what a name is called in `zh`, by Chinese signs, or in `en`, by others.

        It is the first such of its group; empty where there is none, or where it is in several.
        """
        groups = self._groups.get(_compare(name), [])
        if len(groups) != 1:
            return ""
        fits = (each for each in groups[0] if bool(_HAN.search(each)) == (language == "zh"))
        return next(fits, "")

    def unify(self, name: str) -> str:
        """Return what all spellings of a name have in common, without case."""
        return self.translate(name).strip().casefold()

    def _replace(self, asked: str, own: str, held: Callable[[str], bool] | None) -> str:
        """Return what is put for a name that was asked for; `own` is how the glossary spells it."""
        groups = self._groups[_compare(own)]
        name = groups[0][0] if len(groups) == 1 else own
        if held is not None:
            name = next(filter(held, (own, *self.list_alike(own))), own)
        # A Latin name among Chinese signs would run into its neighbours' letters without blanks.
        return name if asked.isascii() or name == asked else f" {name} "


class Finder:
    """Finds names in texts, however their signs are written; in time that grows with the text."""

    def __init__(self, names: Iterable[str], stands: Callable[[str, int, int], bool]) -> None:
        """Take the names; `stands` tells whether one may begin and end at places of a folded text.

        A name is looked for by its first signs and then by its length: one pattern of all names
        takes twenty times as long, each of 5,000 names in turn five times.
        """
        self._names = frozenset(filter(None, map(fold_signs, names)))
        self._stands = stands
        self._lengths: dict[str, list[int]] = {}
        for head, length in sorted({(n[:_HEAD], len(n)) for n in self._names}, reverse=True):
            self._lengths.setdefault(head, []).append(length)
        self._heads = sorted(set(map(len, self._lengths)), reverse=True)

    def find(self, text: str) -> Iterator[tuple[int, int, str]]:
        """Yield where each name begins and ends, and it folded, in order; the longest names win."""
        folded, last = fold_signs(text), 0
        places = range(len(folded))
        heads = {
            at for size in self._heads for at in places if folded[at : at + size] in self._lengths
        }
        for start in sorted(heads):
            if start >= last and (name := self._find_at(folded, start)):
                last = start + len(name)
                yield start, last, name

    def _find_at(self, folded: str, at: int) -> str:
        for size in self._heads:
            for length in self._lengths.get(folded[at : at + size], ()):
                name = folded[at : at + length]
                if name in self._names and self._stands(folded, at, at + len(name)):
                    return name
        return ""


def match_whole(name: str) -> str:
    """Return a pattern for a name; one that begins or ends with a Latin letter is a whole word."""
    before = r"(?<![A-Za-zÀ-ÿ])" if name[0].isascii() and name[0].isalnum() else ""
    after = r"(?![A-Za-zÀ-ÿ])" if name[-1].isascii() and name[-1].isalnum() else ""
    return before + re.escape(name) + after


def fold_signs(text: str) -> str:
    """Return a text without case, width and traditional signs, sign by sign: every place stays."""
    return text.lower() if text.isascii() else "".join(map(_fold_sign, text))


@functools.lru_cache(maxsize=16_384)
def _fold_sign(sign: str) -> str:
    folded = _compare(sign)
    return folded if len(folded) == 1 else sign


def _compare(name: str) -> str:
    """Return what spellings of a name by case, width and traditional signs have in common."""
    return simplify(name).casefold().replace("’", "'")


def stands_whole(folded: str, start: int, end: int) -> bool:
    """Tell of a name in a folded text what `match_whole` does."""
    first, last = folded[start], folded[end - 1]
    joins = (first.isascii() and first.isalnum() and _LETTER.match(folded[start - 1 : start])) or (
        last.isascii() and last.isalnum() and _LETTER.match(folded[end : end + 1])
    )
    return not joins


def _join(groups: Sequence[Sequence[str]]) -> Iterable[tuple[str, ...]]:
    """Return the groups, those as one of which the first name of one stands in the other."""
    firsts: dict[str, int] = {}
    for number, group in enumerate(groups):
        firsts.setdefault(_compare(group[0]), number)
    roots = list(range(len(groups)))

    def find(number: int) -> int:
        while roots[number] != number:
            roots[number] = number = roots[roots[number]]
        return number

    for number, group in enumerate(groups):
        for other in (firsts[name] for name in map(_compare, group) if name in firsts):
            first, second = sorted((find(number), find(other)))
            roots[second] = first
    joined: dict[int, dict[str, None]] = {}
    for number, group in enumerate(groups):
        joined.setdefault(find(number), {}).update(dict.fromkeys(group))
    return map(tuple, joined.values())
