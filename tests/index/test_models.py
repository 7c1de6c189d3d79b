"""models and index.encoder.export: found, exported once, compared, and refused with a line."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from corpus.errors import ModelError
from index import models as module
from index.encoder.encoder import Encoder
from index.encoder.export import exported_model, onnx_export
from index.encoder.export.bert_graph import read_bert
from index.encoder.export.onnx_export import RECIPE
from index.encoder.model_folder import NAME
from index.encoder.onnx_encoder import TRAITS, WEIGHTS, OnnxEncoder
from index.encoder.sentence_transformer import SentenceEncoder
from index.encoder.text_encoder import identify
from index.languages.dictionary import Dictionary
from index.models import find_model, load_encoder, load_plain_encoder
from index.reader.weights import read_weights
from index.search.alignment import AlignedEncoder, Centring, LearnedMap
from tests.conftest import MODELS
from tests.fake_encoder import FakeEncoder
from tests.small_dictionary import open_small_dictionary
from tests.small_network import StatesEncoder, write_small

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[2]


def test_a_folder_is_taken_as_it_is(tmp_path: Path) -> None:
    """A folder named by the setting is used; its identity follows its files, not its place."""
    folder = MODELS / NAME
    assert find_model(str(folder), tmp_path, lambda _: None) == folder
    twin = tmp_path / NAME
    twin.symlink_to(folder)
    assert identify(twin) == identify(folder)


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


def test_the_default_runs_on_onnxruntime(real_encoder: Encoder) -> None:
    """In 8 bits, aligned by the map and with the states for the reader that were made for it.

    Its identity says so.
    """
    plain = load_plain_encoder("", MODELS, print)
    assert isinstance(plain, OnnxEncoder)
    assert plain.identity == f"{identify(MODELS / NAME)}-{RECIPE}"
    learned = LearnedMap()
    assert learned.fits(plain)
    assert isinstance(real_encoder, AlignedEncoder)
    kept = read_weights().projection.identity
    assert real_encoder.identity == f"{plain.identity}+{learned.identity}+{kept}"
    assert real_encoder.dictionary.translate("水", "zh", "en")
    [row] = plain.encode_queries(["water"])
    wanted = learned.apply("question", row[None, :], ["water"])
    assert (real_encoder.encode_queries(["water"]) == wanted).all()
    assert (real_encoder.encode_passages(["water"]) == plain.encode_passages(["water"])).all()
    assert (MODELS / f"{NAME}-{RECIPE}" / WEIGHTS).stat().st_size < 130 * 2**20


def test_after_the_export_nobody_needs_torch() -> None:
    """A process that encodes and searches has imported neither torch nor its libraries."""
    code = (
        "import sys\n"
        "from pathlib import Path\n"
        "from index.models import load_encoder\n"
        "from index.searcher import Searcher\n"
        "load_encoder('', Path(sys.argv[1]), print).encode_queries(['water'])\n"
        "heavy = {'torch', 'sentence_transformers', 'transformers', 'onnx', 'onnxscript'}\n"
        "print(sorted(heavy & sys.modules.keys()))"
    )
    command = [sys.executable, "-c", code, str(MODELS)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def save_small_model(folder: Path, pooling: str = "mean") -> Path:
    """Write a small Sentence Transformers model with made-up weights, and return its folder."""
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Normalize, Pooling, Transformer
    from tokenizers import Tokenizer, pre_tokenizers, processors
    from tokenizers import models as kinds
    from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

    words = ["[PAD]", "[CLS]", "[SEP]", "[UNK]", *"abcdefghijklmnopqrstuvwxyz"]
    numbers = {word: number for number, word in enumerate(words)}
    tokenizer = Tokenizer(kinds.WordPiece(numbers, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Split("", "isolated")
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 1), ("[SEP]", 2)]
    )
    torch.manual_seed(7)
    config = BertConfig(
        vocab_size=len(words), hidden_size=32, num_hidden_layers=2, num_attention_heads=4,
        intermediate_size=64, max_position_embeddings=64,
    )  # fmt: skip
    base = folder.with_name(f"{folder.name}-base")
    BertModel(config).save_pretrained(base)
    fast: Any = PreTrainedTokenizerFast
    fast(
        tokenizer_object=tokenizer, pad_token="[PAD]", cls_token="[CLS]", sep_token="[SEP]",
        unk_token="[UNK]", model_max_length=64,
    ).save_pretrained(base)  # fmt: skip
    pool = Pooling(32, pooling_mode=pooling)
    model = SentenceTransformer(modules=[Transformer(str(base)), pool, Normalize()])
    model.save(str(folder))
    return folder


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small model in a folder."""
    return save_small_model(tmp_path_factory.mktemp("models") / "small")


def test_products_of_outliers_are_rounded_by_row(
    small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where an input peaks far above the rest, one scale for all rows would drown the rest."""
    import onnx
    import torch
    from sentence_transformers import SentenceTransformer

    monkeypatch.setattr("index.encoder.export.onnx_export._PEAK", 7.0)
    model: Any = SentenceTransformer(str(small), device="cpu")
    with torch.no_grad():
        model[0].auto_model.encoder.layer[1].intermediate.dense.weight[5] *= 100
    model.save(str(tmp_path / "peaked"))
    by_row = []
    for number, folder in enumerate((small, tmp_path / "peaked")):
        place = tmp_path / str(number)
        place.mkdir()
        onnx_export.export(folder, place)
        graph = onnx.load(place / WEIGHTS).graph
        sizes = {each.name: list(each.dims) for each in graph.initializer}
        rounded = [node for node in graph.node if node.op_type == "MatMulIntegerToFloat"]
        assert len(rounded) == 8  # of both layers
        rows = [node for node in rounded if node.input[2].startswith("rows.")]
        by_row.append([sizes[node.input[1]] for node in rows])
        kinds = [node.op_type for node in graph.node]
        assert kinds.count("Attention") == kinds.count("Split") == 2  # each takes one product
        assert "Transpose" not in kinds
    assert by_row == [[], [[64, 32]]]


def test_another_model_goes_the_same_way(small: Path, tmp_path: Path) -> None:
    """A folder that the setting names is exported once, gives the same vectors, and is found again.

    Damaged, cut short or of a model that changed, it is exported anew; nothing else is left.
    """
    said: list[str] = []
    encoder = load_plain_encoder(str(small), tmp_path, said.append)
    place = exported_model.find_place(small, tmp_path)
    if not isinstance(encoder, OnnxEncoder):  # made-up weights may stray in 8 bits
        pytest.fail(f"{said}")
    assert [line.split(" (")[0] for line in said] == ["Preparing the model small for onnxruntime"]
    plain = SentenceEncoder(small)
    texts = ["water plant", "noise"]
    rows = encoder.encode_passages(texts), plain.encode_passages(texts)
    assert float((rows[0] * rows[1]).sum(axis=1).min()) > 0.98
    for each, wider in ((encoder, 2), (plain, 1)):  # with those of an inner layer before the last's
        assert [query.states.shape[1] for query in each.read_queries(texts)] == [wider * 32] * 2
    assert json.loads((place / TRAITS).read_bytes())["together"]
    assert load_plain_encoder(str(small), tmp_path, said.append).identity == encoder.identity
    assert len(said) == 1
    whole = (place / WEIGHTS).read_bytes()
    for damage in (whole[:1000], b"x" * len(whole)):
        (place / WEIGHTS).write_bytes(damage)
        assert isinstance(load_plain_encoder(str(small), tmp_path, said.append), OnnxEncoder)
        assert (place / WEIGHTS).stat().st_size == len(whole)
    assert len(said) == 3
    assert _left(tmp_path) == [place.name]


def test_another_model_is_centred(
    tmp_path: Path, encoder: FakeEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its vectors are put by the means of its own languages, with the same dictionary."""
    dictionary = open_small_dictionary(tmp_path)
    monkeypatch.setattr(module, "load_plain_encoder", lambda *_: encoder)
    monkeypatch.setattr(Dictionary, "open", lambda *_: dictionary)
    said: list[str] = []
    loaded = load_encoder("other", tmp_path, said.append)
    assert said == []
    assert loaded.identity == f"fake@1+{Centring(encoder).identity}"
    assert loaded.dictionary is dictionary
    texts = ["Rain falls.", "下雨了。"]
    wanted = Centring(encoder).apply("chunk", encoder.encode_passages(texts), texts)
    rows, states = loaded.encode_chunks([(text,) for text in texts])
    assert (rows == wanted).all()
    assert [len(each.pieces) for each in states] == [0, 0]


@pytest.mark.parametrize(("width", "kept"), [(32, True), (16, False)])
def test_states_are_kept_where_the_bundled_reader_reads_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, width: int, kept: bool
) -> None:
    """Of its model as it is exported; run by Sentence Transformers, it gives too few."""
    weights = read_weights(write_small(tmp_path / "reader.npz"))
    dictionary = open_small_dictionary(tmp_path)
    monkeypatch.setattr(module, "load_plain_encoder", lambda *_: StatesEncoder(width))
    monkeypatch.setattr(module, "choose_weights", lambda *_: weights)
    monkeypatch.setattr(Dictionary, "open", lambda *_: dictionary)
    encoder = load_encoder("", tmp_path, print)
    assert (weights.projection.identity in encoder.identity.split("+")) is kept
    _, [states] = encoder.encode_chunks([("Tea", "Tea is green.")])
    assert (len(states.pieces) > 0) is kept


@pytest.mark.parametrize("pooling", ["mean", "cls"])
def test_parts_of_questions_by_the_kind_of_model(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pooling: str
) -> None:
    """From the states of one reading where vectors are their means, else encoded by themselves.

    With torch and after the export alike.
    """
    # first sub-words of made-up weights are all alike, so that rounding decides which is nearest
    monkeypatch.setattr(onnx_export, "_compare", lambda *_: None)
    folder, place = save_small_model(tmp_path / "model", pooling), tmp_path / "place"
    place.mkdir()
    onnx_export.export(folder, place)
    parts = []
    for each in (SentenceEncoder(folder), OnnxEncoder(place)):
        (query,) = each.read_queries(["who built the plant"])
        part = query.find_part("who built")
        alone = (part == each.encode_queries(["who built"])[0]).all()
        assert alone == (pooling == "cls")
        parts.append(part)
    assert float(parts[0] @ parts[1]) > 0.9


def _left(models: Path) -> list[str]:
    return [path.name for path in models.iterdir() if path.name != exported_model._LOCK]


@pytest.fixture(scope="module")
def told(small: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small model in a folder that tells how many sub-words it reads."""
    folder = tmp_path_factory.mktemp("told") / "small"
    shutil.copytree(small, folder)
    (folder / "sentence_bert_config.json").write_text('{"max_seq_length": 64}')
    return folder


def test_a_plain_bert_needs_no_torch(
    told: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its graph is written by hand; its vectors are those of tracing, to the bit."""
    assert read_bert(told) is not None
    rows, texts = [], ["water plant", "noise", "who built the bridge in the north"]
    for traced in (False, True):
        place = tmp_path / f"{traced}"
        place.mkdir()
        with monkeypatch.context() as patched:
            if traced:
                patched.setattr(onnx_export, "read_bert", lambda _: None)
            else:
                patched.setattr(onnx_export, "_trace", None)
            onnx_export.export(told, place)
        encoder = OnnxEncoder(place)
        rows.append((encoder.traits, encoder.read_queries(texts), encoder.encode_passages(texts)))
    (one, queries, passages), (other, traced_queries, traced_passages) = rows
    assert one == other
    assert (passages == traced_passages).all()
    for query, wanted in zip(queries, traced_queries, strict=True):
        assert (query.vector == wanted.vector).all()
        assert (query.states == wanted.states).all()


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("config.json", {"model_type": "roberta"}),
        ("config.json", {"hidden_act": "relu"}),
        ("config.json", {"position_embedding_type": "relative_key"}),
        ("config.json", {"num_hidden_layers": 3}),
        ("config.json", {"num_attention_heads": "four"}),
        ("1_Pooling/config.json", {"pooling_mode": "cls"}),
        ("1_Pooling/config.json", {"pooling_mode_max_tokens": True}),
        ("sentence_bert_config.json", {"do_lower_case": True}),
        ("sentence_bert_config.json", {"max_seq_length": None}),
    ],
)
def test_what_is_not_plain_is_traced(
    told: Path, tmp_path: Path, name: str, change: dict[str, object]
) -> None:
    """Whatever differs from what the graph computes is left to torch."""
    folder = tmp_path / "other"
    shutil.copytree(told, folder)
    path = folder / name
    path.write_text(json.dumps(json.loads(path.read_bytes()) | change))
    assert read_bert(folder) is None


def test_a_copy_is_known_by_its_content(
    told: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Copied with other file times, as by `cp -r`, nothing is exported; a changed weight is seen.

    So is one in a file of the same size and time, where the export does not load.
    """
    models, copied = tmp_path / "var" / "models", tmp_path / "copy" / "models"
    shutil.copytree(told, models / "small")
    said: list[str] = []
    exported_model.load(models / "small", models, said.append)
    shutil.copytree(models, copied, copy_function=shutil.copyfile)
    with monkeypatch.context() as patched:
        patched.setattr(exported_model, "_make", None)
        exported_model.load(copied / "small", copied, said.append)
        patched.setattr(exported_model, "fingerprint_file", None)
        exported_model.load(copied / "small", copied, said.append)  # not read again
    assert len(said) == 1
    weights = copied / "small" / "model.safetensors"
    data = bytearray(weights.read_bytes())
    data[-2] ^= 1
    weights.write_bytes(data)
    exported_model.load(copied / "small", copied, said.append)
    assert len(said) == 2


def test_a_good_export_is_not_thrown_away(
    told: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What does not load for want of memory is told, stays, and loads when there is some."""
    models, said = tmp_path / "models", list[str]()
    shutil.copytree(told, models / "small")
    place = exported_model.prepare(models / "small", models, said.append)
    before = {path: path.stat().st_ino for path in place.iterdir()}

    def fail(folder: Path) -> OnnxEncoder:
        raise ModelError(f"{folder}: not an exported model that loads here (bad allocation)")

    with monkeypatch.context() as patched:
        patched.setattr(exported_model, "OnnxEncoder", fail)
        with pytest.raises(ModelError, match=r"bad allocation.*whole: free memory"):
            exported_model.load(models / "small", models, said.append)
    exported_model.load(models / "small", models, said.append)
    assert {path: path.stat().st_ino for path in place.iterdir()} == before
    assert len(said) == 1


def test_two_at_once_export_once(
    small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second waits for the first and takes what it made; what a killed one left is gone."""
    tries: list[Path] = []
    both = threading.Barrier(2, timeout=60)

    def export(_: Path, place: Path) -> str:
        tries.append(place)
        (place / WEIGHTS).write_bytes(b"weights")
        return ""

    place = exported_model.find_place(small, tmp_path)
    (tmp_path / f".{place.name}.killed").mkdir()
    monkeypatch.setattr(exported_model, "_export_apart", export)

    def begin(_: str) -> None:
        both.wait()

    with ThreadPoolExecutor(2) as pool:
        made = [pool.submit(exported_model.prepare, small, tmp_path, begin) for _ in range(2)]
        assert [one.result() for one in made] == [place, place]
    assert len(tries) == 1
    assert _left(tmp_path) == [place.name]


def test_models_of_one_name_are_kept_apart(small: Path, tmp_path: Path) -> None:
    """Two folders called alike have an export each; one prepared here needs no more than a name."""
    twin = tmp_path / "elsewhere" / small.name
    twin.mkdir(parents=True)
    places = {exported_model.find_place(folder, tmp_path) for folder in (small, twin)}
    assert len(places) == 2
    assert exported_model.find_place(MODELS / NAME, MODELS) == MODELS / f"{NAME}-{RECIPE}"


def test_a_model_that_strays_runs_whole(
    small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What cannot be exported is told in one line each time, tried once, and still encodes."""
    tries: list[Path] = []

    def refuse(folder: Path, place: Path) -> str:
        tries.append(place)
        return f"{folder.name}: in 8 bits its vectors stray (cosine 0.900)"

    monkeypatch.setattr(exported_model, "_export_apart", refuse)
    for lines in (2, 1):
        said: list[str] = []
        assert isinstance(load_plain_encoder(str(small), tmp_path, said.append), SentenceEncoder)
        assert len(said) == lines
        assert "stray (cosine 0.900): Sentence Transformers runs it instead" in said[-1]
    assert len(tries) == 1


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("import os; os.kill(os.getpid(), 9)", "not exported .killed by signal 9"),
        ("import os, sys; print('full', file=sys.stderr); exit(os.EX_TEMPFAIL)", "exported .full"),
        ("exit('no such operator')", "cannot be exported .no such operator"),
    ],
)
def test_an_export_that_was_killed_is_tried_again(
    small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: str, reason: str
) -> None:
    """Killed or without room, it may work another time; else it would fail again."""
    run = subprocess.run

    def fail(_: object, **settings: Any) -> subprocess.CompletedProcess[str]:
        return run([sys.executable, "-c", code], **settings)

    monkeypatch.setattr(subprocess, "run", fail)
    with pytest.raises(ModelError, match=reason):
        exported_model.prepare(small, tmp_path, lambda _: None)
    assert bool(_left(tmp_path)) is reason.startswith("cannot")
    assert not any(name.startswith(".") for name in _left(tmp_path))


def test_an_export_finds_folders_told_from_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Folders relative to where the user stands are there for the process that exports too."""
    (tmp_path / "own").mkdir()
    monkeypatch.chdir(tmp_path)
    run = subprocess.run
    code = "import os, sys; sys.exit(not all(map(os.path.isdir, sys.argv[1:])))"

    def look(command: list[str], **settings: Any) -> subprocess.CompletedProcess[str]:
        return run([sys.executable, "-c", code, *command[3:]], **settings)

    monkeypatch.setattr(subprocess, "run", look)
    place = exported_model.prepare(Path("own"), Path("models"), lambda _: None)
    assert place.is_dir()
    assert place.parent == Path("models")


def test_what_may_pass_is_told_from_what_will_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """No room, memory or library passes, behind another error too; a model that strays does not."""
    behind = ModelError("not a model that loads here")
    behind.__cause__ = MemoryError()
    passing = os.EX_TEMPFAIL
    for error, code in (
        (OSError(28, "No space left on device"), passing),
        (ModuleNotFoundError("No module named 'onnxscript'"), passing),
        (behind, passing),
        (ModelError("small: in 8 bits its vectors stray"), 1),
        (RuntimeError("\nno such operator\nand more"), 1),
    ):

        def fail(*_: Path, error: Exception = error) -> None:
            raise error

        monkeypatch.setattr(onnx_export, "export", fail)
        assert onnx_export.main(tmp_path, tmp_path) == code
        assert capfd.readouterr().err.splitlines()[-1].startswith(f"{type(error).__name__}: ")
    monkeypatch.setattr(onnx_export, "export", lambda *_: None)
    assert onnx_export.main(tmp_path, tmp_path) == 0
