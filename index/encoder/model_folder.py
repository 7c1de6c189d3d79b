"""The bundled model as a Sentence Transformers folder: written once, whole or not at all.

Standard files (safetensors, tokenizer.json and their configuration), so that everything else deals
with one kind of model. The weights are the bundle's, widened to 32 bits without loss.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import struct
import tempfile
from base64 import b64encode
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from corpus.errors import ModelError
from index.encoder.bundled_model import PACKAGE, Bundle, find_bundle, read_bundle, read_tensor

NAME = "multilingual-e5-small"
HUB_NAME = "intfloat/multilingual-e5-small"
FINGERPRINTS = "fingerprints.json"
_VERSION = 3  # of the folder this module writes: raise it when the output changes

_LAYER = {
    "q.w": "attention.self.query.weight",
    "q.b": "attention.self.query.bias",
    "k.w": "attention.self.key.weight",
    "k.b": "attention.self.key.bias",
    "v.w": "attention.self.value.weight",
    "v.b": "attention.self.value.bias",
    "ao.w": "attention.output.dense.weight",
    "ao.b": "attention.output.dense.bias",
    "aln.w": "attention.output.LayerNorm.weight",
    "aln.b": "attention.output.LayerNorm.bias",
    "fi.w": "intermediate.dense.weight",
    "fi.b": "intermediate.dense.bias",
    "fo.w": "output.dense.weight",
    "fo.b": "output.dense.bias",
    "oln.w": "output.LayerNorm.weight",
    "oln.b": "output.LayerNorm.bias",
}
_EMBEDDINGS = {
    "emb.word": "embeddings.word_embeddings.weight",
    "emb.pos": "embeddings.position_embeddings.weight",
    "emb.type": "embeddings.token_type_embeddings.weight",
    "emb.ln.w": "embeddings.LayerNorm.weight",
    "emb.ln.b": "embeddings.LayerNorm.bias",
}


def build_charsmap(replacements: dict[str, str]) -> bytes:
    """Pack a map of characters into SentencePiece's precompiled form.

    That form is the byte length of a double array (uint32), the array, then the replacements, each
    ended by a NUL. The array is a trie over UTF-8 bytes as `darts-clone` lays it out: a unit holds
    its label in bits 0-7, whether a value follows in bit 8, and from bit 10 the distance, by
    exclusive or, to its block, where the child for byte `b` stands at place `b` and the value, with
    bit 31 set, at place 0. Each inner node here gets a block of its own, so nothing has to be
    fitted; the values of leaves stand together behind the blocks.
    """
    trie: dict[int, Any] = {}
    texts = bytearray()
    for source in sorted(replacements):
        *head, last = source.encode("utf-8")
        node = trie
        for byte in head:
            node = node.setdefault(byte, {})
        node[last] = len(texts)
        texts += replacements[source].encode("utf-8") + b"\0"

    blocks: list[dict[int, Any]] = [trie]
    for block in blocks:
        blocks.extend(child for child in block.values() if isinstance(child, dict))
    places = {id(block): 256 * (number + 1) for number, block in enumerate(blocks)}
    units = np.zeros(256 * (len(blocks) + 1), dtype=np.uint32)
    units[0] = places[id(trie)] << 10
    leaves: list[int] = []
    for block in blocks:
        for byte, child in block.items():
            place = places[id(block)] ^ byte
            inner = isinstance(child, dict)
            target = places[id(child)] if inner else len(units) + len(leaves)
            units[place] = (place ^ target) << 10 | (0 if inner else 1 << 8) | byte
            if not inner:
                leaves.append(child | 1 << 31)
    array = np.concatenate([units, np.array(leaves, dtype=np.uint32)]).astype("<u4").tobytes()
    return struct.pack("<I", len(array)) + array + bytes(texts)


def describe_unknown(pieces: list[tuple[str, float]]) -> str:
    """Return a regular expression for one character that stands in no piece."""
    points = sorted({ord(character) for piece, _ in pieces for character in piece})
    runs: list[list[int]] = []
    for point in points:
        if runs and point == runs[-1][1] + 1:
            runs[-1][1] = point
        else:
            runs.append([point, point])
    known = "".join(f"\\x{{{first:x}}}-\\x{{{last:x}}}" for first, last in runs)
    return f"[^{known}]"


def describe_tokenizer(bundle: Bundle) -> dict[str, Any]:
    """Return the bundle's tokenizer as the content of a `tokenizer.json`."""
    specials = [
        (bundle.bos, "<s>"),
        (bundle.pad, "<pad>"),
        (bundle.eos, "</s>"),
        (bundle.unk, "<unk>"),
    ]
    start, end = [{"SpecialToken": {"id": token, "type_id": 0}} for token in ("<s>", "</s>")]
    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [
            {
                "id": number,
                "content": content,
                "single_word": False,
                "lstrip": False,
                "rstrip": False,
                "normalized": False,
                "special": True,
            }
            for number, content in specials
        ],
        "normalizer": {
            "type": "Sequence",
            "normalizers": [
                {
                    "type": "Precompiled",
                    "precompiled_charsmap": b64encode(build_charsmap(bundle.replacements)).decode(),
                },
                {"type": "Replace", "pattern": {"Regex": " {2,}"}, "content": " "},
            ],
        },
        "pre_tokenizer": {
            "type": "Sequence",
            "pretokenizers": [
                {
                    "type": "Metaspace",
                    "replacement": "▁",
                    "prepend_scheme": "always",
                    "split": True,
                },
                # A character that no piece holds stands alone: the Unigram model would otherwise
                # fuse neighbours into one unknown, which took single texts below 0.999.
                {
                    "type": "Split",
                    "pattern": {"Regex": describe_unknown(bundle.pieces)},
                    "behavior": "Isolated",
                    "invert": False,
                },
            ],
        },
        "post_processor": {
            "type": "TemplateProcessing",
            "single": [start, {"Sequence": {"id": "A", "type_id": 0}}, end],
            "pair": [
                start,
                {"Sequence": {"id": "A", "type_id": 0}},
                end,
                end,
                {"Sequence": {"id": "B", "type_id": 0}},
                end,
            ],
            "special_tokens": {
                content: {"id": content, "ids": [number], "tokens": [content]}
                for number, content in specials
                if content in ("<s>", "</s>")
            },
        },
        "decoder": {
            "type": "Metaspace",
            "replacement": "▁",
            "prepend_scheme": "always",
            "split": True,
        },
        "model": {
            "type": "Unigram",
            "unk_id": bundle.unk,
            "vocab": bundle.pieces,
            "byte_fallback": False,
        },
    }


def _describe_model(bundle: Bundle) -> dict[str, Any]:
    return {
        "architectures": ["BertModel"],
        "model_type": "bert",
        "attention_probs_dropout_prob": 0.1,
        "hidden_act": "gelu",
        "hidden_dropout_prob": 0.1,
        "hidden_size": bundle.width,
        "intermediate_size": bundle.feed_forward,
        "layer_norm_eps": float(f"{bundle.epsilon:.6g}"),
        "max_position_embeddings": bundle.positions,
        "num_attention_heads": bundle.heads,
        "num_hidden_layers": bundle.layers,
        "pad_token_id": 0,  # as the original has it: where positions start, not the pad piece
        "type_vocab_size": bundle.types,
        "vocab_size": bundle.vocabulary,
    }


def _describe_folder(bundle: Bundle) -> dict[str, Any]:
    module = "sentence_transformers.models."
    return {
        "config.json": _describe_model(bundle),
        "tokenizer.json": describe_tokenizer(bundle),
        "tokenizer_config.json": {
            "tokenizer_class": "PreTrainedTokenizerFast",
            "bos_token": "<s>",
            "cls_token": "<s>",
            "eos_token": "</s>",
            "sep_token": "</s>",
            "pad_token": "<pad>",
            "unk_token": "<unk>",
            "model_max_length": bundle.positions,
        },
        "sentence_bert_config.json": {"max_seq_length": bundle.positions, "do_lower_case": False},
        "modules.json": [
            {"idx": 0, "name": "0", "path": "", "type": module + "Transformer"},
            {"idx": 1, "name": "1", "path": "1_Pooling", "type": module + "Pooling"},
            {"idx": 2, "name": "2", "path": "2_Normalize", "type": module + "Normalize"},
        ],
        "1_Pooling/config.json": {
            "word_embedding_dimension": bundle.width,
            "pooling_mode_mean_tokens": True,
        },
        "config_sentence_transformers.json": {
            "prompts": {"query": "query: ", "document": "passage: "},
            "similarity_fn_name": "cosine",
        },
    }


def _write_weights(bundle: Bundle, path: Path, step: Callable[[float], None]) -> None:
    from safetensors.numpy import save_file  # for the one time that the folder is written

    names = dict(_EMBEDDINGS)
    for layer in range(bundle.layers):
        names |= {f"l{layer}.{k}": f"encoder.layer.{layer}.{v}" for k, v in _LAYER.items()}
    widths = {"fo.w": bundle.feed_forward}
    tensors = {}
    for done, (short, name) in enumerate(names.items(), 1):
        values = read_tensor(bundle, short)
        matrix = short.endswith((".w", "word", "pos", "type")) and "ln." not in short
        width = widths.get(short.split(".", 1)[1], bundle.width)
        tensors[name] = values.reshape(-1, width) if matrix else values
        step(done / len(names))
    save_file(tensors, path, metadata={"format": "pt"})


def fingerprint_file(path: Path) -> str:
    """Return the SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def is_whole(folder: Path, thorough: bool = False) -> bool:
    """Tell whether `folder` holds what `prepare` once wrote there.

    Every file must be there with its recorded size; with `thorough`, also with its recorded
    SHA-256 (half a second per 500 MB, so a start only compares sizes).
    """
    try:
        recorded = json.loads((folder / FINGERPRINTS).read_text(encoding="utf-8"))
        return recorded["version"] == _VERSION and all(
            (folder / name).stat().st_size == size
            and (not thorough or fingerprint_file(folder / name) == digest)
            for name, (size, digest) in recorded["files"].items()
        )
    except (OSError, ValueError, KeyError, TypeError):
        return False


def prepare(models: Path, step: Callable[[float], None] = lambda _: None) -> Path:
    """Return the Sentence Transformers folder below `models`, writing it first if need be.

    The folder is written beside its place and renamed, so what stands there is whole; a folder
    that is not (another version, a missing or cut file) is made anew. `step` is told the share
    done, 0 to 1. Raises ModelError where the package or the disk does not allow it.
    """
    folder = models / NAME
    if is_whole(folder):
        return folder
    source = find_bundle()
    if source is None:
        raise ModelError(
            f"{PACKAGE} is not installed here; set CASEBOOK_MODEL to a model or folder"
        )
    bundle = read_bundle(source)
    try:
        models.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(prefix=f".{NAME}-", dir=models))
        try:
            _write_folder(bundle, draft, step)
            if folder.exists():
                shutil.rmtree(folder)
            draft.rename(folder)
        finally:
            shutil.rmtree(draft, ignore_errors=True)
    except OSError as error:
        if is_whole(folder):  # another process was first
            return folder
        raise ModelError(
            f"{folder}: cannot write the model ({error.strerror}); 600 MB are needed"
        ) from error
    return folder


def _write_folder(bundle: Bundle, draft: Path, step: Callable[[float], None]) -> None:
    (draft / "2_Normalize").mkdir()
    for name, content in _describe_folder(bundle).items():
        path = draft / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")
    _write_weights(bundle, draft / "model.safetensors", step)
    files = sorted(path for path in draft.rglob("*") if path.is_file())
    recorded = {
        str(path.relative_to(draft)): (path.stat().st_size, fingerprint_file(path))
        for path in files
    }
    (draft / FINGERPRINTS).write_text(
        json.dumps({"version": _VERSION, "files": recorded}, indent=1), encoding="utf-8"
    )
    for path in [*files, draft / FINGERPRINTS]:
        with path.open("rb") as file:
            os.fsync(file.fileno())
    draft.chmod(0o755)
