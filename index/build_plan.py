"""What a build would do, as data: documents, cases, passages, and cases that are there twice."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from index.storage.release import Numbers

# Shorter ones (names, "Photo: the plant") are alike in cases that have nothing to do with each
# other, and so is what stands in more cases than a republished one does: a publisher's last line.
_LETTERS, _CASES = 20, 20
_SHARE, _SHARED = 0.5, 60  # of the shorter case's letters; and letters in all


@dataclass(frozen=True, slots=True)
class Duplicate:
    """Two cases of different documents that say much the same.

    `share` is how much of the shorter one's letters stands in sentences that the other has too,
    0 to 1; `sentences` how many these are, and `sample` the first of them.
    """

    document: str
    case: str
    other_document: str
    other_case: str
    share: float
    sentences: int
    sample: str


@dataclass(frozen=True, slots=True)
class Plan:
    """What a build would do.

    Documents by name, by what happened to them since the live release; `renamed` maps a name that
    is gone to the one that the same file has now, and these and their cases are not among what was
    added or removed. `failed` maps a document that cannot be read to the reason. `cases_*` are
    lines `document: title`. `passages` are those that a search can find: `passages_kept` stand in
    unchanged documents, `passages_reused` have words that were encoded before, `passages_to_encode`
    are new. `texts` counts passages and their sentences, `to_encode` the distinct texts without a
    vector. `duplicates` are of documents that are new or edited.
    """

    added: tuple[str, ...]
    edited: tuple[str, ...]
    removed: tuple[str, ...]
    renamed: Mapping[str, str]
    kept: tuple[str, ...]
    failed: Mapping[str, str]
    cases_added: tuple[str, ...]
    cases_edited: tuple[str, ...]
    cases_removed: tuple[str, ...]
    cases: int
    passages: int
    passages_kept: int
    passages_reused: int
    passages_to_encode: int
    texts: int
    to_encode: int
    duplicates: tuple[Duplicate, ...]

    def to_json(self) -> dict[str, Any]:
        """Return the plan as data."""
        return asdict(self)

    @property
    def changes(self) -> bool:
        """Whether any document came, went or changed."""
        return bool(self.added or self.edited or self.removed or self.renamed)


@dataclass(frozen=True, slots=True)
class Overlap:
    """Two cases by number that share sentences; `sample` is the first one's place in `first`."""

    first: int
    second: int
    share: float
    sentences: int
    sample: int


def find_overlaps(
    marks: NDArray[np.void], cases: Numbers, documents: Sequence[int], new: Collection[int]
) -> list[Overlap]:
    """Return the pairs of cases of different documents that say much the same.

    `marks` (m,) MARK and `cases` (m,) tell what each sentence says and in which case it stands,
    `documents` the document of each case; only pairs with a case of a `new` document are looked
    for, each once and with the new one first. Ordered by share, falling, then by case.
    """
    fresh = np.isin(np.asarray(documents, np.int64)[cases], list(new))
    long = marks["letters"] >= _LETTERS
    wanted = np.unique(marks["hash"][fresh & long])
    places = np.flatnonzero(np.isin(marks["hash"], wanted) & long)
    holders: dict[int, dict[int, int]] = defaultdict(dict)  # hash: case: its first place
    for place in places.tolist():
        holders[int(marks["hash"][place])].setdefault(int(cases[place]), place)
    shared: Counter[tuple[int, int]] = Counter()
    sentences: Counter[tuple[int, int]] = Counter()
    samples: dict[tuple[int, int], int] = {}
    for found in holders.values():
        if not 1 < len(found) <= _CASES:
            continue
        for one, place in found.items():
            for other in found:
                mine, theirs = documents[one], documents[other]
                # Of two new ones the later, which the other was there before.
                if mine == theirs or mine not in new or (theirs in new and theirs > mine):
                    continue
                pair = one, other
                shared[pair] += int(marks["letters"][place])
                sentences[pair] += 1
                samples[pair] = min(place, samples.get(pair, place))
    involved = np.isin(cases, [case for pair in shared for case in pair])
    letters = np.zeros(len(documents), np.int64)
    np.add.at(letters, cases[involved], marks["letters"][involved].astype(np.int64))
    overlaps = []
    for pair, count in shared.items():
        share = min(1.0, count / max(1, min(letters[pair[0]], letters[pair[1]])))
        if share >= _SHARE and count >= _SHARED:
            overlaps.append(Overlap(*pair, share, sentences[pair], samples[pair]))
    return sorted(overlaps, key=lambda found: (-found.share, found.first, found.second))
