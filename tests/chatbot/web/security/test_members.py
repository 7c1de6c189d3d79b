"""chatbot.web.security.members: whose token is good, for how long, and which never is."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from hypothesis import given
from hypothesis import strategies as st

from chatbot.web.security.members import (
    LONGEST_LIFE,
    LONGEST_TOKEN,
    SESSION_LIFE,
    SKEW,
    Member,
    check_token,
    open_session,
    read_keys,
    seal_session,
)
from corpus.errors import TokenExpiredError, TokenRefusedError, UsageError
from tests.fake_portal import (
    ISSUER,
    PRIVATE,
    SECRET,
    encode,
    forge,
    make_claims,
    public_pem,
    sign,
    to_bytes,
)

NOW = 1_800_000_000.0
SEAL = b"s" * 32
KEYS = read_keys(SECRET, ISSUER, SEAL)
ALGORITHMS = ["HS256", *PRIVATE]
HS256 = to_bytes({"alg": "HS256", "typ": "JWT"})


def key_of(algorithm: str) -> str:
    """Return what the setting holds for an algorithm."""
    return SECRET if algorithm == "HS256" else public_pem(algorithm)


def refuse(token: str) -> TokenRefusedError:
    """Check that a token is refused, in one sentence that tells nothing, and return the error."""
    with pytest.raises(TokenRefusedError) as caught:
        check_token(token, KEYS, NOW)
    assert str(caught.value) == "the token was refused; get a new one from the member portal"
    assert caught.value.__notes__
    return caught.value


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_good_token_is_its_member(algorithm: str) -> None:
    """Each kind of key accepts what its portal signs; the id stands for `sub` and hides it."""
    keys = read_keys(key_of(algorithm), ISSUER, SEAL)
    assert keys.algorithm == algorithm
    member = check_token(sign(NOW, algorithm), keys, NOW)
    other = check_token(sign(NOW, algorithm, sub="member-8"), keys, NOW)
    assert member.expires == NOW + 300
    assert len(member.id) == 16
    assert "member" not in member.id
    assert member.id != other.id
    assert member.id == check_token(sign(NOW, algorithm, jti="2"), keys, NOW).id


@pytest.mark.parametrize("signed", ALGORITHMS)
@pytest.mark.parametrize("held", ALGORITHMS)
def test_the_key_alone_decides_on_the_algorithm(signed: str, held: str) -> None:
    """A token of any other algorithm is refused, whatever its header says."""
    keys = read_keys(key_of(held), ISSUER, SEAL)
    token = sign(NOW, signed)
    if signed == held:
        assert check_token(token, keys, NOW)
    else:
        with pytest.raises(TokenRefusedError):
            check_token(token, keys, NOW)


@pytest.mark.parametrize("algorithm", list(PRIVATE))
def test_a_public_key_is_no_secret(algorithm: str) -> None:
    """A token sealed by HMAC with the public key's text is refused, in each of its spellings."""
    pem = public_pem(algorithm)
    keys = read_keys(pem, ISSUER, SEAL)
    payload = to_bytes(make_claims(NOW))
    for header in (HS256, to_bytes({"alg": algorithm})):
        for text in (pem, pem.strip(), pem.replace("\n", "\r\n")):
            with pytest.raises(TokenRefusedError):
                check_token(forge(header, payload, text.encode()), keys, NOW)


@pytest.mark.parametrize("name", ["none", "None", "NONE", "nOnE", "", "HS512", "hs256", None, 7])
def test_the_header_cannot_choose_another_algorithm(name: object) -> None:
    """`alg: none` is refused with any signature, an empty one too, and so is any other name."""
    header, payload = to_bytes({"alg": name}), to_bytes(make_claims(NOW))
    refuse(forge(header, payload))
    bare = b".".join((encode(header), encode(payload))).decode()
    refuse(bare)
    refuse(bare + ".")
    refuse(bare + ".AAAA")


def test_a_signature_cannot_be_left_out_or_changed() -> None:
    """Without its signature, with another's, or with changed claims, a token is refused."""
    token = sign(NOW)
    head, claims, seal = token.split(".")
    refuse(f"{head}.{claims}")
    refuse(f"{head}.{claims}.")
    refuse(f"{head}.{claims}.{seal[:-4]}")
    refuse(f"{head}.{claims}.{'A' * len(seal)}")
    other = encode(to_bytes(make_claims(NOW, sub="boss"))).decode()
    refuse(f"{head}.{other}.{seal}")
    refuse(forge(HS256, to_bytes(make_claims(NOW)), b"another secret of more than 32 bytes!!"))
    refuse(token + "=")


def test_a_token_in_time_is_good_and_out_of_time_is_not() -> None:
    """`exp`, `nbf` and `iat` hold, with half a minute for the portal's clock."""
    assert check_token(sign(NOW, exp=NOW - SKEW + 1), KEYS, NOW)
    with pytest.raises(TokenExpiredError, match="get a new one"):
        check_token(sign(NOW, exp=NOW - SKEW), KEYS, NOW)
    with pytest.raises(TokenExpiredError):
        check_token(sign(NOW), KEYS, NOW + 300 + SKEW)
    assert check_token(sign(NOW, nbf=NOW + SKEW, iat=NOW + SKEW), KEYS, NOW)
    refuse(sign(NOW, nbf=NOW + SKEW + 1))
    refuse(sign(NOW, iat=NOW + SKEW + 1))


def test_a_token_for_long_is_refused() -> None:
    """Ten minutes ahead is the most, however well it is signed."""
    assert check_token(sign(NOW, exp=NOW + LONGEST_LIFE + SKEW), KEYS, NOW)
    refuse(sign(NOW, exp=NOW + LONGEST_LIFE + SKEW + 1))
    refuse(sign(NOW, exp=NOW + 86_400))


@pytest.mark.parametrize(
    "changed",
    [
        {"aud": "other"}, {"aud": ["other", "casebook2"]}, {"aud": None}, {"aud": 7}, {"aud": ""},
        {"iss": "https://evil.example"}, {"iss": None}, {"iss": [ISSUER]}, {"iss": ISSUER + "/"},
        {"sub": None}, {"sub": ""}, {"sub": 7}, {"sub": ["a"]}, {"sub": {"a": 1}},
        {"sub": "x\nWARNING casebook: all is well"}, {"sub": "x\x00"}, {"sub": "\x1b[2J"},
        {"sub": "x\u2028y"}, {"sub": "\u202egnp"}, {"sub": "x" * 256}, {"sub": "x" * 10_240},
        {"exp": None}, {"exp": "soon"}, {"exp": True}, {"exp": -1}, {"exp": 10**300},
        {"exp": [NOW + 60]}, {"nbf": "x"}, {"nbf": 1e99}, {"iat": "x"}, {"iat": {}},
    ],
)  # fmt: skip
def test_a_claim_that_is_wrong_is_refused(changed: dict[str, object]) -> None:
    """Audience, issuer, subject and times: missing, of another kind, or not ours."""
    payload = {**make_claims(NOW), **changed}
    claims = {key: value for key, value in payload.items() if value is not None}
    error = refuse(forge(HS256, to_bytes(claims)))
    assert all(note.isprintable() and len(note) < 80 for note in error.__notes__)


@pytest.mark.parametrize("number", [b"NaN", b"Infinity", b"-Infinity", b"1e999", b"9" * 5000])
@pytest.mark.parametrize("name", ["exp", "nbf", "iat"])
def test_a_number_that_is_none_is_no_time(name: str, number: bytes) -> None:
    """What JSON calls a number and no clock shows is refused."""
    claims = to_bytes({**make_claims(NOW), name: 0.125}).replace(b"0.125", number)
    refuse(forge(HS256, claims))


@pytest.mark.parametrize(
    "bomb",
    [
        b"[" * 3000, b'{"a":' * 900, b"[" * 1000 + b"]" * 1000, b'"' + b"\\u0000" * 500 + b'"',
        b"\xff\xfe", b"", b"null", b"[]", b"7", b'"x"', b"{}", b'{"sub":', b"{" * 2000,
    ],
)  # fmt: skip
def test_json_that_is_a_trap_is_refused(bomb: bytes) -> None:
    """Deep, broken or of another kind, as the header or as the claims, even well signed."""
    claims = to_bytes(make_claims(NOW))
    refuse(forge(HS256, bomb))
    refuse(forge(bomb, claims))
    with suppress(TokenRefusedError):  # what is no JSON; what is, is a claim nobody asks for
        check_token(forge(HS256, claims[:-1] + b',"x":' + bomb + b"}"), KEYS, NOW)


@pytest.mark.parametrize("extra", [{"crit": ["exp"]}, {"crit": [], "b64": False}, {"b64": False}])
def test_a_header_that_asks_for_more_is_refused(extra: dict[str, object]) -> None:
    """An extension that Casebook does not know, or an unencoded payload, is not waved through."""
    refuse(forge(to_bytes({"alg": "HS256", **extra}), to_bytes(make_claims(NOW))))


def test_a_key_in_the_header_is_not_used() -> None:
    """A token cannot bring its own key, nor name where one is."""
    own = b"the attacker's own key of 32 bytes and more"
    header = {
        "alg": "HS256",
        "jwk": {"kty": "oct", "k": encode(own).decode()},
        "jku": "https://evil.example/keys",
        "kid": "../../dev/null",
    }
    refuse(forge(to_bytes(header), to_bytes(make_claims(NOW)), own))


def test_a_token_over_8_kib_is_not_read() -> None:
    """A claim may be long, a token not: a megabyte is refused by its length."""
    assert check_token(sign(NOW, name="x" * 5000), KEYS, NOW)
    for size in (LONGEST_TOKEN, 1_000_000):
        error = refuse(sign(NOW, name="x" * size))
        assert "8 KiB" in error.__notes__[0]


@given(st.text(max_size=200) | st.binary(max_size=200).map(lambda data: data.decode("latin-1")))
def test_no_text_is_a_token_by_chance(text: str) -> None:
    """Whatever stands in the header, the answer is a refusal."""
    refuse(text)


@given(st.data())
def test_no_change_of_a_token_is_another_token(data: st.DataObject) -> None:
    """A token with one character changed is refused."""
    token = sign(NOW)
    place = data.draw(st.integers(0, len(token) - 1))
    letter = data.draw(st.sampled_from("ABCXYZabcxyz0189-_.= \n\u00e9"))
    changed = token[:place] + letter + token[place + 1 :]
    if changed != token:
        refuse(changed)


def test_the_same_claims_are_the_same_token() -> None:
    """ES256 signs the same claims differently each time; the token's digest stays."""
    keys = read_keys(public_pem("ES256"), ISSUER, SEAL)
    first, second = sign(NOW, "ES256"), sign(NOW, "ES256")
    assert first != second
    assert check_token(first, keys, NOW).token == check_token(second, keys, NOW).token
    third = check_token(sign(NOW, "ES256", jti="b"), keys, NOW)
    assert third.token != check_token(first, keys, NOW).token


@given(now=st.integers(0, 10**10), later=st.integers(0, 2 * SESSION_LIFE))
def test_a_session_lasts_an_hour(now: int, later: int) -> None:
    """It opens with its own keys until the hour is over, and is the same member's."""
    member = Member("0123456789abcdef", 0)
    opened = open_session(seal_session(member, KEYS, now), KEYS, now + later)
    assert (opened is not None) == (later < SESSION_LIFE)
    assert opened is None or (opened.id, opened.expires) == (member.id, now + SESSION_LIFE)


@given(st.data())
def test_a_session_cannot_be_made_or_changed(data: st.DataObject) -> None:
    """One character off, and it is none; nor is any text, nor another key's session."""
    good = seal_session(Member("0123456789abcdef", 0), KEYS, NOW)
    place = data.draw(st.integers(0, len(good) - 1))
    letter = data.draw(st.sampled_from("0123456789abcdefABF.\n\u0661 "))
    changed = good[:place] + letter + good[place + 1 :]
    assert (open_session(changed, KEYS, NOW) is None) == (changed != good)
    assert open_session(data.draw(st.text(max_size=100)), KEYS, NOW) is None
    assert open_session(good, read_keys(SECRET + "!", ISSUER, SEAL), NOW) is None


def test_with_public_keys_sessions_have_a_secret_of_their_own() -> None:
    """Nobody who has the public key can make a session or tell a member by the id."""
    pem = public_pem("EdDSA")
    ours, theirs = read_keys(pem, ISSUER, SEAL), read_keys(pem, ISSUER, b"t" * 32)
    token = sign(NOW, "EdDSA")
    member = check_token(token, ours, NOW)
    assert member.id != check_token(token, theirs, NOW).id
    assert open_session(seal_session(member, theirs, NOW), ours, NOW) is None
    assert open_session(seal_session(member, ours, NOW), ours, NOW) is not None


def test_a_key_may_stand_in_a_file(tmp_path: Path) -> None:
    """A PEM or a secret in a file is read; a PEM in one line, as .env files have it, too."""
    for algorithm in ALGORITHMS:
        path = tmp_path / f"{algorithm}.pem"
        path.write_text(key_of(algorithm) + "\n", "utf-8")
        assert read_keys(str(path), ISSUER, SEAL).algorithm == algorithm
        assert check_token(sign(NOW, algorithm), read_keys(str(path), ISSUER, SEAL), NOW)
    assert read_keys(public_pem("ES256").replace("\n", "\\n"), ISSUER, SEAL).algorithm == "ES256"


def write_pem(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> str:
    """Return a private key's public half."""
    kind = PublicFormat.SubjectPublicKeyInfo
    return key.public_key().public_bytes(Encoding.PEM, kind).decode()


@pytest.mark.parametrize(
    ("key", "says"),
    [
        ("", "at least 32 bytes"),
        ("x" * 31, "has 31"),
        ("/no/such/file.pem", "cannot be read"),
        ("~nobody-here/key", "cannot be read"),
        ("./" + "x" * 5000, "cannot be read"),
        ("ssh-ed25519 " + "A" * 60, "SSH"),
        ("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----", "no public key"),
        ("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----", "no public key"),
        (write_pem(rsa.generate_private_key(65537, 1024)), "2048 bits"),  # noqa: S505 - refused
        (write_pem(ec.generate_private_key(ec.SECP384R1())), "P-256"),
        (
            ed25519.Ed25519PrivateKey.generate()
            .private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
            .decode(),
            "private key",
        ),
    ],
)
def test_a_key_that_cannot_be_used_is_told_and_not_shown(key: str, says: str) -> None:
    """The setting and the mend stand in one line, the key does not."""
    with pytest.raises(UsageError, match="CASEBOOK_MEMBER_KEY") as caught:
        read_keys(key, ISSUER, SEAL)
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)
    assert not key or key not in str(caught.value)


def test_keys_do_not_show_themselves() -> None:
    """What is printed of them has no secret in it."""
    assert SECRET not in repr(KEYS)
    assert repr(KEYS.secret) not in repr(KEYS)
