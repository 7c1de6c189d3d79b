"""Texts to a model's sub-words: by `tokenizers`, or by `sentencepiece` where that gives the same.

A multilingual vocabulary of the Unigram kind takes 280 MB and half a second in `tokenizers`, and
50 MB in `sentencepiece`, which also splits seven times as fast. So its model is written beside an
exported one, if it splits SAMPLES as the tokenizer does; any other is split by `tokenizers`.
"""

from __future__ import annotations

import json
from base64 import b64decode
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from corpus.errors import ModelError

if TYPE_CHECKING:
    from tokenizers import Tokenizer

TOKENIZER, UNIGRAM = "tokenizer.json", "unigram.model"
# Ordinary words, signs that are replaced, neighbours that no vocabulary holds. No special pieces
# spelled out: `</s>` in a text is text to sentencepiece, a special piece to `tokenizers`.
SAMPLES = (
    "", "a", "How many people drink the water of the plant?", "Wie wird das Abwasser genutzt?",
    "工厂如何减少噪音？", "该公司向村庄捐赠了120盏太阳能路灯。", "Кто получил стипендии?",
    "من بنى الجسر؟", "ใครสร้างสะพาน", "다리는 언제 열렸습니까?", "橋はいつ開通しましたか。",
    "ﬁne ＡＢＣ ① ㎞ … ﷺ Å", "\ue123\ue124 \U000f1234\U000f1235x\U0001fae8🌉 q\ue123", "鸲鹟",
    "▁ a▁b", "x" * 300, "1,234.5 %",
)  # fmt: skip


class Splitter(Protocol):
    """What an encoder needs of a tokenizer; safe to share between threads.

    `start` and `end` are the special sub-words that stand around a text for the model.
    """

    start: list[int]
    end: list[int]

    def split(self, text: str) -> list[int]:
        """Return the sub-words of a text by number, in order, without special ones."""


class TokenizerSplitter:
    """A tokenizer of the `tokenizers` library."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        """Take a tokenizer; it is set to cut nothing, and to read what it can as text."""
        tokenizer.no_truncation()
        tokenizer.no_padding()
        tokenizer.encode_special_tokens = True
        self._tokenizer = tokenizer
        encoded = tokenizer.encode("a")
        mask = encoded.special_tokens_mask
        first, last = mask.index(0), len(mask) - mask[::-1].index(0)
        self.start, self.end = encoded.ids[:first], encoded.ids[last:]

    def split(self, text: str) -> list[int]:
        """See Splitter."""
        return list(self._tokenizer.encode(text, add_special_tokens=False).ids)


class UnigramSplitter:
    """A model of the `sentencepiece` library."""

    def __init__(self, path: Path) -> None:
        """Open `path`; raises what sentencepiece raises where it is not one."""
        from sentencepiece import SentencePieceProcessor

        self._processor: Any = SentencePieceProcessor(model_file=str(path))
        self._unknown: int = self._processor.unk_id()
        self.start, self.end = [self._processor.bos_id()], [self._processor.eos_id()]

    def split(self, text: str) -> list[int]:
        """See Splitter."""
        ids: list[int] = self._processor.encode(text)
        if self._unknown not in ids:
            return ids
        # sentencepiece fuses neighbouring characters that no piece holds: each is one here.
        pieces: list[str] = self._processor.encode(text, out_type=str)
        return [
            number
            for number, piece in zip(ids, pieces, strict=True)
            for _ in range(len(piece) if number == self._unknown else 1)
        ]


def open_splitter(folder: Path) -> Splitter:
    """Return what splits texts for the exported model of a folder; raises ModelError."""
    unigram = folder / UNIGRAM
    try:
        if unigram.exists():
            return UnigramSplitter(unigram)
        from tokenizers import Tokenizer

        return TokenizerSplitter(Tokenizer.from_file(str(folder / TOKENIZER)))
    except Exception as error:  # both libraries raise plain ones
        reason = str(error).strip().split("\n")[0][:200] or type(error).__name__
        raise ModelError(f"{folder}: its tokenizer does not load here ({reason})") from error


def write_unigram(tokenizer: Path, place: Path) -> bool:
    """Write UNIGRAM into `place` if it splits as the `tokenizer.json` does; tell whether it did.

    A file that is no longer wanted is taken away again.
    """
    from tokenizers import Tokenizer

    model = describe_unigram(json.loads(tokenizer.read_bytes()))
    if model is None:
        return False
    path = place / UNIGRAM
    path.write_bytes(model)
    try:
        small = UnigramSplitter(path)
        same = split_alike(small, TokenizerSplitter(Tokenizer.from_file(str(tokenizer))), SAMPLES)
    except (RuntimeError, ValueError):  # sentencepiece's, for what it does not read
        same = False
    if not same:
        path.unlink()
    return same


def split_alike(one: Splitter, other: Splitter, texts: Sequence[str]) -> bool:
    """Tell whether two splitters give the same sub-words for some texts, special ones too."""
    return (one.start, one.end) == (other.start, other.end) and all(
        one.split(text) == other.split(text) for text in texts
    )


def describe_unigram(tokenizer: dict[str, Any]) -> bytes | None:
    """Return a `tokenizer.json` as the bytes of a sentencepiece model, None for another kind."""
    from sentencepiece import sentencepiece_model_pb2 as proto

    model, normalizer = tokenizer["model"], tokenizer.get("normalizer") or {}
    steps = normalizer.get("normalizers", [normalizer])
    maps = [each["precompiled_charsmap"] for each in steps if each.get("type") == "Precompiled"]
    special = {one["content"]: one["id"] for one in tokenizer["added_tokens"] if one["special"]}
    unknown = model.get("unk_id")
    if model.get("type") != "Unigram" or unknown is None or len(maps) != 1:
        return None
    if model.get("byte_fallback") or not {"<s>", "</s>", "<pad>"} <= special.keys():
        return None
    made: Any = proto.ModelProto()  # type: ignore[attr-defined]
    kinds: Any = proto.ModelProto.SentencePiece  # type: ignore[attr-defined]
    for number, (piece, score) in enumerate(model["vocab"]):
        kind = kinds.CONTROL if number in special.values() else kinds.NORMAL
        kind = kinds.UNKNOWN if number == unknown else kind
        made.pieces.add(piece=piece, score=score, type=kind)
    trainer = made.trainer_spec
    trainer.model_type = proto.TrainerSpec.UNIGRAM  # type: ignore[attr-defined]
    trainer.vocab_size = len(made.pieces)
    trainer.unk_id, trainer.unk_piece = unknown, model["vocab"][unknown][0]
    trainer.bos_id, trainer.eos_id = special["<s>"], special["</s>"]
    trainer.pad_id = special["<pad>"]
    made.normalizer_spec.precompiled_charsmap = align_charsmap(b64decode(maps[0]))
    return bytes(made.SerializeToString())


def align_charsmap(packed: bytes) -> bytes:
    """Return a map of characters whose trie fills whole blocks of 1,024 bytes.

    `packed` is the trie's length (4 bytes, little endian), the trie, the replacements. `tokenizers`
    reads any length, sentencepiece only these.
    """
    size = int.from_bytes(packed[:4], "little")
    room = -size % 1024
    trie, words = packed[4 : 4 + size], packed[4 + size :]
    return (size + room).to_bytes(4, "little") + trie + bytes(room) + words
