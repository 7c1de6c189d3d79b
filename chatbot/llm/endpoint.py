"""Messages to a language model behind an OpenAI-compatible endpoint, and its words back.

The operator chose the address, so it may be private. What answers there is trusted with nothing: no
redirect is followed, which would carry the key elsewhere, nothing is unpacked, and time and length
are bounded. One thread does the work and the caller waits for it no longer than the time in all,
which so holds against a name server that is silent and a server that drips.

The key goes into one header and nowhere else. Errors tell what kind of thing went wrong in words of
this file, never in the endpoint's or a library's.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any

import httpx

from chatbot.llm.restating import EndpointError, Message


@dataclass(frozen=True, slots=True)
class EndpointLimits:
    """Seconds until the stream begins, seconds in all, bytes of the stream, characters of text.

    Eight seconds are enough for a hosted model and for a small one on the same machine to read a
    prompt of a thousand sub-words; after twenty a reader has read the quotations and moves on. An
    event is some 300 bytes around one sub-word, so a megabyte holds far more than the text may.
    """

    first: float = 8.0
    total: float = 20.0
    size: int = 2**20
    length: int = 6000


LIMITS = EndpointLimits()
AT_ONCE = 4  # questions at the endpoint; a fifth is answered without it
_TOKENS = 700  # asked for at most: six sentences, in any script
# Of a request that asks for what a server does not know: that of llama-cpp-python says 500.
_REFUSALS = (400, 422, 500, 501)
Schema = Mapping[str, Any]
# How servers are asked for JSON of a schema: most, llama-cpp-python's, those that cannot be.
_DIALECTS: tuple[Callable[[Schema], Mapping[str, Any]], ...] = (
    lambda schema: {
        "response_format": {
            "type": "json_schema",
            "json_schema": {"name": "answer", "strict": True, "schema": schema},
        }
    },
    lambda schema: {"response_format": {"type": "json_object", "schema": schema}},
    lambda _: {},
)


class CrowdedError(EndpointError):
    """As many questions are there as may be; nothing was asked."""


class _StatusError(EndpointError):
    """The endpoint answered with another status than 200."""

    def __init__(self, status: int) -> None:
        super().__init__(f"status {status}")
        self.status = status


class Endpoint:
    """A chat model at an address; safe to share between threads."""

    def __init__(
        self, url: str, model: str, key: str = "", limits: EndpointLimits = LIMITS
    ) -> None:
        """Take the address below which `/chat/completions` is, the model's name and a key if any.

        Nothing is asked yet.
        """
        self._url = url.rstrip("/").removesuffix("/chat/completions") + "/chat/completions"
        self._model = model
        self._key = key
        self._limits = limits
        self._dialect = 0  # the first of _DIALECTS that was not refused
        self._free = threading.BoundedSemaphore(AT_ONCE)

    def complete(self, messages: Sequence[Message], schema: Schema | None = None) -> str:
        """Return the model's words to the messages, whole.

        With a schema, the server is asked to let the model say JSON of it and nothing else. Not all
        can, so whoever asks has to read the words as if nothing had been asked for. Raises
        EndpointError where they do not come whole, in time and within the limits.
        """
        if not self._free.acquire(blocking=False):
            raise CrowdedError(f"{AT_ONCE} questions are there already")
        done: Future[str] = Future()
        deadline = time.monotonic() + self._limits.total

        def work() -> None:
            try:
                done.set_result(self._ask(messages, schema, deadline))
            except Exception as error:  # noqa: BLE001 - the caller raises it
                done.set_exception(error)
            finally:
                self._free.release()

        threading.Thread(target=work, name="endpoint", daemon=True).start()
        try:
            return done.result(self._limits.total)
        except TimeoutError:
            raise EndpointError(f"no end after {self._limits.total:g} seconds") from None
        except httpx.TimeoutException:
            raise EndpointError(f"silent for {self._limits.first:g} seconds") from None
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError) as error:
            # Its words may quote a header, and with it the key.
            raise EndpointError(f"the connection failed ({type(error).__name__})") from None

    def _ask(self, messages: Sequence[Message], schema: Schema | None, deadline: float) -> str:
        if schema is None:
            return self._read(messages, {}, deadline)
        dialect = self._dialect
        while True:
            try:
                said = self._read(messages, _DIALECTS[dialect](schema), deadline)
            except _StatusError as error:
                if error.status not in _REFUSALS or dialect + 1 == len(_DIALECTS):
                    raise
                dialect += 1
            else:
                self._dialect = dialect
                return said

    def _read(self, messages: Sequence[Message], form: Mapping[str, Any], deadline: float) -> str:
        body = {
            "model": self._model,
            "messages": list(messages),
            "stream": True,
            "temperature": 0,
            "max_tokens": _TOKENS,
            **form,
        }
        headers = {"Accept": "text/event-stream", "Accept-Encoding": "identity"}
        if self._key:
            headers["Authorization"] = f"Bearer {self._key}"
        # Without the environment: a proxy or a .netrc named there would see or change the key.
        with (
            httpx.Client(timeout=self._limits.first, trust_env=False) as client,
            client.stream("POST", self._url, json=body, headers=headers) as response,
        ):
            kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
            if response.status_code != 200:
                raise _StatusError(response.status_code)
            if kind != "text/event-stream":
                raise EndpointError("what came is no stream of events")
            if response.headers.get("content-encoding", "identity").lower() != "identity":
                raise EndpointError("what came is packed")
            return self._join(_split_lines(self._bound(response, deadline)))

    def _bound(self, response: httpx.Response, deadline: float) -> Iterator[bytes]:
        size = 0
        for piece in response.iter_raw():
            size += len(piece)
            if size > self._limits.size:
                raise EndpointError(f"more than {self._limits.size} bytes")
            if time.monotonic() > deadline:
                raise EndpointError(f"no end after {self._limits.total:g} seconds")
            yield piece

    def _join(self, lines: Iterator[bytes]) -> str:
        """Return the text of a stream's events; one that stops before it says so is broken off."""
        text = ""
        finished = False
        for line in lines:
            if not line.startswith(b"data:"):
                continue
            data = line[5:].strip()
            if data == b"[DONE]":
                return text
            delta, reason = _read_event(data)
            text += delta
            if len(text) > self._limits.length:
                raise EndpointError(f"more than {self._limits.length} characters")
            if reason not in ("", "stop", "length"):
                raise EndpointError("the model was stopped")
            finished = finished or bool(reason)
        if not finished:
            raise EndpointError("the stream broke off")
        return text


def _split_lines(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """Yield the whole lines of a stream; what stands behind the last line feed is left out."""
    held = bytearray()
    for piece in pieces:
        held += piece
        if b"\n" in piece:
            *lines, rest = bytes(held).split(b"\n")
            yield from lines
            held = bytearray(rest)


def _read_event(data: bytes) -> tuple[str, str]:
    """Return the text that an event adds and why the model ended, or nothing for either."""
    try:
        event = json.loads(data)
        choices = event.get("choices") or [{}]  # the last event may count tokens alone
        if "error" in event:
            raise EndpointError("an error came in the stream")
        text = (choices[0].get("delta") or {}).get("content") or ""
        reason = choices[0].get("finish_reason") or ""
    except (ValueError, AttributeError, LookupError, TypeError, RecursionError):
        raise EndpointError("an event is not as the contract says") from None
    if not isinstance(text, str) or not isinstance(reason, str):
        raise EndpointError("an event is not as the contract says")
    return text, reason
