"""Digits and marks that stand above or below their line, as the signs for that: `10⁶`, `CO₂`."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from itertools import accumulate

from corpus.language.superscripts import list_signs
from corpus.layout.glyphs import Glyph

# All in sizes of the type.
_OFF_LINE = 0.1, 0.85  # how far a mark stands off the line ...
_OFF_LINE_LARGE = 0.18  # ... at least, where it is as large as the text
_MARK_SIZE = 0.9  # of the text's, at most
_MARK_NEAR = 0.6  # between a mark and its word
_SHIFTED = 0.35  # of a letter as large as its word's others
_LEVEL = 0.02  # between letters that stand on one line
_INSIDE, _TOUCHING = 0.3, 0.05  # how high a capital inside a word stands, and how near to others
MARK_SIGNS, _MARK_LETTERS = 14, 4

Run = list[Glyph]


def lift_marks(runs: Sequence[Run]) -> list[Run]:
    """Return runs with marks set on the line of their words, as raised or lowered signs."""
    small = [run for run in runs if len(run) <= MARK_SIGNS]
    if len(small) > 20_000:  # every sign stands alone: no text
        return list(runs)
    ordered = sorted(runs, key=lambda run: run[0].base)
    bases = [run[0].base for run in ordered]
    highest = max((run[0].size for run in runs), default=0.0)
    totals = [0, *accumulate(map(len, ordered))]

    def count_level(glyph: Glyph) -> int:
        """Return how many signs of the page stand as high as one."""
        near = _LEVEL * glyph.size
        first, last = glyph.base - near, glyph.base + near
        return totals[bisect_right(bases, last)] - totals[bisect_left(bases, first)]

    hosts: dict[int, Glyph] = {}
    within: set[int] = set()  # of words, though smaller and higher
    for run in small:
        letters = sum(glyph.sign.isalpha() for glyph in run)
        if run[0].raised or letters > _MARK_LETTERS:
            continue
        reach = _OFF_LINE[1] * highest
        first = bisect_left(bases, run[0].base - reach)
        last = bisect_right(bases, run[0].base + reach)
        beside = [
            (near, host)
            for other in ordered[first : min(last, first + 400)]
            if other is not run
            for near, host in [_find_host(run, other)]
            if host is not None
        ]
        # Of two letters alike, that one is off its line which fewer others stand as high as.
        beside = [
            (near, host)
            for near, host in beside
            if run[0].size < _MARK_SIZE * host.size or count_level(run[0]) < count_level(host)
        ]
        if beside:
            host = hosts[id(run)] = min(beside, key=lambda found: found[0])[1]
            around = ordered[first : min(last, first + 400)]
            if len(run) == 1 and run[0].sign.isupper() and _is_inside(run[0], host, around):
                within.add(id(run))
    lifted = []
    for run in runs:
        if run[0].raised:
            lifted.append(_rewrite(run, run[0].base, raised=True))
        elif id(run) in hosts:
            host = hosts[id(run)]
            raised = run[0].base > host.base
            letter = run[0].size >= _MARK_SIZE * host.size and run[0].sign.isalpha()
            letter = letter or id(run) in within
            lifted.append(_rewrite(run, host.base, raised=raised, letter=letter))
        else:
            lifted.append(run)
    return lifted


def _find_host(run: Run, other: Run) -> tuple[float, Glyph | None]:
    """Return how far a mark is from the sign of another run that it belongs to, if it does."""
    mark, size = run[0], other[0].size
    off = mark.base - other[0].base
    least = _OFF_LINE[0] if mark.size < _MARK_SIZE * size else _OFF_LINE_LARGE
    if not least * size <= abs(off) <= _OFF_LINE[1] * size:
        return 0.0, None
    if off < 0 and abs(off) > 0.5 * size:
        return 0.0, None
    letter = len(run) == 1 and mark.sign.isalpha() and abs(off) <= _SHIFTED * size
    figures = len(run) <= 3 and len(run) < len(other) and all(g.sign.isdigit() for g in run)
    if mark.size >= _MARK_SIZE * size and not (letter or figures):
        return 0.0, None
    after = min(((abs(mark.left - g.right), g) for g in other), key=lambda found: found[0])
    before = abs(other[0].left - run[-1].right), other[0]
    gap, host = min(after, before, key=lambda found: found[0])
    if mark.size >= _MARK_SIZE * size:
        near = (0.2 if letter else 0.15) * size
    else:
        near = _MARK_NEAR * size if gap == before[0] else 0.4 * size
    return (gap, host) if gap <= near else (0.0, None)


def _is_inside(mark: Glyph, host: Glyph, around: Sequence[Run]) -> bool:
    """Tell whether a capital a little above its line stands inside a word, as in names of brands.

    Letters on the line touch it on both sides.
    """
    if not 0 < mark.base - host.base <= _INSIDE * host.size:
        return False
    near = _TOUCHING * host.size
    letters = [
        glyph
        for run in around
        if abs(run[0].base - host.base) <= _LEVEL * host.size
        for glyph in run
        if glyph.sign.isalpha() and glyph.right >= mark.left - near
        if glyph.left <= mark.right + near
    ]
    return any(g.left < mark.left for g in letters) and any(g.right > mark.right for g in letters)


def _rewrite(run: Run, base: float, *, raised: bool, letter: bool = False) -> Run:
    """Return a mark on the line of its word; letters of a word (`19th`) stay as they are."""
    signs = list_signs(raised)
    word = letter or (len(run) > 1 and all(glyph.sign.isalpha() for glyph in run))
    return [
        glyph._replace(base=base, sign=glyph.sign if word else glyph.sign.translate(signs))
        for glyph in run
    ]
