"""Segments and tables on a page to lines in reading order, by where they stand.

A page is cut into columns where a gutter parts lines, and into bands where something stands across.
What stands side by side is a table's row where the cells are short and stand on one line, and
columns where each side is text of its own. The order of drawing decides only what the place leaves
open.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Sequence
from itertools import pairwise

from corpus.layout.paragraphs import Line
from corpus.layout.segments import Segment
from corpus.layout.tables import Table

_GUTTER = 0.7  # sizes that a gutter is wide at least
_NEAR = 2.6  # sizes between bands of one text
_LONG = 4  # lines side by side that make columns of a page
_NOTE = 0.93  # of the text's size: a note
_PROSE = 11.0  # sizes that a column's lines are long at least ...
_PROSE_LINES = 3  # ... and how many there are
_FIGURE = 1.25  # how much larger a figure is than the words below it
_ALIGNED = 0.7  # share of lines that have a cell in another column
_SHORT = 12.0  # sizes
_FIGURES = 0.6  # share of cells that hold a figure in a table of figures
_RUNS_IN = 2.0  # sizes between a heading and the text behind it at most
_WRAPPED = 1.45  # sizes between two lines of one cell
_LINES_OF_CELL = 1.5  # that a table of long cells has on average
_DEPTH = 40

Item = Segment | Table
Band = list[Item]
Span = tuple[float, float]
Rows = list[list[list[Segment]]]


def order_lines(items: Sequence[Item], page: int) -> list[Line]:
    """Return the lines of a page as they are read."""
    return list(_arrange(list(items), page, 0))


def _arrange(items: list[Item], page: int, depth: int) -> Iterator[Line]:
    if len(items) == 1 or depth > _DEPTH:
        for item in sorted(items, key=lambda item: (-item.box[3], item.box[0])):
            yield from _make_lines(item, page)
        return
    for group, gutters in _group_bands(_cut_bands(items)):
        if not gutters:
            for band in group:
                yield from _read_band(band, page)
            continue
        columns = _split(group, gutters)
        rows = _find_rows(columns, group)
        for row in rows:
            yield _make_row(row, page)
        for column in columns if not rows else ():
            yield from _arrange(column, page, depth + 1)


def _cut_bands(items: Sequence[Item]) -> list[Band]:
    """Return items that overlap in height together, from the top down."""
    bands: list[Band] = []
    bottom = 0.0
    for item in sorted(items, key=lambda item: -item.box[3]):
        box = item.box
        if bands and box[3] > bottom:
            bands[-1].append(item)
            bottom = min(bottom, box[1])
        else:
            bands.append([item])
            bottom = box[1]
    return bands


def _merge(spans: Sequence[Span], least: float) -> list[Span]:
    """Return spans put together that overlap or are closer to each other than a gutter."""
    merged: list[Span] = []
    for left, right in sorted(spans):
        if merged and left - merged[-1][1] < least:
            merged[-1] = merged[-1][0], max(merged[-1][1], right)
        else:
            merged.append((left, right))
    return merged


def _size(items: Sequence[Item]) -> float:
    sizes = [item.size for item in items if isinstance(item, Segment)]
    return statistics.median(sizes) if sizes else 10.0


def _spans(band: Sequence[Item]) -> list[Span]:
    return [(item.box[0], item.box[2]) for item in band]


def _group_bands(bands: Sequence[Band]) -> Iterator[tuple[list[Band], list[Span]]]:
    """Yield bands that share gutters, and these; a band without any is alone or with its like."""
    waiting: list[Band] = []  # bands of one item each that a gutter below may part too
    number = 0
    while number < len(bands):
        band = bands[number]
        least = _GUTTER * _size(band)
        columns = _merge(_spans(band), least)
        if len(columns) < 2:
            waiting.append(band)
            number += 1
            continue
        group = [band]
        after = number + 1
        while after < len(bands):
            following = _merge([*columns, *_spans(bands[after])], least)
            if len(following) < 2 or not _goes_on(group, bands[after], columns):
                break
            # A lone line goes on with a column; two columns that it would join end the group.
            columns = following
            group.append(bands[after])
            after += 1
        group, after = _trim(group, after)
        above: list[Band] = []
        while waiting and _belongs_above(waiting[-1], [*above, *group], columns, least):
            above.insert(0, waiting.pop())
            columns = _merge([*columns, *_spans(above[0])], least)
        if waiting:
            yield waiting, []
            waiting = []
        group = [*above, *group]
        gutters = [(one[1], other[0]) for one, other in pairwise(columns)]
        yield (group, gutters if _has_sides(group, gutters) else [])
        number = after
    if waiting:
        yield waiting, []


def _goes_on(group: Sequence[Band], band: Band, columns: Sequence[Span]) -> bool:
    """Tell whether a band goes on with columns.

    A lone line below does where it begins as a column does that is long enough to be longer than
    the other, or where it is as near and as large as the last.
    """
    last = group[-1]
    size, far = _size(last), _distance(last, band)
    if len(band) > 1:
        return far <= 4 * _NEAR * size
    if far <= size and abs(_size(band) - size) < 0.15 * size:
        return True
    left = band[0].box[0]
    begins = any(-0.5 * size <= left - start <= 4 * size for start, _ in columns)
    items = [item.box for each in group for item in each]
    lines = sorted(sum(start <= box[0] <= end for box in items) for start, end in columns)
    return begins and lines[-2] >= _LONG and far <= 2 * _NEAR * size


def _distance(above: Band, below: Band) -> float:
    return min(item.box[1] for item in above) - max(item.box[3] for item in below)


def _trim(group: list[Band], after: int) -> tuple[list[Band], int]:
    """Return a group without lines of notes below its columns, and the band that comes next."""
    sized = _size([item for band in group for item in band])
    while len(group) > 1:
        last = group[-1]
        if len(_merge(_spans(last), 0)) > 1 or _size(last) >= _NOTE * sized:
            break
        group.pop()
        after -= 1
    return group, after


def _belongs_above(
    band: Band, group: Sequence[Band], columns: Sequence[Span], least: float
) -> bool:
    """Tell whether a lone line above columns is the first of one that is not the leftmost."""
    near = _distance(band, group[0]) < _NEAR * _size(band)
    joined = _merge([*columns, *_spans(band)], least)
    return near and len(joined) == len(columns) and band[0].box[0] > columns[0][1]


def _has_sides(group: Sequence[Band], gutters: Sequence[Span]) -> bool:
    """Tell whether at least two lines stand on both sides of a gutter."""
    items = [item for band in group for item in band]
    tables = any(isinstance(item, Table) for item in items)
    for left, right in gutters:
        before = sum(item.box[2] <= left + 0.01 for item in items)
        behind = sum(item.box[0] >= right - 0.01 for item in items)
        if tables and before and behind:
            return True
        if before >= 2 and behind >= 2:
            return True
    return False


def _split(group: Sequence[Band], gutters: Sequence[Span]) -> list[list[Item]]:
    """Return the items of a group by the columns that gutters part."""
    columns: list[list[Item]] = [[] for _ in range(len(gutters) + 1)]
    for band in group:
        for item in band:
            middle = (item.box[0] + item.box[2]) / 2
            columns[sum(middle > (left + right) / 2 for left, right in gutters)].append(item)
    return [column for column in columns if column]


def _find_rows(columns: Sequence[Sequence[Item]], group: Sequence[Band]) -> Rows:
    """Return the rows of a table that columns make, none where each column is text of its own."""
    cells = [[item for item in column if isinstance(item, Segment)] for column in columns]
    if len(columns) < 2 or sum(map(len, cells)) < sum(map(len, columns)):
        return []
    drawn = _follow_drawing(cells)
    prose = [column for column in cells if _is_prose(column)]
    if len(prose) >= 2:
        return drawn if drawn and _are_wrapped(drawn) else []
    over = [
        max(column, key=lambda s: s.base).size > _FIGURE * min(s.size for s in column)
        for column in cells
        if len(column) > 1
    ]
    if len(over) >= 2 and all(over):
        return []
    if drawn:
        return drawn
    aligned = _count_aligned(cells)
    others = [segment for column in cells[1:] for segment in column]
    figures = sum(
        any(map(str.isdigit, s.text)) and s.right - s.left < _SHORT * s.size for s in others
    )
    of_figures = figures >= _FIGURES * len(others)
    if aligned >= _ALIGNED and (of_figures or not (prose or _are_drawn_down(cells))):
        return _stack_rows(group, columns)
    return []


def _is_prose(column: Sequence[Segment]) -> bool:
    if len(column) < _PROSE_LINES:
        return False
    size = _size(column)
    widths = sorted(segment.right - segment.left for segment in column)
    return widths[len(widths) // 2] >= _PROSE * size


def _count_aligned(cells: Sequence[Sequence[Segment]]) -> float:
    """Return the share of the lines of all columns but the first that others stand beside."""
    bases = [[segment.base for segment in column] for column in cells]
    count = aligned = 0
    for number, column in enumerate(bases):
        others = [base for n, other in enumerate(bases) if n != number for base in other]
        for base in column:
            count += 1
            aligned += any(abs(base - other) < 1.5 for other in others)
    return aligned / count if count else 0.0


def _follow_drawing(cells: Sequence[Sequence[Segment]]) -> Rows:
    """Return rows as they are drawn one after the other, none where they are not.

    A cell's lines are drawn together, its row's next cell near them, and the next row begins
    further to the left.
    """
    rows: list[list[list[Segment]]] = []
    near = 0
    before: tuple[int, Segment] | None = None
    order = sorted(
        ((segment.drawn, column, segment) for column, each in enumerate(cells) for segment in each),
        key=lambda found: found[:2],
    )
    for _, column, segment in order:
        new = before is None or column < before[0]
        if before is not None and column == before[0]:
            down = before[1].base - segment.base
            new = len(rows[-1][column]) > 0 and not 0 < down < 2 * _WRAPPED * segment.size
            new = new or (column == 0 and down > _WRAPPED * segment.size)
        if before is not None and column > before[0]:
            reach = max(s.base for s in rows[-1][before[0]]) + 3 * segment.size
            low = min(s.base for s in rows[-1][before[0]]) - 3 * segment.size
            near += low < segment.base < reach
        if new:
            rows.append([[] for _ in cells])
        rows[-1][column].append(segment)
        before = column, segment
    bases = [[s.base for cell in row for s in cell] for row in rows]
    below = all(max(lower) < min(upper) for upper, lower in pairwise(bases))
    return rows if len(rows) > 1 and near >= len(rows) and below else []


def _are_wrapped(rows: Rows) -> bool:
    """Tell whether cells have more lines than their rows, as text drawn line by line has not."""
    lines = sum(len(cell) for row in rows for cell in row)
    filled = sum(bool(cell) for row in rows for cell in row)
    return lines >= _LINES_OF_CELL * filled


def _are_drawn_down(cells: Sequence[Sequence[Segment]]) -> bool:
    """Tell whether one column is drawn after the other."""
    drawn = sorted((s.drawn, number) for number, column in enumerate(cells) for s in column)
    changes = sum(one != other for (_, one), (_, other) in pairwise(drawn))
    return changes < len(cells)


def _read_band(band: Band, page: int) -> Iterator[Line]:
    """Yield the lines of what overlaps in height without a gutter that parts more than it."""
    segments = [item for item in band if isinstance(item, Segment)]
    if len(segments) == len(band) > 1:
        bases = [segment.base for segment in segments]
        if max(bases) - min(bases) < 1.5 and not _runs_in(segments):
            cells = [(segment,) for segment in sorted(segments, key=lambda s: s.left)]
            yield _make_row(cells, page)
            return
    top = max(item.box[3] for item in band)
    for item in sorted(band, key=lambda i: (round((top - i.box[3]) / 3), i.box[0])):
        yield from _make_lines(item, page)


def _runs_in(segments: Sequence[Segment]) -> bool:
    """Tell whether a line is a bold heading and, a little apart, the text that it stands over."""
    if len(segments) != 2:
        return False
    head, text = sorted(segments, key=lambda segment: segment.left)
    near = text.left - head.right < _RUNS_IN * text.size
    return near and head.bold and not text.bold and text.right - text.left > _PROSE * text.size


def _stack_rows(group: Sequence[Band], columns: Sequence[Sequence[Item]]) -> Rows:
    """Return the rows of a table by place; a wrapped cell's lines are put together."""
    owner = {id(item): number for number, column in enumerate(columns) for item in column}
    rows: list[list[list[Segment]]] = []
    last = 0.0
    for band in group:
        cells: list[list[Segment]] = [[] for _ in columns]
        for item in sorted(band, key=lambda item: (-round(item.box[3]), item.box[0])):
            if isinstance(item, Segment):
                cells[owner[id(item)]].append(item)
        first = max(item.box[3] for item in band)
        wrapped = rows and not cells[0] and last - first < (_WRAPPED - 0.8) * _size(band)
        if wrapped:
            for cell, more in zip(rows[-1], cells, strict=True):
                cell.extend(more)
        else:
            rows.append(cells)
        last = min(item.box[1] for item in band)
    return rows


def _make_lines(item: Item, page: int) -> Iterator[Line]:
    if isinstance(item, Segment):
        yield Line(
            item.text, page, item.left, item.right, item.base, item.size, bold=item.bold,
            lead=item.lead,
        )  # fmt: skip
        return
    if _is_of_figures(item):
        for row in item.rows:
            for cell in row:
                for segment in cell:
                    yield from _make_lines(segment, page)
        return
    for row in item.rows:
        yield _make_row(row, page)


def _is_of_figures(table: Table) -> bool:
    """Tell whether each cell is a figure over its words, so that each is a statement."""
    cells = [cell for row in table.rows for cell in row if cell]
    large = sum(len(cell) > 1 and cell[0].size > _FIGURE * cell[-1].size for cell in cells)
    return large > 0.5 * len(cells)


def _make_row(cells: Sequence[Sequence[Segment]], page: int) -> Line:
    """Return a table's row as a line; one cell alone is no row."""
    segments = [segment for cell in cells for segment in cell]
    words = tuple(tuple(segment.text for segment in cell) for cell in cells)
    return Line(
        " ".join(segment.text for segment in segments),
        page,
        min(segment.left for segment in segments),
        max(segment.right for segment in segments),
        max(segment.base for segment in segments),
        statistics.median(segment.size for segment in segments),
        cells=words if sum(map(bool, words)) > 1 else (),
        bold=all(segment.bold for segment in segments),
    )
