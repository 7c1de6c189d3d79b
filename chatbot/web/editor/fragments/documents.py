"""What the editor's page holds, as HTML: the collection, the releases, the lines that are told.

Pure functions over the publisher's records. Everything that comes from a document passes `escape`;
a button names what it does in `data-act`, and what it asks first in `data-ask`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from chatbot.locales.interface import EDITOR
from chatbot.web.rendering import escape, web_address
from index.inventory import Summary
from index.storage.publish import ReleaseInfo

MOST_ROWS, MOST_LINES = 200, 50
Standing = Literal["live", "new", "edited", "removed", "unreadable"]


@dataclass(frozen=True, slots=True)
class Holding:
    """A document of the collection and how it stands to the live release.

    `document` is None where it cannot be read, and `reason` says why; both are empty for one that
    was removed since.
    """

    name: str
    standing: Standing
    document: Summary | None = None
    reason: str = ""


Kind = Literal["done", "trouble", "working"]


def render_line(text: str, kind: Kind) -> str:
    """Return what just happened, as a line that a screen reader hears."""
    return f'<p class="said {kind}" role="status">{escape(text)}</p>' if text else ""


def render_problems(lines: Sequence[str], language: str) -> str:
    """Return what could not be read, a line for each file."""
    return render_lines(EDITOR[language]["not_read"], lines, "problems", language)


def render_lines(title: str, lines: Sequence[str], kind: str, language: str) -> str:
    """Return lines under a title, the first fifty of them; nothing where there are none."""
    if not lines:
        return ""
    items = "".join(f'<li dir="auto">{escape(line)}</li>' for line in lines[:MOST_LINES])
    if len(lines) > MOST_LINES:
        more = EDITOR[language]["more_lines"].format(count=len(lines) - MOST_LINES)
        items += f"<li>{escape(more)}</li>"
    return f'<div class="lines {kind}"><h4>{escape(title)}</h4><ul>{items}</ul></div>'


def render_collection(
    held: Sequence[Holding], removed: Sequence[str], count: int, language: str
) -> str:
    """Return the table of documents; `held` are those found of `count`, `removed` restorable."""
    words = EDITOR[language]
    if not count and not removed:
        return f'<p class="none">{escape(words["empty"])}</p>'
    shown = words["found"].format(shown=min(len(held), MOST_ROWS), count=count)
    heads = "".join(
        f'<th scope="col">{escape(words[key])}</th>'
        for key in ("document", "cases", "published", "state", "actions")
    )
    rows = "".join(_render_holding(holding, language) for holding in held[:MOST_ROWS])
    text = f'<p class="counts">{escape(shown)}</p>'
    text += f"<table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>"
    if len(held) > MOST_ROWS:
        rest = words["not_shown"].format(count=len(held) - MOST_ROWS)
        text += f'<p class="none">{escape(rest)}</p>'
    if removed:
        items = "".join(
            f"<li><bdi>{escape(name)}</bdi> {_button('restore', name, language)}</li>"
            for name in removed[:MOST_ROWS]
        )
        label = escape(words["can_restore"])
        text += f'<h3 class="label">{label}</h3><ul class="restorable">{items}</ul>'
    return text


def _render_holding(holding: Holding, language: str) -> str:
    words, document = EDITOR[language], holding.document
    about, cases, published = "", "", ""
    if document is not None:
        about = f'<span class="about" dir="auto">{escape(document.title)}</span>'
        address = web_address(document.url)
        if address:
            about += (
                f'<a class="about" href="{address}" rel="noopener noreferrer" target="_blank"'
                f' dir="ltr">{address}</a>'
            )
        items = "".join(f'<li dir="auto">{escape(case.title)}</li>' for case in document.cases[:5])
        if len(document.cases) > 5:
            items += f"<li>{escape(words['more_cases'].format(count=len(document.cases) - 5))}</li>"
        cases = f"<ul>{items}</ul>"
        published = f"<time>{escape(document.published)}</time>" if document.published else ""
        published = published or f"<i>{escape(words['no_date'])}</i>"
    elif holding.reason:
        about = f'<span class="about trouble" dir="auto">{escape(holding.reason)}</span>'
    actions = ""
    if document is not None:
        actions += _button("correct", holding.name, language)
    if holding.standing != "removed":
        actions += _button(
            "remove", holding.name, language, words["remove_ask"].format(name=holding.name)
        )
    standing = escape(words[f"state_{holding.standing}"])
    state = f'<span class="state {holding.standing}">{standing}</span>'
    cells = (("cases", cases), ("published", published), ("state", state), ("actions", actions))
    return (
        f'<tr><th scope="row"><bdi class="name">{escape(holding.name)}</bdi>{about}</th>'
        + "".join(f'<td data-label="{escape(words[key])}">{cell}</td>' for key, cell in cells)
        + "</tr>"
    )


def _button(act: str, name: str, language: str, question: str = "") -> str:
    words = EDITOR[language]
    ask = f' data-ask="{escape(question)}"' if question else ""
    label = escape(words[f"{act}_name"].format(name=name, release=name))
    return (
        f'<button type="button" class="small" data-act="{act}" data-name="{escape(name)}"{ask}'
        f' aria-label="{label}">{escape(words[act])}</button>'
    )


def render_releases(releases: Sequence[ReleaseInfo], language: str) -> str:
    """Return the table of releases, the last published first."""
    words = EDITOR[language]
    if not releases:
        return f'<p class="none">{escape(words["no_releases"])}</p>'
    keys = ("release", "date", "documents", "cases", "passages", "model", "state", "actions")
    heads = "".join(f'<th scope="col">{escape(words[key])}</th>' for key in keys)
    rows = ""
    for info in releases:
        state = f'<span class="state live">{escape(words["live"])}</span>' if info.live else ""
        if info.damage:
            state += (
                f'<span class="state damaged">{escape(words["damaged"])}</span>'
                f'<span class="about trouble" dir="auto">{escape(info.damage)}</span>'
            )
        action = "" if info.live or info.damage else _ask_rollback(info.id, language)
        cells = (
            f'<time datetime="{info.date.isoformat()}">{info.date:%Y-%m-%d %H:%M} UTC</time>',
            str(info.documents), str(info.cases), str(info.passages),
            f"<bdi>{escape(info.model)}</bdi>", state, action,
        )  # fmt: skip
        rows += f'<tr><th scope="row"><code>{escape(info.id)}</code></th>' + "".join(
            f'<td data-label="{escape(words[key])}">{cell}</td>'
            for key, cell in zip(keys[1:], cells, strict=True)
        )
        rows += "</tr>"
    return f'<table class="releases"><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>'


def _ask_rollback(release_id: str, language: str) -> str:
    question = EDITOR[language]["rollback_ask"].format(release=release_id)
    return _button("rollback", release_id, language, question)


def render_alarm(releases: Sequence[ReleaseInfo], refused: str, language: str) -> str:
    """Return the loud warning that releases are damaged, empty where none is.

    `refused` says why the live one is not served, empty where it is.
    """
    damaged = [info for info in releases if info.damage]
    lines = [info.damage for info in damaged] + [refused] * bool(refused)
    if not lines:
        return ""
    words = EDITOR[language]
    live = bool(refused) or any(info.live for info in damaged)
    title = words["alarm_live" if live else "alarm"]
    items = "".join(f'<li dir="auto">{escape(line)}</li>' for line in dict.fromkeys(lines))
    return (
        f'<div class="alarm" role="alert"><h2>{escape(title)}</h2><ul>{items}</ul>'
        f"<p>{escape(words['alarm_more'])}</p></div>"
    )
