"""Reading a case file that somebody hands in: is it ours, is it whole, was it in the log, and does deciding again give the same?

Trusts nothing in it: sizes are bounded, names are those of the manifest, and nothing is unpacked to disk.
"""

from __future__ import annotations

import hashlib
import io
import json
import lzma
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from creditbank.recognition.replaying import replay_stored
from creditbank.statements.casefile import PURPOSE, SCHEMA
from creditbank.statements.caselog import check_log
from foundation.api import KeySet, Signature, signature_holds

MOST_ENTRIES = 200
LARGEST_ENTRY = 32 * 1024 * 1024
LARGEST_FILE = 64 * 1024 * 1024
MADE_UP = (
    zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error, EOFError, LookupError, ValueError, OverflowError, NotImplementedError,
    RuntimeError, OSError,
)  # fmt: skip
"""What reading a zip can raise that somebody made up; ours among them, which stays what it is."""
UNLISTED = frozenset({"manifest.json", "manifest.sig"})


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at: its name, whether it is well (None: it could not be looked at), and in words what was found."""

    name: str
    ok: bool | None
    found: str


class NotACaseFile(ValueError):
    """A file that is no case file by its form."""


def verify_case_file(data: bytes, *, keys: KeySet | None = None) -> list[Finding]:
    """Signature, hashes, log and replay, in this order; log and replay only of a file that is whole. ``keys`` are public keys from elsewhere.

    Files from before there was a log have none, and nothing is said of it.

    Raises NotACaseFile.
    """
    texts = _read(data)
    manifest, signature = _object(texts, "manifest.json"), _object(texts, "manifest.sig")
    if manifest.get("schema") != SCHEMA or not isinstance(manifest.get("files"), dict):
        raise NotACaseFile("the manifest is of another kind")
    signed = Signature(str(signature.get("key")), str(signature.get("value")))
    holds = signature_holds(PURPOSE, texts["manifest.json"], signed, keys=keys)
    findings = [Finding("signature", holds, f"by key {signed.key}" if holds else f"not by a known key ({signed.key[:43]})")]
    findings += _hash_findings(manifest["files"], texts)
    if all(finding.ok for finding in findings):
        if "log.json" in texts:
            shown = {"audit": _rows(texts, "audit.json"), "ledger": _rows(texts, "postings.json")}
            findings += [Finding(one.name, one.ok, one.found) for one in check_log(_object(texts, "log.json"), shown, keys=keys)]
        findings.append(_replay_finding(manifest, texts))
    return findings


def _read(data: bytes) -> dict[str, bytes]:
    if len(data) > LARGEST_FILE:
        raise NotACaseFile("larger than a case file can be")
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return {entry.filename: _entry(archive, entry) for entry in _entries(archive)}
    except MADE_UP as error:
        raise NotACaseFile(str(error) or "not a zip") from error


def _entries(archive: zipfile.ZipFile) -> list[zipfile.ZipInfo]:
    entries = archive.infolist()
    names = [entry.filename for entry in entries]
    if len(entries) > MOST_ENTRIES or len(set(names)) != len(names) or sum(entry.file_size for entry in entries) > LARGEST_FILE:
        raise NotACaseFile("too many, too large or repeated entries")
    return entries


def _entry(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    with archive.open(entry) as file:
        text = file.read(LARGEST_ENTRY + 1)
    if len(text) > LARGEST_ENTRY:
        raise NotACaseFile(f"{entry.filename} is too large")
    return text


def _object(texts: dict[str, bytes], name: str) -> dict[str, Any]:
    try:
        value = json.loads(texts[name])
    except (KeyError, ValueError, RecursionError) as error:
        raise NotACaseFile(f"{name} is missing or unreadable") from error
    if not isinstance(value, dict):
        raise NotACaseFile(f"{name} is missing or unreadable")
    return value


def _rows(texts: dict[str, bytes], name: str) -> list[dict[str, Any]]:
    try:
        value = json.loads(texts[name])
    except (KeyError, ValueError, RecursionError) as error:
        raise NotACaseFile(f"{name} is missing or unreadable") from error
    if not isinstance(value, list) or not all(isinstance(row, dict) and isinstance(row.get("uuid"), str) for row in value):
        raise NotACaseFile(f"{name} is missing or unreadable")
    return value


def _hash_findings(listed: dict[str, Any], texts: dict[str, bytes]) -> Iterator[Finding]:
    for name in sorted(listed):
        if name not in texts:
            yield Finding(name, ok=False, found="missing")
        else:
            whole = hashlib.sha256(texts[name]).hexdigest() == listed[name]
            yield Finding(name, whole, "as signed" if whole else "altered")
    yield from (Finding(name, ok=False, found="not in the manifest") for name in sorted(set(texts) - set(listed) - UNLISTED))


def _replay_finding(manifest: dict[str, Any], texts: dict[str, bytes]) -> Finding:
    proposal = _object(texts, "proposal.json")
    if not texts.get("snapshot.json"):
        return Finding("replay", ok=None, found="nothing was decided yet")
    replayed = replay_stored(texts["snapshot.json"].decode(), str(manifest.get("snapshot_hash")), proposal)
    words = {
        "same": f"same result: yes (semantics {replayed.semantics})",
        "different": "same result: no",
        "older": f"decided under semantics {replayed.semantics}; this software decides under {replayed.current}, so it was not decided again",
    }
    return Finding("replay", {"same": True, "different": False, "older": None}[replayed.outcome], words[replayed.outcome])
