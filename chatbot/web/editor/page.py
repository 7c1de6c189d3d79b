"""The editor's page: Gradio's components over its actions, one page in each language."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from chatbot.locales.interface import EDITOR, TAGS, WORDS
from chatbot.publishing.pending_uploads import Folder
from chatbot.publishing.publish_job import PublishJob
from chatbot.web.case_page import LOGO
from chatbot.web.chat import mount_blocks, open_gradio, run_in_loop
from chatbot.web.editor.access import LARGEST_FILE, VISIT
from chatbot.web.editor.actions import Actions
from chatbot.web.editor.fields import AT_ONCE, Bench
from chatbot.web.editor.library_routes import build_collection, build_releases
from chatbot.web.editor.publish_routes import build_publishing
from chatbot.web.editor.session import Sessions
from chatbot.web.editor.upload_routes import build_intake
from chatbot.web.rendering import escape

if TYPE_CHECKING:
    from fastapi import FastAPI

    from chatbot.engine import Engine
    from chatbot.publishing.publisher import Publisher
    from chatbot.settings import Settings

KEPT = (600, 3600)  # seconds between two looks for uploads nobody took, and how old they may be


def mount_editor(
    app: FastAPI, engine: Engine, publisher: Publisher, settings: Settings
) -> Sessions:
    """Mount the page at `/editor/en` and `/editor/zh` of `app`; returns who is signed in.

    Only what `EditorAccess` lets through may reach it. The folder of uploads goes when `app` ends.
    """
    folder = Folder(settings.var)
    sessions = Sessions(settings.editor_token, folder.make_tray)
    job = PublishJob(publisher)
    gr = open_gradio(folder.uploads)

    def mount() -> None:
        for language in ("en", "zh"):
            actions = Actions(publisher, engine, folder.uploads, language)
            blocks = _build(Bench(gr, actions, job), settings.root_path)
            mount_blocks(
                app,
                blocks,
                "editor",
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


class OpenStreams(dict[str, set[str]]):
    """Gradio's table of the events that each page waits for, which keeps a page's stream open.

    Gradio ends the stream of results when a page waits for none. A click in that moment is joined
    to the stream that is just ending, and its result is never seen. So each page waits for one more
    than it sent. Gradio sets a page's entry once when it comes, and again when it has left.
    """

    def __setitem__(self, page: str, events: set[str]) -> None:
        """Add the event to a page that comes, and drop it with one that has left."""
        endless = {"endless"}
        super().__setitem__(page, events - endless if page in self else events | endless)


def _build(bench: Bench, root: str) -> Any:
    """Return one language's page."""
    gr, words = bench.gr, bench.words
    with gr.Blocks(
        title=words["title"], analytics_enabled=False, fill_width=True, delete_cache=KEPT
    ) as blocks:
        bench.html("head", value=_render_head(bench.language, root))
        alarm = bench.html("alarm")
        with gr.Tabs(elem_id="desk"):
            with gr.Tab(words["add"], id="add"):
                build_intake(bench, blocks)
            with gr.Tab(words["collection"], id="collection") as tab:
                build_collection(bench, tab)
            with gr.Tab(words["publish"], id="publish"):
                build_publishing(bench, blocks, alarm)
            with gr.Tab(words["releases"], id="releases") as tab:
                build_releases(bench, tab, alarm)
        bench.on(blocks.load, lambda *_: (bench.actions.warn(),), [], [alarm])
    blocks.queue(max_size=None, api_open=False, default_concurrency_limit=AT_ONCE)
    blocks._queue.pending_event_ids_session = OpenStreams()
    # Only then does Gradio refuse a request that names a file of the machine as its upload, and
    # copies no such file to where uploads lie.
    blocks.has_launched = True
    return blocks


def _render_head(language: str, root: str) -> str:
    words, prefix = EDITOR[language], escape(root)
    label = escape(WORDS[language]["language"])
    links = ""
    for code, name in (("en", "EN"), ("zh", "中文")):
        here = ' aria-current="true"' if code == language else ""
        tag = TAGS[code]
        links += f'<a href="{prefix}/editor/?lang={code}" hreflang="{tag}" lang="{tag}"{here}>'
        links += f"{name}</a>"
    # Gradio's own words in its field for files cannot be chosen: the style shows these.
    drop = escape(f'#files{{--drop:"{words["drop"]}";--drop-more:"{words["drop_more"]}"}}')
    return (
        f"<style>{drop.replace('&quot;', chr(34))}</style>"
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
