"""Which models the settings name: the encoder and the reader; the only importer of the hub."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from corpus.errors import ModelError
from index.encoder import model_folder
from index.encoder.bundled_model import PACKAGE, find_bundle
from index.encoder.encoder import Encoder
from index.encoder.export import exported_model
from index.encoder.projection import Projection
from index.languages.dictionary import Dictionary
from index.reader.choice import find_reader, ignore_report
from index.reader.cosine import CosineReader
from index.reader.cross_encoder import CrossEncoderReader, name_cross_encoder
from index.reader.protocol import Reader
from index.reader.weights import choose_weights
from index.search.alignment import AlignedEncoder, choose_alignment

_UNUSED = ["onnx/*", "openvino/*", "*.onnx", "*.h5", "*.msgpack", "*.ot", "*.gguf"]


def load_encoder(model: str, models: Path, report: Callable[[str], None]) -> Encoder:
    """Return the encoder of the model that the setting names, ready to encode.

    The model runs on onnxruntime in 8 bits, exported below `models` on first use. One that cannot
    be exported, or not without loss, runs on Sentence Transformers, on a graphics card where there
    is one; `report` is told why. Its vectors are aligned, see index.search.alignment. Raises
    ModelError where no model can be had.
    """
    encoder = load_plain_encoder(model, models, report)
    dictionary = Dictionary.open(models, report)
    alignment, projection = choose_alignment(encoder, report), _choose_projection(encoder)
    return AlignedEncoder(encoder, alignment, dictionary, projection)


def _choose_projection(encoder: Encoder) -> Projection | None:
    """Return how states are kept for the bundled reader, or None where it could not read them.

    Nothing is told of that here; who opens the reader is told.
    """
    weights = choose_weights(encoder, ignore_report)
    if weights is None:
        return None
    (query,) = encoder.read_queries(["?"])
    # Of a model that is not exported there are those of the last layer alone.
    return weights.projection if query.states.shape[1] == weights.projection.width else None


def load_plain_encoder(model: str, models: Path, report: Callable[[str], None]) -> Encoder:
    """Return the encoder of `load_encoder` as the model makes its vectors, with no dictionary."""
    folder = find_model(model, models, report)
    try:
        exported_model.prepare(folder, models, report)
    except ModelError as error:
        report(f"{error}: Sentence Transformers runs it instead")
        from index.encoder.sentence_transformer import SentenceEncoder

        return SentenceEncoder(folder)
    return exported_model.load(folder, models, report)


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
    return find_folder(model, "CASEBOOK_MODEL")


def find_folder(model: str, variable: str) -> Path:
    """Return a model's folder, by itself or by its name at the hub, which is fetched once.

    Raises ModelError, naming the variable, where there is none.
    """
    path = Path(model).expanduser()
    if path.is_dir():
        return path
    if path.is_absolute() or model.startswith((".", "~")):
        raise ModelError(f"{model}: no such folder; set {variable} to a model's folder or name")
    return _fetch(model, variable)


def load_reader(setting: str, encoder: Encoder, report: Callable[[str], None]) -> Reader:
    """Return the reader that the setting names: none, or a cross-encoder's folder or name.

    None means the bundled one, or cosines for an encoder that it was not made for; `report` is told
    why. Raises ModelError where the named one cannot be had.
    """
    if setting:
        return CrossEncoderReader(find_folder(setting, "CASEBOOK_READER"))
    return find_reader(encoder, report)


def name_reader(setting: str, identity: str) -> str:
    """Return the name that `load_reader`'s reader would have, without loading anything.

    `identity` is the encoder's. It tells for which reader states are kept, if any.
    """
    if setting:
        return name_cross_encoder(Path(setting).expanduser())
    parts = [part for part in identity.split("+") if part.startswith("read-")]
    return f"bundled ({parts[0]})" if parts else CosineReader.name


def _fetch(name: str, variable: str) -> Path:
    logging.getLogger("huggingface_hub").setLevel(logging.ERROR)
    from huggingface_hub import snapshot_download

    with suppress(Exception):  # not in the cache, or the cache is broken: ask the hub
        return Path(snapshot_download(name, local_files_only=True, ignore_patterns=_UNUSED))
    try:
        return Path(snapshot_download(name, ignore_patterns=_UNUSED))
    except Exception as error:
        raise ModelError(
            f"{name}: neither a folder here nor a model the hub gives "
            f"({type(error).__name__}); check {variable} and the network"
        ) from error
