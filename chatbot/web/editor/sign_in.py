"""The page for signing in at the editor's page: a form that needs no script."""

from __future__ import annotations

from chatbot.locales.interface import EDITOR, TAGS, WORDS
from chatbot.web.case_page import LOGO
from chatbot.web.rendering import escape

# What the page loads and where its form goes is here; nothing runs in it.
SIGN_IN_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'"
)


def render_sign_in(language: str, root: str, problem: str = "", wait: int = 0) -> str:
    """Return the page; `problem` is the key of what went wrong, `wait` the seconds to wait."""
    words, prefix = EDITOR[language], escape(root)
    links = ""
    for code, name in (("en", "EN"), ("zh", "中文")):
        here = ' aria-current="true"' if code == language else ""
        tag = TAGS[code]
        links += (
            f'<a href="{prefix}/editor/sign-in?lang={code}" hreflang="{tag}" lang="{tag}"{here}>'
            f"{name}</a>"
        )
    trouble = ""
    if problem:
        said = escape(words[problem].format(seconds=wait))
        trouble = f'<p class="trouble" id="problem" role="alert">{said}</p>'
    described = ' aria-describedby="problem" aria-invalid="true"' if problem else ""
    return (
        f'<!doctype html>\n<html lang="{TAGS[language]}"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<meta name="color-scheme" content="light dark"><meta name="robots" content="noindex">'
        f"<title>{escape(words['sign_in'])} – {escape(words['title'])}</title>"
        f'<link rel="icon" href="{prefix}/web/icon.svg" type="image/svg+xml">'
        f'<link rel="stylesheet" href="{prefix}/web/base.css">'
        f'<link rel="stylesheet" href="{prefix}/web/sign-in.css"></head><body>'
        f'<header class="masthead"><a class="brand" href="{prefix}/">{LOGO}'
        f"<span>Casebook</span></a>"
        f'<nav class="languages" aria-label="{escape(WORDS[language]["language"])}">{links}</nav>'
        f'</header><main><form method="post" action="{prefix}/editor/sign-in">'
        f"<h1>{escape(words['sign_in_title'])}</h1><p>{escape(words['sign_in_more'])}</p>{trouble}"
        f'<label for="token">{escape(words["token"])}</label>'
        f'<input id="token" name="token" type="password" autocomplete="current-password" required'
        f' autofocus maxlength="1000" spellcheck="false"{described}>'
        f'<button type="submit">{escape(words["sign_in"])}</button></form></main></body></html>\n'
    )
