"""Make `corpus/lexicons/simplified.json`: which simplified sign each traditional one becomes.

    python -m training.simplified

CC-CEDICT writes every word in both scripts, sign above sign. Each word is a vote of its traditional
signs; a sign becomes what most of them say. One that words write in simplified script more often
than they change it stays: 么 is what 麼 becomes, though rare words change 么 itself.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable
from pathlib import Path

from corpus.language.script import PATH
from index.languages.dictionary import Entry, find_data, read_entries

_SOURCE = "CC-CEDICT, published by MDBG, https://cc-cedict.org/wiki/"
_LICENCE = "CC BY-SA 4.0, https://creativecommons.org/licenses/by-sa/4.0/"


def count_votes(entries: Iterable[Entry]) -> dict[str, str]:
    """Return what each sign that changes becomes; what it becomes does not change again."""
    votes: dict[str, Counter[str]] = defaultdict(Counter)
    simplified: Counter[str] = Counter()
    for entry in entries:
        if len(entry.traditional) == len(entry.simplified):
            simplified.update(entry.simplified)
            for sign, other in zip(entry.traditional, entry.simplified, strict=True):
                votes[sign][other] += 1
    found = {}
    for sign, forms in votes.items():
        # of forms with equal votes the sign itself, or else the first
        form = min(forms, key=lambda each: (-forms[each], each != sign, each))
        if form != sign and simplified[sign] <= forms.total() - forms[sign]:
            found[sign] = form
    return {sign: _follow(found, sign) for sign in sorted(found)}


def _follow(found: dict[str, str], sign: str) -> str:
    passed = {sign}
    while (form := found.get(sign, sign)) not in passed:
        passed.add(sign := form)
    return sign


def write(found: dict[str, str], path: Path) -> None:
    """Write the signs as two strings of equal length, a sign above what it becomes."""
    made = {
        "source": _SOURCE,
        "licence": _LICENCE,
        "traditional": "".join(found),
        "simplified": "".join(found.values()),
    }
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(made, ensure_ascii=False, indent=1) + "\n", "utf-8")


def main() -> None:
    """Read the dictionary that pip carries and write the file."""
    found = count_votes(read_entries(find_data().read_bytes()))
    write(found, PATH)
    print(f"{PATH}: {len(found)} signs")


if __name__ == "__main__":
    main()
