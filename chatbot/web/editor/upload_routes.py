"""The part for adding: files and addresses wait, each checked as it will be quoted."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from chatbot.web.editor.access import Visit
from chatbot.web.editor.actions import BLANK, Desktop, Shown
from chatbot.web.editor.fields import LISTEN, Bench, Values, read_act, read_fields
from corpus.errors import NotFoundError


def build_intake(bench: Bench, blocks: Any) -> None:
    """Put the part on the page; `blocks` is the page."""
    gr, words, actions = bench.gr, bench.words, bench.actions
    bench.say_title("add")
    with gr.Row(elem_classes="ways"):
        files = gr.File(label=words["files"], file_count="multiple", elem_id="files", height=148)
        with gr.Column(elem_classes="fetch"):
            address = bench.field("address", "address_hint", "address")
            fetch = gr.Button(words["fetch"], elem_id="fetch")
    said = bench.html("said")
    with gr.Row(elem_classes="bench"):
        with gr.Column(elem_classes="list", min_width=240, scale=2):
            drafts = bench.html("drafts", LISTEN)
        with gr.Column(visible=False, elem_classes="sheet", min_width=280, scale=5) as form:
            fields = bench.fields("draft")
            with gr.Row(elem_classes="buttons"):
                add = gr.Button(words["add_this"], variant="primary", elem_id="add-this")
                every = gr.Button(words["add_all"], visible=False, elem_id="add-all")
                again = gr.Button(words["preview_again"], elem_id="preview-again")
            proof = bench.html("proof")
    number, shown = gr.State(0), gr.State(dict(BLANK))
    outputs = [said, drafts, number, shown, form, *fields, every, proof, files, address]
    kept = [number, shown, *fields]

    def show(desktop: Desktop) -> Values:
        return (
            desktop.said, desktop.uploads, desktop.number, desktop.shown,
            gr.update(visible=bool(desktop.number)), *desktop.shown.values(),
            gr.update(visible=desktop.count > 1), desktop.proof, None, gr.skip(),
        )  # fmt: skip

    def keep(visit: Visit, number: int, shown: Shown, *given: str) -> None:
        with suppress(NotFoundError):  # added or put away in another window
            actions.keep(visit.session.pending, number, shown, read_fields(given))

    def take(visit: Visit, _: Any, uploads: Any) -> Values:
        return show(actions.take_files(visit.session.pending, uploads or []))

    def reach(visit: Visit, _: Any, address: str) -> Values:
        if not address.strip():
            return (gr.skip(),) * len(outputs)
        return (*show(actions.take_address(visit.session.pending, address))[:-1], "")

    def act(visit: Visit, data: Any, number: int, shown: Shown, *given: str) -> Any:
        what, which = read_act(data, "look", "away")
        if what == "away":
            return show(actions.put_away(visit.session.pending, which, number))
        keep(visit, number, shown, *given)
        return show(actions.look(visit.session.pending, which))

    def look(visit: Visit, _: Any, number: int, shown: Shown, *given: str) -> Any:
        keep(visit, number, shown, *given)
        return show(actions.look(visit.session.pending, number))

    def put(visit: Visit, _: Any, number: int, shown: Shown, *given: str) -> Any:
        keep(visit, number, shown, *given)
        return show(actions.add(visit.session.pending, [number]))

    def put_all(visit: Visit, _: Any, number: int, shown: Shown, *given: str) -> Any:
        keep(visit, number, shown, *given)
        numbers = [draft.number for draft in visit.session.pending.list()]
        return show(actions.add(visit.session.pending, numbers))

    bench.on(files.upload, take, [files], outputs, slow=True, preprocess=False)
    for reached in (fetch.click, address.submit):
        bench.on(reached, reach, [address], outputs, slow=True)
    bench.on(drafts.act, act, kept, outputs)
    for entered in (again.click, *(field.submit for field in fields)):
        bench.on(entered, look, kept, outputs)
    bench.on(add.click, put, kept, outputs, slow=True)
    bench.on(every.click, put_all, kept, outputs, slow=True)
    bench.on(blocks.load, lambda visit, _: show(actions.look(visit.session.pending, 0)), [],
             outputs)  # fmt: skip
