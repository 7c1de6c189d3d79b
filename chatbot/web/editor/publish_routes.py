"""The part for publishing: what will change, how far it is, how it ended."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from chatbot.publishing.publish_job import State
from chatbot.web.editor.access import Visit
from chatbot.web.editor.fields import Bench, Values
from chatbot.web.editor.fragments.changes import render_outcome, render_plan, render_progress


def build_publishing(bench: Bench, blocks: Any, alarm: Any) -> None:
    """Put the part on the page; `alarm` is the warning over all parts."""
    gr, words, actions, job = bench.gr, bench.words, bench.actions, bench.job
    bench.say_title("publish")
    with gr.Row(elem_classes="buttons"):
        see = gr.Button(words["see"], elem_id="see")
        publish = gr.Button(words["publish"], variant="primary", elem_id="publish-now")
    accept = gr.Checkbox(label=words["accept"], visible=False, elem_id="accept")
    said = bench.html("progress")
    change = bench.html("change")
    outputs = [said, change, accept, see, publish, alarm]

    def show(state: State, last: bool = False) -> Values:
        idle = gr.update(interactive=not state.working)
        if state.working:
            progress = render_progress(state, bench.language)
            return progress, gr.skip(), gr.skip(), idle, idle, gr.skip()
        line = state.line
        if state.code == "internal":
            line = words["internal"].format(request=state.request_id)
        outcome = render_outcome(state, line, bench.language, last)
        stopped = gr.update(visible=state.gate is not None and state.phase == "failed",
                            value=False)  # fmt: skip
        return "", outcome, stopped, idle, idle, actions.warn()

    def plan(_: Visit, __: Any) -> Values:
        made = render_plan(actions.publisher.plan(), bench.language)
        idle = gr.skip()
        return "", made, gr.update(visible=False, value=False), idle, idle, gr.skip()

    def follow(_: Visit, __: Any) -> Iterator[Values]:
        going = job.follow()
        yield show(next(going), last=True)
        yield from map(show, going)

    def start(_: Visit, __: Any, accepted: Any) -> Iterator[Values]:
        job.start(accepted is True)
        yield (gr.skip(), "", *show(job.state)[2:])
        yield from map(show, job.follow())

    bench.on(see.click, plan, [], outputs, slow=True)
    bench.follow(publish.click, start, [accept], outputs)
    bench.follow(blocks.load, follow, [], outputs)
