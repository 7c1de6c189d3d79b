"""What a page hides, and what of it a script shows as soon as the page is open.

No script is run. What is animated on its way in, and what holds a good part of all words of the
page, is shown by one; anything else that is hidden stays so.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from corpus.readers.web.tree import Element

_BRACES = re.compile(r"[{}]")
_SIMPLE = re.compile(r"[a-z0-9]{0,12}[.#][\w-]{1,80}", re.IGNORECASE)
_DECLARATION = re.compile(r"(?:^|;)\s*+([a-z-]{3,20})\s*+:\s*+([^;]{0,80})", re.IGNORECASE)
_NOTHING = re.compile(r"[+-]?(?:0++(?:\.0*+)?|\.0++)(?:px|pt|r?em|%|v[wh])?")
_AWAY = re.compile(r"-\d{3,6}(?:\.\d{1,6})?(?:px|pt|r?em|%)?")
_FAR = re.compile(r"[+-]?\d{4,6}(?:px|pt)?|-?\d{2,6}r?em|-?\d{3,6}(?:%|v[wh])")  # beyond a page
_LENGTH = re.compile(r"\+?(\d{0,4}(?:\.\d{0,6})?)(px|pt|r?em|%)")
_UNREAD = {"px": 2.0, "pt": 1.5, "em": 0.13, "rem": 0.13, "%": 13.0}  # of letters, the smallest
_SHRUNK = re.compile(
    r"scale(?:3d|[xy])?\(\s*+(?:[^,()]{1,20},\s*+)?+[+-]?0*+\.?0*+(?:,[^()]{0,40})?\)"
)
_INSET = re.compile(r"inset\(\s*+([\d.%a-z\s-]{1,80})")
_ANIMATED = re.compile(
    r"(?:^|[\s_-])(?:wow|aos|animat\w{0,4}|fade\w{0,10}|reveal\w{0,4}|slide-?in\w{0,6}|invisible"
    r"|scroll\w{0,8}|lazy\w{0,6}|js[_-]\w{1,20})(?:$|[\s_-])",
    re.IGNORECASE,
)
_FOR_READERS = re.compile(  # read out, never shown
    r"(?:^|\s)(?:sr-only|visually-?hidden|screen-?reader(?:-text)?|element-invisible)(?:$|\s)",
    re.IGNORECASE,
)
_ASKED = (
    *("display", "visibility", "opacity", "font-size", "left", "top", "bottom", "text-indent"),
    *("position", "clip", "color", "background", "background-color", "transform", "clip-path"),
    *("height", "max-height", "overflow", "overflow-y"),
    *("vertical-align", "font-weight", "animation-name", "transition"),
)
_CUT_AWAY = re.compile(r"rect\((?:[01](?:px)?[\s,]{1,3}){3}[01](?:px)?\)")
# Attributes by which scripts know what they are to show.
_SCRIPTED = (
    *("data-aos", "data-wow", "data-anim", "data-sal", "data-scroll", "data-sr", "data-reveal"),
    *("data-inview", "data-gsap", "data-w-id", "data-framer", "uk-scrollspy", "v-cloak"),
)
_GROWING = ("td", "th", "tr", "tbody", "table")  # as high as what is in them, whatever they say
_REVEALED = 0.25  # share of the words of a page that a script is expected to show
_STYLES = 2**20  # characters of style sheets that are looked at

Style = Mapping[str, str]


@functools.lru_cache(4096)
def read_style(words: str) -> Style:
    """Return what a style says of how its element is shown."""
    found = {name.lower(): value for name, value in _DECLARATION.findall(words[:2000])}
    return {
        name: found[name].replace("!important", "").strip().lower()
        for name in _ASKED
        if name in found
    }


def read_sheets(sheets: Iterable[str]) -> dict[str, Style]:
    """Return the styles of rules for one class or id, by it; rules for some media do not count."""
    rules: dict[str, Style] = {}
    for sheet in sheets:
        first, *others = sheet[:_STYLES].split("/*")
        text = first + "".join(part.partition("*/")[2] for part in others)
        depth, at, selectors = 0, 0, ""
        for brace in _BRACES.finditer(text):
            words = text[at : brace.start()]
            at = brace.end()
            if brace[0] == "{":
                depth += 1
                selectors = words if depth == 1 else ""
                continue
            if depth == 1 and "@" not in selectors:
                style = read_style(words)
                for selector in selectors[-2000:].split(","):
                    name = selector.strip()
                    if style and _SIMPLE.fullmatch(name):
                        rules[name] = {**rules.get(name, {}), **style}
            depth = max(depth - 1, 0)
    return rules


class Hiding:
    """What is hidden in a page, given its style sheets and where its words are."""

    def __init__(self, rules: Mapping[str, Style], sizes: Mapping[Element, int]) -> None:
        """Take the rules and, for each element, how many letters it holds."""
        self._rules = rules
        self._sizes = sizes
        self._whole = max(sizes.values(), default=0)

    def style(self, element: Element) -> Style:
        """Return how an element is shown, as far as the page itself says."""
        style: Style = {}
        if self._rules:
            names = [f".{name}" for name in (element.get("class") or "").split()[:20]]
            names.append(f"#{element.get('id')}")
            for name in names:
                for key in (name, f"{element.tag}{name}"):
                    if key in self._rules:
                        style = {**style, **self._rules[key]}
        own = element.get("style")
        return {**style, **read_style(own)} if own else style

    def hides(self, element: Element, style: Style) -> bool:
        """Tell whether nothing that stands in an element is ever seen."""
        if element.tag == "dialog" and element.get("open") is None:
            return True
        if not style and not element.attrib:
            return False
        if _FOR_READERS.search(element.get("class") or ""):
            return True
        if style.get("position") != "static" and any(
            _AWAY.match(style.get(side, "")) for side in ("left", "top", "text-indent")
        ):
            return True
        if _FAR.fullmatch(style.get("text-indent", "")):
            return True
        if style.get("position") in ("absolute", "fixed") and _CUT_AWAY.match(
            style.get("clip", "")
        ):
            return True
        ground = style.get("background-color") or style.get("background")
        if ground and ground == style.get("color"):
            return True
        gone = style.get("display") == "none" or element.get("hidden") is not None
        if gone:
            return not self._is_formula(element) and not self._holds(element, 2 * _REVEALED)
        if element.tag not in _GROWING and _is_clipped(style):
            return not self._is_animated(element, style) and not self._holds(element, 2 * _REVEALED)
        faint = style.get("visibility") in ("hidden", "collapse") or (
            "opacity" in style and _NOTHING.fullmatch(style["opacity"]) is not None
        )
        return faint and not self.reveals(element, style)

    def reveals(self, element: Element, style: Style) -> bool:
        """Tell whether a script is expected to show what an element hides for now."""
        moved = "transform" in style
        return moved or self._is_animated(element, style) or self._holds(element, _REVEALED)

    def _is_animated(self, element: Element, style: Style) -> bool:
        animated = "animation-name" in style or "transition" in style
        animated = animated or bool(_ANIMATED.search(element.get("class") or ""))
        return animated or any(name.startswith(_SCRIPTED) for name in element.attrib)

    def _holds(self, element: Element, share: float) -> bool:
        return self._sizes.get(element, 0) >= share * self._whole > 0

    def _is_formula(self, element: Element) -> bool:
        """Tell whether an element is the readable half of a formula that is shown as a picture."""
        only = element[0] if len(element) == 1 and not (element.text or "").strip() else None
        return only is not None and only.tag == "math"


def is_nothing(size: str) -> bool:
    """Tell whether a size in a style is none at all."""
    return _NOTHING.fullmatch(size) is not None


def is_unread(size: str) -> bool:
    """Tell whether a size in a style is one of letters, but too small for anybody to read."""
    length = _LENGTH.fullmatch(size)
    if length is None or not length[1].strip("."):
        return False
    return 0 < float(length[1]) < _UNREAD[length[2]]


def _is_clipped(style: Style) -> bool:
    """Tell whether nothing of an element is within what is shown of it."""
    if _SHRUNK.search(style.get("transform", "")) or _is_cut_out(style.get("clip-path", "")):
        return True
    cut = style.get("overflow-y") or style.get("overflow", "").split(" ")[-1]
    sizes = (style.get("height", ""), style.get("max-height", ""))
    return cut in ("hidden", "clip") and any(is_nothing(s) or s == "1px" for s in sizes)


def _is_cut_out(path: str) -> bool:
    """Tell whether a `clip-path` leaves nothing: what is cut from two sides meets."""
    if path.startswith(("circle(0)", "circle(0 ", "circle(0px", "circle(0%")):
        return True
    inset = _INSET.match(path)
    sides = inset[1].partition("round")[0].split()[:4] if inset else []
    shares = [float(e[:-1]) if re.fullmatch(r"\d{1,4}(?:\.\d{1,4})?%", e) else 0.0 for e in sides]
    if not shares:
        return False
    top, right, bottom, left = (shares * 4)[:4] if len(shares) < 3 else (*shares, shares[1])[:4]
    return top + bottom >= 100 or left + right >= 100
