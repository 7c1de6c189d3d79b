"""Ruled tables: lines that cross to cells, and the words that stand in each.

A cell's words are its own however they are wrapped and wherever they stand in it; where no line
parts two places of the grid they are one cell, whose words every row has that it reaches into.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from corpus.layout.glyphs import Box
from corpus.layout.segments import Segment

_NEAR = 3.5  # points between lines that are one: borders of neighbouring cells
_REACH = 2.5  # points by which a line may miss the one that it meets
_RULES = 3000  # of a page; more are a drawing
_CELLS = 20_000  # of a table

Cell = tuple[Segment, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """A ruled table: rows from top to bottom of cells from left to right, and where it stands."""

    rows: tuple[tuple[Cell, ...], ...]
    box: Box
    drawn: int


def find_tables(
    segments: Sequence[Segment], rules: Sequence[Box]
) -> tuple[list[Table], list[Segment]]:
    """Return the ruled tables and the segments that stand in none."""
    tables: list[Table] = []
    rest = list(segments)
    distinct = list({tuple(map(round, rule)): rule for rule in rules}.values())
    if not 4 <= len(distinct) <= _RULES:
        return tables, rest
    for group in _group_rules(distinct):
        grid = _Grid.make(group)
        if grid is None:
            continue
        inside = [segment for segment in rest if grid.holds(segment)]
        rows = grid.fill(inside)
        if not rows:
            continue
        taken = set(map(id, inside))
        rest = [segment for segment in rest if id(segment) not in taken]
        tables.append(Table(rows, grid.box, min(segment.drawn for segment in inside)))
    return tables, rest


def _group_rules(rules: Sequence[Box]) -> list[list[Box]]:
    """Return the rules that touch each other, together."""
    owners = list(range(len(rules)))

    def find(number: int) -> int:
        while owners[number] != number:
            owners[number] = owners[owners[number]]
            number = owners[number]
        return number

    order = sorted(range(len(rules)), key=lambda number: rules[number][0])
    open_: list[int] = []
    for number in order:
        left, bottom, _, top = rules[number]
        open_ = [other for other in open_ if rules[other][2] + _NEAR >= left]
        for other in open_:
            if rules[other][1] - _NEAR <= top and bottom <= rules[other][3] + _NEAR:
                owners[find(number)] = find(other)
        open_.append(number)
    groups: dict[int, list[Box]] = defaultdict(list)
    for number, rule in enumerate(rules):
        groups[find(number)].append(rule)
    return [group for group in groups.values() if len(group) >= 4]


class _Grid:
    """The places that level and upright lines make, from the top and from the left."""

    def __init__(self, xs: list[float], ys: list[float], rules: Sequence[Box]) -> None:
        self._xs, self._ys = xs, ys  # ascending; rows count from the top
        level = [rule for rule in rules if rule[2] - rule[0] >= rule[3] - rule[1]]
        upright = [rule for rule in rules if rule[2] - rule[0] < rule[3] - rule[1]]
        self._level: dict[int, list[Box]] = defaultdict(list)
        self._upright: dict[int, list[Box]] = defaultdict(list)
        for rule in level:
            self._level[_nearest(ys, (rule[1] + rule[3]) / 2)].append(rule)
        for rule in upright:
            self._upright[_nearest(xs, (rule[0] + rule[2]) / 2)].append(rule)
        self.box: Box = (xs[0], ys[0], xs[-1], ys[-1])

    @classmethod
    def make(cls, rules: Sequence[Box]) -> _Grid | None:
        """Return the grid of rules that touch, None where they make none."""
        level = [(r[1] + r[3]) / 2 for r in rules if r[2] - r[0] >= r[3] - r[1]]
        upright = [(r[0] + r[2]) / 2 for r in rules if r[2] - r[0] < r[3] - r[1]]
        if not level or not upright:
            return None
        # A table may be open at its sides: it goes as far as its lines do.
        level += [min(rule[1] for rule in rules), max(rule[3] for rule in rules)]
        upright += [min(rule[0] for rule in rules), max(rule[2] for rule in rules)]
        xs, ys = _merge(upright), _merge(level)
        if len(xs) < 3 or len(ys) < 3 or (len(xs) - 1) * (len(ys) - 1) > _CELLS:
            return None
        return cls(xs, ys, rules)

    def holds(self, segment: Segment) -> bool:
        """Tell whether a segment stands in the grid."""
        x, y = _middle(segment)
        left, bottom, right, top = self.box
        return left <= x <= right and bottom <= y <= top

    def fill(self, segments: Sequence[Segment]) -> tuple[tuple[Cell, ...], ...]:
        """Return the rows of cells with their segments; none where it is no table."""
        if len(segments) < 2:
            return ()
        across, down = len(self._xs) - 1, len(self._ys) - 1
        owners = self._join_places(across, down)
        filled: dict[int, list[Segment]] = defaultdict(list)
        for segment in segments:
            x, y = _middle(segment)
            column = min(max(bisect_right(self._xs, x) - 1, 0), across - 1)
            row = down - 1 - min(max(bisect_right(self._ys, y) - 1, 0), down - 1)
            filled[owners[row * across + column]].append(segment)
        if len(filled) < 2:
            return ()
        rows: list[list[Cell]] = []
        for row in range(down):
            cells: list[Cell] = []
            last = -1
            for column in range(across):
                owner = owners[row * across + column]
                if owner == last:
                    continue
                last = owner
                words = sorted(filled.get(owner, ()), key=lambda s: (-round(s.base), s.left))
                cells.append(tuple(words))
            if any(cells) and (not rows or cells != rows[-1]):
                rows.append(cells)
        columns = (
            [any(row[n] for row in rows) for n in range(max(map(len, rows)))]
            if (len({len(row) for row in rows}) == 1)
            else []
        )
        if columns:  # what is empty throughout is no column
            rows = [[c for c, kept in zip(row, columns, strict=True) if kept] for row in rows]
        if len(rows) < 2 or max(map(len, rows)) < 2:
            return ()
        return tuple(map(tuple, rows))

    def _join_places(self, across: int, down: int) -> list[int]:
        """Return for each place the first of those that it is one cell with."""
        owners = list(range(across * down))

        def find(place: int) -> int:
            while owners[place] != place:
                owners[place] = owners[owners[place]]
                place = owners[place]
            return place

        for row in range(down):
            top = self._ys[down - row]
            bottom = self._ys[down - row - 1]
            for column in range(across):
                left, right = self._xs[column], self._xs[column + 1]
                place = row * across + column
                if column + 1 < across and not _covers(
                    self._upright[column + 1], (bottom + top) / 2, 1
                ):
                    owners[find(place + 1)] = find(place)
                if row + 1 < down and not _covers(
                    self._level[down - row - 1], (left + right) / 2, 0
                ):
                    owners[find(place + across)] = find(place)
        return [find(place) for place in range(across * down)]


def _covers(rules: Sequence[Box], place: float, axis: int) -> bool:
    return any(rule[axis] - _REACH <= place <= rule[axis + 2] + _REACH for rule in rules)


def _middle(segment: Segment) -> tuple[float, float]:
    return (segment.left + segment.right) / 2, segment.base + 0.3 * segment.size


def _merge(places: Sequence[float]) -> list[float]:
    """Return places in order, those that are one put together."""
    merged: list[float] = []
    count = 0
    for place in sorted(places):
        if merged and place - merged[-1] <= _NEAR:
            merged[-1] = (merged[-1] * count + place) / (count + 1)
            count += 1
        else:
            merged.append(place)
            count = 1
    return merged


def _nearest(places: Sequence[float], place: float) -> int:
    at = bisect_right(places, place)
    around = [n for n in (at - 1, at) if 0 <= n < len(places)]
    return min(around, key=lambda n: abs(places[n] - place))
