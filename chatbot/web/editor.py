"""The editor's page: Gradio's components over the clerk, one page in each language.

What a page shows of a document is HTML that `proof`, `sheets` and `changes` made; a button in it
triggers `act` with what it is for. Every function below is called with the visit that `door` let
in, and what it raises becomes a line on the page.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from chatbot.web.changes import render_outcome, render_plan, render_progress
from chatbot.web.chat import mount_blocks, open_gradio, run_in_loop
from chatbot.web.clerk import BLANK, FIELDS, Clerk, Desktop, Shown
from chatbot.web.door import LARGEST_FILE, VISIT, Visit
from chatbot.web.failures import REQUEST_ID
from chatbot.web.page import LOGO
from chatbot.web.press import Press, State
from chatbot.web.render import escape
from chatbot.web.session import Sessions
from chatbot.web.sheets import render_line, render_releases
from chatbot.web.tray import Folder
from chatbot.web.words import TAGS, WORDS
from corpus.errors import NotFoundError, UsageError

if TYPE_CHECKING:
    from fastapi import FastAPI

    from chatbot.desk import Desk
    from chatbot.engine import Engine
    from chatbot.settings import Settings

AT_ONCE = 8  # of one kind of request
_LONGEST = 2000  # characters of a field
_LISTEN = "window.desk.listen(element, trigger, 'act')"
_LABELS = {
    "title": "document_title",
    "company": "company",
    "published": "published",
    "url": "url",
}
Work = Callable[..., tuple[Any, ...]]


def mount_editor(app: FastAPI, engine: Engine, desk: Desk, settings: Settings) -> Sessions:
    """Mount the page at `/editor/en` and `/editor/zh` of `app`; returns who is signed in.

    Only what `door.Door` lets through may reach it. The folder of uploads goes when `app` ends.
    """
    folder = Folder(settings.var)
    sessions = Sessions(settings.editor_token, folder.make_tray)
    press = Press(desk)
    gr = open_gradio(folder.uploads)

    def mount() -> None:
        for language in ("en", "zh"):
            clerk = Clerk(desk, engine, folder.uploads, language)
            blocks = _Page(gr, clerk, press, settings.root_path).build()
            mount_blocks(
                app,
                blocks,
                f"/editor/{language}",
                settings.root_path,
                max_file_size=LARGEST_FILE,
                auth_dependency=lambda request: "editor" if VISIT in request.scope else None,
            )

    run_in_loop(mount)
    served = app.router.lifespan_context

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[Any]:
        async with served(app) as state:
            yield state
        sessions.close()
        folder.close()

    app.router.lifespan_context = lifespan
    return sessions


class _Page:
    """One language's page, and what its buttons do; holds nothing of a session."""

    def __init__(self, gr: Any, clerk: Clerk, press: Press, root: str) -> None:
        self.gr = gr
        self.clerk = clerk
        self.press = press
        self.root = root
        self.language = clerk.language
        self.words = clerk.words

    def build(self) -> Any:
        """Return the page."""
        gr, words = self.gr, self.words
        with gr.Blocks(title=words["title"], analytics_enabled=False, fill_width=True) as blocks:
            gr.HTML(self._head(), apply_default_css=False, elem_id="head", js_on_load=None)
            self.alarm = gr.HTML(apply_default_css=False, elem_id="alarm", js_on_load=None)
            with gr.Tabs(elem_id="desk"):
                with gr.Tab(words["add"], id="add"):
                    self._build_add(blocks)
                with gr.Tab(words["collection"], id="collection") as tab:
                    self._build_collection(tab)
                with gr.Tab(words["publish"], id="publish"):
                    self._build_publish(blocks)
                with gr.Tab(words["releases"], id="releases") as tab:
                    self._build_releases(tab)
            self._on(blocks.load, lambda *_: (self.clerk.warn(),), [], [self.alarm])
        blocks.queue(max_size=None, api_open=False, default_concurrency_limit=AT_ONCE)
        return blocks

    # ---- adding ----

    def _build_add(self, blocks: Any) -> None:
        gr, words = self.gr, self.words
        self._say_title("add")
        with gr.Row(elem_classes="ways"):
            files = gr.File(
                label=words["files"], file_count="multiple", elem_id="files", height=148
            )
            files.async_move_resource_to_block_cache = _leave
            with gr.Column(elem_classes="fetch"):
                address = self._field("address", "address_hint", "address")
                fetch = gr.Button(words["fetch"], elem_id="fetch")
        said = self._html("said")
        with gr.Row(elem_classes="bench"):
            with gr.Column(elem_classes="list", min_width=240, scale=2):
                drafts = self._html("drafts", _LISTEN)
            with gr.Column(visible=False, elem_classes="sheet", min_width=280, scale=5) as form:
                fields = self._build_fields("draft")
                with gr.Row(elem_classes="buttons"):
                    add = gr.Button(words["add_this"], variant="primary", elem_id="add-this")
                    every = gr.Button(words["add_all"], visible=False, elem_id="add-all")
                    again = gr.Button(words["preview_again"], elem_id="preview-again")
                proof = self._html("proof")
        number, shown = gr.State(0), gr.State(dict(BLANK))
        outputs = [said, drafts, number, shown, form, *fields, every, proof, files, address]
        kept = [number, shown, *fields]

        def show(desktop: Desktop) -> tuple[Any, ...]:
            return (
                desktop.said, desktop.drafts, desktop.number, desktop.shown,
                gr.update(visible=bool(desktop.number)), *desktop.shown.values(),
                gr.update(visible=desktop.count > 1), desktop.proof, None, gr.skip(),
            )  # fmt: skip

        def keep(visit: Visit, number: int, shown: Shown, *given: str) -> None:
            if number:
                self.clerk.keep(visit.session.tray, number, shown, _read_fields(given))

        def take(visit: Visit, _: Any, uploads: Any) -> tuple[Any, ...]:
            return show(self.clerk.take_files(visit.session.tray, uploads or []))

        def reach(visit: Visit, _: Any, address: str) -> tuple[Any, ...]:
            if not address.strip():
                return (gr.skip(),) * len(outputs)
            return (*show(self.clerk.take_address(visit.session.tray, address))[:-1], "")

        def act(visit: Visit, data: Any, number: int, shown: Shown, *given: str) -> Any:
            what, which = _read_act(data, "look", "away")
            if what == "away":
                return show(self.clerk.put_away(visit.session.tray, which, number))
            keep(visit, number, shown, *given)
            return show(self.clerk.look(visit.session.tray, which))

        def look(visit: Visit, _: Any, number: int, shown: Shown, *given: str) -> Any:
            keep(visit, number, shown, *given)
            return show(self.clerk.look(visit.session.tray, number))

        def put(visit: Visit, _: Any, number: int, shown: Shown, *given: str) -> Any:
            keep(visit, number, shown, *given)
            return show(self.clerk.add(visit.session.tray, [number]))

        def put_all(visit: Visit, _: Any, number: int, shown: Shown, *given: str) -> Any:
            keep(visit, number, shown, *given)
            numbers = [draft.number for draft in visit.session.tray.list()]
            return show(self.clerk.add(visit.session.tray, numbers))

        self._on(files.upload, take, [files], outputs, slow=True, preprocess=False)
        for reached in (fetch.click, address.submit):
            self._on(reached, reach, [address], outputs, slow=True)
        self._on(drafts.act, act, kept, outputs)
        for entered in (again.click, *(field.submit for field in fields)):
            self._on(entered, look, kept, outputs)
        self._on(add.click, put, kept, outputs, slow=True)
        self._on(every.click, put_all, kept, outputs, slow=True)
        self._on(blocks.load, lambda visit, _: show(self.clerk.look(visit.session.tray, 0)), [],
                 outputs)  # fmt: skip

    # ---- the collection ----

    def _build_collection(self, tab: Any) -> None:
        gr, words = self.gr, self.words
        self._say_title("collection")
        said = self._html("collection-said")
        with gr.Column(visible=False, elem_classes="sheet", elem_id="correct") as form:
            heading = self._html("correct-name")
            fields = self._build_fields("held")
            with gr.Row(elem_classes="buttons"):
                save = gr.Button(words["save"], variant="primary", elem_id="save")
                cancel = gr.Button(words["cancel"], elem_id="cancel")
        find = self._field("find", "find_hint", "find")
        reading = f'<p class="none">{escape(words["reading"])}</p>'
        table = self._html("collection", _LISTEN, reading)
        name, shown = gr.State(""), gr.State(dict(BLANK))
        outputs = [said, table, form, heading, name, shown, *fields]

        def show(line: str, table: Any, name: str = "", facts: Shown = BLANK) -> tuple[Any, ...]:
            title = f'<h3 class="label">{escape(words["correct_title"])}</h3><p><bdi class="name">'
            title += f"{escape(name)}</bdi></p>"
            return (line, table, gr.update(visible=bool(name)), title, name, facts, *facts.values())

        def act(_: Visit, data: Any, search: str) -> Any:
            what, which = _read_act(data, "correct", "remove", "restore")
            if what == "correct":
                return show("", gr.skip(), which, self.clerk.show_facts(which))
            line = self.clerk.remove(which) if what == "remove" else self.clerk.restore(which)
            return show(line, self.clerk.list(search))

        def describe(_: Visit, __: Any, search: str, name: str, shown: Shown, *given: str) -> Any:
            if not name:
                raise NotFoundError("no document is chosen: choose one from the table")
            line = self.clerk.describe(name, shown, _read_fields(given))
            return show(line, self.clerk.list(search))

        def listing(_: Visit, __: Any, search: str) -> Any:
            return "", self.clerk.list(search)

        self._on(table.act, act, [find], outputs, slow=True)
        for saved in (save.click, *(field.submit for field in fields)):
            self._on(saved, describe, [find, name, shown, *fields], outputs, slow=True)
        self._on(cancel.click, lambda *_: show("", gr.skip()), [], outputs)
        self._on(find.submit, listing, [find], [said, table], slow=True)
        self._on(tab.select, listing, [find], [said, table])

    # ---- publishing ----

    def _build_publish(self, blocks: Any) -> None:
        gr, words = self.gr, self.words
        self._say_title("publish")
        with gr.Row(elem_classes="buttons"):
            see = gr.Button(words["see"], elem_id="see")
            publish = gr.Button(words["publish"], variant="primary", elem_id="publish-now")
        accept = gr.Checkbox(label=words["accept"], visible=False, elem_id="accept")
        said = self._html("progress")
        change = self._html("change")
        outputs = [said, change, accept, see, publish, self.alarm]

        def show(state: State) -> tuple[Any, ...]:
            idle = gr.update(interactive=not state.working)
            if state.working:
                progress = render_progress(state, self.language)
                return progress, gr.skip(), gr.skip(), idle, idle, gr.skip()
            line = state.line
            if state.code == "internal":
                line = words["internal"].format(request=state.request_id)
            outcome = render_outcome(state, line, self.language)
            stopped = gr.update(visible=state.gate is not None and state.phase == "failed",
                                value=False)  # fmt: skip
            return "", outcome, stopped, idle, idle, self.clerk.warn()

        def plan(_: Visit, __: Any) -> tuple[Any, ...]:
            made = render_plan(self.clerk.desk.plan(), self.language)
            idle = gr.skip()
            return "", made, gr.update(visible=False, value=False), idle, idle, gr.skip()

        def follow(_: Visit, __: Any) -> Iterator[tuple[Any, ...]]:
            yield from map(show, self.press.follow())

        def start(_: Visit, __: Any, accepted: Any) -> Iterator[tuple[Any, ...]]:
            self.press.start(accepted is True)
            yield (gr.skip(), "", *show(self.press.state)[2:])
            yield from map(show, self.press.follow())

        self._on(see.click, plan, [], outputs, slow=True)
        self._follow(publish.click, start, [accept], outputs)
        self._follow(blocks.load, follow, [], outputs)

    # ---- releases ----

    def _build_releases(self, tab: Any) -> None:
        self._say_title("releases")
        said = self._html("releases-said")
        table = self._html("releases", _LISTEN)
        outputs = [said, table, self.alarm]

        def show(line: str) -> tuple[Any, ...]:
            releases = render_releases(self.clerk.desk.releases(), self.language)
            return line, releases, self.clerk.warn()

        def act(_: Visit, data: Any) -> tuple[Any, ...]:
            return show(self.clerk.rollback(_read_act(data, "rollback")[1]))

        self._on(table.act, act, [], outputs, slow=True)
        self._on(tab.select, lambda *_: show(""), [], outputs)

    # ---- what the parts share ----

    def _head(self) -> str:
        words, prefix = self.words, escape(self.root)
        label = escape(WORDS[self.language]["language"])
        links = ""
        for code, name in (("en", "EN"), ("zh", "中文")):
            here = ' aria-current="true"' if code == self.language else ""
            tag = TAGS[code]
            links += f'<a href="{prefix}/editor/?lang={code}" hreflang="{tag}" lang="{tag}"{here}>'
            links += f"{name}</a>"
        return (
            f'<header class="masthead"><a class="brand" href="{prefix}/"'
            f' aria-label="Casebook: {escape(words["to_chat"])}">{LOGO}<span>Casebook</span></a>'
            f'<h1 class="tagline">{escape(words["desk"])}</h1>'
            f'<nav class="languages" aria-label="{label}">{links}</nav>'
            f'<form method="post" action="{prefix}/editor/sign-out">'
            f'<button class="quiet" type="submit">{escape(words["sign_out"])}</button></form>'
            f'</header><dialog id="ask" aria-labelledby="ask-title">'
            f'<h2 id="ask-title">{escape(words["confirm"])}</h2><p id="ask-what" dir="auto"></p>'
            f'<div class="buttons"><button type="button" id="ask-no">{escape(words["cancel"])}'
            f'</button><button type="button" id="ask-yes"></button></div></dialog>'
            f'<div id="trouble" role="alert" data-lost="{escape(words["lost"])}"'
            f' data-large="{escape(words["too_large"])}" hidden></div>'
        )

    def _say_title(self, key: str) -> None:
        title, more = escape(self.words[f"{key}_title"]), escape(self.words[f"{key}_more"])
        self._html("", value=f'<div class="opening"><h2>{title}</h2><p>{more}</p></div>')

    def _html(self, name: str, script: str | None = None, value: str = "") -> Any:
        return self.gr.HTML(
            value, apply_default_css=False, elem_id=name or None, js_on_load=script, padding=False
        )

    def _field(self, key: str, hint: str, name: str) -> Any:
        return self.gr.Textbox(
            label=self.words[key], placeholder=self.words[hint] if hint else None, max_lines=1,
            max_length=_LONGEST, elem_id=name,
        )  # fmt: skip

    def _build_fields(self, prefix: str) -> list[Any]:
        more = f'<p class="counts">{escape(self.words["facts_more"])}</p>'
        self._html("", value=f'<h3 class="label">{escape(self.words["facts"])}</h3>{more}')
        fields = []
        with self.gr.Row(elem_classes="facts"):
            for key in FIELDS:
                hint = f"{key}_hint" if f"{key}_hint" in self.words else ""
                fields.append(self._field(_LABELS[key], hint, f"{prefix}-{key}"))
        return fields

    def _on(
        self,
        event: Any,
        work: Work,
        inputs: list[Any],
        outputs: list[Any],
        slow: bool = False,
        preprocess: bool = True,
    ) -> None:
        """Have `work` done when an event comes; what it raises is a line in the first output.

        `slow` work is said to be going on.
        """

        def steps(visit: Visit, data: Any, *given: Any) -> Iterator[tuple[Any, ...]]:
            if slow:
                working = render_line(self.words["working"], "working")
                yield (working, *(self.gr.skip() for _ in outputs[1:]))
            yield work(visit, data, *given)

        self._follow(event, steps, inputs, outputs, preprocess)

    def _follow(
        self,
        event: Any,
        steps: Callable[..., Iterator[tuple[Any, ...]]],
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
                line = render_line(self.clerk.explain(error), "trouble")
                yield (line, *(gr.skip() for _ in outputs[1:])) if len(outputs) > 1 else line

        # gradio looks for these very classes among the annotations
        call.__annotations__ = {"request": gr.Request, "data": gr.EventData}
        event(
            call, inputs or None, outputs, api_visibility="private", show_progress="hidden",
            preprocess=preprocess, concurrency_limit=AT_ONCE,
        )  # fmt: skip


async def _leave(named: Any) -> Any:
    """Leave a path what it is.

    Gradio would fetch an address, or copy any file of the machine to where uploads lie, before the
    clerk looks at the path.
    """
    return named


def _read_fields(given: tuple[str, ...]) -> Shown:
    values = {key: str(value or "") for key, value in zip(FIELDS, given, strict=True)}
    for key, value in values.items():
        if len(value) > _LONGEST:
            raise UsageError(f"{key}: {len(value)} characters, and {_LONGEST} are the most")
    return values


def _read_act(data: Any, *known: str) -> tuple[str, Any]:
    """Return what a button is for and what it is about: a number on the tray, or a name."""
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
