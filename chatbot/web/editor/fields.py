"""What the parts of the editor's page share: its fields, its lines, and how a click is answered.

Every function that a part hands over is called with the visit that `door` let in and with what the
button said, then with the inputs. What it raises becomes a line in its first output.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from chatbot.publishing.publish_job import PublishJob
from chatbot.web.editor.access import VISIT, Visit
from chatbot.web.editor.actions import FIELDS, Actions, Shown
from chatbot.web.editor.fragments.documents import render_line
from chatbot.web.error_responses import REQUEST_ID
from chatbot.web.rendering import escape
from corpus.errors import UsageError

AT_ONCE = 8  # of one kind of request
LISTEN = "window.desk.listen(element, trigger, 'act')"  # gives gr.HTML an event `act`
_LONGEST = 2000  # characters of a field
_LABELS = {
    "title": "document_title",
    "company": "company",
    "published": "published",
    "url": "url",
}
Values = tuple[Any, ...]


class Bench:
    """One language's page while it is built; holds nothing of a session."""

    def __init__(self, gr: Any, actions: Actions, job: PublishJob) -> None:
        """Take gradio, the language's actions, and the job that all share."""
        self.gr = gr
        self.actions = actions
        self.job = job
        self.language = actions.language
        self.words = actions.words

    def say_title(self, key: str) -> None:
        """Put a part's title, and what it is for, at its top."""
        title, more = escape(self.words[f"{key}_title"]), escape(self.words[f"{key}_more"])
        self.html("", value=f'<div class="opening"><h2>{title}</h2><p>{more}</p></div>')

    def html(self, name: str, script: str | None = None, value: str = "") -> Any:
        """Put a place for HTML; `script` runs when it stands."""
        return self.gr.HTML(
            value, apply_default_css=False, elem_id=name or None, js_on_load=script, padding=False
        )

    def field(self, key: str, hint: str, name: str) -> Any:
        """Put a field of one line, by the keys of its label and of its placeholder."""
        return self.gr.Textbox(
            label=self.words[key], placeholder=self.words[hint] if hint else None, max_lines=1,
            max_length=_LONGEST, elem_id=name,
        )  # fmt: skip

    def fields(self, prefix: str) -> list[Any]:
        """Put the fields of a document's facts, in the order of FIELDS."""
        more = f'<p class="counts">{escape(self.words["facts_more"])}</p>'
        self.html("", value=f'<h3 class="label">{escape(self.words["facts"])}</h3>{more}')
        fields = []
        with self.gr.Row(elem_classes="facts"):
            for key in FIELDS:
                hint = f"{key}_hint" if f"{key}_hint" in self.words else ""
                fields.append(self.field(_LABELS[key], hint, f"{prefix}-{key}"))
        return fields

    def on(
        self,
        event: Any,
        work: Callable[..., Values],
        inputs: list[Any],
        outputs: list[Any],
        slow: bool = False,
        preprocess: bool = True,
    ) -> None:
        """Have `work` done when an event comes; what it raises is a line in the first output.

        `slow` work is said to be going on.
        """

        def steps(visit: Visit, data: Any, *given: Any) -> Iterator[Values]:
            if slow:
                working = render_line(self.words["working"], "working")
                yield (working, *(self.gr.skip() for _ in outputs[1:]))
            yield work(visit, data, *given)

        self.follow(event, steps, inputs, outputs, preprocess)

    def follow(
        self,
        event: Any,
        steps: Callable[..., Iterator[Values]],
        inputs: list[Any],
        outputs: list[Any],
        preprocess: bool = True,
    ) -> None:
        """Have steps shown as they come when an event comes, each with a value for every output."""
        gr = self.gr

        def call(request: Any, data: Any, *given: Any) -> Iterator[Any]:
            visit: Visit = request.request.scope[VISIT]
            going = steps(visit, data._data, *given)
            try:
                while True:
                    REQUEST_ID.set(visit.request_id)  # each step has a thread of its own
                    values = next(going, None)
                    if values is None:
                        return
                    yield values if len(outputs) > 1 else values[0]
            except Exception as error:  # noqa: BLE001 - the page must hear of it, in its own words
                line = render_line(self.actions.explain(error), "trouble")
                yield (line, *(gr.skip() for _ in outputs[1:])) if len(outputs) > 1 else line

        # gradio looks for these very classes among the annotations
        call.__annotations__ = {"request": gr.Request, "data": gr.EventData}
        event(
            call, inputs or None, outputs, api_visibility="private", show_progress="hidden",
            preprocess=preprocess, concurrency_limit=AT_ONCE,
        )  # fmt: skip


def read_fields(given: tuple[str, ...]) -> Shown:
    """Return the facts' fields as the browser sent them; raises UsageError for one too long."""
    values = {key: str(value or "") for key, value in zip(FIELDS, given, strict=True)}
    for key, value in values.items():
        if len(value) > _LONGEST:
            raise UsageError(f"{key}: {len(value)} characters, and {_LONGEST} are the most")
    return values


def read_act(data: Any, *known: str) -> tuple[str, Any]:
    """Return what a button is for and what it is about: the number of an upload, or a name."""
    given = data if isinstance(data, dict) else {}
    what, name, number = given.get("act"), given.get("name"), given.get("number")
    if what not in known:
        raise UsageError("the page asks for something that is not known: reload it")
    if known[0] == "look":
        if not isinstance(number, int):
            raise UsageError("the page names no document: reload it")
        return what, number
    if not isinstance(name, str) or not 0 < len(name) <= _LONGEST:
        raise UsageError("the page names no document: reload it")
    return what, name
