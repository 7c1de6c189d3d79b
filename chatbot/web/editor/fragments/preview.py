"""Documents on their way in, as HTML: which wait, and how each will be quoted. Pure functions."""

from __future__ import annotations

from collections.abc import Sequence

from chatbot.locales.interface import EDITOR, count
from chatbot.publishing.document_summary import sum_up
from chatbot.publishing.pending_uploads import Upload
from chatbot.web.rendering import escape, language_of
from corpus.records import Case, Entry, Passage

MOST = 300  # passages of a preview; the rest is counted
_LONGEST = 20_000  # characters of a passage in it


def render_drafts(uploads: Sequence[Upload], current: int, language: str) -> str:
    """Return the list of documents that wait, each with the buttons to look at it and put it away.

    `current` is the number of the one that is looked at.
    """
    words = EDITOR[language]
    title = f'<h3 class="label">{escape(words["waiting"])}</h3>'
    if not uploads:
        return f'{title}<p class="none">{escape(words["nothing_waits"])}</p>'
    rows = ""
    for upload in uploads:
        name = f"<bdi>{escape(upload.name)}</bdi>"
        here = ' aria-current="true"' if upload.number == current else ""
        look = escape(words["look_at"].format(name=upload.name))
        away = escape(words["put_away_name"].format(name=upload.name))
        shown = _sum_up(language, cases=upload.cases, passages=upload.passages)
        rows += (
            f'<li><button type="button" class="look" data-act="look" data-number="{upload.number}"'
            f'{here} aria-label="{look}"><span class="name">{name}</span>'
            f'<span class="about"><bdi>{escape(upload.title[:200])}</bdi></span>'
            f'<span class="about">{escape(shown)}</span></button>'
            f'<button type="button" class="small" data-act="away" data-number="{upload.number}"'
            f' aria-label="{away}">{escape(words["put_away"])}</button></li>'
        )
    return f'{title}<ul class="drafts">{rows}</ul>'


def render_proof(entry: Entry, language: str) -> str:
    """Return a document's cases and passages with their sentences numbered, as they are quoted."""
    words, document = EDITOR[language], entry.document
    sentences = sum(len(passage.sentences) for passage in entry.passages)
    counts = _sum_up(
        language, cases=len(entry.cases), passages=len(entry.passages), sentences=sentences
    )
    body, number, page = "", 1, ""
    shown = entry.passages[:MOST]
    for case in entry.cases:
        own = [passage for passage in shown if passage.case_id == case.id]
        if not own:
            continue
        parts = ""
        for passage in own:
            _, here = document.find_page(passage.start)
            place = words["page"].format(page=here) if here != page else ""
            page = here
            parts += _render_passage(passage, number, place, language)
            number += len(passage.sentences)
        body += f'<section class="case">{_render_case(case, language)}{parts}</section>'
    cut = len(entry.passages) - len(shown)
    more = f'<p class="none">{escape(words["cut"].format(count=cut))}</p>' if cut else ""
    gone = words["left_out"].format(what="; ".join(sum_up(entry.left_out)))
    left_out = f'<p class="counts">{escape(gone)}</p>' if sum_up(entry.left_out) else ""
    return (
        f'<section class="proof" aria-label="{escape(words["preview"])}">'
        f'<h3 class="label">{escape(words["as_quoted"])}</h3>'
        f'<p class="title" dir="auto"{language_of(document.title)}>{escape(document.title)}</p>'
        f'<p class="counts">{escape(counts)}</p>{left_out}{body}{more}</section>'
    )


def _sum_up(language: str, **numbers: int) -> str:
    return " · ".join(count(f"count_{key}", each, language) for key, each in numbers.items())


def _render_case(case: Case, language: str) -> str:
    words = EDITOR[language]
    owner = words["case_of"].format(company=case.company) if case.company else ""
    if not owner:
        owner = words["introduction" if case.kind == "introduction" else "case_no_company"]
    return (
        f'<h4 dir="auto"{language_of(case.title)}>{escape(case.title)}</h4>'
        f'<p class="owner" dir="auto">{escape(owner)}</p>'
    )


def _render_passage(passage: Passage, number: int, place: str, language: str) -> str:
    words = EDITOR[language]
    kind = ""
    if passage.kind != "paragraph":
        kind = f'<span class="kind">{escape(words[passage.kind])}</span> '
    page = f'<span class="kind">{escape(place)}</span> ' if place else ""
    text = "".join(
        f'<span class="sentence"><sup>{number + at}</sup>{escape(sentence.text[:_LONGEST])}</span>'
        for at, sentence in enumerate(passage.sentences)
    )
    tag = language_of(passage.text)
    return f'<div class="passage {passage.kind}">{page}{kind}<p dir="auto"{tag}>{text}</p></div>'
