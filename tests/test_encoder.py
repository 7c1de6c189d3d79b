"""index.encoder: texts prepared, long ones in windows, models found and refused."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus.errors import ModelError
from index import encoder as module
from index.encoder import SentenceEncoder, find_model, find_prompts, identify, prepare_text
from index.model_folder import NAME
from tests.conftest import MODELS


@given(text=st.text())
def test_prepared_text_is_composed_and_on_one_line(text: str) -> None:
    """Preparing twice changes nothing more; no outer or double white space is left."""
    prepared = prepare_text(text)
    assert prepare_text(prepared) == prepared == unicodedata.normalize("NFC", prepared)
    assert "  " not in prepared
    assert prepared == prepared.strip()


def test_a_vector_depends_on_its_words_alone(real_encoder: SentenceEncoder) -> None:
    """Company, order and white space around a text change no bit of its vector."""
    texts = ["a short one", "WeRide carried supplies by self-driving minibuses. " * 9, "école"]
    together = real_encoder.encode_passages(texts)
    alone = np.concatenate([real_encoder.encode_passages([text]) for text in reversed(texts)])
    assert (together == alone[::-1]).all()
    spaced = real_encoder.encode_passages([" a  short\none ", "e\u0301cole"])
    assert (spaced == together[[0, 2]]).all()


def test_progress_counts_every_text(real_encoder: SentenceEncoder) -> None:
    """The report after each text says how many of how many are done."""
    seen: list[tuple[int, int]] = []
    rows = real_encoder.encode_passages(["one", "two"], lambda *done: seen.append(done))
    assert seen == [(1, 2), (2, 2)]
    assert rows.shape == (2, real_encoder.dimension)
    assert real_encoder.encode_passages([]).shape == (0, real_encoder.dimension)


def test_the_end_of_a_long_text_counts(real_encoder: SentenceEncoder) -> None:
    """Words beyond the model's limit still move the vector."""
    filler = "water plants and pumps " * 300
    plain, other = real_encoder.encode_passages([filler, filler + "football world cup " * 300])
    assert float(plain @ other) < 0.99


def test_a_folder_is_taken_as_it_is(tmp_path: Path) -> None:
    """A folder named by the setting is used; its identity follows its files, not its place."""
    folder = MODELS / NAME
    assert find_model(str(folder), tmp_path, lambda _: None) == folder
    twin = tmp_path / NAME
    twin.symlink_to(folder)
    assert identify(twin) == identify(folder)


def test_identity_changes_with_any_file(tmp_path: Path) -> None:
    """A changed or renamed file is another model."""
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "config.json").write_text("{}")
    first = identify(folder)
    (folder / "config.json").write_text("{ }")
    second = identify(folder)
    (folder / "config.json").rename(folder / "other.json")
    assert len({first, second, identify(folder)}) == 3


@pytest.mark.parametrize("name", ["./nothing-here", "~/nothing-here", "/nothing/here"])
def test_a_missing_folder_is_told(tmp_path: Path, name: str) -> None:
    """A path that is no folder is told at once, without asking a hub."""
    with pytest.raises(ModelError, match="no such folder"):
        find_model(name, tmp_path, lambda _: None)


def test_a_name_the_hub_does_not_give_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name that is neither cached nor fetched is one line with the mend."""
    import huggingface_hub

    def refuse(*_: object, **__: object) -> str:
        raise OSError("no network\nat all")

    monkeypatch.setattr(huggingface_hub, "snapshot_download", refuse)
    with pytest.raises(ModelError, match="CASEBOOK_MODEL") as caught:
        find_model("someone/some-model", tmp_path, lambda _: None)
    assert "\n" not in str(caught.value)


def test_a_model_from_the_hub_is_kept_in_its_cache(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The cache is asked first; without the package the hub's twin of the default is taken."""
    import huggingface_hub

    asked: list[tuple[str, bool]] = []

    def give(name: str, local_files_only: bool = False, **_: object) -> str:
        asked.append((name, local_files_only))
        if local_files_only:
            raise FileNotFoundError
        return str(tmp_path)

    monkeypatch.setattr(huggingface_hub, "snapshot_download", give)
    monkeypatch.setattr(module, "find_bundle", lambda: None)
    said: list[str] = []
    assert find_model("", tmp_path, said.append) == tmp_path
    name = "intfloat/multilingual-e5-small"
    assert asked == [(name, True), (name, False)]
    assert len(said) == 1
    assert name in said[0]


def test_a_folder_that_is_no_model_is_told(tmp_path: Path) -> None:
    """An empty folder, or one of nonsense, is one line with its name."""
    (tmp_path / "modules.json").write_text("nonsense")
    with pytest.raises(ModelError, match=tmp_path.name) as caught:
        SentenceEncoder(tmp_path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("prompts", "folder", "found"),
    [
        ({"query": "q: ", "document": "d: "}, "any", ("q: ", "d: ")),
        ({"query": "q: ", "passage": "p: "}, "any", ("q: ", "p: ")),
        ({}, "multilingual-e5-small", ("query: ", "passage: ")),
        ({"query": "", "document": ""}, "all-MiniLM-L6-v2", ("", "")),
    ],
)
def test_prompts_come_from_the_model(
    prompts: dict[str, str], folder: str, found: tuple[str, str]
) -> None:
    """A model's own prompts are used; a model of the E5 family without any gets its authors'."""
    assert find_prompts(prompts, Path(folder)) == found
