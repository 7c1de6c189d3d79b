"""Word's styles: how words look by their own properties, their style and what that is based on."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from corpus.readers.office.archive import cut_namespace, find, get

_OFF = ("0", "false", "off", "none")
_TOGGLES = {
    "vanish": "hidden", "strike": "struck", "dstrike": "struck", "b": "bold",
}  # fmt: skip
_RAISED = {"superscript": "raised", "subscript": "lowered", "baseline": ""}
_BODY = 9  # the outline level of what is no heading
_SMALLEST = 4  # half points below which nobody reads
_PALEST = 0xF8  # of each colour, from which on a sign is as white as paper
UNKNOWN = "?"  # a ground that is a picture, or that some rule of a table's style gives
PAPER = "FFFFFF"
_MARKED = {"black": "000000", "white": PAPER, "none": ""}  # of highlights, those that hide


@dataclass(frozen=True, slots=True)
class Look:
    """How words look. `name` is the paragraph style's; `level` is 0 to 8 for a heading, else 9.

    `size` is in half points, 0 where nothing says it; `shift` is `raised`, `lowered` or empty.
    `color` and `ground` are those of the signs and of what is behind them, six hexadecimal digits,
    or empty where nothing says it; `ground` may be UNKNOWN.
    """

    name: str = ""
    level: int = _BODY
    listed: bool = False
    hidden: bool = False
    struck: bool = False
    bold: bool = False
    size: int = 0
    shift: str = ""
    color: str = ""
    ground: str = ""

    def is_seen(self, behind: str) -> bool:
        """Tell whether a person sees such signs; `behind` is the ground that they do not say."""
        if self.hidden or 0 < self.size < _SMALLEST:
            return False
        return not self.color or _blanch(self.color) != _blanch(self.ground or behind)


@dataclass(slots=True)
class Styles:
    """A document's styles by id, and the look of a paragraph without one."""

    plain: Look = Look()
    default: str = ""
    _styles: dict[str, Any] = field(default_factory=dict)
    _looks: dict[tuple[str, Look | None], Look] = field(default_factory=dict)

    @classmethod
    def read(cls, root: Any) -> Styles:
        """Take them from the root of the styles' part, none where that is None."""
        styles = cls()
        if root is None:
            return styles
        defaults = find(root, "docDefaults", "rPrDefault", "rPr")
        styles.plain = _change(Look(), defaults)
        for element in root:
            if cut_namespace(element.tag) == "style":
                styles._styles[get(element, "styleId") or ""] = element
                if get(element, "type") == "paragraph" and get(element, "default") == "1":
                    styles.default = get(element, "styleId") or ""
        return styles

    def look_up(self, style: str, under: Look | None = None) -> Look:
        """Return the look that a style gives, over that of the words it is put on."""
        key = (style, under)
        if key not in self._looks:
            look = self.plain if under is None else under
            for element in reversed(self._list_line(style)):
                name = find(element, "name")
                if under is None and name is not None:
                    look = replace(look, name=get(name, "val") or "")
                look = _change(look, find(element, "pPr"))
                look = _change(look, find(element, "rPr"))
            self._looks[key] = look
        return self._looks[key]

    def read_paragraph(self, properties: Any) -> Look:
        """Return the look of a paragraph by its `pPr`, which may be None."""
        style = None if properties is None else find(properties, "pStyle")
        look = self.look_up(self.default if style is None else get(style, "val") or "")
        return _change(look, properties)

    def read_run(self, properties: Any, paragraph: Look) -> Look:
        """Return the look of a run by its `rPr`, which may be None, in a paragraph."""
        if properties is None or not len(properties):
            return paragraph
        style = find(properties, "rStyle")
        look = paragraph if style is None else self.look_up(get(style, "val") or "", paragraph)
        return _change(look, properties)

    def colors_ground(self, style: str) -> bool:
        """Tell whether a table's style gives some of its cells a ground."""
        line = self._list_line(style)
        return any(read_ground(e) for element in line for e in element.iter())

    def _list_line(self, style: str) -> list[Any]:
        """Return a style and those it is based on, itself first."""
        line: list[Any] = []
        while (element := self._styles.get(style)) is not None and element not in line:
            line.append(element)
            based = find(element, "basedOn")
            style = "" if based is None else get(based, "val") or ""
        return line


def _change(look: Look, properties: Any) -> Look:
    """Return a look as `pPr` or `rPr` change it; None changes nothing."""
    if properties is None:
        return look
    changed: dict[str, Any] = {}
    for element in properties:
        name, value = cut_namespace(element.tag), get(element, "val")
        if name in _TOGGLES:
            key = _TOGGLES[name]
            changed[key] = changed.get(key, False) or value not in _OFF
        elif name == "vertAlign":
            changed["shift"] = _RAISED.get(value or "", "")
        elif name == "outlineLvl" and value and value.isdecimal():
            changed["level"] = min(int(value), _BODY)
        elif name == "sz" and value and value.isdecimal():
            changed["size"] = int(value)
        elif name == "color":
            changed["color"] = _read_color(value)
        elif name == "shd":
            changed["ground"] = read_ground(element)
        elif name == "highlight":
            changed["ground"] = _MARKED.get(value or "", UNKNOWN)
        elif name == "numPr":
            number = find(element, "numId")
            changed["listed"] = number is not None and get(number, "val") != "0"
    return replace(look, **changed) if changed else look


def read_ground(element: Any) -> str:
    """Return the ground that a `shd` gives, empty where it gives none or is no `shd`."""
    if cut_namespace(element.tag) != "shd":
        return ""
    fill = _read_color(get(element, "fill"))
    if get(element, "val") in ("clear", "nil", None):
        return UNKNOWN if get(element, "themeFill") and not fill else fill
    return UNKNOWN  # a pattern


def _read_color(value: str | None) -> str:
    """Return a colour as six digits, empty where the program chooses one that is seen."""
    value = (value or "").upper()
    return value if len(value) == 6 and set(value) <= set("0123456789ABCDEF") else ""


def _blanch(color: str) -> str:
    """Return a colour, white where nobody tells it from white."""
    if color == UNKNOWN:
        return color
    return PAPER if min(bytes.fromhex(color)) >= _PALEST else color
