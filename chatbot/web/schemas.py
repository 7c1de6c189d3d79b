"""The HTTP contract's records: what a request may hold, what a response does hold.

`/openapi.json` is made from these, so it is true. Field meanings are those of
`chatbot.answers.answer` and `corpus.records`; offsets are Python string indices into the
document's text.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from chatbot.answers.answer import Citation, Mode, Nearest, Outcome, Part, Row
from chatbot.answers.catalogue import FACETS
from chatbot.answers.question_input import LENGTH
from chatbot.locales import Language
from chatbot.publishing.feedback import Reason
from index.reader.ranking import Evidence

MOST_TURNS = 20
LONGEST_TURN = 8000  # characters
LONGEST_COMMENT = 1000  # characters
MOST_FIELDS = 100


class Given(BaseModel):
    """A part of a request: no text is made of a number.

    A record with too many fields is refused at once: each wrong one would be looked at and told.
    """

    model_config = ConfigDict(strict=True)

    @model_validator(mode="before")
    @classmethod
    def count_fields(cls, data: Any) -> Any:
        """Return what came; raises where it, or a record in it, has more fields than anybody's."""
        records = (data, *data.values()) if isinstance(data, dict) else ()
        if any(isinstance(each, dict) and len(each) > MOST_FIELDS for each in records):
            raise PydanticCustomError("fields", f"a record has at most {MOST_FIELDS} fields")
        return data


class Refusing(Given):
    """A request's record: a field it does not know is refused."""

    model_config = ConfigDict(extra="forbid")


class TurnBody(Refusing):
    """One message before the question; what could not be asked as one is passed over."""

    role: Literal["user", "assistant"]
    content: str = Field(max_length=LONGEST_TURN)


class AskBody(Refusing):
    """A question, the turns before it (oldest first), and what limits it."""

    question: str = Field(description="1 to 2000 characters, in any language")
    history: list[TurnBody] = Field(default=[], max_length=MOST_TURNS)
    # The first wrong value of a list says enough: ten thousand take a quarter of a second to tell.
    filters: dict[str, Annotated[list[str], Field(max_length=1000, fail_fast=True)]] = Field(
        default={},
        description="keys: company, case_id, document_id, language; values: a list of allowed ones",
    )
    language: Language | None = Field(
        default=None, description="of the framing words; without it, the question's"
    )


class VoteBody(Refusing):
    """A reader's word on an answer, or on the quotation with the number `citation`."""

    question: str = Field(min_length=1, max_length=LENGTH)
    release: str = Field(pattern="^[0-9a-f]{1,64}$", description="of the answer")
    vote: Literal["up", "down"]
    citation: int = Field(default=0, ge=0, le=1000, description="0 is the whole answer")
    comment: str = Field(default="", max_length=LONGEST_COMMENT)
    outcome: Outcome | Literal[""] = Field(default="", description="of the answer, if known")
    reason: Reason | Literal[""] = Field(
        default="",
        description="of a vote against it: the words stand in the wrong `place`, it is "
        "`incomplete`, an answer is `missing` and should be there, or `other`",
    )


class SearchQuery(BaseModel):
    """What to search, and how many hits to return."""

    model_config = ConfigDict(extra="forbid")

    q: str = Field(description="1 to 2000 characters, in any language")
    k: int = Field(default=10, ge=1, le=100)


class OfferQuery(BaseModel):
    """For whom questions are offered, and about what."""

    model_config = ConfigDict(extra="forbid")

    language: Language = Field(default="en", description="of the questions")
    company: str = Field(default="", max_length=500, description="whose cases answer them")
    case: list[Annotated[str, Field(max_length=200)]] = Field(
        default=[], max_length=8, description="ids of cases they are about; else the newest ones"
    )


class OfferedBody(BaseModel):
    """A question, its language, and the links of what answers it."""

    question: str
    language: str
    links: list[str]


class OfferBody(BaseModel):
    """Questions that the release answers, the best first."""

    questions: list[OfferedBody]
    release: str


class AnswerBody(BaseModel):
    """The answer to a question, what is nearest to one, or that there is none: see `outcome`."""

    # What has a default is always sent all the same.
    model_config = ConfigDict(json_schema_serialization_defaults_required=True)

    question: str
    language: str
    outcome: Outcome = Field(
        description="`answer`: the quotations answer. `nearest`: they come near and do not say it "
        "outright; `parts` begins with words that say so. `absent`: nothing is quoted; with `mode` "
        "`about` it is a greeting"
    )
    found: bool = Field(
        description="whether words are quoted as the answer: only where `outcome` is `answer`"
    )
    mode: Mode = Field(description="how: `nearest` and `absent` are as in `outcome`")
    text: str
    parts: list[Part]
    citations: list[Citation]
    nearest: list[Nearest]
    suggestions: list[str]
    confidence: float
    release: str
    elapsed_ms: float
    table: list[Row] = Field(
        description="the quotations of several companies or cases side by side; empty for one"
    )


class PassageBody(BaseModel):
    """A passage of a case, as search finds it; `document` is the file's name."""

    id: str
    document_id: str
    document: str
    case_id: str
    case: str
    start: int
    end: int
    text: str


class HitBody(BaseModel):
    """One hit; `rank` counts from 1."""

    rank: int
    score: float
    passage: PassageBody
    evidence: Evidence


class SearchBody(BaseModel):
    """Hits, the best first."""

    hits: list[HitBody]
    release: str


class CaseFactsBody(BaseModel):
    """What an editor says of a case, each empty where nothing; none of it may be quoted.

    `countries` are ISO 3166 codes; `company_en` and `company_zh` come from the glossary.
    """

    sector: str
    countries: list[str]
    company_en: str
    company_zh: str
    title_en: str
    title_zh: str
    summary_en: str
    summary_zh: str


class CaseSummary(CaseFactsBody):
    """One case of the collection; `link` is its page below the application's root."""

    id: str
    title: str
    company: str
    kind: Literal["case", "introduction"]
    document_id: str
    document: str
    language: str
    source: str
    published: str
    url: str
    link: str


class CasesQuery(BaseModel):
    """Which cases are listed: those that have each value; an empty one asks for nothing."""

    company: str = Field(default="", max_length=500, description="any name of it")
    sector: str = Field(default="", max_length=200)
    country: str = Field(default="", pattern=r"^([A-Za-z]{2})?$", description="ISO 3166")
    year: str = Field(default="", pattern=r"^([0-9]{4})?$")
    language: str = Field(default="", pattern=r"^([A-Za-z]{2,8}(-[A-Za-z0-9]{1,8}){0,3})?$")

    def wanted(self) -> dict[str, str]:
        """Return what is asked for."""
        asked = {key: str(getattr(self, key)) for key in FACETS}
        return {key: value for key, value in asked.items() if value}


class Facet(BaseModel):
    """A value that a filter takes, and how many cases have it."""

    value: str
    count: int


class DocumentFacet(Facet):
    """A document as a filter's value; `value` is its id."""

    name: str
    title: str


class Facets(BaseModel):
    """What the cases can be told apart by; introductions are not counted.

    Companies, languages and documents are values of the filters of `ask`; countries are ISO 3166
    codes.
    """

    companies: list[Facet]
    sectors: list[Facet]
    countries: list[Facet]
    years: list[Facet]
    languages: list[Facet]
    documents: list[DocumentFacet]


class CasesBody(BaseModel):
    """Every case, by document and then in text order, with its facets."""

    cases: list[CaseSummary]
    facets: Facets
    release: str


class DocumentBody(BaseModel):
    """The document that a case stands in, without its text."""

    id: str
    name: str
    sha256: str
    title: str
    publisher: str
    source: str
    published: str
    language: str
    url: str
    rights: str


class CasePassage(BaseModel):
    """A heading, a paragraph or a photo caption of a case."""

    id: str
    kind: Literal["heading", "paragraph", "caption"]
    start: int
    end: int
    text: str


class CaseBody(CaseFactsBody):
    """One case with everything it says, in text order."""

    id: str
    title: str
    company: str
    kind: Literal["case", "introduction"]
    start: int
    end: int
    link: str
    document: DocumentBody
    passages: list[CasePassage]
    release: str


class HealthBody(BaseModel):
    """The process answers."""

    status: Literal["alive"]


class ReadyBody(BaseModel):
    """Whether questions can be answered, from what, and in `message` why not.

    `model` is what encodes, `reader` what reads the passages, empty as long as none is loaded.
    """

    live: bool
    ready: bool
    release: str
    documents: int
    cases: int
    passages: int
    model: str
    reader: str
    message: str


class ErrorDetail(BaseModel):
    """`code` is for programs, `message` one line for a person."""

    code: str
    message: str
    request_id: str


class ErrorBody(BaseModel):
    """What every error answers."""

    error: ErrorDetail
