"""Keys that sign, keys that only verify, and the address where everybody finds the public ones."""

from __future__ import annotations

import base64
import json
import stat
from io import StringIO

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from django.core.management import CommandError, call_command

from foundation.api import NotAKeySet, Signature, SigningKeyMissing, public_keys, read_key_set, sign, signature_holds
from foundation.keys.checks import check_signing_key
from foundation.keys.signing import key_files, make_key


@pytest.fixture(autouse=True)
def folder(tmp_path, settings):
    settings.SIGNING_KEYS_DIR = tmp_path / "keys"
    return settings.SIGNING_KEYS_DIR


def said(*arguments: str) -> str:
    out = StringIO()
    call_command("signing_key", *arguments, stdout=out)
    return out.getvalue()


def test_the_demo_makes_a_key_when_it_first_needs_one_and_keeps_it(folder):
    first, second = sign("paper", b"content"), sign("paper", b"content")

    assert first == second
    assert [(row.name, row.can_sign) for row in key_files()] == [("0-first", True)]
    assert stat.S_IMODE((folder / "0-first.pem").stat().st_mode) == 0o600


def test_production_never_makes_a_key_by_itself(settings):
    settings.SIGNING_KEYS_MADE_HERE = False

    with pytest.raises(SigningKeyMissing):
        sign("paper", b"content")

    assert [error.id for error in check_signing_key(None)] == ["foundation.E001"]
    make_key("2026")
    assert check_signing_key(None) == []


@pytest.mark.parametrize(
    ("purpose", "payload"), [("case-file", b"content"), ("paper", b"content "), ("paper", b"")], ids=["purpose", "byte", "empty"]
)
def test_a_signature_holds_for_its_purpose_and_its_bytes_alone(purpose, payload):
    signature = sign("paper", b"content")

    assert signature_holds("paper", b"content", signature)
    assert not signature_holds(purpose, payload, signature)


@pytest.mark.parametrize("value", ["", "00" * 64, "xyz", "0" * 127])
def test_what_is_no_signature_holds_for_nothing(value):
    known = sign("paper", b"content")

    assert not signature_holds("paper", b"content", Signature(known.key, value))
    assert not signature_holds("paper", b"content", Signature("unknown", known.value))


def test_after_a_rotation_the_new_key_signs_and_the_old_one_still_verifies():
    old = sign("paper", b"content")

    said("new")
    new = sign("paper", b"content")
    said("retire", "0-first")

    assert new.key != old.key
    assert signature_holds("paper", b"content", old)
    assert signature_holds("paper", b"content", new)
    assert [row.can_sign for row in key_files()] == [False, True]
    assert [line.split()[2] for line in said("list").splitlines()] == ["verifies", "signs"]


def test_the_only_key_that_signs_is_not_retired():
    make_key("2026")

    with pytest.raises(CommandError, match="only key"):
        said("retire", "2026")
    with pytest.raises(CommandError, match="No private key"):
        said("retire", "2025")

    assert [(row.name, row.can_sign) for row in key_files()] == [("2026", True)]


def test_two_that_make_the_first_key_at_once_end_with_one(folder):
    make_key("2026")
    before = (folder / "2026.pem").read_bytes()

    make_key("2026")

    assert (folder / "2026.pem").read_bytes() == before
    assert [path.name for path in folder.iterdir()] == ["2026.pem"]


def test_anybody_verifies_with_the_published_keys(client):
    signature = sign("paper", b"content")

    answer = client.get("/.well-known/credit-bank-keys.json")

    (row,) = answer.json()["keys"]
    assert (row["kid"], row["kty"], row["crv"], row["alg"]) == (signature.key, "OKP", "Ed25519", "EdDSA")
    assert answer["Access-Control-Allow-Origin"] == "*"
    assert signature_holds("paper", b"content", signature, keys=read_key_set(answer.content))
    stranger = Ed25519PublicKey.from_public_bytes(base64.urlsafe_b64decode(row["x"] + "=="))
    stranger.verify(bytes.fromhex(signature.value), b"jianglan-credit-bank paper 1\ncontent")
    assert "d" not in row
    assert list(public_keys()) == [signature.key]


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"keys": 1}', json.dumps({"keys": [{"kty": "OKP", "crv": "Ed25519", "x": "AA"}]})])
def test_what_is_no_key_set_says_so(text):
    with pytest.raises(NotAKeySet):
        read_key_set(text)
