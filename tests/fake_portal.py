"""A stand-in for the member portal: signs tokens for its members, good ones and hostile ones."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

SECRET = "a secret of the portal that is longer than 32 bytes"
ISSUER = "https://portal.example"
REQUIRED: dict[str, Any] = {"members": "required", "member_key": SECRET, "member_issuer": ISSUER}
PRIVATE: dict[str, Any] = {
    "RS256": rsa.generate_private_key(65537, 2048),
    "ES256": ec.generate_private_key(ec.SECP256R1()),
    "EdDSA": ed25519.Ed25519PrivateKey.generate(),
}


def public_pem(algorithm: str) -> str:
    """Return the public key that belongs to `PRIVATE`."""
    kind = PublicFormat.SubjectPublicKeyInfo
    return str(PRIVATE[algorithm].public_key().public_bytes(Encoding.PEM, kind), "ascii")


def make_claims(now: float | None = None, **changed: Any) -> dict[str, Any]:
    """Return a member's claims, good for five minutes; None as a value leaves a claim out."""
    now = time.time() if now is None else now
    claims = {
        "iss": ISSUER,
        "aud": "casebook",
        "sub": "member-7",
        "iat": int(now),
        "exp": int(now) + 300,
    }
    return {key: value for key, value in {**claims, **changed}.items() if value is not None}


def sign(now: float | None = None, algorithm: str = "HS256", **changed: Any) -> str:
    """Return a token as the portal signs it."""
    key: Any = SECRET if algorithm == "HS256" else PRIVATE[algorithm]
    return jwt.encode(make_claims(now, **changed), key, algorithm)


def forge(header: bytes, payload: bytes, secret: bytes = SECRET.encode()) -> str:
    """Return a token of any bytes, signed by HMAC whatever the header says."""
    body = b".".join(encode(part) for part in (header, payload))
    seal = encode(hmac.digest(secret, body, hashlib.sha256))
    return b".".join((body, seal)).decode()


def encode(data: bytes) -> bytes:
    """Return data as the parts of a token are written."""
    return base64.urlsafe_b64encode(data).rstrip(b"=")


def to_bytes(value: Any) -> bytes:
    """Return a value as compact JSON."""
    return json.dumps(value, separators=(",", ":")).encode()
