"""What browsers are told about each response: what may load, who may frame it, what it may do."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.datastructures import MutableHeaders

# Gradio's page compiles its templates and inlines its settings; nothing it loads is foreign.
CHAT_POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; "
    "style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:; "
    "connect-src 'self'; object-src 'none'; base-uri 'self'; form-action 'self'; "
    "frame-ancestors 'self'"
)
PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'self'"
)
# The widget's frame asks this server, and opens cases by a form: see `session.py`.
WIDGET_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; "
    "connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'self'"
)
EDITOR_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
DATA_POLICY = "default-src 'none'; frame-ancestors 'none'"
_FEATURES = "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()"
_DATA = ("/api/", "/v1/", "/mcp", "/openapi.json", "/healthz", "/readyz", "/metrics")


def dress(headers: MutableHeaders, path: str, scheme: str, embed_origins: Sequence[str]) -> None:
    """Put on a response what its path asks for; `path` is below the application's root.

    A policy that a route has set itself stays.
    """
    headers["X-Content-Type-Options"] = "nosniff"
    headers["Permissions-Policy"] = _FEATURES
    headers["Cross-Origin-Opener-Policy"] = "same-origin"
    headers.setdefault("Referrer-Policy", "same-origin")
    if scheme == "https":
        headers["Strict-Transport-Security"] = "max-age=31536000"
    policy, framed = CHAT_POLICY, "SAMEORIGIN"
    if path == "/widget":
        policy = " ".join([WIDGET_POLICY, *embed_origins])
        framed = "" if embed_origins else framed  # that header cannot name other sites
    elif path == "/cases" or path.startswith("/cases/") or path == "/session":
        policy = PAGE_POLICY
    elif path == "/editor" or path.startswith("/editor/"):
        policy, framed = EDITOR_POLICY, "DENY"
    elif path.startswith(_DATA):
        policy, framed = DATA_POLICY, "DENY"
        headers.setdefault("Cache-Control", "no-store")
    headers.setdefault("Content-Security-Policy", policy)
    if framed:
        headers["X-Frame-Options"] = framed
