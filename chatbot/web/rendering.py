"""An Answer to HTML that is safe to show: pure functions, standard library and the language guess.

Everything that comes from a document or a reader passes `escape`. Words are text only: Markdown,
LaTeX and tags in them stay the characters they are. Direction characters cannot leave the element
that holds them, because each foreign text has its own `dir="auto"`.

Links are `root` + a path made of hexadecimal ids and numbers, or an `http(s)` address; nothing else
becomes an `href`. An element with `data-word` holds an interface word that the page may put into
another language.
"""

from __future__ import annotations

import html
import re
from collections.abc import Sequence

from chatbot.answers.answer import Answer, Citation, Nearest
from chatbot.locales.interface import TAGS, WORDS
from corpus.language.detection import detect

_UNSHOWABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_LINK = re.compile(r"cases/[A-Za-z0-9_-]+(#c[0-9]+-[0-9]+)?")


def escape(text: str) -> str:
    """Return `text` as HTML that a parser turns into the same characters, one for one.

    Control characters and lone surrogates, which HTML cannot carry, become U+FFFD. A carriage
    return is written as a reference, or the parser would drop it and shift every offset behind it.
    """
    shown = _UNSHOWABLE.sub("\N{REPLACEMENT CHARACTER}", text)
    return html.escape(shown).replace("\r", "&#13;")


def link_to(root: str, link: str) -> str:
    """Return the escaped address of a case page, or of the application where `link` is none."""
    return escape(f"{root}/{link if _LINK.fullmatch(link) else ''}")


def web_address(url: str) -> str:
    """Return an escaped `http(s)` address, or nothing for any other."""
    return escape(url) if re.fullmatch(r"https?://[^\s\"'<>]+", url) else ""


def word(key: str, language: str, element: str = "span", classes: str = "") -> str:
    """Return an interface word that the page can put into another language."""
    mark = f' class="{classes}"' if classes else ""
    return f'<{element}{mark} data-word="{key}">{escape(WORDS[language][key])}</{element}>'


def language_of(text: str) -> str:
    """Return a `lang` attribute for foreign words, empty where their language is not clear."""
    tag = detect(text)
    return "" if tag == "und" else f' lang="{escape(TAGS.get(tag, tag))}"'


def render_pieces(answer: Answer, turn: int) -> list[str]:
    """Return the answer as HTML pieces, one for each part but those of `render_written`, in order.

    A quotation's `[n]` leads to `#source-<turn>-<n>`, its own id is `quote-<turn>-<n>`.
    """
    pieces = []
    for part in answer.parts[_count_written(answer) :]:
        text = escape(part.text)
        if part.kind == "quote":
            pieces.append(
                f'<blockquote class="quote" id="quote-{turn}-{part.citation}" dir="auto"'
                f"{language_of(part.text)}><p>{text}"
                f" {_render_number(part.citation, turn, answer.language)}</p></blockquote>"
            )
        elif part.kind == "case":
            pieces.append(f'<h3 class="case" dir="auto"{language_of(part.text)}>{text}</h3>')
        else:
            pieces.append(f'<p class="words" dir="auto">{text}</p>')
    return pieces


def render_written(answer: Answer, turn: int) -> str:
    """Return what a language model wrote, under a label that says so; empty where it wrote none."""
    label, *sentences = answer.parts[: _count_written(answer)] or (None,)
    if label is None:
        return ""
    shown = " ".join(
        f'<span class="sentence" dir="auto"{language_of(part.text)}>{escape(part.text)}</span>'
        f" {_render_number(part.citation, turn, answer.language)}"
        for part in sentences
    )
    return f'<p class="label">{escape(label.text)}</p><p class="sentences" dir="auto">{shown}</p>'


def _count_written(answer: Answer) -> int:
    """Return how many parts a language model's share of the answer takes, its label included."""
    return max((at for at, part in enumerate(answer.parts, 1) if part.kind == "written"), default=0)


def _render_number(number: int, turn: int, language: str) -> str:
    label = WORDS[language]["source_of"].format(number=number)
    return (
        f'<a class="cite" href="#source-{turn}-{number}" dir="ltr"'
        f' aria-label="{escape(label)}">[{number}]</a>'
    )


def render_verdict(answer: Answer, language: str) -> str:
    """Return the label over what is no answer; empty over one.

    What comes after it on the page is shown as merely near, where that is what it says.
    """
    key = {"nearest": "near", "absent": "absent"}.get(answer.mode)
    if key is None:  # a greeting is absent and no refusal
        return ""
    return f'<p class="verdict {key}"><span>{word(key, language)}</span></p>'


def render_offers(answer: Answer, language: str, root: str) -> str:
    """Return nearest cases as links and suggestions as buttons; empty where there are none.

    Cases whose words are quoted are not offered again.
    """
    parts = []
    if answer.nearest and not answer.citations:
        items = "".join(_render_nearest(near, language, root) for near in answer.nearest)
        parts.append(f'{word("nearest", language, "h3", "label")}<ul class="nearest">{items}</ul>')
    if answer.suggestions:
        parts.append(
            word("suggestions", language, "h3", "label") + render_questions(answer.suggestions)
        )
    return f'<div class="offers">{"".join(parts)}</div>' if parts else ""


def render_questions(questions: Sequence[str]) -> str:
    """Return questions as buttons that ask them."""
    buttons = "".join(
        f'<li><button type="button" class="question" dir="auto"{language_of(question)}>'
        f"{escape(question)}</button></li>"
        for question in questions
    )
    return f'<ul class="questions">{buttons}</ul>'


def _render_nearest(near: Nearest, language: str, root: str) -> str:
    company = f'<span class="company"><bdi>{escape(near.company)}</bdi></span>'
    return (
        f'<li><a href="{link_to(root, near.link)}" target="_blank" rel="noopener">'
        f'{company if near.company else ""}<span class="name" dir="auto">{escape(near.case)}</span>'
        f"{_new_tab(language)}</a></li>"
    )


def _new_tab(language: str) -> str:
    return word("new_tab", language, classes="unseen")


def render_sources(answer: Answer, turn: int, language: str, root: str) -> str:
    """Return the panel of sources, a card for each citation; empty where there is none."""
    if not answer.citations:
        return ""
    cards = "".join(render_card(each, turn, language, root) for each in answer.citations)
    return (
        f'<h2 class="label" id="sources-{turn}">{word("sources", language)}'
        f' <span class="count">{len(answer.citations)}</span></h2><ol class="cards">{cards}</ol>'
    )


def render_card(citation: Citation, turn: int, language: str, root: str) -> str:
    """Return one source: where it stands, the quotation in its passage, and the way there."""
    number = citation.number
    kind = ""
    if citation.kind in ("caption", "heading"):
        kind = word(citation.kind, language, classes="kind")
    facts = [
        f'<span class="fact" dir="auto">{escape(fact)}</span>'
        for fact in (citation.company, citation.source)
        if fact
    ]
    if citation.published:
        day = escape(citation.published)
        facts.append(f'<time class="fact" dir="auto" datetime="{day}">{day}</time>')
    if citation.page:
        page = word("page", language)
        facts.append(f'<span class="fact">{page} {escape(citation.page_label)}</span>')
    label = escape(f"source-{turn}-{number}-name")
    return (
        f'<li class="card" id="source-{turn}-{number}" tabindex="-1" aria-labelledby="{label}">'
        f'<a class="number" href="#quote-{turn}-{number}" data-word-title="to_quote"'
        f' title="{escape(WORDS[language]["to_quote"])}">{number}</a>'
        f'<div class="about"><h3 class="name" id="{label}" dir="auto"'
        f"{language_of(citation.case)}>{escape(citation.case)}</h3>"
        f'<p class="facts">{"".join(facts)}</p></div>'
        f'{kind}<blockquote class="passage" role="group" aria-labelledby="{label}" tabindex="0"'
        f' dir="auto"{language_of(citation.passage)}>'
        f"{mark_passage(citation)}</blockquote>"
        f'<a class="open" href="{link_to(root, citation.link)}" target="_blank" rel="noopener">'
        f"{word('open_case', language)}{_new_tab(language)}</a></li>"
    )


def mark_passage(citation: Citation) -> str:
    """Return the passage with exactly the quotation in a `<mark>`.

    A span that does not lie in the passage marks nothing but the quotation, shown alone.
    """
    start = citation.start - citation.passage_start
    end = start + len(citation.quote)
    passage = citation.passage
    if start < 0 or passage[start:end] != citation.quote:
        return f'<mark dir="auto">{escape(citation.quote)}</mark>'
    return (
        f"{escape(passage[:start])}"
        f'<mark dir="auto">{escape(passage[start:end])}</mark>'
        f"{escape(passage[end:])}"
    )


def render_error(sentence: str, code: str, language: str) -> str:
    """Return an error as one sentence with a button that asks again."""
    return (
        f'<p class="trouble" role="alert" data-code="{escape(code)}">{escape(sentence)}</p>'
        f'<p class="again"><button type="button" class="retry">{word("retry", language)}'
        "</button></p>"
    )
