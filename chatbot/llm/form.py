"""A form that a language model fills in: JSON of a schema, read as if none had been asked for."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from chatbot.llm.endpoint import Limits
from chatbot.llm.restating import EndpointError, Message

# What is asked before an answer has to leave time for it: three forms and a search take no longer
# than a question may.
LIMITS = Limits(first=6.0, total=8.0)


class Complete(Protocol):
    """What puts messages to a model and returns its words; see Endpoint.complete."""

    def __call__(self, messages: Sequence[Message], schema: Mapping[str, Any]) -> str:
        """Return the model's words; raises EndpointError where none come."""


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
