"""The language of a page: what its address asks for, else what was chosen, else the browser's."""

from __future__ import annotations

from fastapi import Request
from fastapi.responses import Response

from chatbot.locales import LANGUAGES
from chatbot.locales.interface import COOKIE, choose_language

_YEAR = 31_536_000  # seconds


def read_language(request: Request) -> str:
    """Return the interface language of a request."""
    accepted = request.headers.get("accept-language")
    return choose_language(request.query_params.get("lang"), request.cookies.get(COOKIE), accepted)


def keep_language(request: Request, response: Response, root: str) -> None:
    """Remember for a year, below `root`, the language that an address has asked for."""
    asked = request.query_params.get("lang")
    if asked in LANGUAGES:
        response.set_cookie(COOKIE, asked, _YEAR, path=root or "/", samesite="lax")
