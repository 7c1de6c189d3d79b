"""The parts for what is there: the documents of the collection, and the releases."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from chatbot.web.editor.access import Visit
from chatbot.web.editor.actions import BLANK, Shown
from chatbot.web.editor.fields import LISTEN, Bench, Values, read_act, read_fields
from chatbot.web.editor.fragments.documents import render_releases
from chatbot.web.rendering import escape
from corpus.errors import NotFoundError


class Turns:
    """Whose turn it is to show a table: the last that asked for it."""

    def __init__(self) -> None:
        """Begin with nobody's turn."""
        self.last: object = None

    def show_last(self, make: Callable[[], Any], skipped: Any) -> Any:
        """Return what `make` makes, or `skipped` where another asked while it was made."""
        turn = self.last = object()
        made = make()
        return made if self.last is turn else skipped


def build_collection(bench: Bench, tab: Any) -> None:
    """Put the part of the documents on the page."""
    gr, words, actions = bench.gr, bench.words, bench.actions
    bench.say_title("collection")
    said = bench.html("collection-said")
    with gr.Column(visible=False, elem_classes="sheet", elem_id="correct") as form:
        heading = bench.html("correct-name")
        fields = bench.fields("held")
        with gr.Row(elem_classes="buttons"):
            save = gr.Button(words["save"], variant="primary", elem_id="save")
            cancel = gr.Button(words["cancel"], elem_id="cancel")
    find = bench.field("find", "find_hint", "find")
    reading = f'<p class="none">{escape(words["reading"])}</p>'
    table = bench.html("collection", LISTEN, reading)
    name, shown, turns = gr.State(""), gr.State(dict(BLANK)), gr.State(Turns())
    outputs = [said, table, form, heading, name, shown, *fields]

    def show(line: str, table: Any, name: str = "", facts: Shown = BLANK) -> Values:
        title = f'<h3 class="label">{escape(words["correct_title"])}</h3><p><bdi class="name">'
        title += f"{escape(name)}</bdi></p>"
        return (line, table, gr.update(visible=bool(name)), title, name, facts, *facts.values())

    def list_found(turns: Turns, search: str) -> Any:
        # a list that is read slowly would come to stand over what was asked for after it
        return turns.show_last(lambda: actions.list(search), gr.skip())

    def act(_: Visit, data: Any, turns: Turns, search: str) -> Any:
        what, which = read_act(data, "correct", "remove", "restore")
        if what == "correct":
            return show("", gr.skip(), which, actions.show_facts(which))
        line = actions.remove(which) if what == "remove" else actions.restore(which)
        return show(line, list_found(turns, search))

    def describe(
        _: Visit, __: Any, turns: Turns, search: str, name: str, shown: Shown, *given: str
    ) -> Any:
        if not name:
            raise NotFoundError("no document is chosen: choose one from the table")
        line = actions.describe(name, shown, read_fields(given))
        return show(line, list_found(turns, search))

    def listing(_: Visit, __: Any, turns: Turns, search: str) -> Any:
        return "", list_found(turns, search)

    bench.on(table.act, act, [turns, find], outputs, slow=True)
    for saved in (save.click, *(field.submit for field in fields)):
        bench.on(saved, describe, [turns, find, name, shown, *fields], outputs, slow=True)
    bench.on(cancel.click, lambda *_: show("", gr.skip()), [], outputs)
    bench.on(tab.select, listing, [turns, find], [said, table])
    bench.on(find.submit, listing, [turns, find], [said, table], slow=True)


def build_releases(bench: Bench, tab: Any, alarm: Any) -> None:
    """Put the part of the releases on the page; `alarm` is the warning over all parts."""
    actions = bench.actions
    bench.say_title("releases")
    said = bench.html("releases-said")
    table = bench.html("releases", LISTEN)
    outputs = [said, table, alarm]

    def show(line: str) -> Values:
        releases = render_releases(actions.publisher.releases(), bench.language)
        return line, releases, actions.warn()

    def act(_: Visit, data: Any) -> Values:
        return show(actions.rollback(read_act(data, "rollback")[1]))

    bench.on(table.act, act, [], outputs, slow=True)
    bench.on(tab.select, lambda *_: show(""), [], outputs)
