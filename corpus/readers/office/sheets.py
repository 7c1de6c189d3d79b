"""An Excel file to its rows as they are shown, each sheet under its name as a heading."""

from __future__ import annotations

import datetime as dt
import io
import re
import warnings
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from corpus.errors import DocumentError
from corpus.readers.office.archive import Archive
from corpus.readers.pieces import Piece, compose
from corpus.records import Extraction, LeftOut
from corpus.tables import BETWEEN

_KIND = "Excel file"
_ROWS, _COLUMNS = 50_000, 200  # of a sheet; a cell further out would fill millions between
_DECIMALS = re.compile(r"0\.(0{1,9})")
_NAMED_BY_NOBODY = re.compile(r"(?:sheet|tabelle|feuil|hoja|工作表)\s?\d{1,3}", re.IGNORECASE)


def read_sheets(data: bytes, name: str) -> Extraction:
    """Read a .xlsx file; raises DocumentError where it is broken, a bomb or has no text.

    Of formulas the value that was saved is read. Hidden sheets are named as left out.
    """
    archive = Archive(data, name, _KIND)
    import openpyxl

    pieces: list[Piece] = []
    left_out: list[LeftOut] = []
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of parts that it does not keep when it writes
            book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True)
            title = book.properties.title or ""
            for sheet in book.worksheets:
                size = sheet.max_row or 0, sheet.max_column or 0
                rows = list(_list_rows(sheet))
                if sheet.sheet_state != "visible":
                    left_out.append(LeftOut("hidden", "hidden sheet", "\n".join(rows), sheet.title))
                elif rows:
                    if not _NAMED_BY_NOBODY.fullmatch(sheet.title):
                        pieces.append(Piece("heading", sheet.title))
                    pieces += [Piece("paragraph", row) for row in rows]
                if size[0] > _ROWS or size[1] > _COLUMNS:
                    left_out.append(LeftOut("not supported", "far cell", place=sheet.title))
    except DocumentError:
        raise
    except Exception as error:  # openpyxl lets lxml's, zipfile's, Key- and ValueErrors through
        raise archive.refuse(error) from error
    return replace(compose(pieces, name, left_out), title=" ".join(title.split()))


def _list_rows(sheet: Any) -> Iterator[str]:
    sheet.reset_dimensions()
    for row in sheet.iter_rows(max_row=_ROWS, max_col=_COLUMNS):
        cells = [_show(cell.value, getattr(cell, "number_format", "General")) for cell in row]
        while cells and not cells[-1]:
            cells.pop()
        if cells:
            yield BETWEEN.join(cells)


def _show(value: Any, form: str) -> str:
    """Return a cell's value as its format shows it, as far as figures are concerned."""
    if value is None:
        return ""
    if isinstance(value, dt.datetime) and value.time() == dt.time():
        return value.date().isoformat()
    if isinstance(value, dt.datetime | dt.date | dt.time):
        return value.isoformat(" ") if isinstance(value, dt.datetime) else value.isoformat()
    if isinstance(value, bool) or not isinstance(value, int | float):
        return " ".join(str(value).split())
    decimals = _DECIMALS.search(form)
    places = len(decimals[1]) if decimals else 0
    if "%" in form:
        return f"{value * 100:.{places}f}%"
    if "0" not in form:
        return f"{value:.10g}" if isinstance(value, float) else str(value)
    return f"{value:{',' if '#,' in form else ''}.{places}f}"
