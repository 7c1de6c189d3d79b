"""index.models: which reader a setting names, and what it is called before anything is loaded."""

from __future__ import annotations

from pathlib import Path

import pytest

from corpus.errors import ModelError
from index.models import load_reader, name_reader
from index.reader import choice
from index.reader.bundled import BundledReader
from index.reader.cosine import CosineReader
from index.reader.cross_encoder import CrossEncoderReader
from index.reader.weights import read_weights
from tests.fake_encoder import FakeEncoder
from tests.index.reader.test_cross_encoder import save_small_cross_encoder
from tests.small_network import write_small


@pytest.fixture
def said() -> list[str]:
    """What was reported."""
    return []


@pytest.mark.slow
def test_the_bundled_reader_comes_first(
    said: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where its weights were made for the encoder, whose identity tells it beforehand."""
    weights = read_weights(write_small(tmp_path / "reader.npz"))
    kept = weights.projection.identity
    monkeypatch.setattr(choice, "choose_weights", lambda *_: weights)
    encoder = FakeEncoder(identity=f"fake@1+map-1+{kept}")
    reader = load_reader("", encoder, said.append)
    assert isinstance(reader, BundledReader)
    assert reader.name == name_reader("", encoder.identity) == f"bundled ({kept})"
    assert said == []


@pytest.mark.slow
def test_without_states_there_are_cosines(
    said: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The bundled reader's own model, where it keeps none or those of other weights."""
    weights = read_weights(write_small(tmp_path / "reader.npz"))
    monkeypatch.setattr(choice, "choose_weights", lambda *_: weights)
    for identity in ("fake@1+map-1", "fake@1+map-1+read-0123abcd"):
        said.clear()
        reader = load_reader("", FakeEncoder(identity=identity), said.append)
        assert isinstance(reader, CosineReader)
        [line] = said
        assert line.startswith(identity)
        assert "keeps no states" in line


def test_another_encoder_has_cosines(said: list[str]) -> None:
    """And one line says why."""
    encoder = FakeEncoder()
    reader = load_reader("", encoder, said.append)
    assert isinstance(reader, CosineReader)
    assert len(said) == 1
    assert "compared by their vectors instead" in said[0]
    assert name_reader("", encoder.identity) == reader.name


@pytest.mark.slow
def test_a_folder_is_a_cross_encoder(said: list[str], tmp_path: Path) -> None:
    """Whatever the encoder; nothing is reported."""
    folder = save_small_cross_encoder(tmp_path / "small")
    reader = load_reader(str(folder), FakeEncoder(), said.append)
    assert isinstance(reader, CrossEncoderReader)
    assert name_reader(str(folder), "model@0+read-0123abcd") == reader.name
    assert said == []


@pytest.mark.parametrize("setting", ["/nowhere/at/all", "./nowhere", "~/nowhere-at-all"])
def test_no_folder_is_told(setting: str, said: list[str]) -> None:
    """One line names the setting and what it names."""
    with pytest.raises(ModelError, match="no such folder; set CASEBOOK_READER to") as caught:
        load_reader(setting, FakeEncoder(), said.append)
    assert str(caught.value).startswith(setting)


def test_a_name_that_the_hub_does_not_give_is_told(
    said: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One line names it, the setting and the network; no network is needed for this test."""
    import huggingface_hub

    asked: list[bool] = []

    def fetch(name: str, local_files_only: bool = False, **_: object) -> str:
        asked.append(local_files_only)
        raise OSError("no network\nat all")

    monkeypatch.setattr(huggingface_hub, "snapshot_download", fetch)
    with pytest.raises(ModelError, match=r"BAAI/none: .* check CASEBOOK_READER and") as caught:
        load_reader("BAAI/none", FakeEncoder(), said.append)
    assert "\n" not in str(caught.value)
    assert asked == [True, False]  # the cache first


@pytest.mark.slow
def test_a_name_in_the_cache_asks_nobody(
    said: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was fetched before is loaded from its folder, and called by its name."""
    import huggingface_hub

    cached = tmp_path / "models--BAAI--small" / "snapshots" / "0a1b"
    save_small_cross_encoder(cached)

    def fetch(name: str, local_files_only: bool = False, **_: object) -> str:
        assert local_files_only, "the network was asked"
        return str(cached)

    monkeypatch.setattr(huggingface_hub, "snapshot_download", fetch)
    reader = load_reader("BAAI/small", FakeEncoder(), said.append)
    assert reader.name == name_reader("BAAI/small", "") == "cross-encoder (small)"
