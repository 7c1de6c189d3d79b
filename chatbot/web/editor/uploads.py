"""What a form sends: its fields, and its files as they come, onto the disk.

A body that is no form, too long or too slow is refused; of a file no more than a few kilobytes are
ever in memory.
"""

from __future__ import annotations

import asyncio
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING
from urllib.parse import parse_qsl

from python_multipart.exceptions import ParseError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from chatbot.publishing.pending_uploads import MOST_BYTES
from corpus.errors import UsageError

if TYPE_CHECKING:
    from python_multipart.multipart import MultipartCallbacks

MOST_FILES = 20  # at once
_LARGEST_BODY = MOST_BYTES + 2**20  # bytes, boundaries included
_MOST_NAMES = 1000  # of files beyond these: each is to be told
_LONGEST = 8000  # characters of a field
_PATIENCE = 600.0  # seconds for all of an upload


@dataclass
class Form:
    """The fields by name, the last of each; the files that came, and the names of more of them."""

    fields: dict[str, str] = field(default_factory=dict)
    files: list[tuple[str, IO[bytes]]] = field(default_factory=list)
    left: list[str] = field(default_factory=list)

    def close(self) -> None:
        """Let go of the files, which are gone then."""
        for _, file in self.files:
            file.close()


async def read_fields(request: Request) -> Form:
    """Return the fields of a form without files; raises UsageError where it is none."""
    try:
        pairs = parse_qsl(
            (await request.body()).decode(), keep_blank_values=True, max_num_fields=100
        )
    except ValueError as error:
        raise UsageError("this is no form of this page: reload it") from error
    for name, value in pairs:
        if len(value) > _LONGEST:
            raise UsageError(
                f"{name[:40]}: {len(value)} characters, and {_LONGEST} are the most; write less"
            )
    return Form(dict(pairs))


async def read_files(request: Request, folder: Path) -> Form:
    """Return the files of a form, on the disk of a folder but without a name there.

    Raises UsageError where the body is no such form, has too many parts, or is too long or slow.
    """
    parts = _Parts(folder)
    too_large = UsageError(
        f"that was not uploaded: {MOST_FILES} files, of {MOST_BYTES // 2**20} MiB together, are "
        "the most at once; choose fewer"
    )
    size = 0
    try:
        if int(request.headers.get("content-length", "0")) > _LARGEST_BODY:
            raise too_large
        _, options = parse_options_header(request.headers.get("content-type"))
        parser = MultipartParser(options.get(b"boundary", b""), parts.callbacks)
        async with asyncio.timeout(_PATIENCE):
            async for chunk in request.stream():
                size += len(chunk)
                if size > _LARGEST_BODY:
                    raise too_large
                await run_in_threadpool(parser.write, chunk)
        parser.finalize()
    except (ParseError, ValueError) as error:
        parts.form.close()
        raise UsageError("this is no upload of this page: choose the files again") from error
    except TimeoutError as error:
        parts.form.close()
        raise UsageError("the upload took too long: choose fewer files at once") from error
    except BaseException:
        parts.form.close()
        raise
    return parts.form


class _Parts:
    """Takes a body's parts from the parser: files are written, all else is passed over."""

    def __init__(self, folder: Path) -> None:
        self.form = Form()
        self._folder = folder
        self._header, self._value, self._said = b"", b"", b""
        self._file: IO[bytes] | None = None
        self.callbacks: MultipartCallbacks = {
            "on_part_begin": self._begin,
            "on_header_field": self._read_header,
            "on_header_value": self._read_value,
            "on_header_end": self._end_header,
            "on_headers_finished": self._open,
            "on_part_data": self._write,
        }

    def _begin(self) -> None:
        self._said, self._file = b"", None

    def _read_header(self, data: bytes, start: int, end: int) -> None:
        self._header += data[start:end]

    def _read_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _end_header(self) -> None:
        if self._header.lower() == b"content-disposition":
            self._said = self._value
        self._header, self._value = b"", b""

    def _open(self) -> None:
        name = parse_options_header(self._said)[1].get(b"filename", b"").decode("utf-8", "replace")
        if not name:  # a field, or what a browser sends where no file was chosen
            return
        if len(self.form.files) < MOST_FILES:
            self._file = tempfile.TemporaryFile(dir=self._folder)  # noqa: SIM115 - the form's
            self.form.files.append((name, self._file))
        else:
            self.form.left.append(name)
            if len(self.form.left) > _MOST_NAMES:
                raise ParseError("too many parts")

    def _write(self, data: bytes, start: int, end: int) -> None:
        if self._file is not None:
            self._file.write(data[start:end])
