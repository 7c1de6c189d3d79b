"""The composition root: settings become a library, releases, an encoder, a reader and an engine.

Nothing is loaded before it is asked for; what comes of it is handed on as arguments.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial
from typing import TYPE_CHECKING

from chatbot.engine import Engine
from chatbot.llm.restating import Complete
from chatbot.publishing.publisher import Publisher
from chatbot.settings import LLM, Settings
from chatbot.terminal import say
from corpus.isolation.isolated_reader import IsolatedReader
from corpus.library import Library
from index import models
from index.encoder.encoder import Encoder
from index.reader.protocol import Reader
from index.storage.milvus import Milvus
from index.storage.publish import Releases

if TYPE_CHECKING:
    from chatbot.llm.rephraser import Rephraser
    from chatbot.llm.structured_output import Complete as FormComplete


def make_releases(settings: Settings) -> Releases:
    """Return the releases below `var`, with their vectors in Milvus where one is set."""
    store = Milvus(settings.milvus_uri) if settings.milvus_uri else None
    return Releases(settings.var / "releases", store)


def make_library(settings: Settings) -> Library:
    """Return the library, whose documents are read in processes of their own."""
    return Library(settings.reports, IsolatedReader())


def make_publisher(settings: Settings) -> Publisher:
    """Return what publishes the library."""
    return Publisher(
        make_library(settings),
        make_releases(settings),
        partial(load_encoder, settings),
        partial(choose_reader, settings),
    )


def open_engine(settings: Settings) -> Engine:
    """Return an engine over what is live; raises NoReleaseError before a model is loaded."""
    releases = make_releases(settings)
    releases.live()
    return make_engine(settings, releases)


def make_engine(
    settings: Settings,
    releases: Releases,
    load: Callable[[], Encoder] | None = None,
    read: Callable[[Encoder], Reader] | None = None,
) -> Engine:
    """Return an engine over releases; `load` and `read` give its models where others use them."""
    return Engine(
        releases,
        load or partial(load_encoder, settings),
        complete=find_model(settings),
        load_reader=read or partial(choose_reader, settings),
        rephraser=find_rephraser(settings),
    )


def choose_reader(settings: Settings, encoder: Encoder) -> Reader:
    """Return the reader that the settings name; raises ModelError where it cannot be had."""
    if settings.reader != LLM:
        return models.load_reader(settings.reader, encoder, say)
    from chatbot.llm.chooser import Chooser

    return Chooser(models.load_reader("", encoder, say), _open_form(settings))


def find_rephraser(settings: Settings) -> Rephraser | None:
    """Return what puts questions in other words, where the reader is a language model."""
    if settings.reader != LLM:
        return None
    from chatbot.llm.rephraser import Rephraser

    return Rephraser(_open_form(settings))


@cache  # what chooses and what rephrases leave it alone together
def _open_form(settings: Settings) -> FormComplete:
    from chatbot.llm.endpoint import Endpoint
    from chatbot.llm.structured_output import LIMITS, Breaker

    endpoint = Endpoint(settings.llm_url, settings.llm_model, settings.llm_key, LIMITS)
    return Breaker(endpoint.complete)


def name_reader(settings: Settings, model: str) -> str:
    """Return the name of the reader of a release that a model encoded; loads none."""
    if settings.reader != LLM:
        return models.name_reader(settings.reader, model)
    from chatbot.llm.chooser import name_chooser

    return name_chooser(models.name_reader("", model))


def find_model(settings: Settings) -> Complete | None:
    """Return the language model that restates quotations, None where none is set."""
    if not settings.llm_url:
        return None
    from chatbot.llm.endpoint import Endpoint  # httpx takes its time to import

    return Endpoint(settings.llm_url, settings.llm_model, settings.llm_key).complete


def load_encoder(settings: Settings) -> Encoder:
    """Load the encoder that the settings name."""
    return models.load_encoder(settings.model, settings.var / "models", say)
