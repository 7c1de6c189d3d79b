"""Names of documents: which files of the library are documents, and a safe name for a new one."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from pathlib import PurePosixPath

from corpus.readers import READERS, name_other

_LONGEST = 120  # bytes of a name's stem; with a suffix, a sidecar's and a draft's below 255
_FORBIDDEN = re.compile(r'[\\/:*?"<>|\s]+')  # in file names of one system or another, and blanks
_DEVICES = re.compile(r"(?:con|prn|aux|nul|com\d|lpt\d)", re.IGNORECASE)


def is_document(file: str) -> bool:
    """Tell whether a file's name is one of a document: no hidden file, sidecar or README."""
    if file.startswith(".") or file.split(".")[0].lower() == "readme":
        return False
    return PurePosixPath(file).suffix.lower() in READERS and not name_other(file)


def is_utf8(words: str) -> bool:
    """Tell whether a name can be written in UTF-8."""
    return not any("\ud800" <= character <= "\udfff" for character in words)


def make_name(given: str, suffix: str) -> str:
    """Return a name that is safe in every file system, made of the last part of a given one.

    Composed (NFC), without control and invisible characters; what may not stand in a file name
    becomes `-`; a stem of more than 120 bytes is cut, and the start of the SHA-256 of the given
    name keeps it apart from others. `suffix` is lower case with its dot, or empty for a folder.
    Equal names give equal ones.
    """
    last = re.split(r"[\\/]", given)[-1]
    whole = unicodedata.normalize("NFC", last.encode("utf-8", "replace").decode("utf-8"))
    words = "".join(c for c in whole if unicodedata.category(c)[0] != "C" or c in "\t\n\r")
    if PurePosixPath(words).suffix.lower() in {*READERS, suffix} - {""}:
        words = words[: words.rfind(".")]
    stem = _FORBIDDEN.sub("-", words).strip("-. ")
    reserved = stem.split(".")[0].lower() == "readme" or stem.startswith("~$")
    if not stem or reserved or _DEVICES.fullmatch(stem):
        stem = f"document-{stem}".strip("-")
    if len(stem.encode("utf-8")) > _LONGEST:
        digest = hashlib.sha256(whole.encode("utf-8")).hexdigest()[:8]
        cut = stem.encode("utf-8")[: _LONGEST - 9].decode("utf-8", "ignore").rstrip("-. ")
        stem = f"{cut}-{digest}"
    return stem + suffix


def compare_name(name: str) -> str:
    """Return what spellings of a document's name have in common, with its folders.

    Names in a folder may be decomposed or have blanks; people and other programs write them
    otherwise. Files of one format have one suffix.
    """
    *folders, file = name.split("/")
    reader = READERS.get(PurePosixPath(file).suffix.lower())
    suffix = next((suffix for suffix, each in READERS.items() if each is reader), "")
    return "/".join([*(make_name(folder, "") for folder in folders), make_name(file, suffix)])
