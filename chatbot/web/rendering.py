"""An Answer as fragments of HTML, from the templates of `templates/answer`: pure functions.

Everything that comes from a document or a reader is escaped there. Words are text only: Markdown,
LaTeX and tags in them stay the characters they are. Direction characters cannot leave the element
that holds them, because each foreign text has its own `dir="auto"`.

An element with `data-word` holds an interface word that the page may put into another language.
"""

from __future__ import annotations

from typing import NamedTuple
from urllib.parse import quote

from chatbot.answers.answer import Answer, Citation
from chatbot.web.templates import read_address, render

# A text fragment: up to how many letters it is whole, else so many words or letters of either end.
_SHORT, _WORDS, _LETTERS = 80, 4, 20


class Card(NamedTuple):
    """A source, its passage before, in and after the quotation, and where the original shows it."""

    citation: Citation
    before: str
    marked: str
    after: str
    original: str


def render_pieces(answer: Answer, turn: int) -> list[str]:
    """Return the answer as HTML pieces, one for each part but those of `render_written`, in order.

    A quotation's `[n]` leads to `#source-<turn>-<n>`, its own id is `quote-<turn>-<n>`. Where an
    answer has a table, that is one piece, with all quotations in it.
    """
    told = {"turn": turn, "language": answer.language}
    parts = answer.parts[_count_written(answer) :]
    if not answer.table:
        return [render("answer/piece.html", part=part, **told) for part in parts]
    citations = {citation.number: citation for citation in answer.citations}
    table = render("answer/table.html", table=answer.table, citations=citations, **told)
    words = [part for part in parts if part.kind == "words"]
    return [table, *(render("answer/piece.html", part=part, **told) for part in words)]


def render_written(answer: Answer, turn: int) -> str:
    """Return what a language model wrote, under a label that says so; empty where it wrote none."""
    label, *sentences = answer.parts[: _count_written(answer)] or (None,)
    if label is None:
        return ""
    told = {"turn": turn, "language": answer.language}
    return render("answer/written.html", label=label.text, sentences=sentences, **told)


def _count_written(answer: Answer) -> int:
    """Return how many parts a language model's share of the answer takes, its label included."""
    return max((at for at, part in enumerate(answer.parts, 1) if part.kind == "written"), default=0)


def render_verdict(answer: Answer, language: str, limited: bool = False) -> str:
    """Return the label over what is no answer; empty over one.

    What comes after it on the page is shown as merely near, where that is what it says. `limited`
    tells that not all cases were asked.
    """
    kind = {"nearest": "near", "absent": "absent"}.get(answer.mode)
    if kind is None:  # a greeting is absent and no refusal
        return ""
    words = "absent_here" if limited and kind == "absent" else kind
    return render("answer/verdict.html", kind=kind, words=words, language=language)


def render_offers(answer: Answer, language: str, root: str, limited: bool = False) -> str:
    """Return nearest cases as links and suggestions as buttons; empty where there are none.

    Cases whose words are quoted are not offered again. Where not all cases were asked, it is
    `limited`, a refusal offers to ask them all.
    """
    nearest = () if answer.citations else answer.nearest
    widens = limited and answer.mode in ("nearest", "absent")
    if not nearest and not answer.suggestions and not widens:
        return ""
    told = {
        "nearest": nearest, "questions": answer.suggestions, "widens": widens, "language": language
    }  # fmt: skip
    return render("answer/offers.html", root=root, **told)


def render_sources(answer: Answer, turn: int, language: str, root: str) -> str:
    """Return the panel of sources, a card for each citation; empty where there is none."""
    if not answer.citations:
        return ""
    cards = [make_card(citation) for citation in answer.citations]
    return render("answer/sources.html", cards=cards, turn=turn, language=language, root=root)


def make_card(citation: Citation) -> Card:
    """Return a citation with its passage parted around exactly the quotation.

    Where that does not lie in the passage, it stands alone.
    """
    original = point_at(citation.url, citation.quote)
    start = citation.start - citation.passage_start
    end = start + len(citation.quote)
    passage = citation.passage
    if start < 0 or passage[start:end] != citation.quote:
        return Card(citation, "", citation.quote, "", original)
    return Card(citation, passage[:start], citation.quote, passage[end:], original)


def point_at(url: str, words: str) -> str:
    """Return a web address at which browsers mark words of the page; empty for any other address.

    They know a text by its beginning and its end where it is long or of several paragraphs. On a
    case page `static/case.js` does the same.
    """
    if not read_address(url):
        return ""
    apart = words.split()
    plain = " ".join(apart)
    ends = [plain]
    if len(words) > _SHORT or "\n" in words:
        ends = [" ".join(apart[:_WORDS]), " ".join(apart[-_WORDS:])]
        if len(apart) < 2 * _WORDS:  # in a script without spaces
            ends = [plain[:_LETTERS], plain[-_LETTERS:]]
    spelled = (quote(each, safe="", errors="replace").replace("-", "%2D") for each in ends)
    return f"{url}{'' if '#' in url else '#'}:~:text={','.join(spelled)}"


def render_error(sentence: str, code: str, language: str) -> str:
    """Return an error as one sentence with a button that asks again."""
    return render("answer/failure.html", sentence=sentence, code=code, language=language)
