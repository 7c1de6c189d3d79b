"""A form that a language model fills in: JSON of a schema, read as if none had been asked for."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from chatbot.answers.deadline import FORM
from chatbot.llm.endpoint import CrowdedError, EndpointLimits
from chatbot.llm.restating import EndpointError, Message

# What is asked before an answer has to leave time for it: three forms and a search take no longer
# than a question may.
LIMITS = EndpointLimits(first=6.0, total=FORM)
REST = 30.0  # seconds that a model is left alone

log = logging.getLogger("casebook")


class Complete(Protocol):
    """What puts messages to a model and returns its words; see Endpoint.complete."""

    def __call__(self, messages: Sequence[Message], schema: Mapping[str, Any]) -> str:
        """Return the model's words; raises EndpointError where none come."""


class RestError(EndpointError):
    """The model failed a moment ago and was not asked."""


class Breaker:
    """A model that is left alone for a while after it failed, so that nothing waits for it twice.

    Words that are no such form are no failure of this kind. Safe to share between threads.
    """

    def __init__(self, complete: Complete) -> None:
        """Take the model."""
        self._complete = complete
        self._until = 0.0

    def __call__(self, messages: Sequence[Message], schema: Mapping[str, Any]) -> str:
        """See Complete; raises RestError at once while the model is left alone."""
        if time.monotonic() < self._until:
            raise RestError(f"it failed less than {REST:g} seconds ago")
        try:
            return self._complete(messages, schema)
        except CrowdedError:  # others' questions are no fault of the model
            raise
        except EndpointError:
            self._until = time.monotonic() + REST
            raise


def note(lacking: str, error: Exception) -> None:
    """Say in the log what a model did not give; once, where it is left alone from then on."""
    level = logging.DEBUG if isinstance(error, RestError) else logging.WARNING
    log.log(level, "no %s by the language model: %s", lacking, error)


def fill(
    complete: Complete,
    rules: str,
    material: Mapping[str, object],
    field: str,
    kind: Mapping[str, Any],
) -> Any:
    """Return what a model puts into the one field of a form, of whatever type it is.

    `material` is given as JSON, `kind` is the schema of the field. Raises EndpointError where no
    words come, or words that are no such form.
    """
    schema = {
        "type": "object",
        "properties": {field: kind},
        "required": [field],
        "additionalProperties": False,
    }
    messages = [
        {"role": "system", "content": rules},
        {"role": "user", "content": json.dumps(material, ensure_ascii=False)},
    ]
    said = complete(messages, schema).rpartition("</think>")[2]
    try:
        form = json.loads(said)
    except (ValueError, RecursionError):
        form = None
    if not isinstance(form, dict) or form.keys() != {field}:
        raise EndpointError("what it said is not the form that it was given")
    return form[field]
