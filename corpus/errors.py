"""Every error Casebook raises on purpose, as one tree.

    CasebookError
    ├── UsageError            a flag, a setting or a field has a value that cannot work
    │   ├── QuestionError     the question cannot be asked: empty, too long, no text
    │   └── FilterError       a filter that does not exist, or a value nothing has
    ├── LibraryError          the folder of documents is missing, unreadable or empty
    ├── DocumentError         one document cannot be read
    ├── ModelError            the encoder cannot be prepared or loaded
    ├── NotFoundError         a case, a document or a page that is not there
    ├── ReleaseError          a release cannot be used
    │   ├── NoReleaseError    nothing has been published yet
    │   ├── CorruptReleaseError   bytes differ from the manifest
    │   │   └── OutdatedReleaseError  another version's form
    │   └── ModelMismatchError    the release was built by another model
    ├── StoreError            Milvus, where there is one, does not answer
    ├── BuildLockedError      another build is at work
    ├── GateError             the new release answers worse than the live one
    ├── CitationError         a quotation is not the source's characters
    ├── SlowError             an answer takes longer than a question may
    └── AccessError           who asks may not do this
        ├── TokenMissingError     only members may, and no token came
        ├── TokenExpiredError     the token's time is over
        ├── TokenRefusedError     the token is not one that the portal signed for us
        ├── LimitedError          one reader asks too much
        └── BusyError             all readers together ask too much

The tree stands in the lowest of the three rooms because all three raise from it and imports point
one way. Each error's text is one line a person can act on: what, where, and the mend; what it says
of a document is a Message, which a page can say in another language. `code` is the
stable word for programs. Which HTTP status or exit code belongs to it is decided at the edge.
"""

from __future__ import annotations


class Message(str):
    """One line for a person, in English, which also knows what it was made of.

    `form` is the line with `{names}` where `fields` stand, and is the key of it in other languages.
    A field is a text, or a Message itself.
    """

    __slots__ = ("fields", "form")
    form: str
    fields: dict[str, str]

    def __new__(cls, form: str, /, **fields: object) -> Message:
        """Fill in the fields, if there are any; one line, whatever a foreign exception put in."""
        kept = {key: _spell(value) for key, value in fields.items()}
        return cls.restore(form.format_map(kept) if kept else form, form, kept)

    @classmethod
    def restore(cls, line: str, form: str, fields: dict[str, str]) -> Message:
        """Make one again of its three parts, which nothing is filled in for."""
        made = super().__new__(cls, " ".join(line.split()))
        made.form, made.fields = form, fields
        return made


def _spell(value: object) -> str:
    if isinstance(value, CasebookError):
        return value.message
    return value if isinstance(value, Message) else " ".join(str(value).split())


class CasebookError(Exception):
    """The root: `code` is a stable lower-case word, `message` one line for a person."""

    code = "error"

    def __init__(self, message: str, /, **fields: object) -> None:
        """Keep the message, or make it of its form and of the fields in it."""
        made = message if isinstance(message, Message) else Message(message, **fields)
        self.message: Message = made
        super().__init__(str(self.message))


class UsageError(CasebookError):
    """A flag, a setting or a field has a value that cannot work."""

    code = "usage"


class QuestionError(UsageError):
    """The question cannot be asked: empty, too long, or without any letter or digit."""

    code = "bad_question"


class FilterError(UsageError):
    """A filter that does not exist, or a value that no case has."""

    code = "bad_filter"


class LibraryError(CasebookError):
    """The folder of documents is missing, unreadable or empty."""

    code = "library"


class DocumentError(CasebookError):
    """One document cannot be read."""

    code = "document"


class NoDocumentError(DocumentError):
    """A file that is no document by its name, such as source code: passed over in a folder."""


class PackingError(DocumentError):
    """Bytes are not packed as was said, or break off."""


class ModelError(CasebookError):
    """The encoder cannot be prepared or loaded."""

    code = "model"


class StoreError(CasebookError):
    """Milvus, where vectors are kept in it, does not answer."""

    code = "store"


class NotFoundError(CasebookError):
    """A case, a document or a page that is not there."""

    code = "not_found"


class ReleaseError(CasebookError):
    """A release cannot be used."""

    code = "release"


class NoReleaseError(ReleaseError):
    """Nothing has been published yet."""

    code = "no_release"


class CorruptReleaseError(ReleaseError):
    """Bytes on disk differ from the manifest."""

    code = "corrupt_release"


class OutdatedReleaseError(CorruptReleaseError):
    """The release has the form of another version of Casebook."""

    code = "outdated_release"


class ModelMismatchError(ReleaseError):
    """The release was built by another model than the one that would read it."""

    code = "model_mismatch"


class BuildLockedError(CasebookError):
    """Another build is at work."""

    code = "build_locked"


class GateError(CasebookError):
    """The new release loses answers of the live one; `report` says which."""

    code = "gate"

    def __init__(self, message: str, report: object = None) -> None:
        """Keep the message, and the report as data for whoever shows it."""
        super().__init__(message)
        self.report = report


class CitationError(CasebookError):
    """A quotation is not the source's characters; never shown, always logged."""

    code = "citation"


class SlowError(CasebookError):
    """An answer takes longer than a question may; it may come in time later."""

    code = "slow"


class AccessError(CasebookError):
    """Who asks may not do this; a note (`add_note`) says to the log alone what was wrong."""

    code = "forbidden"


class TokenMissingError(AccessError):
    """Only members may ask, and neither a token nor a session came along."""

    code = "token_missing"


class TokenExpiredError(AccessError):
    """The token was good, and its time is over."""

    code = "token_expired"


class TokenRefusedError(AccessError):
    """The token is not one that the portal signed for Casebook; which check failed is a note."""

    code = "token_refused"


class LimitedError(AccessError):
    """One reader asks too much; `wait` is the whole seconds until asking may work again."""

    code = "limited"

    def __init__(self, message: str, wait: int = 5) -> None:
        """Keep the message and the seconds."""
        super().__init__(message)
        self.wait = wait


class BusyError(AccessError):
    """All readers together ask more than the server lets wait."""

    code = "busy"
