"""What leaves the engine: an Answer made of parts, and the Citations its quotations rest on.

The parts are the answer; `Answer.text` is their words put together. A reader of the parts never has
to look for `[n]` in the words, so a source that itself holds `[3]` cannot forge a citation.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from chatbot.locales import read_words

WORDS = read_words("answer")
Outcome = Literal["answer", "nearest", "absent"]
Mode = Literal["extractive", "generative", "about", "nearest", "absent"]
PartKind = Literal["words", "case", "quote", "written"]


@dataclass(frozen=True, slots=True)
class Citation:
    """Where a quotation stands: characters `start` to `end` of a document with this SHA-256.

    `quote` equals those characters. `kind` is `text`, `caption` (words under a photo) or `heading`
    (a case's own name). `passage` is the paragraph around the quotation, whose first character
    stands at `passage_start`. `page` is the page of the original on which the quotation begins,
    from 1, or None where it has no pages; `page_label` is what is printed on it, or that number, or
    empty. `language` is that of the passage, `und` where it does not show. `link` is the case
    page's path below the application's root, with the characters to mark and what tells them again
    once the document was edited: `cases/<case_id>#c<start>-<end>-<mark>`;
    `url` is the original's address or empty, `published` an ISO date or empty. `company_en` and
    `company_zh` are the company as the glossary has it in either language, or empty; titles and
    summaries are an editor's words for readers of English and of Chinese, and no quotation.
    """

    number: int
    quote: str
    kind: Literal["text", "caption", "heading"]
    document_id: str
    document_sha256: str
    document: str
    start: int
    end: int
    passage: str
    passage_start: int
    page: int | None
    case_id: str
    case: str
    company: str
    source: str
    published: str
    url: str
    link: str
    page_label: str = ""
    language: str = "und"
    company_en: str = ""
    company_zh: str = ""
    title_en: str = ""
    title_zh: str = ""
    summary_en: str = ""
    summary_zh: str = ""


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of an answer: framing `words`, the name of a `case`, or a `quote` with its citation.

    A `written` sentence is a language model's, checked against the quotation it cites. `text` of a
    quote is the citation's quote, without quotation marks. `citation` is the number of the citation
    for a quote and a written sentence, and 0 otherwise.
    """

    kind: PartKind
    text: str
    citation: int = 0


@dataclass(frozen=True, slots=True)
class Nearest:
    """A case offered where the collection does not answer; as in Citation, the link unmarked."""

    case_id: str
    case: str
    company: str
    link: str
    company_en: str = ""
    company_zh: str = ""
    title_en: str = ""
    title_zh: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """A line of a table: a company or a case, and the numbers of what is quoted of it.

    Where the numbers are none, its cases do not say what is asked.
    """

    name: str
    citations: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """What the collection says to a question, what comes near it, or that it does not say.

    `mode` is `extractive` (quotations answer), `generative` (the same quotations answer, with
    sentences before them that a language model wrote), `about` (a greeting or a question about
    Casebook itself; may quote the names of cases), `nearest` (quotations that come near and do not
    say it outright, below words that say so) or `absent` (not in the collection: no citation).
    `found` is True where something is quoted as the answer, so never for the last two, whose
    `nearest` offers cases. `confidence` is 0 to 1. `language`, one of the interface's, is that
    of the framing words. `release` names the release every citation resolves in. `table` has the
    quotations of several companies or cases side by side, and each number once; it is empty where
    they are of one.
    """

    question: str
    language: str
    found: bool
    mode: Mode
    parts: tuple[Part, ...]
    citations: tuple[Citation, ...]
    nearest: tuple[Nearest, ...]
    suggestions: tuple[str, ...]
    confidence: float
    release: str
    elapsed_ms: float
    table: tuple[Row, ...] = ()

    @property
    def outcome(self) -> Outcome:
        """What became of the question: an `answer`, what is `nearest` to one, or it is `absent`.

        A greeting is answered with no words of the collection, so it is absent too.
        """
        if self.mode == "nearest":
            return "nearest"
        return "answer" if self.found else "absent"

    @property
    def text(self) -> str:
        """The parts as plain text: a line for each case, quotations in marks with `[n]` behind."""
        return "".join(self.deltas())

    def deltas(self) -> list[str]:
        """`text` in pieces, one for each part, in order: what a stream sends."""
        left, right = ("“", "”")
        pieces: list[str] = []
        before = ""
        for part in self.parts:
            if part.kind in ("quote", "written"):
                words = part.text if part.kind == "written" else f"{left}{part.text}{right}"
                piece = f"{words} [{part.citation}]"
                gap = " " if before == part.kind else "\n"
            else:
                piece = part.text
                gap = "\n\n"
            pieces.append((gap if pieces else "") + piece)
            before = part.kind
        return pieces

    def list_sources(self, root: str = "") -> list[str]:
        """Return a line for each citation, what it quotes and where that stands, by number.

        Where nothing is cited they are the nearest cases. `root`, Casebook's address with a slash
        behind, makes an address of each one's link.
        """
        lines = []
        for each in self.citations:
            page = (
                WORDS[self.language]["on_page"].format(label=each.page_label) if each.page else ""
            )
            facts = (each.case, each.source, each.published, each.document, page)
            place = f"{' · '.join(filter(None, facts))}, {each.start}-{each.end}"
            lines.append(f"[{each.number}] {place}" + (f" · {root}{each.link}" if root else ""))
        if not lines:
            lines = [
                f"- {near.case}" + (f" · {root}{near.link}" if root else "")
                for near in self.nearest
            ]
        return lines

    def to_json(self) -> dict[str, Any]:
        """Return the Answer of the HTTP contract: every field, `outcome` and `text`."""
        return {**_list_fields(self), "outcome": self.outcome, "text": self.text}


def _list_fields(record: Any) -> dict[str, Any]:
    """Return what `dataclasses.asdict` does, in a seventh of its time."""
    fields: dict[str, Any] = {}
    for name in record.__slots__:
        value = getattr(record, name)
        fields[name] = (
            [_list_fields(one) if hasattr(one, "__slots__") else one for one in value]
            if isinstance(value, tuple)
            else value
        )
    return fields
