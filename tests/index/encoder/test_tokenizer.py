"""index.encoder.tokenizer: sentencepiece splits as the tokenizer does, or is not used."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import unicodedata
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer

from corpus.errors import ModelError
from index.encoder import model_folder
from index.encoder.encoder import Encoder
from index.encoder.text_encoder import prepare_text
from index.encoder.tokenizer import (
    SAMPLES,
    TOKENIZER,
    UNIGRAM,
    Splitter,
    TokenizerSplitter,
    UnigramSplitter,
    align_charsmap,
    describe_unigram,
    open_splitter,
    split_alike,
    write_unigram,
)
from tests.conftest import MODELS

REPORTS = Path(__file__).parents[3] / "corpus" / "reports"
SOURCE = MODELS / model_folder.NAME / TOKENIZER


@pytest.fixture(scope="module")
def both(
    real_encoder: Encoder, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Splitter, Splitter]:
    """The bundled model's tokenizer, and what is made of it for sentencepiece."""
    place = tmp_path_factory.mktemp("unigram")
    assert write_unigram(SOURCE, place)
    return TokenizerSplitter(Tokenizer.from_file(str(SOURCE))), UnigramSplitter(place / UNIGRAM)


def test_the_report_is_split_alike(both: tuple[Splitter, Splitter]) -> None:
    """Every line of the shipped report, as it is and in small letters, has the same sub-words."""
    lines = [
        prepare_text(line)
        for path in sorted(REPORTS.glob("*.txt"))
        for line in path.read_text("utf-8").splitlines()
    ]
    assert len(lines) > 100
    assert split_alike(*both, [*lines, *map(str.lower, lines), *SAMPLES])


def _stays(sign: str) -> bool:
    """Tell whether a sign is not read as a blank: such a one sentencepiece drops at the ends."""
    return sign == " " or not any(one.isspace() for one in unicodedata.normalize("NFKC", sign))


signs = st.characters(codec="utf-8", categories=["L", "M", "N", "P", "S", "Co", "Zs"])


@given(text=st.text(signs.filter(_stays).filter(lambda sign: sign not in "<▁"), max_size=40))
def test_any_text_is_split_alike(both: tuple[Splitter, Splitter], text: str) -> None:
    """Whatever signs there are, unknown neighbours and replaced ones among them."""
    one, other = both
    prepared = prepare_text(text)
    assert one.split(prepared) == other.split(prepared)


def test_special_pieces_in_a_text_are_text(both: tuple[Splitter, Splitter]) -> None:
    """Who writes the end of a text into it does not end it."""
    _, unigram = both
    assert not {0, 1, 2} & set(unigram.split("a </s> b <s><pad>"))


def test_many_threads_may_split(both: tuple[Splitter, Splitter]) -> None:
    """Each gets the sub-words of its own text."""
    one, other = both
    texts = [f"{sample} {number}" for number in range(40) for sample in SAMPLES]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(other.split, texts)) == list(map(one.split, texts))


def _change(**changes: Any) -> dict[str, Any]:
    tokenizer: dict[str, Any] = json.loads(SOURCE.read_bytes())
    for name, value in changes.items():
        tokenizer["model"][name] = value
    return tokenizer


@pytest.mark.parametrize(
    "changes", [{"type": "WordPiece"}, {"byte_fallback": True}, {"unk_id": None}]
)
def test_another_kind_is_left_to_tokenizers(real_encoder: Encoder, changes: dict[str, Any]) -> None:
    """What sentencepiece would split otherwise is not described for it."""
    assert describe_unigram(_change(**changes)) is None


def test_one_that_splits_otherwise_is_not_kept(real_encoder: Encoder, tmp_path: Path) -> None:
    """A tokenizer that fuses unknown neighbours stays with `tokenizers`, and no file stays."""
    tokenizer = _change()
    tokenizer["pre_tokenizer"]["pretokenizers"].pop()
    fusing = tmp_path / "fusing.json"
    fusing.write_text(json.dumps(tokenizer), "utf-8")
    assert not write_unigram(fusing, tmp_path)
    assert list(tmp_path.iterdir()) == [fusing]


def test_a_folder_is_opened_by_what_it_holds(real_encoder: Encoder, tmp_path: Path) -> None:
    """The Unigram model first, else the tokenizer; what is neither is told in one line."""
    with pytest.raises(ModelError, match="its tokenizer does not load here"):
        open_splitter(tmp_path)
    (tmp_path / TOKENIZER).symlink_to(SOURCE)
    assert isinstance(open_splitter(tmp_path), TokenizerSplitter)
    assert write_unigram(SOURCE, tmp_path)
    assert isinstance(open_splitter(tmp_path), UnigramSplitter)
    whole = (tmp_path / UNIGRAM).read_bytes()
    (tmp_path / UNIGRAM).write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ModelError, match="its tokenizer does not load here"):
        open_splitter(tmp_path)


def test_a_map_is_aligned_without_a_change() -> None:
    """The trie is filled up with zeros to whole blocks; what it points at stays."""
    for size in (4, 1020, 1024, 2052):
        packed = size.to_bytes(4, "little") + b"t" * size + b"words\0"
        aligned = align_charsmap(packed)
        length = int.from_bytes(aligned[:4], "little")
        assert length % 1024 == 0
        assert aligned[4:].rstrip(b"\0").startswith(b"t" * size)
        assert aligned[4 + length :] == b"words\0"


def test_it_takes_a_fraction_of_the_memory(real_encoder: Encoder) -> None:
    """Opening the exported model's splitter takes less than half of what `tokenizers` takes."""
    exported = max(MODELS.glob(f"{model_folder.NAME}-int8-*/{UNIGRAM}"))
    code = (
        "import sys; from pathlib import Path; import index.encoder.tokenizer as s;"
        "import tokenizers, sentencepiece;"
        "status = Path('/proc/self/status');"
        "peak = lambda: int(status.read_text().split('VmHWM:')[1].split()[0]); before = peak();"
        "path = Path(sys.argv[1]);"
        "one = s.UnigramSplitter(path) if path.name == s.UNIGRAM else"
        " s.TokenizerSplitter(tokenizers.Tokenizer.from_file(str(path)));"
        "one.split('a'); print(peak() - before)"
    )
    root = Path(__file__).parents[3]
    took = [
        int(
            subprocess.run(
                [sys.executable, "-c", code, str(path)],
                cwd=root, env=dict(os.environ), check=True, capture_output=True, text=True,
            ).stdout
        )
        for path in (exported, SOURCE)
    ]  # fmt: skip
    assert took[0] < took[1] / 2
