"""A release's chunks and vectors in Milvus: a file, a server or a cluster, by one address.

Every release has two collections, `casebook_<id>_chunks` and `casebook_<id>_sentences`, and the
aliases `casebook_chunks` and `casebook_sentences` name those of the live one. They are compared
exactly (FLAT), so that the same chunks are found as in the embedded index. Records and the word
index stay in the release's folder: Milvus 2.3, the oldest that this is for, knows no BM25.

The folder stays what a release is checked by. Collections are made from it, counted, and made again
where one is missing or was not filled to its end; so a server that lost them, or a new one, has
them again when the release is opened.
"""

from __future__ import annotations

import importlib.util
import logging
import re
import threading
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

import numpy as np
from numpy.typing import NDArray

from corpus.errors import StoreError, UsageError
from index.storage.vectors import Rows, Vectors

if TYPE_CHECKING:
    from index.storage.release import Release

log = logging.getLogger("casebook")

PATIENCE = 5.0  # seconds for an answer
_FILLING = 120.0  # seconds for writing and loading
_BATCH = 1000  # rows sent at a time, 2 MB
_MOST = 16_384  # rows that a search may return, Milvus' own bound
_LONGEST = 65_535  # bytes of a text, Milvus' own bound
_KINDS = ("chunks", "sentences")
_NAME = re.compile(r"casebook_([0-9a-f]{12})_(?:chunks|sentences)")


class Milvus:
    """The collections at one address; connects when it is asked, and again after a failure.

    Safe to share between threads. Everything raises StoreError, in one line without the address's
    password, where Milvus does not answer.
    """

    def __init__(self, uri: str) -> None:
        """Take a path that ends in `.db`, or an address such as `http://user:word@host:19530`.

        Raises UsageError where pymilvus is not installed.
        """
        if importlib.util.find_spec("pymilvus") is None:
            raise UsageError(
                "CASEBOOK_MILVUS_URI: needs pymilvus; run `pip install -r requirements-milvus.txt`"
            )
        parts = urlsplit(uri)
        self.name = uri
        self._options: dict[str, Any] = {"uri": uri}
        if parts.scheme in ("http", "https"):
            place = (parts.hostname or "") + (f":{parts.port}" if parts.port else "")
            self.name = f"{parts.scheme}://{place}"
            self._options = {"uri": self.name}
            if parts.username:
                word = unquote(parts.password or "")
                self._options["token"] = f"{unquote(parts.username)}:{word}"
        self._client: Any = None
        self._lock = threading.Lock()

    def call(self, method: str, *arguments: Any, timeout: float = PATIENCE, **more: Any) -> Any:
        """Return what a method of the client does; connects first if need be."""
        from pymilvus.exceptions import MilvusException

        try:
            client = self._connect()
            return getattr(client, method)(*arguments, timeout=timeout, **more)
        except (MilvusException, OSError, RuntimeError, ValueError) as error:
            with self._lock:
                self._client = None
            reason = str(getattr(error, "message", "") or error).partition("\n")[0][:120]
            raise StoreError(
                f"Milvus at {self.name} does not answer ({reason}); start it, or unset "
                "CASEBOOK_MILVUS_URI to search without it"
            ) from None  # whose words may hold the password

    def open(self, release: Release) -> tuple[MilvusRows, MilvusRows]:
        """Return the chunks and sentences of a release, put into Milvus first if need be."""
        found = []
        for kind, rows in zip(_KINDS, (release.chunks, release.sentences), strict=True):
            assert isinstance(rows, Rows)  # noqa: S101 - as a release opens them
            name = _name(release.id, kind)
            if self._count(name) != rows.count:
                log.info("release %s: its %s are put into %s", release.id, kind, self.name)
                self._fill(name, rows, _describe(release) if kind == "chunks" else None)
                self.call("load_collection", name, timeout=_FILLING)
            found.append(MilvusRows(self, name, rows.count, rows.dimension))
        return found[0], found[1]

    def point(self, release_id: str) -> None:
        """Have the aliases name the collections of a release."""
        aliases = self._aliases()
        for kind in _KINDS:
            alias = f"casebook_{kind}"
            put = "alter_alias" if alias in aliases else "create_alias"
            self.call(put, _name(release_id, kind), alias)

    def live(self) -> str:
        """Return the id of the release that the aliases name, or nothing."""
        match = _NAME.fullmatch(self._aliases().get(f"casebook_{_KINDS[0]}", ""))
        return match[1] if match else ""

    def keep(self, release_ids: Sequence[str]) -> None:
        """Drop the collections of all other releases."""
        for name in self.call("list_collections"):
            match = _NAME.fullmatch(name)
            if match and match[1] not in release_ids:
                self._drop(name)

    def _connect(self) -> Any:
        with self._lock:
            if self._client is None:
                from pymilvus import MilvusClient

                # It prints every failure with its traceback.
                logging.getLogger("pymilvus").setLevel(logging.CRITICAL + 1)
                self._client = MilvusClient(timeout=PATIENCE, **self._options)
            return self._client

    def _aliases(self) -> dict[str, str]:
        """Return the collection that each alias names."""
        return {
            alias: name
            for name in self.call("list_collections")
            for alias in self.call("list_aliases", name)["aliases"]
        }

    def _count(self, name: str) -> int:
        """Return how many rows a collection has; -1 where there is none."""
        if not self.call("has_collection", name):
            return -1
        self.call("load_collection", name, timeout=_FILLING)
        told = self.call(
            "query", name, "", ["count(*)"], timeout=_FILLING, consistency_level="Strong"
        )
        return int(told[0]["count(*)"])

    def _fill(self, name: str, rows: Rows, facts: Iterator[dict[str, Any]] | None) -> None:
        from pymilvus import DataType, MilvusClient

        self._drop(name)
        schema = MilvusClient.create_schema(auto_id=False, enable_dynamic_field=False)
        schema.add_field("id", DataType.INT64, is_primary=True)
        if facts is not None:
            schema.add_field("language", DataType.VARCHAR, max_length=8)
            schema.add_field("case_id", DataType.VARCHAR, max_length=64)
            schema.add_field("text", DataType.VARCHAR, max_length=_LONGEST)
        schema.add_field("vector", DataType.FLOAT_VECTOR, dim=rows.dimension)
        index = MilvusClient.prepare_index_params()
        index.add_index("vector", index_type="FLAT", metric_type="IP")
        self.call("create_collection", name, schema=schema, index_params=index, timeout=_FILLING)
        for first in range(0, rows.count, _BATCH):
            numbers = np.arange(first, min(first + _BATCH, rows.count))
            data = [
                {"id": int(number), "vector": vector, **(next(facts) if facts else {})}
                for number, vector in zip(numbers, rows.take(numbers), strict=True)
            ]
            self.call("insert", name, data, timeout=_FILLING)
        self.call("flush", name, timeout=_FILLING)

    def _drop(self, name: str) -> None:
        if self.call("has_collection", name):
            for alias in self.call("list_aliases", name)["aliases"]:
                self.call("drop_alias", alias)
            self.call("drop_collection", name, timeout=_FILLING)


class MilvusRows:
    """The rows of one collection, with the methods of index.storage.vectors.Rows."""

    def __init__(self, store: Milvus, name: str, count: int, dimension: int) -> None:
        """Take the collection's name, and n and d of its rows."""
        self._store, self._name = store, name
        self.count, self.dimension = count, dimension

    def search(self, query: Vectors, k: int) -> tuple[NDArray[np.int64], Vectors]:
        """See Rows; k is bounded by Milvus' own 16,384."""
        k = min(k, self.count, _MOST)
        if k == 0:
            return np.empty(0, np.int64), np.empty(0, np.float32)
        rows, scores = self._search(query, k, "")
        order = np.lexsort((rows, -scores))
        return rows[order], scores[order]

    def take(self, numbers: NDArray[np.int64]) -> Vectors:
        """See Rows."""
        taken = np.empty((len(numbers), self.dimension), np.float32)
        wanted = sorted(set(numbers.tolist()))
        places = {number: at for at, number in enumerate(wanted)}
        found = np.empty((len(wanted), self.dimension), np.float32)
        for first in range(0, len(wanted), _BATCH):
            part = wanted[first : first + _BATCH]
            told = self._store.call("get", self._name, part, ["id", "vector"])
            self._expect(len(part), len(told))
            for each in told:
                found[places[each["id"]]] = each["vector"]
        for at, number in enumerate(numbers.tolist()):
            taken[at] = found[places[number]]
        return taken

    def compare(self, numbers: NDArray[np.int64], query: Vectors) -> Vectors:
        """See Rows; what is compared stays on the server, only products come."""
        products = np.empty(len(numbers), np.float32)
        for first in range(0, len(numbers), _MOST):
            part = numbers[first : first + _MOST]
            chosen = f"id in [{','.join(map(str, part.tolist()))}]"
            if np.array_equal(part, np.arange(len(part)) + part[0]):
                chosen = f"id >= {part[0]} and id <= {part[-1]}"
            rows, scores = self._search(query, len(part), chosen)
            self._expect(len(part), len(rows))
            order = np.argsort(rows)
            products[first : first + _MOST] = scores[order][np.searchsorted(rows[order], part)]
        return products

    def _search(self, query: Vectors, k: int, chosen: str) -> tuple[NDArray[np.int64], Vectors]:
        told = self._store.call(
            "search", self._name, [query.tolist()], chosen, k, [], {"metric_type": "IP"},
            consistency_level="Strong",
        )[0]  # fmt: skip
        rows = np.fromiter((each["id"] for each in told), np.int64, len(told))
        return rows, np.fromiter((each["distance"] for each in told), np.float32, len(told))

    def _expect(self, wanted: int, found: int) -> None:
        if wanted != found:
            raise StoreError(
                f"Milvus at {self._store.name}: {self._name} has lost rows; run "
                "`./casebook rollback` to this release, which fills it again"
            )


def _describe(release: Release) -> Iterator[dict[str, Any]]:
    """Give what stands beside the vector of each chunk."""
    for number, language in enumerate(release.languages_of_chunks.tolist()):
        held = release.chunk(number)
        words = "\n".join(passage.text for passage, _, _ in held)
        text = words.encode("utf-8", "replace")[:_LONGEST].decode("utf-8", "ignore")
        yield {"language": language, "case_id": held[0][1].id, "text": text}


def _name(release_id: str, kind: str) -> str:
    return f"casebook_{release_id}_{kind}"
