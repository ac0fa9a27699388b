"""multipart/mixed with attachments, in and out; and signed statements."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from secrets import token_hex
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256, SHA384, SHA512

from learning.xapi.protocol import Call, Refused, parse_json
from learning.xapi.reading import said
from learning.xapi.storing import Part, unpadded

SIGNATURE = "http://adlnet.gov/expapi/attachments/signature"
ALGORITHMS: dict[str, type[SHA256] | type[SHA384] | type[SHA512]] = {"RS256": SHA256, "RS384": SHA384, "RS512": SHA512}
BOUNDARY = re.compile(r"boundary=(?:\"([^\"]{1,70})\"|([^;\s]{1,70}))", re.IGNORECASE)
HASHES = {56: hashlib.sha224, 64: hashlib.sha256, 96: hashlib.sha384, 128: hashlib.sha512}


def read_body(call: Call) -> tuple[Any, dict[str, Part]]:
    """The statements of a request, and its parts by hash. Raises Refused."""
    content_type = call.header("CONTENT_TYPE")
    kind = content_type.split(";")[0].strip().lower()
    if kind == "application/json":
        return parse_json(call.body), {}
    if kind != "multipart/mixed":
        raise Refused(400, "Statements come as application/json or multipart/mixed.")
    found = BOUNDARY.search(content_type)
    if found is None:
        raise Refused(400, "The boundary of the parts is missing.")
    first, *rest = _split(call.body, (found[1] or found[2]).encode())
    if first[0].get("content-type", "").split(";")[0].strip().lower() != "application/json":
        raise Refused(400, "The first part is the statements, as application/json.")
    parts: dict[str, Part] = {}
    for headers, content in rest:
        part = _part(headers, content)
        parts[part.sha2] = part
    return parse_json(first[1], what="first part"), parts


def _part(headers: Mapping[str, str], content: bytes) -> Part:
    sha2 = headers.get("x-experience-api-hash", "").lower()
    if headers.get("content-transfer-encoding", "").lower() != "binary" or not sha2:
        raise Refused(400, "Each attachment needs Content-Transfer-Encoding: binary and X-Experience-API-Hash.")
    maker = HASHES.get(len(sha2))
    if maker is None or maker(content).hexdigest() != sha2:
        raise Refused(400, "An attachment does not have the hash it names.")
    return Part(sha2, content, headers.get("content-type", "application/octet-stream"))


def _split(body: bytes, boundary: bytes) -> list[tuple[dict[str, str], bytes]]:
    pieces = (b"\r\n" + body).split(b"\r\n--" + boundary)
    if len(pieces) < 3 or not pieces[-1].lstrip().startswith(b"--"):  # noqa: PLR2004  preamble, a part, the end
        raise Refused(400, "The parts of the request cannot be told apart.")
    found = []
    for piece in pieces[1:-1]:
        head, blank, content = piece.removeprefix(b"\r\n").partition(b"\r\n\r\n")
        if not blank:
            raise Refused(400, "A part of the request has no headers.")
        lines = (line.partition(":") for line in head.decode("latin-1").split("\r\n"))
        found.append(({name.strip().lower(): value.strip() for name, _colon, value in lines}, content))
    return found


def check_attachments(statements: Iterable[Mapping[str, Any]], parts: Mapping[str, Part]) -> None:
    """Every part is named by a statement, every attachment is there or elsewhere, every signature holds. Raises Refused."""
    named: set[str] = set()
    for statement in statements:
        for holder in (statement, statement["object"] if statement["object"].get("objectType") == "SubStatement" else {}):
            for attachment in holder.get("attachments", ()):
                _check_one(statement, attachment, parts)
                named.add(attachment["sha2"].lower())
    if set(parts) - named:
        raise Refused(400, "A part of the request is named by no statement.")


def _check_one(statement: Mapping[str, Any], attachment: Mapping[str, Any], parts: Mapping[str, Part]) -> None:
    part = parts.get(attachment["sha2"].lower())
    if part is None:
        if "fileUrl" not in attachment:
            raise Refused(400, "An attachment is neither in the request nor at a fileUrl.")
        return
    if attachment["usageType"] == SIGNATURE:
        if attachment["contentType"] != "application/octet-stream":
            raise Refused(400, "A signature is of the content type application/octet-stream.")
        _check_signature(statement, part.content)


def _check_signature(statement: Mapping[str, Any], content: bytes) -> None:
    try:
        head, body, signature = content.decode("ascii").strip().split(".")
        header, payload = json.loads(unpadded(head)), json.loads(unpadded(body))
    except (ValueError, TypeError) as error:
        raise Refused(400, "The signature is not a JWS in its compact form.") from error
    if not isinstance(header, dict) or header.get("alg") not in ALGORITHMS or not isinstance(payload, dict):
        raise Refused(400, "A statement is signed with RS256, RS384 or RS512.")
    unsigned = {name: value for name, value in statement.items() if name != "attachments"}
    kept = [item for item in statement["attachments"] if item["usageType"] != SIGNATURE]
    try:
        same = said({**payload}) == said({**unsigned, **({"attachments": kept} if kept else {})})
    except (KeyError, TypeError, AttributeError):
        same = False
    if not same:
        raise Refused(400, "The signed statement says something else.")
    if header.get("x5c"):
        _check_certificate(header, f"{head}.{body}".encode(), signature)


def _check_certificate(header: Mapping[str, Any], signed: bytes, signature: str) -> None:
    try:
        certificate = x509.load_der_x509_certificate(unpadded(str(header["x5c"][0]).replace("+", "-").replace("/", "_").rstrip("=")))
        key = certificate.public_key()
        if not isinstance(key, rsa.RSAPublicKey):
            raise Refused(400, "The certificate of the signature is not for RSA.")
        key.verify(unpadded(signature), signed, padding.PKCS1v15(), ALGORITHMS[header["alg"]]())
    except (ValueError, TypeError, KeyError, IndexError, InvalidSignature) as error:
        raise Refused(400, "The signature does not fit its certificate.") from error


def write_mixed(first: bytes, parts: Iterable[Part]) -> tuple[bytes, str]:
    """A multipart/mixed body of JSON and attachments, and its content type."""
    boundary = f"part-{token_hex(16)}"
    pieces = [f"--{boundary}\r\nContent-Type: application/json\r\n\r\n".encode() + first]
    for part in parts:
        head = f"Content-Type: {part.content_type}\r\nContent-Transfer-Encoding: binary\r\nX-Experience-API-Hash: {part.sha2}\r\n\r\n"
        pieces.append(f"--{boundary}\r\n{head}".encode() + part.content)
    return b"\r\n".join([*pieces, f"--{boundary}--".encode(), b""]), f"multipart/mixed; boundary={boundary}"
