"""Citations: made from a document's characters and checked against them on the way out."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Literal

from chatbot.answers.answer import Answer, Citation
from corpus.errors import CitationError
from corpus.language.detection import detect
from corpus.records import Case, Document, Passage

Kind = Literal["text", "caption", "heading"]
_BASE = 0x01000193
# White space and control characters, as the script spells them; U+FFFD stands for the unshowable.
_UNSEEN = re.compile(
    "[\x00-\x20\x7f-\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff\ufffd\ud800-\udfff]"
)


def link_to(case: Case, start: int = 0, words: str = "") -> str:
    """Return the case page's path below the application's root, with words to mark if any.

    `start` is where they stand in the document. Behind the offsets comes a mark of the words, by
    which they are found again after the document was edited; see `make_mark`.
    """
    if not words:
        return f"cases/{case.id}"
    return f"cases/{case.id}#c{start}-{start + len(words)}-{make_mark(words)}"


def make_mark(words: str) -> str:
    """Return a short mark of words: the number of their letters and a hash of these, hexadecimal.

    White space and what no page shows are left out, so that words that were set anew are the same.
    `static/case.js` looks for it; 32 bits, as a long case has some 10,000 places.
    """
    letters = _UNSEEN.sub("", words)
    mark = 0
    for letter in letters:
        mark = (mark * _BASE + ord(letter)) & 0xFFFFFFFF
    return f"{len(letters):x}{mark:08x}"


def cite(
    number: int, document: Document, case: Case, passage: Passage, start: int, end: int
) -> Citation:
    """Return a citation of the characters `start` to `end`, outer white space left out."""
    words = document.text[start:end]
    start += len(words) - len(words.lstrip())
    end -= len(words) - len(words.rstrip())
    page, page_label = document.find_page(start)
    kinds: dict[str, Kind] = {"heading": "heading", "caption": "caption"}
    return Citation(
        number=number,
        quote=document.text[start:end],
        kind=kinds.get(passage.kind, "text"),
        document_id=document.id,
        document_sha256=document.sha256,
        document=document.name,
        start=start,
        end=end,
        passage=passage.text,
        passage_start=passage.start,
        page=page,
        case_id=case.id,
        case=case.title,
        company=case.company,
        source=document.source or document.publisher,
        published=document.published,
        url=document.url,
        link=link_to(case, start, document.text[start:end]),
        page_label=page_label,
        language=detect(passage.text),
        company_en=case.company_en,
        company_zh=case.company_zh,
        title_en=case.facts.title_en,
        title_zh=case.facts.title_zh,
        summary_en=case.facts.summary_en,
        summary_zh=case.facts.summary_zh,
    )


def check_answer(answer: Answer, documents: Iterable[Document]) -> None:
    """Raise CitationError unless every quotation holds.

    Each quote must be its document's characters at its span, of the very text the citation names
    by SHA-256; each part that quotes must have its citation, and each citation a part. What is
    absent quotes nothing, whatever else quotes something; what is merely near stands below words
    that say so. `found` is told where an answer quotes, and nowhere else. Sentences that a model
    wrote stand in a generative answer and in no other, before all quotations, and each carries the
    number of one of them. A table has every citation once.
    """
    texts = {document.id: document for document in documents}
    quoted = {part.citation: part.text for part in answer.parts if part.kind == "quote"}
    cited = {citation.number: citation for citation in answer.citations}
    if quoted.keys() != cited.keys() or len(cited) != len(answer.citations):
        raise CitationError("the quotations and the citations of an answer are not the same")
    kinds = [part.kind for part in answer.parts]
    if bool(cited) != (answer.outcome != "absent"):
        raise CitationError("what is absent cites something, or what is not cites nothing")
    if answer.found != (bool(cited) and answer.outcome == "answer"):
        raise CitationError("an answer tells wrongly whether it was found")
    if answer.outcome == "nearest" and kinds[0] != "words":
        raise CitationError("no words say that the quotations are merely near")
    if any(part.citation for part in answer.parts if part.kind in ("words", "case")):
        raise CitationError("words that are no quotation carry a citation")
    if any(part.citation not in cited for part in answer.parts if part.kind == "written"):
        raise CitationError("a written sentence cites what is not quoted")
    if ("written" in kinds) != (answer.mode == "generative"):
        raise CitationError("the mode of an answer does not tell who wrote its sentences")
    if "written" in kinds and "written" in kinds[kinds.index("quote") :]:
        raise CitationError("a written sentence stands among the quotations")
    told = [number for row in answer.table for number in row.citations]
    if answer.table and sorted(told) != sorted(cited):
        raise CitationError("a table does not have every citation once")
    for number, citation in cited.items():
        document = texts.get(citation.document_id)
        place = f"[{number}] {citation.document} {citation.start}-{citation.end}"
        if document is None or document.sha256 != citation.document_sha256:
            raise CitationError(f"{place}: not the document that was searched")
        characters = document.text[citation.start : citation.end]
        if not characters or characters != citation.quote or quoted[number] != citation.quote:
            raise CitationError(f"{place}: the quotation is not the document's characters")
