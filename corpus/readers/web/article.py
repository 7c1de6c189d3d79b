"""Which parts of a page are its article.

The article is looked for by where the prose is: from the whole page down, as long as one element
holds nearly all of it. Everything in there is the article, but for what is known as furniture: by
its element (`nav`), by the names that its maker gave it (`class="breadcrumb"`), by the label above
it ("Related articles"), or because it is links and no sentence.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from corpus.readers.web.dates import find_date
from corpus.readers.web.lexicon import find_name, find_opening, fold, is_label
from corpus.readers.web.parts import HEADINGS, Part, ends_as_sentence, is_enumeration

if TYPE_CHECKING:
    from corpus.readers.web.tree import Element

_NEARLY_ALL = 0.85  # of the prose of an element, in one element below it
_MOST = 0.6  # the same where that is said to be the article
_MAJOR = 0.5  # share of a page's prose above which nothing is furniture
_LITTLE = 600  # letters of a page below which all of it is looked at
_LINKS = 0.5  # share of letters in links from which on words are links
_LONG_LINK = 80  # letters of a link that may be a sentence
_LABELLED = 400  # letters of the longest line that is furniture for how it begins
_WHOLE = ("p", "li", "ul", "ol", "dl", "blockquote", "pre", "table", "tr", *HEADINGS)
_ARTICLES = ("article", "main")
_ROLES = {"main": "article", "article": "article", "navigation": "menu", "banner": "page header",
          "contentinfo": "page footer", "search": "search form", "complementary": "side column",
          "dialog": "notice", "alertdialog": "notice"}  # fmt: skip
_TAGS = {"nav": "menu", "menu": "menu", "footer": "page footer", "aside": "side column",
         "dialog": "notice", "search": "search form"}  # fmt: skip
_CRUMBS = re.compile(r"[>›»→＞]")

MENU, RELATED, COMMENTS, LINE, PAGE = "menu", "related page", "comment", "line", "part of the site"

_KINDS = {"": "", "names": PAGE, "comment_names": COMMENTS}


class Article:
    """The parts of a page told apart.

    `names[n]` is empty where part n belongs to the article, else what it is, as a person would say;
    `first` is the number of the article's first part.
    """

    def __init__(self, body: Element, parts: Sequence[Part], title: int = -1) -> None:
        """Judge the parts; `title` is the number of the one that is the title, or -1."""
        self._parts = parts
        self._elements = [e for e in body.iter() if isinstance(e.tag, str)]
        self._number = {element: n for n, element in enumerate(self._elements)}
        self._parent = [self._number.get(e.getparent(), -1) for e in self._elements]
        self._at = [self._number[part.element] for part in parts]
        self._ends = self._find_ends()
        self._weights = [part.prose for part in parts]
        self._sums = self._sum(self._weights)
        self._title = title
        self._named = self._name_elements()
        self._name_labels()
        self._root = self._find_root()
        self.names = self._judge()
        kept = [n for n, name in enumerate(self.names) if not name]
        self.first = kept[0] if kept else 0

    def _find_ends(self) -> list[int]:
        """Return for each element the number of the last one inside it."""
        ends = list(range(len(self._elements)))
        for n in range(len(ends) - 1, 0, -1):
            above = self._parent[n]
            ends[above] = max(ends[above], ends[n])
        return ends

    def _sum(self, values: Iterable[int]) -> list[int]:
        """Return for each element the sum over the parts in it."""
        sums = [0] * len(self._elements)
        for at, value in zip(self._at, values, strict=True):
            sums[at] += value
        for n in range(len(sums) - 1, 0, -1):
            sums[self._parent[n]] += sums[n]
        return sums

    def _name_elements(self) -> list[str]:
        """Return what each element is said to be, empty for what may be of the article."""
        named = [""] * len(self._elements)
        letters = self._sum(part.letters for part in self._parts)
        whole = self._sums[0]
        logins = self._find_logins(letters)
        for n, element in enumerate(self._elements):
            above = self._parent[n]
            if above >= 0 and named[above]:
                named[n] = named[above]
                continue
            name = "login form" if n in logins else _name(element)
            if name == MENU and element.tag == "menu":
                name = ""
            major = self._sums[n] >= _MAJOR * whole if whole else letters[n] >= _MAJOR * letters[0]
            if name == COMMENTS:  # may be longer than what they are on
                major = whole - self._sums[n] < _LITTLE // 2
            named[n] = "" if major else name
        return named

    def _find_logins(self, letters: list[int]) -> set[int]:
        """Return the numbers of elements that ask for a password: their form, what is about it."""
        found: set[int] = set()
        for n, element in enumerate(self._elements):
            if element.tag == "input" and (element.get("type") or "").lower() == "password":
                around = self._parent[n]
                while around > 0 and not letters[around]:
                    around = self._parent[around]
                found.add(around)
                while around > 0 and self._elements[around].tag != "form":
                    around = self._parent[around]
                found.add(around)
        return found - {0, -1}

    def _name_labels(self) -> None:
        """Name what stands below a label that pages put above such things."""
        first = [len(self._parts)] * len(self._elements)
        for number, at in enumerate(self._at):
            first[at] = min(first[at], number)
        for n in range(len(first) - 1, 0, -1):
            above = self._parent[n]
            first[above] = min(first[above], first[n])
        for number, part in enumerate(self._parts):
            at = self._at[number]
            line = part.text.removeprefix("- ").partition("\n")[0]
            name = RELATED if is_label(line, "related") else ""
            name = COMMENTS if is_label(line, "comments") else name
            if not name or self._named[at] or number == self._title:
                continue
            region = at
            while (above := self._parent[region]) > 0 and first[above] == number:
                if self._sums[above] >= _MAJOR * self._sums[0]:
                    break
                region = above
            if first[region] == number and self._sums[region] < _MAJOR * max(self._sums[0], 1):
                self._name_region(region, name)
                self._name_below(region, name)

    def _name_region(self, region: int, name: str) -> None:
        self._named[region : self._ends[region] + 1] = [name] * (self._ends[region] + 1 - region)

    def _name_below(self, region: int, name: str) -> None:
        """Name what follows a label that has no element around both: up to the next heading."""
        if self._ends[region] > region and self._elements[region].tag not in HEADINGS:
            inner = sum(1 for at in self._at if region <= at <= self._ends[region])
            if inner > 1:
                return
        for beside in self._elements[region].itersiblings():
            n = self._number.get(beside, -1)
            if n < 0:
                continue
            heading = beside.tag in HEADINGS
            prose = self._sums[n] > 0 and name != COMMENTS
            if heading or prose or self._sums[n] >= _MAJOR * self._sums[0]:
                return
            self._name_region(n, name)

    def _find_root(self) -> int:
        """Return the number of the element that holds the article."""
        weights = [
            0 if self._named[at] else weight
            for at, weight in zip(self._at, self._weights, strict=True)
        ]
        sums = self._sum(weights)
        counts = self._sum(1 for _ in self._parts)
        if sums[0] < _LITTLE:
            return 0
        root = 0
        while True:
            below = [self._number[e] for e in self._elements[root] if e in self._number]
            best = max(below, key=lambda n: sums[n], default=0)
            if not below or counts[best] < 2 or self._elements[best].tag in _WHOLE[:-8]:
                return root
            share = _MOST if _is_article(self._elements[best]) else _NEARLY_ALL
            if sums[best] < share * sums[root] or self._has_cells(best, below, counts):
                return root
            root = best

    def _has_cells(self, best: int, below: list[int], counts: list[int]) -> bool:
        """Tell whether a cell stands beside others that are of the same matter."""
        if self._elements[best].tag not in ("td", "th"):
            return False
        beside = [n for n in below if n != best and counts[n]]
        linked = self._sum(part.linked for part in self._parts)
        return bool(beside) and all(
            counts[n] == 1 and not linked[n] and not self._named[n] for n in beside
        )

    def _judge(self) -> list[str]:
        parts, root = self._parts, self._root
        inside = [root <= at <= self._ends[root] for at in self._at]
        prose = [n for n, weight in enumerate(self._weights) if weight and inside[n]]
        opening = prose[0] if prose else len(parts)
        lists = self._find_link_lists()
        names = []
        for n, part in enumerate(parts):
            at = self._at[n]
            name = self._named[at]
            if n == self._title or (name == "side column" and inside[n] and self._is_box(at)):
                name = ""
            elif not name and not inside[n]:
                lead = self._title >= 0 and self._title < n < opening
                lead = lead and (self._weights[n] > 0 or part.kind == "heading")
                name = "" if lead else PAGE
            if not name and n != self._title:
                early = n < self._title or (n < opening and self._title >= 0)
                name = self._name_line(part, self._weights[n], at in lists, early, n < self._title)
            names.append(name)
        self._drop_lone_headings(names)
        self._keep_headline(names)
        if not any(self._weights[n] for n, name in enumerate(names) if not name):
            return self._take_all(names)
        return names

    def _is_box(self, at: int) -> bool:
        """Tell whether a side column inside the article has prose of its own."""
        return self._sums[at] > 0

    def _find_link_lists(self) -> set[int]:
        """Return the numbers of elements in lists that are links."""
        linked = self._sum(part.linked for part in self._parts)
        letters = self._sum(part.letters for part in self._parts)
        found: set[int] = set()
        for n, element in enumerate(self._elements):
            is_list = element.tag in ("ul", "ol", "dl", "menu")
            if self._parent[n] in found or (
                is_list and self._sums[n] == 0 and linked[n] >= _LINKS * max(letters[n], 1)
            ):
                found.add(n)
        return found

    def _name_line(self, part: Part, weight: int, listed: bool, early: bool, above: bool) -> str:
        """Return what a line within the article is where it is none of its text, else nothing."""
        text = fold(part.text.removeprefix("- "))
        letters = part.letters
        if part.row:
            return ""
        if letters <= _LABELLED and find_opening(text, "openings", closed=weight > 0):
            return LINE
        if part.kind == "heading":
            return LINE if above else ""
        if listed:
            return MENU
        if part.is_linked and not (letters > _LONG_LINK and ends_as_sentence(part.text)):
            return MENU
        labelled = any(find_opening(text, kind) for kind in ("published", "updated", "source"))
        if labelled and letters < 200 and not ends_as_sentence(text) and find_date(text, ""):
            return LINE
        if weight:
            return ""
        if _CRUMBS.search(text) and is_enumeration(text + " > > >"):
            return MENU
        if above or (early and is_enumeration(text)):
            return LINE
        return LINE if early and letters < 200 and _is_fact(text) else ""

    def _drop_lone_headings(self, names: list[str]) -> None:
        """Name the headings of sections that have nothing left but what has a name."""
        below, kept = "", False
        for n in range(len(names) - 1, -1, -1):
            if names[n]:
                below = names[n]
            elif self._parts[n].kind != "heading":
                kept = True
            else:
                if below and not kept and n != self._title:
                    names[n] = below
                below, kept = "", False

    def _keep_headline(self, names: list[str]) -> None:
        """Take the name from a first heading that only lines of facts part from the article."""
        first = next((n for n, name in enumerate(names) if not name), 0)
        for n in range(first - 1, -1, -1):
            part, named = self._parts[n], self._named[self._at[n]]
            if part.element.tag == "h1" and names[n] in (LINE, PAGE) and not named:
                names[n] = ""
                return
            if names[n] != LINE and (named or part.is_linked or not _is_fact(fold(part.text))):
                return

    def _take_all(self, names: list[str]) -> list[str]:
        """Return names for a page without prose: all that is nothing else is its text."""
        kept = ["" if name == PAGE else name for name in names]
        return kept if any(not name for name in kept) else [""] * len(names)


def _is_fact(text: str) -> bool:
    """Tell whether a folded line says who wrote something, or when."""
    facts = any(find_opening(text, kind) for kind in ("published", "updated", "bylines"))
    return (facts or bool(find_date(text, ""))) and not ends_as_sentence(text)


def _name(element: Element) -> str:
    """Return what an element is said to be, empty where it may hold the article."""
    role = _ROLES.get((element.get("role") or "").lower(), "")
    if _is_article(element) or element.tag in ("html", "body", "header") or element.tag in HEADINGS:
        return role if role not in ("", "article") else ""
    if element.tag == "footer" and element.xpath("boolean(parent::blockquote|parent::figure)"):
        return ""
    if element.tag in _TAGS:
        return _TAGS[element.tag]
    if role and role != "article":
        return role
    names = f"{element.get('class') or ''} {element.get('id') or ''}"
    return _KINDS[find_name(names)] if names.strip() else ""


def _is_article(element: Element) -> bool:
    return (
        element.tag in _ARTICLES
        or element.get("role") in _ARTICLES
        or element.get("itemprop") == "articleBody"
    )
