"""The widget: the script that a portal's page loads, and the frame that the script opens.

`widget/loader.js` is one file for every portal. The frame's page differs by what the collection
holds and by the sites that may show it; it carries both, and every word it says, as JSON in one
attribute, because its policy allows no script but its own file. It holds nothing of a document, so
it is open to everybody; what it asks for is not.
"""

from __future__ import annotations

import hashlib
import json
import re
import secrets
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, Request
from fastapi.responses import Response
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException

from chatbot.answers.question_input import LENGTH
from chatbot.locales.interface import (
    ERRORS,
    EXAMPLES,
    LOADER,
    REASONS,
    SAME_SENTENCE,
    TAGS,
    WIDGET,
    WORDS,
)
from chatbot.web.schemas import LONGEST_COMMENT
from chatbot.web.static_files import ASKED_AGAIN, READING, File
from chatbot.web.templates import render
from corpus.errors import CasebookError

if TYPE_CHECKING:
    from chatbot.engine import Engine

FOLDER = Path(__file__).parent
ASSETS = {"frame.css": "text/css", "frame.js": "text/javascript"}
_PLACE = "/* words */[]"  # in the loader
_HOUR = "public, max-age=3600"
_DAY = "private, max-age=86400, immutable"
# What a script or style tells its reader alone; no text of theirs looks so. Of a style also blanks
# that separate nothing.
_UNSENT = re.compile(r"^ *(?:/\*.*?\*/\n+)?|(?<! ) +// [^\n]*", re.MULTILINE | re.DOTALL)
_BLANKS = re.compile(r"(?<=[:,;{}])\s+|(?<!\s)\s+(?=\{)|;(?=\s*\})")
_YEAR = "public, max-age=31536000, immutable"
# The words of the chat that the frame says too.
SHARED = (
    "absent", "all_companies", "answered", "answered_none", "ask", "caption", "collection",
    "comment", "company", "conversation", "copied", "copy", "copy_failed", "editors_words",
    "examples", "fresh", "from_en", "from_other", "from_zh", "heading", "helps", "language", "near",
    "nearest", "new_tab", "no", "only", "open_case", "placeholder", "question", "retry",
    "searching", "send", "silent", "source_of", "stop", "stopped", "suggestions", "table", "thanks",
    "title", "too_long", "vote_lost", "welcome", "writing", "yes", "you_asked",
)  # fmt: skip
CHAT_ONLY = {"members", "lost"}  # what the Gradio chat alone says


def make_router(engine: Engine, origins: Sequence[str], closed: bool) -> APIRouter:
    """Return the routes; pages of `origins`, and of this site, may show the frame.

    `closed` tells that only members may ask.
    """
    router = APIRouter(include_in_schema=False)
    foreign = {"Cross_Origin_Resource_Policy": "cross-origin"}
    loader = File(make_loader().encode(), "text/javascript", _HOUR, **foreign)
    read = {name: read_small(name).encode() for name in ASSETS}
    assets = {name: File(body, ASSETS[name], _YEAR) for name, body in read.items()}
    version = hashlib.sha256(b"".join(read.values())).hexdigest()[:12]

    @lru_cache(maxsize=4)  # it changes with the collection's companies
    def make_page(companies: frozenset[str]) -> File:
        told = {**describe(companies), "origins": origins, "closed": closed}
        html = render("widget.html", version=version, config=told)
        return File(html.encode(), "text/html", ASKED_AGAIN)

    @router.api_route("/widget.js", methods=READING)
    async def script(request: Request) -> Response:
        """Return the loader, which another site's page may run."""
        return loader.answer(request)

    @router.api_route("/widget", methods=READING)
    async def frame(request: Request) -> Response:
        """Return the frame's page."""
        companies = await run_in_threadpool(find_companies, engine)
        return make_page(companies).answer(request)

    @router.get("/widget/key")
    async def key() -> Response:
        """Return a new key, which the browser keeps for this portal's frames and nobody else.

        The frame seals its conversation with it and gives it to the portal's page to keep, because
        a frame of another site may be allowed no storage. The server remembers no key.
        """
        headers = {"Cache-Control": _DAY, "Cross-Origin-Resource-Policy": "same-origin"}
        return Response(
            secrets.token_bytes(32), media_type="application/octet-stream", headers=headers
        )

    @router.api_route("/widget/{given}/{name}", methods=READING)
    async def asset(given: str, name: str, request: Request) -> Response:
        """Return the frame's script or style, to be kept as long as its version is asked for."""
        if name not in assets:
            raise HTTPException(404, "no such file of the widget")
        return assets[name].answer(request, "" if given == version else ASKED_AGAIN)

    return router


def make_loader() -> str:
    """Return the loader with its words of every language in, in the order of the English ones."""
    said = [(key, [words[each] for each in LOADER["en"]]) for key, words in LOADER.items()]
    words = json.dumps(said, ensure_ascii=False, separators=(",", ":"))
    return read_small("loader.js").replace(_PLACE, words)


def read_small(name: str) -> str:
    """Return a script or style of this folder without its comments and indentation."""
    read = re.sub("\n+", "\n", _UNSENT.sub("", (FOLDER / name).read_text("utf-8")))
    return _BLANKS.sub("", read) if name.endswith(".css") else read


def find_companies(engine: Engine) -> frozenset[str]:
    """Return the companies of the collection, none where it cannot be opened; blocks."""
    try:
        return frozenset(entry.case.company for entry in engine.cases().entries)
    except CasebookError:
        return frozenset()


def describe(companies: frozenset[str]) -> dict[str, Any]:
    """Return what the frame has to know: words, sentences, examples that fit, limits."""
    return {
        "words": {key: {**{k: WORDS[key][k] for k in SHARED}, **WIDGET[key]} for key in WORDS},
        "errors": {
            key: {k: v for k, v in ERRORS[key].items() if k not in CHAT_ONLY} | REASONS[key]
            for key in ERRORS
        },
        "same": SAME_SENTENCE,
        "tags": TAGS,
        "examples": {
            key: [each.question for each in EXAMPLES[key] if each.company in {"", *companies}]
            for key in EXAMPLES
        },
        "longest": LENGTH,
        "comment": LONGEST_COMMENT,
    }
