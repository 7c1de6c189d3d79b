"""index.encoder.text_encoder: texts prepared, long ones in windows, each on its own."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.encoder import text_encoder as module
from index.encoder.encoder import Encoder, Vectors, join_pieces, make_unit
from index.encoder.text_encoder import TextEncoder, divide, find_prompts, identify, prepare_text
from index.models import load_plain_encoder
from index.reader.weights import read_weights
from tests.conftest import MODELS
from tests.fake_encoder import FakeEncoder


@pytest.fixture(scope="module")
def plain_encoder() -> TextEncoder:
    """The default model, as it makes its vectors and states."""
    loaded = load_plain_encoder("", MODELS, print)
    assert isinstance(loaded, TextEncoder)
    return loaded


@given(text=st.text())
def test_prepared_text_is_composed_and_on_one_line(text: str) -> None:
    """Preparing twice changes nothing more; no outer or double white space is left."""
    prepared = prepare_text(text)
    assert prepare_text(prepared) == prepared == unicodedata.normalize("NFC", prepared)
    assert "  " not in prepared
    assert prepared == prepared.strip()


def test_a_vector_depends_on_its_words_alone(real_encoder: Encoder) -> None:
    """Company, order and white space around a text change no bit of its vector."""
    texts = ["a short one", "WeRide carried supplies by self-driving minibuses. " * 9, "école"]

    def encode_chunks(texts: Sequence[str]) -> Vectors:
        return real_encoder.encode_chunks([(text,) for text in texts])[0]

    for encode in (real_encoder.encode_passages, encode_chunks, real_encoder.encode_sentences):
        together = encode(texts)
        alone = np.concatenate([encode([text]) for text in reversed(texts)])
        assert (together == alone[::-1]).all()
        spaced = encode([" a  short\none ", "e\u0301cole"])
        assert (spaced == together[[0, 2]]).all()


CHUNKS = (
    ("Bridges of the north", "The red bridge was built in 1999.", "It is long."),
    ("南方的茶", "茶叶在春天采摘。", "农民每天工作八小时。", "École & Acme: 3,000 kWh"),
    ("", "Nothing stands before it.", " ", "  A blank   sentence\nis between. "),
    ("A long one", *(f"Pump {n} moves {n}.5 tonnes of water a day." for n in range(90))),
)


def test_a_chunk_in_pieces_has_the_vector_of_its_text(real_encoder: Encoder) -> None:
    """Split one by one, its pieces are read as they would be together, in windows too."""
    rows, _ = real_encoder.encode_chunks(CHUNKS)
    whole, _ = real_encoder.encode_chunks([(join_pieces(pieces),) for pieces in CHUNKS])
    assert (rows * whole).sum(axis=1).min() > 0.9999


def test_each_sub_word_of_a_chunk_is_of_its_piece(plain_encoder: TextEncoder) -> None:
    """One state for each, in the order of the text, none for the prompt or what is special."""
    split = plain_encoder.splitter.split
    done: list[tuple[int, int]] = []
    read = list(plain_encoder.read_chunks(CHUNKS, lambda *told: done.append(told)))
    assert done == [(number, len(CHUNKS)) for number in range(1, len(CHUNKS) + 1)]
    for pieces, chunk in zip(CHUNKS, read, strict=True):
        counts = [len(split(prepare_text(piece))) for piece in pieces]
        assert chunk.pieces.tolist() == np.repeat(np.arange(len(pieces)), counts).tolist()
        assert chunk.states.shape == (len(chunk.pieces), 2 * plain_encoder.dimension)
    assert len(read[-1].pieces) > 1024  # of three windows
    for pieces, chunk in zip(CHUNKS[:3], read, strict=False):  # of one
        [query] = plain_encoder.read_queries([join_pieces(pieces)])
        assert query.states.shape == chunk.states.shape
        mean = make_unit(chunk.states[:, -plain_encoder.dimension :].mean(axis=0))
        assert float(mean @ chunk.vector) > 0.95  # the last layer's


def test_chunks_are_read_alike_alone(plain_encoder: TextEncoder) -> None:
    """To the bit, so that an incremental build has the states of a full one."""
    for chunk, pieces in zip(plain_encoder.read_chunks(CHUNKS), CHUNKS, strict=True):
        [alone] = plain_encoder.read_chunks([pieces])
        assert (alone.vector == chunk.vector).all()
        assert (alone.states == chunk.states).all()


def test_states_are_kept_for_the_bundled_reader(
    real_encoder: Encoder, plain_encoder: TextEncoder
) -> None:
    """As its projection packs them."""
    projection = read_weights().projection
    _, kept = real_encoder.encode_chunks(CHUNKS[:2])
    for read, states in zip(plain_encoder.read_chunks(CHUNKS[:2]), kept, strict=True):
        wanted = projection.pack(read)
        assert len(states.pieces) > 0
        for name in ("rows", "scales", "pieces"):
            assert (getattr(states, name) == getattr(wanted, name)).all()


def test_an_encoder_without_states_gives_none(encoder: FakeEncoder) -> None:
    """Its chunks are encoded as the texts they are, and in their order."""
    rows, states = encoder.encode_chunks(CHUNKS)
    assert encoder.encoded == [join_pieces(pieces) for pieces in CHUNKS]
    assert (rows == encoder.encode_queries(encoder.encoded)).all()
    assert [len(each.pieces) for each in states] == [0] * len(CHUNKS)
    for row, read in zip(rows, encoder.read_chunks(CHUNKS), strict=True):
        assert (read.vector == row).all()
        assert (len(read.states), len(read.pieces)) == (0, 0)


def test_questions_read_together_are_those_read_alone(real_encoder: Encoder) -> None:
    """Whatever the others are, and however long: not a bit of a vector changes."""
    texts = [f"{'why ' * (number % 9)}is tea green {number}?" for number in range(24)]
    together = real_encoder.encode_queries(texts)
    alone = np.concatenate([real_encoder.encode_queries([text]) for text in texts])
    assert (together == alone).all()


def test_parts_of_questions_read_together_too(real_encoder: Encoder) -> None:
    """The vector of a part has the same bits, whichever questions were read with it."""
    texts = [f"{'why ' * (number % 9)}is tea green {number}?" for number in range(12)]
    for text, query in zip(texts, real_encoder.read_queries(texts), strict=True):
        alone = real_encoder.read_queries([text])[0]
        part = text.replace("tea", "")
        assert (alone.vector == query.vector).all()
        assert (alone.states == query.states).all()
        assert (alone.find_part(part) == query.find_part(part)).all()


def test_a_part_is_told_without_what_is_left_out(real_encoder: Encoder) -> None:
    """It is farther from what is gone, by more than from the part asked alone."""
    query = real_encoder.read_queries(["How do workers of WeRide and BYD keep rivers clean?"])[0]
    asked = "How do workers of and keep rivers clean?"
    part = query.find_part(asked)
    alone, gone = real_encoder.encode_queries([asked, "WeRide and BYD"])
    assert part.dtype == np.float32
    assert float(part @ part) == pytest.approx(1, abs=1e-5)
    moved = part - query.vector
    assert float(moved @ gone) < min(float(moved @ alone), 0)


@pytest.mark.parametrize("part", ["", "生物"])
def test_what_is_no_part_is_told_as_the_question(real_encoder: Encoder, part: str) -> None:
    """Where none of its sub-words is one of the question's."""
    (query,) = real_encoder.read_queries(["How do workers keep rivers clean"])
    assert (query.find_part(part) == query.vector).all()


def test_a_long_question_is_read_by_its_beginning_and_its_end(plain_encoder: TextEncoder) -> None:
    """As many sub-words as ever, half from either end; what stands between changes nothing."""
    ends = "Who built the wells " * 20, "and what did they cost?" * 20
    texts = [" ".join([ends[0], middle, ends[1]]) for middle in ("water " * 30, "泵站" * 200)]
    one, other = plain_encoder.read_queries(texts)
    prompt = len(plain_encoder.splitter.split("query: "))
    assert len(one.states) == len(other.states) == module.ASKED - prompt
    assert (one.vector == other.vector).all()
    [first] = plain_encoder.read_queries([f"{ends[1]} {ends[0]}"])
    assert not np.allclose(first.vector, one.vector, atol=0.01)
    part = one.find_part(texts[0].replace("wells", ""))
    assert float(part @ part) == pytest.approx(1, abs=1e-5)
    assert (part != one.vector).any()


@given(lengths=st.lists(st.integers(1, 90)), most=st.integers(0, 200))
def test_batches_hold_each_text_once(lengths: list[int], most: int) -> None:
    """Of one text, or of some that fit when they are padded; the longest come first."""
    batches = list(divide(lengths, most))
    assert sorted(number for batch in batches for number in batch) == list(range(len(lengths)))
    for batch in batches:
        held = [lengths[number] for number in batch]
        assert held == sorted(held, reverse=True)
        assert len(batch) == 1 or len(batch) * held[0] <= most
        assert len(batch) * held[0] - sum(held) <= module._PADDING


def test_progress_counts_every_text(real_encoder: Encoder) -> None:
    """The reports say how many of how many are done, and end with all of them."""
    seen: list[tuple[int, int]] = []
    long = ["water " * 200, "tea " * 200]
    rows = real_encoder.encode_passages(long, lambda *done: seen.append(done))
    assert seen == [(1, 2), (2, 2)]
    assert rows.shape == (2, real_encoder.dimension)
    assert real_encoder.encode_passages([]).shape == (0, real_encoder.dimension)


def test_the_end_of_a_long_text_counts(real_encoder: Encoder) -> None:
    """Words beyond the model's limit still move the vector."""
    filler = "water plants and pumps " * 300
    plain, other = real_encoder.encode_passages([filler, filler + "football world cup " * 300])
    assert float(plain @ other) < 0.99


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
