"""Names that mean the same: a question's are put as the texts have them before it is searched.

Used for search and filters alone. What is quoted is never touched, so a source's damaged spelling
(`C?te d'Ivoire`) stands in the quotation and is found all the same.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence


class Glossary:
    """Groups of names, all of them in `names`; the first of a group stands for it."""

    def __init__(self, groups: Sequence[Sequence[str]]) -> None:
        """Take the groups, as `glossary.json` holds them."""
        self.names = tuple(name for group in groups for name in group)
        self._groups = {name.casefold(): tuple(group) for group in groups for name in group}
        self._longest_first = sorted(self._groups, key=len, reverse=True)

    def translate(self, question: str, held: Callable[[str], bool] | None = None) -> str:
        """Return the question with each name as its group has it first; the longest names win.

        `held` tells which names some texts have: such a one stays, and another becomes the first of
        its group that they have, or stays too where they have none.
        """
        folded = question.casefold()
        # One pattern of all names takes twenty times as long.
        there = [match_whole(name) for name in self._longest_first if name in folded]
        if not there:
            return question
        pattern = re.compile("|".join(there), re.IGNORECASE)
        return pattern.sub(lambda match: self._replace(match[0], held), question)

    def list_alike(self, name: str) -> tuple[str, ...]:
        """Return the names of a name's group, or it alone."""
        return self._groups.get(name.casefold(), (name,))

    def unify(self, name: str) -> str:
        """Return what all spellings of a name have in common, without case."""
        return self.translate(name).strip().casefold()

    def _replace(self, asked: str, held: Callable[[str], bool] | None) -> str:
        group = self.list_alike(asked)
        name = group[0]
        if held is not None:
            own = next(each for each in group if each.casefold() == asked.casefold())
            name = next(filter(held, (own, *group)), own)
        # A Latin name among Chinese signs would run into its neighbours' letters without blanks.
        return name if asked.isascii() or name == asked else f" {name} "


def match_whole(name: str) -> str:
    """Return a pattern for a name; one that begins or ends with a Latin letter is a whole word."""
    before = r"(?<![A-Za-zÀ-ÿ])" if name[0].isascii() and name[0].isalnum() else ""
    after = r"(?![A-Za-zÀ-ÿ])" if name[-1].isascii() and name[-1].isalnum() else ""
    return before + re.escape(name) + after
