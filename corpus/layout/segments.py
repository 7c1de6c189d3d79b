"""Signs on a page to segments: what stands on one line without a gap, as it is read.

Signs that are drawn twice count once; a digit or mark that stands above or below the line becomes
the sign for that (`10⁶`, `CO₂`, `2019¹³`); letters that are set apart are words again.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from corpus.layout.glyphs import UNREADABLE, Box, Frame, Glyph, is_wide
from corpus.layout.superscripts import MARK_SIGNS, Run, lift_marks

# All in sizes of the type.
_TWINS = 200  # runs of the same signs that are compared
_TWICE = 0.2  # between a sign and itself drawn again, to make it bold or to cast a shadow
_SAME_LINE = 0.2
_OVER, _LAYERS = 0.5, 8  # how far runs overlap that are one line; lines looked at
_WORD_GAP = 0.15  # between two words at least, where no blank is written
_PARTED_GAP = 0.09  # ... and where pdfium takes one to be: the box of an f hangs over
_SPACED = 0.6  # between letters that are set apart at most
# Between a row's cells; or less, and so much more than between the closest of its words.
_FAR, _CELLS, _FARTHER = 2.0, 0.9, 2.5
_JUMPED = 0.7  # between what is not drawn one after the other
_BREAK = 3  # signs that pdfium puts between two that are: a blank and a line's end
# How much gaps differ in a line that is stretched to the column's width, and how wide they are.
_EVEN, _STRETCHED = 1.2, 3.0
_LABEL_FAR, _LABEL_HIGH = 15.0, 1.5  # between a form's field and the words that name it
_ITEM_FAR = 4.0  # between a list's mark and its item
_ITEM_MARKS = 4  # signs of such a mark


@dataclass(frozen=True, slots=True)
class Segment:
    """Words on one line: in points where they stand, how large, and when they were drawn.

    `base` is the height of the line that letters stand on, `drawn` and `ended` the places of the
    first and the last sign in the order of drawing. `lead` is how many characters of the words are
    bold before others that are not; all are where `bold`. `unreadable` counts signs.
    """

    text: str
    left: float
    right: float
    base: float
    size: float
    drawn: int
    ended: int
    bold: bool = False
    lead: int = 0
    unreadable: int = 0
    inside: bool = True

    @property
    def box(self) -> Box:
        """Where its letters are, without what hangs below the line."""
        return self.left, self.base - 0.1 * self.size, self.right, self.base + 0.72 * self.size


def find_segments(frame: Frame) -> list[Segment]:
    """Return the segments of a frame, in no order."""
    walls = _Walls(frame.rules)
    runs = lift_marks(_drop_twins(_find_runs([*frame.glyphs, *_find_dots(frame)])))
    segments = [_make_segment(p) for line in _find_lines(runs) for p in _part(line, walls)]
    return _label_values(segments, frame.fields)


def _label_values(segments: list[Segment], fields: Sequence[Box]) -> list[Segment]:
    """Return segments with the values of form fields behind the words that stand beside them."""
    for left, bottom, right, top in fields:
        values = [
            s
            for s in segments
            if left - 2 <= (s.left + s.right) / 2 <= right + 2
            and bottom - 2 <= s.base + 0.3 * s.size <= top + 2
        ]
        if not values or len(segments) > 2000:
            continue
        values.sort(key=lambda s: (-round(s.base), s.left))
        size = values[0].size
        others = [s for s in segments if not any(s is value for value in values)]
        beside = [
            (left - s.right, s)
            for s in others
            if s.left < left
            and left - s.right < _LABEL_FAR * size
            and bottom - 0.5 * size <= s.base + 0.3 * s.size <= top + 0.5 * size
        ]
        over = [
            (s.base - top, s)
            for s in others
            if abs(s.left - left) < size and -0.1 * size <= s.base - top < _LABEL_HIGH * size
        ]
        found = min(beside or over, key=lambda pair: pair[0], default=None)
        if found is None:
            continue
        label = found[1]
        made = replace(
            label,
            text=" ".join([label.text, *(value.text for value in values)]),
            right=max(label.right, *(value.right for value in values)),
            bold=False,
            unreadable=label.unreadable + sum(value.unreadable for value in values),
        )
        segments = [made if s is label else s for s in others]
    return segments


def _find_dots(frame: Frame) -> list[Glyph]:
    """Return the marks of list items that are drawn, not written, as signs.

    Only what stands just before the first sign of a line, at half its height, is one.
    """
    if not frame.dots or len(frame.dots) > 2000:
        return []
    starts = sorted(frame.glyphs, key=lambda glyph: glyph.base)
    bases = [glyph.base for glyph in starts]
    found = []
    for left, bottom, right, top in frame.dots:
        near = starts[bisect_left(bases, bottom - 8) : bisect_right(bases, top)]
        beside = [
            g
            for g in near
            if g.base < bottom + 0.1 * g.size
            and top < g.base + 0.9 * g.size
            and left - 2 * g.size < g.left < right + 2.5 * g.size
        ]
        first = min(beside, key=lambda glyph: glyph.left, default=None)
        if first and first.left > right and right - left < 0.7 * first.size:
            found.append(
                first._replace(sign="•", left=left, right=right, drawn=first.drawn, bold=False)
            )
    return found


def _find_runs(glyphs: Sequence[Glyph]) -> list[Run]:
    """Return signs that are drawn one after the other on one line, left to right, in one size."""
    runs: list[Run] = []
    for glyph in sorted(glyphs, key=lambda glyph: glyph.drawn):
        last = runs[-1][-1] if runs else None
        if last is not None and glyph.piece != last.piece and _are_twins(last, glyph):
            continue
        if (
            last is not None
            and abs(glyph.base - last.base) < 0.03 * last.size
            and 0.97 < glyph.size / last.size < 1.03
            and glyph.raised == last.raised
            and last.left <= glyph.left < last.right + 0.5 * last.size
        ):
            runs[-1].append(glyph)
        else:
            runs.append([glyph])
    return runs


def _are_twins(one: Glyph, other: Glyph) -> bool:
    """Tell whether a sign is drawn once more at the same place."""
    near = _TWICE * one.size
    return (
        one.sign == other.sign
        and abs(one.left - other.left) <= near
        and abs(one.base - other.base) <= near
        and abs(one.size - other.size) < 0.1 * one.size
    )


def _drop_twins(runs: Sequence[Run]) -> list[Run]:
    """Return the runs without those whose signs are all drawn again at the same places."""
    kept: list[Run] = []
    seen: dict[str, list[Run]] = defaultdict(list)
    for run in runs:
        alike = seen["".join(glyph.sign for glyph in run)]
        if any(all(map(_are_twins, other, run)) for other in alike[-_TWINS:]):
            continue
        alike.append(run)
        kept.append(run)
    return kept


def _find_lines(runs: Sequence[Run]) -> list[list[Glyph]]:
    """Return the signs of runs by the lines that they stand on, each from left to right.

    Runs that are drawn over each other are lines of their own: no word has letters of another.
    """
    rows: list[list[Run]] = []
    base = size = 0.0
    for run in sorted(runs, key=lambda run: -run[0].base):
        if rows and base - run[0].base <= _SAME_LINE * min(size, run[0].size):
            rows[-1].append(run)
            size = max(size, run[0].size)
        else:
            rows.append([run])
            base, size = run[0].base, run[0].size
    lines: list[list[Glyph]] = []
    for row in rows:
        layers: list[list[Glyph]] = []
        for run in sorted(row, key=lambda run: (run[0].left, run[0].drawn)):
            free = (
                layer
                for layer in layers[-_LAYERS:]
                if run[0].left >= layer[-1].right - _OVER * run[0].size
            )
            layer = next(free, None)
            if layer is None:
                layers.append(list(run))
            else:
                layer.extend(run)
        lines += layers
    return lines


class _Walls:
    """The upright ruled lines of a page, which part what stands on both sides."""

    def __init__(self, rules: Sequence[Box]) -> None:
        upright = [rule for rule in rules if rule[3] - rule[1] > rule[2] - rule[0]]
        self._walls = sorted(upright)
        self._places = [(wall[0] + wall[2]) / 2 for wall in self._walls]

    def part(self, left: float, right: float, height: float) -> bool:
        """Tell whether one stands between two places on a line."""
        first = bisect_left(self._places, left)
        last = bisect_right(self._places, right, lo=first)
        return any(wall[1] <= height <= wall[3] for wall in self._walls[first:last])


def _part(line: Sequence[Glyph], walls: _Walls) -> Iterable[list[Glyph]]:
    """Yield the parts of a line that stand apart from each other."""
    part = [line[0]]
    for before, after in pairwise(line):
        size = max(before.size, after.size)
        between, gap = after.drawn - before.drawn, after.left - before.right
        jumped = gap > _JUMPED * size and not 0 <= between <= MARK_SIGNS
        jumped = jumped or (gap > _CELLS * size and between > _BREAK)
        apart = jumped and not _is_item(part)
        wall = before.right - 0.3 * size, after.left + 0.3 * size, before.base + 0.3 * size
        if apart or walls.part(*wall):
            yield from _part_cells(part)
            part = []
        part.append(after)
    yield from _part_cells(part)


def _part_cells(line: Sequence[Glyph]) -> Iterable[list[Glyph]]:
    """Yield the parts of what is drawn in one go: a row's cells, but not words set wide apart."""
    gaps = [after.left - before.right for before, after in pairwise(line)]
    sizes = [max(before.size, after.size) for before, after in pairwise(line)]
    apart = _measure_spacing(line, gaps, sizes)
    gaps = [gap - apart for gap in gaps]
    spaces = [gap for gap, size in zip(gaps, sizes, strict=True) if gap > _WORD_GAP * size]
    usual, widest = min(spaces, default=0.0), max(spaces, default=0.0)
    stretched = len(spaces) > 1 and widest < min(_EVEN * usual, _STRETCHED * line[0].size)
    part = [line[0]]
    for gap, size, after in zip(gaps, sizes, line[1:], strict=True):
        far = gap > _FAR * size or (gap > _CELLS * size and gap > _FARTHER * usual)
        if far and not stretched and not (gap < _ITEM_FAR * size and _is_item(part)):
            yield part
            part = []
        part.append(after)
    yield part


def _is_item(part: Sequence[Glyph]) -> bool:
    """Tell whether signs are the mark of a list's item, which its words stand far from."""
    if len(part) > _ITEM_MARKS:
        return False
    signs = "".join(glyph.sign for glyph in part)
    bare = signs.strip("().、（）")
    if not any(map(str.isalnum, signs)):
        return True
    return bare != signs and bare.isalnum() and len(bare) <= 3


def _make_segment(part: Sequence[Glyph]) -> Segment:
    """Return the words that signs make."""
    gaps = [after.left - before.right for before, after in pairwise(part)]
    sizes = [max(before.size, after.size) for before, after in pairwise(part)]
    apart = _measure_spacing(part, gaps, sizes)
    words = [part[0].sign]
    for gap, size, (before, after) in zip(gaps, sizes, pairwise(part), strict=True):
        wide = is_wide(before.sign) and is_wide(after.sign)
        written = after.blank and not apart and after.drawn > before.drawn
        least = _PARTED_GAP if after.parted else _WORD_GAP
        if not wide and (gap - apart > least * size or (written and gap > 0.05 * size)):
            words.append(" ")
        words.append(after.sign)
    text = "".join(words)
    count = Counter[float]()
    for glyph in part:
        count[glyph.size] += 1
    letters = [glyph for glyph in part if glyph.sign.isalnum()] or part
    bold = all(glyph.bold for glyph in letters)
    return Segment(
        text,
        part[0].left,
        max(glyph.right for glyph in part),
        Counter(glyph.base for glyph in part).most_common(1)[0][0],
        max(count, key=lambda size: (count[size], size)),
        min(glyph.drawn for glyph in part),
        max(glyph.drawn for glyph in part),
        bold,
        0 if bold else _measure_lead(part, words),
        sum(glyph.sign == UNREADABLE for glyph in part),
        any(glyph.inside for glyph in part),
    )


def _measure_lead(part: Sequence[Glyph], words: Sequence[str]) -> int:
    """Return how many characters at the start are bold."""
    place, number = 0, 0
    for sign in words:
        if sign != " ":
            if not part[number].bold:
                break
            number += 1
        place += len(sign)
    return place


def _measure_spacing(part: Sequence[Glyph], gaps: Sequence[float], sizes: Sequence[float]) -> float:
    """Return how far letters are set apart that are no words of their own, else 0."""
    if len(gaps) < 5:
        return 0.0
    shares = sorted(gap / size for gap, size in zip(gaps, sizes, strict=True))
    usual = shares[len(shares) // 2]
    if not 0.06 < usual < _SPACED or shares[len(shares) // 10] < 0.5 * usual:
        return 0.0
    blanks = sum(glyph.blank for glyph in part[1:])
    letters = sum(glyph.sign.isalpha() for glyph in part)
    if letters < 0.5 * len(part) or (blanks > 0.6 * len(gaps) and letters < 0.6 * len(part)):
        return 0.0  # figures side by side
    return usual * sizes[0]
