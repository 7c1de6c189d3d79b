"""The page of one case: every word of it, at its offsets, readable without JavaScript.

Pure: records in, HTML out. Each paragraph carries the offset of its first character (`data-start`,
in code points of the document's text); `static/case.js` marks the characters that the address names
(`#c<start>-<end>`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from chatbot.web.templates import render

if TYPE_CHECKING:
    from chatbot.answers.catalogue import CaseView

# Of the editor's page, which writes its HTML itself.
LOGO = (
    '<svg class="logo" viewBox="0 0 32 32" width="28" height="28" aria-hidden="true">'
    '<path d="M4 28V12A8 8 0 0 1 12 4H28V20A8 8 0 0 1 20 28Z"/>'
    '<path class="vein" d="M10 22 22 10M10 22V14.500M10 22H17.500"/></svg>'
)


def render_case(view: CaseView, language: str, root: str) -> str:
    """Return the case page in an interface language; `root` is the prefix of every address."""
    case, passages = view.case, view.passages
    first = passages[0] if passages and passages[0].kind == "heading" else None
    headed = first is not None and first.text.lstrip("# ").strip() == case.title.strip()
    return render(
        "case.html",
        case=case,
        document=view.document,
        heading=first if headed else None,
        passages=passages[1:] if headed else passages,
        title=case.title,
        path=f"cases/{case.id}",
        language=language,
        root=root,
    )


def render_missing(language: str, root: str, request_id: str, failed: bool = False) -> str:
    """Return the page for a case that is not there, or, if `failed`, cannot be shown now."""
    return _render_message("page_failed" if failed else "case_missing", language, root, request_id)


def render_closed(language: str, root: str, request_id: str, again: bool) -> str:
    """Return the page for whoever comes without a token, or, if `again`, with one of no use."""
    more = "members_again" if again else "members_only_more"
    return _render_message("members_only", language, root, request_id, more)


def _render_message(key: str, language: str, root: str, request_id: str, more: str = "") -> str:
    told = {"key": key, "more": more or f"{key}_more", "request_id": request_id, "path": ""}
    return render("message.html", language=language, root=root, **told)
