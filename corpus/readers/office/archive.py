"""An office file as the archive that it is: its parts, how they refer to each other, their XML.

Read leniently, as the programs that write such files read them: a part that is referred to and
missing is none, and strict files, whose namespaces have other names, are like all others. So
elements are known by their local names alone.
"""

from __future__ import annotations

import io
import posixpath
import zipfile
from functools import lru_cache
from typing import Any
from urllib.parse import unquote

from corpus.errors import DocumentError, Message

_LARGEST = 200 * 2**20  # bytes unpacked; zipfile reads no more of a part than it declares
_LARGEST_PART = 64 * 2**20  # bytes of a part that is parsed
_PARTS = 5000


class Archive:
    """A zip file that was found to be of a size that a document can have."""

    def __init__(self, data: bytes, name: str, kind: str) -> None:
        """Open it; raises DocumentError, naming the file as a `kind`, where it is broken or a bomb.

        `kind` is what a person calls it, `Word file`.
        """
        self._name, self._kind = name, kind
        try:
            self._file = zipfile.ZipFile(io.BytesIO(data))
            parts = self._file.infolist()
        except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError) as error:
            raise self.refuse(error) from error
        whole = sum(part.file_size for part in parts)
        parsed = max((each.file_size for each in parts if _is_xml(each.filename)), default=0)
        if len(parts) > _PARTS or whole > _LARGEST or parsed > _LARGEST_PART:
            raise DocumentError(
                "{name}: unpacks to {size} MiB in {parts} parts, which is no report; "
                "take out what is not text",
                name=name,
                size=f"{whole / 2**20:.0f}",
                parts=len(parts),
            )
        if any(part.flag_bits & 1 for part in parts):
            raise DocumentError("{name}: protected by a password; save it without", name=name)
        self._parts = {part.filename.replace("\\", "/").lower(): part for part in parts}

    def refuse(self, error: Exception) -> DocumentError:
        """Return the error that says that this file is broken, with a reason as one short line."""
        lines = str(error).strip().splitlines()
        reason = lines[0] if lines and " object at 0x" not in lines[0] else type(error).__name__
        return DocumentError(
            "{name}: a broken {kind} ({reason}); save it again, or as PDF",
            name=self._name,
            kind=Message(self._kind),
            reason=reason[:100],
        )

    def read(self, part: str) -> bytes | None:
        """Return a part's bytes, None where there is none of this name, in whatever case."""
        found = self._parts.get(part.lower())
        return None if found is None else self._file.read(found)

    def parse(self, part: str) -> Any:
        """Return the root of a part's XML as lxml has it, None where there is no such part.

        No entity is expanded and nothing is fetched. Raises what lxml raises for broken XML.
        """
        from lxml import etree

        data = self.read(part)
        if data is None:
            return None
        parser = etree.XMLParser(
            resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True,
            remove_pis=True,
        )  # fmt: skip
        return etree.fromstring(data, parser)

    def list_targets(self, part: str = "") -> dict[str, tuple[str, str]]:
        """Return what a part refers to by id: the last word of the kind, and the part's name.

        Without a part, what the whole file refers to. Addresses outside the file are left out, and
        so are parts that are not there.
        """
        folder, _, file = part.rpartition("/")
        root = self.parse(posixpath.join(folder, "_rels", f"{file}.rels"))
        found: dict[str, tuple[str, str]] = {}
        for each in () if root is None else root:
            target = unquote(each.get("Target") or "")
            place = posixpath.normpath(posixpath.join("/", folder, target)).lstrip("/")
            if each.get("TargetMode") != "External" and place.lower() in self._parts:
                kind = (each.get("Type") or "").rpartition("/")[2]
                found[each.get("Id") or ""] = (kind, place)
        return found


def _is_xml(part: str) -> bool:
    return part.lower().endswith((".xml", ".rels", ".xhtml", ".html", ".htm", ".opf", ".ncx"))


@lru_cache(maxsize=4096)
def cut_namespace(tag: object) -> str:
    """Return an element's or an attribute's local name, empty for what is neither."""
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def get(element: Any, attribute: str) -> str | None:
    """Return the value of an attribute by its local name, None where there is none."""
    for key, value in element.attrib.items():
        if cut_namespace(key) == attribute:
            return str(value)
    return None


def find(element: Any, *path: str) -> Any:
    """Return the first child by local name, and of it the next of the path; None without one."""
    for name in path:
        element = next((e for e in element if cut_namespace(e.tag) == name), None)
        if element is None:
            return None
    return element


def gather(element: Any) -> str:
    """Return all words of an element with a blank between paragraphs; of None, none."""
    if element is None:
        return ""
    words = []
    for each in element.iter():
        kind = cut_namespace(each.tag)
        if kind in ("t", "delText", "v"):
            words.append(each.text or "")
        elif kind in ("p", "tab", "br", "tc", "pt"):
            words.append(" ")
    return " ".join("".join(words).split())
