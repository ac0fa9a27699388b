"""Signatures of papers: over what was issued, and over each file of it.

Three things are signed. The *issue* of a paper (number, code, dates, hash of its content), once, in its row. The *document*: issue and
content as JSON, for machines. The *PDF*: a stream object of it holds the seal, whose signature covers every other byte of the file, so a
copy on somebody's disk proves itself, whichever software once drew it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

from creditbank.rules.snapshot import canonical, hash_of
from creditbank.statements.enums import PaperKind
from creditbank.statements.models import Paper
from foundation.api import SIGNATURE_HEX, Signature, sign, signature_holds

ISSUE, FILE = "paper", "paper-file"
SCHEMA = "jianglan-paper/1"
BLANK = "0" * SIGNATURE_HEX
SEAL = re.compile(rb"%JianglanSeal (?P<code>[0-9a-f]{32}) (?P<key>[A-Za-z0-9_-]{43}) (?P<value>[0-9a-f]{128})\n")


def issue_of(
    kind: PaperKind, *, number: str, code: str, issued_at: datetime, valid_until: date | None, content_hash: str
) -> dict[str, Any]:
    """What is signed when a paper is issued."""
    return {
        "kind": kind.value,
        "number": number,
        "code": code,
        "issued_at": issued_at.astimezone(UTC).isoformat(),
        "valid_until": valid_until.isoformat() if valid_until else None,
        "content_hash": content_hash,
    }


def sign_issue(issue: Mapping[str, Any]) -> Signature:
    """The signature of an issue. Raises SigningKeyMissing."""
    return sign(ISSUE, canonical(dict(issue)).encode())


def is_as_issued(paper: Paper) -> bool:
    """Whether the row still says what was signed; papers from before there were signatures have their hash alone."""
    if hash_of(canonical(paper.content)) != paper.content_hash:
        return False
    return not paper.signature or _issue_holds(_issue(paper), Signature(paper.signing_key, paper.signature))


def _issue(paper: Paper) -> dict[str, Any]:
    return issue_of(
        paper.kind, number=paper.number or "", code=paper.code, issued_at=paper.issued_at, valid_until=paper.valid_until,
        content_hash=paper.content_hash,
    )  # fmt: skip


def _issue_holds(issue: Mapping[str, Any], signature: Signature) -> bool:
    return signature_holds(ISSUE, canonical(dict(issue)).encode(), signature)


def document_of(paper: Paper) -> bytes:
    """The paper for machines: issue, content and signature as one JSON text, the same bytes each time."""
    signature = {"key": paper.signing_key, "value": paper.signature}
    return json.dumps(
        {"schema": SCHEMA, "issue": _issue(paper), "content": paper.content, "signature": signature},
        sort_keys=True, ensure_ascii=False, indent=1,
    ).encode()  # fmt: skip


def read_document(document: Mapping[str, Any]) -> tuple[str, bool] | None:
    """The code that a document names, and whether the document is as we signed it; None where it is no document of ours by its form."""
    issue, content, signature = document.get("issue"), document.get("content"), document.get("signature")
    if document.get("schema") != SCHEMA or not isinstance(issue, dict) or not isinstance(signature, dict):
        return None
    code = issue.get("code")
    if not isinstance(code, str):
        return None
    known = Signature(str(signature.get("key")), str(signature.get("value")))
    return code, hash_of(canonical(content)) == issue.get("content_hash") and _issue_holds(issue, known)


def blank_seal(code: str) -> bytes:
    """The place of a seal in a PDF that is still to be signed, with the key that will sign it."""
    key = sign(FILE, b"").key
    return f"%JianglanSeal {code} {key} {BLANK}\n".encode()


def seal_file(data: bytes) -> bytes:
    """Put the signature over the whole file into its blank seal; not a byte moves. Raises ValueError where there is not exactly one."""
    (place,) = SEAL.finditer(data)
    if place["value"] != BLANK.encode():
        raise ValueError("sealed already")
    signature = sign(FILE, data)
    if signature.key.encode() != place["key"]:  # the key was rotated between the two lines
        data = data[: place.start("key")] + signature.key.encode() + data[place.end("key") :]
        signature = sign(FILE, data)
    return data[: place.start("value")] + signature.value.encode() + data[place.end("value") :]


def read_seal(data: bytes) -> tuple[str, bool] | None:
    """The code in a PDF's seal, and whether the file is byte for byte what was sealed; None where no seal is in it."""
    places = list(SEAL.finditer(data))
    if not places:
        return None
    place = places[0]
    blank = data[: place.start("value")] + BLANK.encode() + data[place.end("value") :]
    whole = len(places) == 1 and signature_holds(FILE, blank, Signature(place["key"].decode(), place["value"].decode()))
    return place["code"].decode(), whole
