"""What flows from a file to the index: frozen records, standard library only.

All offsets are Python string indices (code points, not bytes) into `Document.text`, half open:
`text[start:end]`. Records carry their own words beside the span, so that a record can be checked
against its document anywhere: `document.text[r.start:r.end] == r.text` holds for every Case,
Passage and Sentence.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from typing import Literal

BlockKind = Literal["heading", "paragraph", "caption"]
LeftOutReason = Literal["furniture", "hidden", "unreadable", "not supported"]
CaseKind = Literal["case", "introduction"]


@dataclass(frozen=True, slots=True)
class Block:
    """A run of a document's text that belongs together: one heading, paragraph or photo caption.

    `start` and `end` are offsets into the text of the reading it came with; the first and the last
    character are not white space. Blocks are in text order and do not overlap; text outside all
    blocks is page furniture or white space.
    """

    kind: BlockKind
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Something in a file that its reader did not take into the text, and why.

    `what` names it as a person would, in the singular (`text box`, `menu`, `page header`); `text`
    are its words, empty where they cannot be read; `place` is where it stands (`page 3`) or empty.
    """

    reason: LeftOutReason
    what: str
    text: str = ""
    place: str = ""


@dataclass(frozen=True, slots=True)
class Extraction:
    """What a reader made of a file's bytes: the text, its blocks, what it says of itself.

    `text` is kept as the file has it, page furniture included. Empty strings mean that the file
    does not say; `published` is an ISO date, as exact as the file says it (2024-02-23, 2024-02 or
    2024), or empty. `pages` are the offsets at which
    the pages of a paged format begin, ascending, the first 0; empty for a format without pages.
    `page_labels` are the numbers that are printed on them, empty where they are counted from 1.
    Every visible word of the file is in `text`, in a block or outside all of them as furniture,
    or it is in `left_out`.
    """

    text: str
    blocks: tuple[Block, ...]
    title: str = ""
    source: str = ""
    published: str = ""
    company: str = ""
    url: str = ""
    pages: tuple[int, ...] = ()
    page_labels: tuple[str, ...] = ()
    left_out: tuple[LeftOut, ...] = ()


@dataclass(frozen=True, slots=True)
class Document:
    """One file of the library with its text, kept as the reader gave it.

    `id` comes from `name`, the file's path below the library folder with forward slashes, so that
    an edit keeps it. `sha256` is that of `text` in UTF-8, in hexadecimal. `published` is an ISO
    date or empty; `language` is a BCP 47 tag such as `en` or `zh-Hant`, two with `+` between them
    for a text in both, `und` where unknown; `url` is the address of the original, or empty; `pages`
    and `page_labels` are as in Reading. `file_sha256` and `facts_sha256` are those of the file's
    and of its sidecar's bytes, the latter empty without one.
    """

    id: str
    name: str
    sha256: str
    text: str
    title: str
    publisher: str
    source: str
    published: str
    language: str
    url: str
    rights: str
    pages: tuple[int, ...] = ()
    file_sha256: str = ""
    facts_sha256: str = ""
    page_labels: tuple[str, ...] = ()

    def find_page(self, offset: int) -> tuple[int | None, str]:
        """Return the page on which a character stands: counted from 1, and as it is called.

        What it is called is printed on it, or is its number; None and empty without pages.
        """
        page = bisect_right(self.pages, offset)
        if not page:
            return None, ""
        return page, (self.page_labels[page - 1] if self.page_labels else "") or str(page)


@dataclass(frozen=True, slots=True)
class CaseFacts:
    """What an editor says of a case, each value one line or empty; words of it are never quoted.

    `country` has ISO 3166 codes with `+` between them, see `corpus.language.countries`; the rest
    are a title and a summary of one sentence for readers of English and of Chinese.
    """

    sector: str = ""
    country: str = ""
    title_en: str = ""
    title_zh: str = ""
    summary_en: str = ""
    summary_zh: str = ""


@dataclass(frozen=True, slots=True)
class Case:
    """One company's case, or a document's introduction (`company` is empty there).

    `id` comes from the document's id and the title, never from the order, so a case keeps its
    address when others are added around it. The span includes the case's own heading. `facts` are
    an editor's; `company_en` and `company_zh` are the company as the glossary of a release names it
    in either script, empty where it does not.
    """

    id: str
    document_id: str
    kind: CaseKind
    title: str
    company: str
    start: int
    end: int
    text: str
    facts: CaseFacts = CaseFacts()
    company_en: str = ""
    company_zh: str = ""


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence of a passage: what an answer quotes."""

    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class Passage:
    """A paragraph, or a part of a long one: what a search finds.

    Passages of a case do not overlap; what of it is in none is page furniture or white space.
    `sentences` tile the passage: the first starts at `start`, each next one where the one before
    ends, the last ends at `end`; white space between two sentences belongs to the earlier one, and
    a quotation drops it. A caption and a heading are quoted only as what they are.
    """

    id: str
    document_id: str
    case_id: str
    kind: BlockKind
    start: int
    end: int
    text: str
    sentences: tuple[Sentence, ...]


@dataclass(frozen=True, slots=True)
class Entry:
    """A document with the cases and passages found in it, each in text order.

    `left_out` is what the file holds beside them, as in Reading.
    """

    document: Document
    cases: tuple[Case, ...]
    passages: tuple[Passage, ...]
    left_out: tuple[LeftOut, ...] = ()
