"""Files that are the same for everybody, compressed once and kept in memory.

Nothing else is compressed: beside what a sender may choose, the length of a compressed answer would
tell what else stands in it.
"""

from __future__ import annotations

import gzip
import hashlib
import re
from pathlib import Path

from fastapi import APIRouter, Request
from fastapi.responses import Response
from starlette.exceptions import HTTPException

READING = ["GET", "HEAD"]
ASKED_AGAIN = "no-cache"  # a browser asks each time, and hears 304 where nothing has changed

TYPES = {
    ".css": "text/css",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
}


class File:
    """A file's bytes, plain and compressed, with a tag for each; `kept` is how long, for caches."""

    def __init__(self, body: bytes, media_type: str, kept: str, **headers: str) -> None:
        """Compress `body`; `headers` go along, with `_` for `-`."""
        self._media_type = media_type
        self._headers = {name.replace("_", "-"): value for name, value in headers.items()}
        self._headers |= {"Cache-Control": kept, "Vary": "Accept-Encoding"}
        digest = hashlib.sha256(body).hexdigest()[:16]
        self._plain = (body, {"ETag": f'"{digest}"'})
        packed = {"ETag": f'"{digest}-gzip"', "Content-Encoding": "gzip"}
        self._packed = (gzip.compress(body, 9, mtime=0), packed)

    def answer(self, request: Request, kept: str = "") -> Response:
        """Return the file as the browser takes it, or 304 where it has it; `kept` as above."""
        takes = accepts_gzip(request.headers.get("accept-encoding", ""))
        body, own = self._packed if takes else self._plain
        headers = {**self._headers, **own}
        if kept:
            headers["Cache-Control"] = kept
        known = re.findall(r'"[^"]*"|\*', request.headers.get("if-none-match", ""))
        if own["ETag"] in known or "*" in known:
            return Response(status_code=304, headers=headers)
        return Response(body, media_type=self._media_type, headers=headers)


def make_router(folder: Path) -> APIRouter:
    """Return the route of the pages' styles, scripts and signs: a folder's files, below `/web/`."""
    router = APIRouter(include_in_schema=False)
    paths = {str(path.relative_to(folder)): path for path in folder.rglob("*.*")}
    files = {
        name: File(path.read_bytes(), TYPES[path.suffix], ASKED_AGAIN)
        for name, path in paths.items()
        if path.suffix in TYPES
    }

    @router.api_route("/web/{name:path}", methods=READING)
    async def file(name: str, request: Request) -> Response:
        """Return one of them."""
        if name not in files:
            raise HTTPException(404, "no such file of the pages")
        return files[name].answer(request)

    @router.api_route("/favicon.ico", methods=READING)
    async def icon(request: Request) -> Response:
        """Return Casebook's sign, for a browser that looks where it always was."""
        return files["icon.svg"].answer(request)

    return router


def accepts_gzip(header: str) -> bool:
    """Tell whether an Accept-Encoding header takes gzip, by name or `*`, at any quality but 0."""
    found: dict[str, bool] = {}
    for part in header.lower().split(","):
        name, _, rest = part.partition(";")
        found[name.strip()] = not re.fullmatch(r"\s*q\s*=\s*0(\.0*)?\s*", rest)
    return found.get("gzip", found.get("*", False))
