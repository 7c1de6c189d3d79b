"""Members: what the portal's tokens say, and the sessions that Casebook makes of them. Pure.

The portal signs a token (JWT) for each of its members; Casebook holds what checks it. Nothing about
a member leaves here but an id that tells nobody who it is.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jwt
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_public_key,
)
from jwt.algorithms import HMACAlgorithm

from corpus.errors import TokenExpiredError, TokenRefusedError, UsageError

AUDIENCE = "casebook"
LONGEST_TOKEN = 8 * 1024  # characters
LONGEST_LIFE = 600  # seconds that a token may still be good for
LONGEST_SUBJECT = 255  # characters
SKEW = 30  # seconds that the portal's clock may differ
SESSION_LIFE = 3600  # seconds

_SHAPE = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")
_SESSION = re.compile(r"([0-9a-f]{16})\.([0-9]{1,12})\.([0-9a-f]{64})")
_SETTING = "CASEBOOK_MEMBER_KEY"


@dataclass(frozen=True, slots=True)
class Keys:
    """What tokens are checked with: one algorithm, its key, and the issuer they must name.

    `secret` hides members' names. It comes from a shared key; a public key is no secret, so there
    it is one that Casebook's processes share. `seal` is what sessions are sealed with: it comes
    from that, the key and the issuer, so that no session outlives any of them.
    """

    algorithm: str
    key: Any = field(repr=False)
    issuer: str
    secret: bytes = field(repr=False)
    seal: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody the portal vouches for until `expires`, in seconds since 1970.

    `id` is 16 hexadecimal digits that stand for the token's `sub`. `token` is the digest of its
    claims, by which the same token is known again; empty in a session.
    """

    id: str
    expires: float
    token: str = ""

    @property
    def began(self) -> float:
        """When a session of theirs was made, in seconds since 1970."""
        return self.expires - SESSION_LIFE


def read_keys(given: str, issuer: str, secret: bytes) -> Keys:
    """Return the keys that a setting gives: a secret of 32 bytes or more, or a PEM public key.

    The key may stand in a file that the setting names. It alone decides on the algorithm: HS256 for
    a secret, RS256, ES256 or EdDSA for a public key, where `secret` is what seals sessions. Raises
    UsageError, which never shows the key.
    """
    text = _read_text(given)
    if "-----BEGIN" not in text:
        shared = text.encode("utf-8", "surrogateescape")
        if len(shared) < 32:
            raise UsageError(
                f"{_SETTING}: a secret has at least 32 bytes, this one has {len(shared)}; make one "
                "with `openssl rand -base64 48`"
            )
        try:
            HMACAlgorithm(HMACAlgorithm.SHA256).prepare_key(shared)
        except jwt.InvalidKeyError as error:
            raise UsageError(f"{_SETTING}: this is a key for SSH; give it as PEM") from error
        return _make_keys("HS256", shared, issuer, _derive(shared, "sessions"), shared)
    if "PRIVATE KEY" in text:
        raise UsageError(f"{_SETTING}: this is a private key, which stays with the portal")
    try:
        key = load_pem_public_key(text.replace("\\n", "\n").encode("ascii", "replace"))
    except (ValueError, UnsupportedAlgorithm) as error:
        raise UsageError(f"{_SETTING}: this PEM holds no public key that can be read") from error
    algorithm = ""
    if isinstance(key, RSAPublicKey) and key.key_size >= 2048:
        algorithm = "RS256"
    elif isinstance(key, EllipticCurvePublicKey) and isinstance(key.curve, SECP256R1):
        algorithm = "ES256"
    elif isinstance(key, Ed25519PublicKey):
        algorithm = "EdDSA"
    if not algorithm:
        raise UsageError(f"{_SETTING}: give an RSA key of 2048 bits or more, a P-256 or an Ed25519")
    public = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return _make_keys(algorithm, key, issuer, secret, public)


def hide_subject(subject: str, keys: Keys) -> str:
    """Return the opaque id that stands for what the portal calls a member."""
    return _derive(keys.secret, "member", subject).hex()[:16]


def check_token(token: str, keys: Keys, now: float) -> Member:
    """Return the member that a token stands for at `now`, in seconds since 1970.

    Raises TokenExpiredError where its time is over, and TokenRefusedError for everything else, with
    a note for the log on what was wrong; no word of the token is in either.
    """
    if len(token) > LONGEST_TOKEN or not _SHAPE.fullmatch(token):
        raise _refuse("not three parts in at most 8 KiB")
    try:
        claims = jwt.decode(
            token,
            keys.key,
            algorithms=[keys.algorithm],
            audience=AUDIENCE,
            issuer=keys.issuer,
            # Times are compared with `now`, below; PyJWT would read a clock.
            options={
                "require": ["exp", "iss", "aud", "sub"],
                "verify_exp": False,
                "verify_nbf": False,
                "verify_iat": False,
            },
        )
    except (jwt.PyJWTError, ValueError, RecursionError) as failure:
        raise _refuse(type(failure).__name__) from failure
    subject = claims["sub"]
    if not (isinstance(subject, str) and 0 < len(subject) <= LONGEST_SUBJECT):
        raise _refuse("sub is empty or too long")
    if not subject.isprintable():
        raise _refuse("sub has characters that cannot be printed")
    expires = _read_time(claims, "exp")
    if expires > now + LONGEST_LIFE + SKEW:
        raise _refuse("exp is more than ten minutes ahead")
    for name in ("iat", "nbf"):
        if name in claims and _read_time(claims, name) > now + SKEW:
            raise _refuse(f"{name} is yet to come")
    if expires <= now - SKEW:
        error = TokenExpiredError("the token's time is over; get a new one from the member portal")
        error.add_note("exp is past")
        raise error
    # The claims as they were signed: another signature of the same ones is the same token.
    digest = hashlib.sha256(token.split(".")[1].encode("ascii")).hexdigest()
    return Member(hide_subject(subject, keys), expires, digest)


def seal_session(member: Member, keys: Keys, now: float) -> str:
    """Return a session of `SESSION_LIFE` seconds for a member, as a cookie's value."""
    head = f"{member.id}.{int(now) + SESSION_LIFE}"
    return f"{head}.{_derive(keys.seal, 'session', head).hex()}"


def open_session(value: str, keys: Keys, now: float) -> Member | None:
    """Return the member of a session; None where `seal_session` did not make it or it is over."""
    match = _SESSION.fullmatch(value)
    if not match:
        return None
    member, expires, seal = match.groups()
    wanted = _derive(keys.seal, "session", f"{member}.{expires}").hex()
    if not hmac.compare_digest(seal, wanted) or int(expires) <= now:
        return None
    return Member(member, float(expires))


def _make_keys(algorithm: str, key: Any, issuer: str, secret: bytes, public: bytes) -> Keys:
    seal = _derive(secret, "seal", hashlib.sha256(public).hexdigest(), issuer)
    return Keys(algorithm, key, issuer, secret, seal)


def _read_text(given: str) -> str:
    # A secret that looks like a path is refused: a path must never become a secret by mistake.
    if "-----BEGIN" in given or not given.startswith(("/", ".", "~")):
        return given
    try:
        return Path(given).expanduser().read_text("utf-8").strip()
    except (OSError, ValueError, RuntimeError) as error:  # RuntimeError: no such ~user
        raise UsageError(
            f"{_SETTING}: it looks like a file's path, and that file cannot be read "
            f"({type(error).__name__}); a secret begins with a letter or a digit"
        ) from error


def _derive(secret: bytes, *words: str) -> bytes:
    return hmac.digest(secret, "\0".join(words).encode("utf-8"), "sha256")


def _refuse(why: str) -> TokenRefusedError:
    error = TokenRefusedError("the token was refused; get a new one from the member portal")
    error.add_note(why)
    return error


def _read_time(claims: Mapping[str, Any], name: str) -> float:
    value = claims[name]
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1e11:
        raise _refuse(f"{name} is no time")
    return float(value)
