"""Names that mean the same: a question's are put as the texts have them before it is searched.

Used for search and filters alone. What is quoted is never touched, so a source's damaged spelling
(`C?te d'Ivoire`) stands in the quotation and is found all the same.
"""

from __future__ import annotations

import re
from collections.abc import Sequence


class Glossary:
    """Groups of names; the first of each group is the one the texts use, and stands in `names`."""

    def __init__(self, groups: Sequence[Sequence[str]]) -> None:
        """Take the groups, as `glossary.json` holds them."""
        self.names = tuple(group[0] for group in groups)
        self._first = {name.casefold(): group[0] for group in groups for name in group[1:]}
        names = sorted(self._first, key=len, reverse=True)
        self._pattern = re.compile(
            "|".join(match_whole(name) for name in names) or r"(?!)", re.IGNORECASE
        )

    def translate(self, question: str) -> str:
        """Return the question with each name as its group has it first; the longest names win."""
        return self._pattern.sub(self._replace, question)

    def unify(self, name: str) -> str:
        """Return what all spellings of a name have in common, without case."""
        return self.translate(name).strip().casefold()

    def _replace(self, match: re.Match[str]) -> str:
        name = self._first[match[0].casefold()]
        # A Latin name among Chinese signs would run into its neighbours' letters without blanks.
        return name if match[0].isascii() or name == match[0] else f" {name} "


def match_whole(name: str) -> str:
    """Return a pattern for a name; one that begins or ends with a Latin letter is a whole word."""
    before = r"(?<![A-Za-zÀ-ÿ])" if name[0].isascii() and name[0].isalnum() else ""
    after = r"(?![A-Za-zÀ-ÿ])" if name[-1].isascii() and name[-1].isalnum() else ""
    return before + re.escape(name) + after
