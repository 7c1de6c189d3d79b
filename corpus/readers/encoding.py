"""Bytes to text: UTF-8, UTF-16, GB18030 or Big5, by evidence; others only where they are named.

Nearly every run of Chinese bytes is valid in both GB18030 and Big5, and means something else in
each. What tells them apart is how common the signs are that come out: of real Chinese about half
are among the few hundred that are written most, of a text read in the wrong encoding next to none.
"""

from __future__ import annotations

import codecs
import re

from corpus.errors import DocumentError
from corpus.lexicons import read_lexicon

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
BAD = "\ufffd"  # stands for bytes that are no sign in an encoding, as browsers show them
# Names of encodings as pages and servers give them; what browsers take some to mean.
_NAMED = re.compile(
    r"utf-?8|x-gbk|gb2312|gb_2312-80|gbk|gb18030|big5(?:-hkscs)?|utf-16(?:le|be)?|us-ascii|latin-?1|iso-?8859-?\d{1,2}"
    r"|(?:windows-|cp)125\d|koi8-[ru]|(?:x-)?sjis|shift[_-]jis|windows-31j|euc-(?:jp|kr)"
    r"|ks_c_5601-1987|iso-2022-jp|tis-620|windows-874|macintosh|x-mac-cyrillic"
)
_MEANT = {
    **dict.fromkeys(("gb2312", "gb_2312-80", "gbk", "x-gbk"), "gb18030"),
    **dict.fromkeys(("shift_jis", "shift-jis", "sjis", "x-sjis", "windows-31j"), "cp932"),
    **dict.fromkeys(("euc-kr", "ks_c_5601-1987"), "cp949"),
    **dict.fromkeys(("tis-620", "windows-874", "iso-8859-11"), "cp874"),
    "iso-8859-9": "cp1254",
    "macintosh": "mac_roman",
    "x-mac-cyrillic": "mac_cyrillic",
    **dict.fromkeys(("big5", "big5-hkscs"), "big5hkscs"),
    **dict.fromkeys(("us-ascii", "latin1", "latin-1", "iso-8859-1", "iso8859-1"), "cp1252"),
}
_NOISE = re.compile(r"[\x01-\x08\x0e-\x1f\x7f]")
_MOST_NOISE = 0.01  # share of control characters above which a file is taken for no text
_SAMPLE = 20_000  # characters whose commonness is looked at
_LEAST_COMMON = 0.2  # share of common signs below which Chinese is not what the bytes are
_COMMON = frozenset("".join(read_lexicon("common_signs")["zh"]))


def decode(data: bytes, name: str) -> str:
    """Return the text of bytes, without a byte order mark.

    Raises DocumentError, naming the byte, where they are empty, no text, or in no encoding that
    fits.
    """
    if not data.strip():
        raise DocumentError("{name}: the file is empty; put text into it", name=name)
    mark, encoding = next((m for m in _MARKS if data.startswith(m[0])), (b"", ""))
    if not mark:
        encoding = _find_encoding(data)
    try:
        text = data[len(mark) :].decode(encoding)
    except UnicodeDecodeError as error:
        place = len(mark) + error.start
        raise DocumentError(
            "{name}: byte {place} is not {encoding}; save the file as UTF-8",
            name=name,
            place=place,
            encoding=encoding.upper(),
        ) from error
    _check_noise(text, name, len(mark), encoding)
    return text


def decode_as(data: bytes, named: str) -> str | None:
    """Return the text of bytes in the encoding that is said to be theirs, None where it is not.

    Bytes with a mark and bytes that are UTF-8 are not believed to be anything else: none of the
    others looks like it by chance, and servers name one for all that they have. Single bytes that
    do not fit become BAD.
    """
    name = named.strip().lower()
    if not _NAMED.fullmatch(name) or data.startswith(tuple(mark for mark, _ in _MARKS)):
        return None
    if _decodes(data, "utf-8"):
        return None
    try:
        text = data.decode(_MEANT.get(name, name), "replace")
    except LookupError:
        return None
    return text if text.count(BAD) <= _MOST_NOISE * len(text) + 1 else None


def decode_faulty(data: bytes) -> str | None:
    """Return the text of Chinese bytes of which a few do not fit, those as BAD; None for others."""
    texts = [text for name in ("gb18030", "big5") if (text := decode_as(data, name)) is not None]
    best = max(texts, key=lambda text: _share_common(text[:_SAMPLE]), default="")
    return best if _share_common(best[:_SAMPLE]) >= _LEAST_COMMON else None


def mark(data: bytes, named: str) -> bytes:
    """Return bytes as UTF-8 with a mark, where they are in the encoding that is said to be theirs.

    For what a server says of a page: the file says it by itself then.
    """
    text = decode_as(data, named)
    return data if text is None else codecs.BOM_UTF8 + text.encode("utf-8")


def _find_encoding(data: bytes) -> str:
    """Return the encoding of bytes without a mark; `utf-8` where none fits, which then says so."""
    if _decodes(data, "utf-8"):
        return "utf-8"
    for encoding, zeros in (("utf-16-le", data[1:4000:2]), ("utf-16-be", data[0:4000:2])):
        if len(data) % 2 == 0 and _decodes(data, encoding):
            common = _share_common(data[:_SAMPLE].decode(encoding, "ignore"))
            if zeros.count(0) > 0.3 * len(zeros) or common >= _LEAST_COMMON:
                return encoding
    found = {
        encoding: _share_common(data.decode(encoding)[:_SAMPLE])
        for encoding in ("gb18030", "big5hkscs")
        if _decodes(data, encoding)
    }
    best = max(found, key=lambda encoding: found[encoding], default="utf-8")
    return best if found.get(best, 0) >= _LEAST_COMMON else "utf-8"


def _decodes(data: bytes, encoding: str) -> bool:
    try:
        data.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def _share_common(text: str) -> float:
    """Return what share of the characters beyond ASCII that are letters are common Chinese."""
    letters = [c for c in text if c > "\x7f" and c.isalpha()]
    return sum(c in _COMMON for c in letters) / len(letters) if letters else 0.0


def _check_noise(text: str, name: str, start: int, encoding: str) -> None:
    nul = text.find("\0")
    noise = sum(1 for _ in _NOISE.finditer(text))
    if nul >= 0 or noise > _MOST_NOISE * len(text):
        first = _NOISE.search(text)
        at = nul if nul >= 0 or first is None else first.start()
        place = start + len(text[:at].encode(encoding))
        raise DocumentError(
            "{name}: byte {place} is a control character, so this is no text; save "
            "the document as text in UTF-8",
            name=name,
            place=place,
        )
