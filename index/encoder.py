"""Texts to unit vectors and to sub-words; the only importer of sentence_transformers and torch.

A text is encoded on its own, never in a padded batch: its vector then depends on nothing but its
words, so an incremental build gives the bytes of a full one. (Measured: long passages are as fast
one by one, sentences 3.5 times slower than in batches of 32; see benchmarks/LOG.md.)
"""

from __future__ import annotations

import hashlib
import logging
import os
import threading
import unicodedata
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from corpus.errors import ModelError
from index import model_folder
from index.bundled_model import PACKAGE, find_bundle

if TYPE_CHECKING:
    from tokenizers import Tokenizer

PREPARATION = "nfc-1"  # names how a text is prepared below; part of the model's identity
_UNUSED = ["onnx/*", "openvino/*", "*.onnx", "*.h5", "*.msgpack", "*.ot", "*.gguf"]

Vectors = NDArray[np.float32]
Progress = Callable[[int, int], None]


def ignore_progress(done: int, total: int) -> None:
    """Take a step's report and show nothing."""


class Encoder(Protocol):
    """What the index needs of a model; the tests bring a small one of their own.

    `identity` names the model, its files' bytes and the preparation of texts: vectors of equal
    identity can be compared. `dimension` is the width d of the vectors.
    """

    identity: str
    dimension: int

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        """Return (n, d) float32 unit rows, one for each question, in order."""

    def encode_passages(self, texts: Sequence[str], progress: Progress = ...) -> Vectors:
        """Return (n, d) float32 unit rows, one for each text, in order."""

    def split_subwords(self, texts: Sequence[str]) -> list[list[int]]:
        """Return the sub-word numbers of each text, lower-cased, in text order."""


def prepare_text(text: str) -> str:
    """Return `text` composed (NFC), runs of white space as one blank, none at the ends.

    The bundled tokenizer maps single characters, so an `e` with a combining accent has to be one
    character before it.
    """
    return " ".join(unicodedata.normalize("NFC", text).split())


class SentenceEncoder:
    """A Sentence Transformers model in a local folder, loaded at construction; see Encoder.

    Safe to share between threads: one text is encoded at a time. A text longer than the model
    reads is encoded in windows, and its vector is their mean weighted by length, made unit again,
    so nothing at its end is lost.
    """

    def __init__(self, folder: Path) -> None:
        """Load the model and its tokenizer; raises ModelError, naming the folder."""
        os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                import torch
                import transformers
                from sentence_transformers import SentenceTransformer

            transformers.utils.logging.disable_progress_bar()  # type: ignore[no-untyped-call]
            transformers.utils.logging.set_verbosity_error()  # type: ignore[no-untyped-call]
            self._torch = torch
            self._model = SentenceTransformer(str(folder), local_files_only=True)
            tokenizer: Any = self._model.tokenizer
            self._tokenizer: Tokenizer = tokenizer.backend_tokenizer
        except Exception as error:
            reason = str(error).strip().split("\n")[0][:200] or type(error).__name__
            raise ModelError(
                f"{folder}: not a Sentence Transformers model that loads here ({reason})"
            ) from error
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()
        self._tokenizer.encode_special_tokens = True  # `</s>` in a text is text
        self._model.eval()
        # A question gains nothing from a second thread, and loses a lot where threads outnumber
        # cores: 31 ms became 300 beside one other busy process. Long passages do gain.
        self._threads = count_cores()
        torch.set_num_threads(1)
        self._lock = threading.Lock()
        self._limit = min(self._model.max_seq_length or 512, 8192)
        start, end = self._special_ends()
        self._start, self._end = start, end
        self._prompts = find_prompts(self._model.prompts, folder)
        self.dimension = int(self._model.get_embedding_dimension() or 0)
        self.identity = identify(folder)

    def _special_ends(self) -> tuple[list[int], list[int]]:
        encoded = self._tokenizer.encode("a")
        mask = encoded.special_tokens_mask
        first, last = mask.index(0), len(mask) - mask[::-1].index(0)
        return encoded.ids[:first], encoded.ids[last:]

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        """See Encoder."""
        return self._encode(self._prompts[0], texts, ignore_progress)

    def encode_passages(
        self, texts: Sequence[str], progress: Progress = ignore_progress
    ) -> Vectors:
        """See Encoder; `progress` is told texts done and in all after each."""
        self._torch.set_num_threads(self._threads)
        try:
            return self._encode(self._prompts[1], texts, progress)
        finally:
            self._torch.set_num_threads(1)

    def split_subwords(self, texts: Sequence[str]) -> list[list[int]]:
        """See Encoder."""
        prepared = [prepare_text(text).lower() for text in texts]
        encoded = self._tokenizer.encode_batch_fast(prepared, add_special_tokens=False)
        return [one.ids for one in encoded]

    def _encode(self, prompt: str, texts: Sequence[str], progress: Progress) -> Vectors:
        rows = np.empty((len(texts), self.dimension), dtype=np.float32)
        for number, text in enumerate(texts):
            ids = self._tokenizer.encode(prompt + prepare_text(text), add_special_tokens=False).ids
            with self._lock:
                rows[number] = self._encode_ids(ids)
            progress(number + 1, len(texts))
        return rows

    def _encode_ids(self, ids: list[int]) -> Vectors:
        size = self._limit - len(self._start) - len(self._end)
        windows = [ids[at : at + size] for at in range(0, max(len(ids), 1), size)]
        total = np.zeros(self.dimension, dtype=np.float32)
        for window in windows:
            total += max(len(window), 1) * self._forward([*self._start, *window, *self._end])
        return make_unit(total)

    def _forward(self, ids: list[int]) -> Vectors:
        tensor = self._torch.tensor([ids], device=self._model.device)
        features = {"input_ids": tensor, "attention_mask": self._torch.ones_like(tensor)}
        with self._torch.inference_mode():
            vector = self._model(features)["sentence_embedding"][0]
        row: Vectors = vector.float().cpu().numpy()
        return make_unit(row)


def count_cores() -> int:
    """Return how many cores this process may use, at most 8: a passage keeps no more busy."""
    allowed = getattr(os, "sched_getaffinity", None)
    return min(len(allowed(0)) if allowed else os.cpu_count() or 1, 8)


def make_unit(vector: Vectors) -> Vectors:
    """Return a vector (d,) at length 1; one of length 0 stays as it is."""
    unit: Vectors = vector / np.maximum(np.linalg.norm(vector), np.float32(1e-12))
    return unit


def find_prompts(prompts: Mapping[str, str | None], folder: Path) -> tuple[str, str]:
    """Return the prompts for a question and for a passage.

    Taken from the model's own configuration; models of the E5 family that carry none get the two
    that their authors prescribe.
    """
    query = prompts.get("query") or ""
    passage = prompts.get("document") or prompts.get("passage") or ""
    if (
        not (query or passage)
        and "e5" in folder.as_posix().lower()
        and "instruct" not in folder.name
    ):
        return "query: ", "passage: "
    return query, passage


def identify(folder: Path) -> str:
    """Return a model's identity: the folder's name, a digest of its files and the preparation."""
    digest = hashlib.sha256(PREPARATION.encode())
    for path in list_model_files(folder):
        digest.update(path.relative_to(folder).as_posix().encode() + b"\0")
        digest.update(model_folder.fingerprint_file(path).encode())
    name = folder.parent.parent.name if folder.parent.name == "snapshots" else folder.name
    return f"{name}@{digest.hexdigest()[:16]}"


def list_model_files(folder: Path) -> Iterable[Path]:
    """Return the files that decide a model's vectors, sorted by path."""
    kinds = {".json", ".safetensors", ".bin", ".model", ".txt"}
    return sorted(
        path
        for path in folder.rglob("*")
        if path.suffix in kinds and path.is_file() and path.name != model_folder.FINGERPRINTS
    )


def find_model(model: str, models: Path, report: Callable[[str], None]) -> Path:
    """Return the folder of the model that the setting names.

    An empty `model` means the bundled one, prepared below `models` on first use, or the same model
    from the hub where pip carries none; a folder is taken as it is; any other name is fetched from
    the hub once and kept in its own cache. `report` is told of long steps, one line each. Raises
    ModelError where none can be had.
    """
    if not model:
        if find_bundle() is not None:
            folder = models / model_folder.NAME
            if not model_folder.is_whole(folder):
                report(f"Preparing the model {model_folder.NAME} (once, about 5 seconds)")
            return model_folder.prepare(models)
        report(
            f"The {PACKAGE} package has no build for this machine: "
            f"using {model_folder.HUB_NAME} from the hub"
        )
        model = model_folder.HUB_NAME
    path = Path(model).expanduser()
    if path.is_dir():
        return path
    if path.is_absolute() or model.startswith((".", "~")):
        raise ModelError(f"{model}: no such folder; set CASEBOOK_MODEL to a model's folder or name")
    return _fetch(model)


def _fetch(name: str) -> Path:
    logging.getLogger("huggingface_hub").setLevel(logging.ERROR)
    from huggingface_hub import snapshot_download

    with suppress(Exception):  # not in the cache, or the cache is broken: ask the hub
        return Path(snapshot_download(name, local_files_only=True, ignore_patterns=_UNUSED))
    try:
        return Path(snapshot_download(name, ignore_patterns=_UNUSED))
    except Exception as error:
        raise ModelError(
            f"{name}: neither a folder here nor a model the hub gives "
            f"({type(error).__name__}); check CASEBOOK_MODEL and the network"
        ) from error
