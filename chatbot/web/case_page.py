"""The page of one case: every word of it, at its offsets, readable without JavaScript.

Pure: records in, HTML out. Each paragraph carries the offset of its first character (`data-start`,
in code points of the document's text); `static/case.js` marks the characters that the address names
(`#c<start>-<end>`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from chatbot.locales.interface import TAGS, WORDS
from chatbot.web.rendering import escape, language_of, web_address

if TYPE_CHECKING:
    from chatbot.answers.catalogue import CaseView
    from corpus.records import Document, Passage

LOGO = (
    '<svg class="logo" viewBox="0 0 32 32" width="28" height="28" aria-hidden="true">'
    '<path d="M4 28V12A8 8 0 0 1 12 4H28V20A8 8 0 0 1 20 28Z"/>'
    '<path class="vein" d="M10 22 22 10M10 22V14.500M10 22H17.500"/></svg>'
)
_PHOTO = (
    '<svg viewBox="0 0 24 24" width="22" height="22" aria-hidden="true">'
    '<path d="M3.500 5h17v14h-17zM3.500 16l5-5 4.500 4.500 3-3 4.500 4.500"/>'
    '<circle cx="15.500" cy="9" r="1.500"/></svg>'
)


def render_case(view: CaseView, language: str, root: str) -> str:
    """Return the case page in an interface language; `root` is the prefix of every address."""
    case, words = view.case, WORDS[language]
    passages = list(view.passages)
    title = f'<h1 dir="auto"{language_of(case.title)}>{escape(case.title)}</h1>'
    if passages and passages[0].kind == "heading":
        first = passages[0]
        if first.text.lstrip("# ").strip() == case.title.strip():
            title = _render_passage(passages.pop(0), "h1")
    text = "".join(_render_passage(passage) for passage in passages)
    eyebrow = words["case" if case.kind == "case" else "introduction"]
    body = (
        f'<article><p class="eyebrow">{escape(eyebrow)}</p>{title}'
        f"{_render_facts(case.company, view.document, language)}"
        f'<p class="note" id="note" role="status" data-marked="{escape(words["marked"])}"'
        f' data-not-marked="{escape(words["not_marked"])}" hidden></p>'
        f'<div class="text" id="text">{text}</div>'
    )
    if view.document.rights:
        body += f'<p class="rights" dir="auto">{escape(view.document.rights)}</p>'
    return _render_frame(case.title, body + "</article>", language, root, f"cases/{case.id}")


def render_missing(language: str, root: str, request_id: str, failed: bool = False) -> str:
    """Return the page for a case that is not there, or, if `failed`, cannot be shown now."""
    words = WORDS[language]
    key = "page_failed" if failed else "case_missing"
    body = (
        f'<article class="missing"><h1>{escape(words[key])}</h1>'
        f"<p>{escape(words[key + '_more'])}</p>"
        f'<p class="rights">{escape(words["request"])} {escape(request_id)}</p></article>'
    )
    return _render_frame(words[key], body, language, root, "")


def render_closed(language: str, root: str, request_id: str, again: bool) -> str:
    """Return the page for whoever comes without a token, or, if `again`, with one of no use."""
    words = WORDS[language]
    body = (
        f'<article class="missing"><h1>{escape(words["members_only"])}</h1>'
        f"<p>{escape(words['members_again' if again else 'members_only_more'])}</p>"
        f'<p class="rights">{escape(words["request"])} {escape(request_id)}</p></article>'
    )
    return _render_frame(words["members_only"], body, language, root, "")


def _render_facts(company: str, document: Document, language: str) -> str:
    facts = [("company", _text(company)), ("source", _text(document.source or document.publisher))]
    if document.published:
        day = escape(document.published)
        facts.append(("published", f'<time dir="auto" datetime="{day}">{day}</time>'))
    address = web_address(document.url)
    if address:
        facts.append(
            ("original", f'<a href="{address}" rel="noopener noreferrer" dir="ltr">{address}</a>')
        )
    facts.append(("file", _text(document.name)))
    rows = "".join(
        f"<div><dt>{escape(WORDS[language][key])}</dt><dd>{value}</dd></div>"
        for key, value in facts
        if value
    )
    return f'<dl class="facts">{rows}</dl>'


def _text(words: str) -> str:
    return f'<span dir="auto">{escape(words)}</span>' if words else ""


def _render_passage(passage: Passage, heading: str = "h2") -> str:
    place = f' dir="auto"{language_of(passage.text)} data-start="{passage.start}"'
    text = escape(passage.text)
    if passage.kind == "caption":
        return f"<figure>{_PHOTO}<figcaption{place}>{text}</figcaption></figure>"
    element = heading if passage.kind == "heading" else "p"
    return f"<{element}{place}>{text}</{element}>"


def _render_frame(title: str, body: str, language: str, root: str, path: str) -> str:
    words, prefix = WORDS[language], escape(root)
    links = ""
    for code, name in (("en", "EN"), ("zh", "中文")):
        here = ' aria-current="true"' if code == language else ""
        tag = TAGS[code]
        address = f"{prefix}/{path}?lang={code}"
        links += f'<a href="{address}" hreflang="{tag}" lang="{tag}"{here}>{name}</a>'
    label = escape(words["language"])
    switch = f'<nav class="languages" aria-label="{label}">{links}</nav>' if path else ""
    back = f'<a class="back" href="{prefix}/">{escape(words["back"])}</a>'
    return (
        f'<!doctype html>\n<html lang="{TAGS[language]}"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<meta name="color-scheme" content="light dark">'
        f"<title>{escape(title)} – Casebook</title>"
        f'<link rel="icon" href="{prefix}/web/icon.svg" type="image/svg+xml">'
        f'<link rel="stylesheet" href="{prefix}/web/base.css">'
        f'<link rel="stylesheet" href="{prefix}/web/case.css">'
        f'<script src="{prefix}/web/case.js" defer></script></head><body class="page">'
        f'<header class="masthead"><a class="brand" href="{prefix}/">{LOGO}'
        f"<span>Casebook</span></a>{switch}</header><main>{body}</main><footer>{back}</footer></body></html>\n"
    )
