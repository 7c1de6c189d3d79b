"""The records of the OpenAI protocol, as far as Casebook speaks it: what is taken, what is given.

Fields that change nothing here, such as `temperature`, are passed over; those that ask for what a
quotation cannot be are refused by the values that they may have.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, Field, field_validator
from pydantic_core import PydanticCustomError

from chatbot.web.schemas import AnswerBody, Given

MODEL = "casebook"
_MOST_MESSAGES = 2000


class Message(Given):
    """A message; what is read is the text of those of the role `user`."""

    role: Literal["system", "developer", "user", "assistant", "tool", "function"]
    content: str = Field(default="", description="a text, or a list of parts of the type `text`")

    @field_validator("content", mode="before")
    @classmethod
    def join_parts(cls, content: Any) -> Any:
        """Return the text of a message that comes in parts, or has none as it calls tools."""
        if content is None:
            return ""
        if not isinstance(content, list):
            return content
        texts = []
        for part in content:
            kind = part.get("type") if isinstance(part, dict) else None
            if kind == "text" and isinstance(part.get("text"), str):
                texts.append(part["text"])
            elif kind != "refusal":
                raise PydanticCustomError("parts", "only parts of the type text can be read")
        return "\n".join(texts)


class StreamOptions(Given):
    """What a stream ends with."""

    include_usage: bool | None = False


class ResponseFormat(Given):
    """The form of an answer: quotations fit into no other."""

    type: Literal["text"]


class CompletionBody(Given):
    """A conversation; its last message of the role `user` is the question."""

    model: str = Field(max_length=200, description=f"`{MODEL}`")
    messages: list[Message] = Field(min_length=1, max_length=_MOST_MESSAGES, fail_fast=True)
    stream: bool | None = False
    stream_options: StreamOptions | None = None
    n: Literal[1] | None = None
    logprobs: Literal[False] | None = None
    tool_choice: Literal["none", "auto"] | None = None
    modalities: list[Literal["text"]] | None = Field(default=None, max_length=8)
    response_format: ResponseFormat | None = None


class UrlCitation(BaseModel):
    """Where a quotation stands: its page, and its characters `start_index` to `end_index`.

    These are Python string indices into the message's content.
    """

    start_index: int
    end_index: int
    url: str
    title: str


class Annotation(BaseModel):
    """A citation, in the protocol's shape."""

    type: Literal["url_citation"]
    url_citation: UrlCitation


class CompletionMessage(BaseModel):
    """The answer's text with its sources behind it."""

    role: Literal["assistant"]
    content: str
    refusal: None
    annotations: list[Annotation]


class Choice(BaseModel):
    """The one choice."""

    index: Literal[0]
    message: CompletionMessage
    logprobs: None
    finish_reason: Literal["stop"]


class Usage(BaseModel):
    """What was read and said; nothing is counted in tokens here, so four bytes stand for one."""

    prompt_tokens: int
    completion_tokens: int
    total_tokens: int


class Completion(BaseModel):
    """An answer; `casebook` is the whole of it, as `/api/ask` gives it."""

    id: str
    object: Literal["chat.completion"]
    created: int
    model: str
    choices: list[Choice]
    usage: Usage
    casebook: AnswerBody


class ModelEntry(BaseModel):
    """The one model."""

    id: str
    object: Literal["model"]
    created: int
    owned_by: str


class ModelList(BaseModel):
    """All of them."""

    object: Literal["list"]
    data: list[ModelEntry]


class CompletionErrorDetail(BaseModel):
    """As `ErrorDetail`, with the kind of error and the field at fault, as the protocol has them."""

    code: str
    message: str
    request_id: str
    type: str
    param: str | None


class CompletionErrorBody(BaseModel):
    """What every error of the protocol answers."""

    error: CompletionErrorDetail
