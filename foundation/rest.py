"""The log over HTTP: signed heads, and proofs between leaves and heads. Anybody may ask; all of it is hashes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja import Field, Query, Router, Schema

from foundation.audit.merkle import NoSuchTree
from foundation.audit.models import LogHead
from foundation.audit.proofs import consistency_of, head_document, inclusion_of
from foundation.http.address import client_address
from foundation.http.limits import rate_limited
from foundation.http.paging import cursor_page
from foundation.http.problems import Problem
from foundation.http.schemas import READ_PROBLEMS, only_known

router = Router(tags=["log"])
PROOFS_PER_MINUTE = 120
LARGEST = 2**53


class HeadOut(Schema):
    """A signed tree head: ``signature`` (Ed25519, hexadecimal) is over ``jianglan-credit-bank tree-head 1``, a line feed, and the JSON of root, size and
    time with sorted names and without blanks."""

    number: int
    schema_: str = Field(alias="schema")
    size: int
    root: str
    time: datetime
    key: str
    signature: str


class HeadsOut(Schema):
    """A page of heads, the newest first; ``next_cursor`` is null at the end."""

    items: list[HeadOut]
    next_cursor: str | None


class HeadsIn(Schema):
    """Which stretch of the heads."""

    cursor: str | None = Field(None, max_length=300)
    limit: int = Field(50, ge=1, le=200)


class InclusionIn(Schema):
    """A leaf by its hash, and among how many leaves it is looked for: the newest head's where none is given."""

    leaf: str = Field(pattern="^[0-9a-f]{64}$")
    size: int | None = Field(None, ge=1, le=LARGEST)


class InclusionOut(Schema):
    """The place of a leaf and the hashes from it up to the root, as RFC 9162 has them."""

    index: int
    size: int
    proof: list[str]


class ConsistencyIn(Schema):
    """Two sizes; the newest head's where the later is not given."""

    old: int = Field(ge=1, le=LARGEST)
    new: int | None = Field(None, ge=1, le=LARGEST)


class ConsistencyOut(Schema):
    """The hashes that show that the tree of ``old`` leaves is the beginning of that of ``new`` ones, as RFC 9162 has them."""

    old: int
    new: int
    proof: list[str]


@router.get("/log/heads", response={200: HeadsOut, **READ_PROBLEMS}, summary="Signed heads of the log", by_alias=True)
def heads(request: HttpRequest, question: Query[HeadsIn]) -> dict[str, Any]:
    """Every head that was ever signed, the newest first."""
    only_known(request, question)
    page = cursor_page(LogHead.objects.all(), cursor=question.cursor, limit=question.limit)
    return {"items": [_told(head) for head in page.items], "next_cursor": page.next_cursor}


@router.get("/log/heads/{number}", response={200: HeadOut, **READ_PROBLEMS}, summary="One signed head", by_alias=True)
def head(request: HttpRequest, number: int) -> dict[str, Any]:
    """A head by its number."""
    found = LogHead.objects.filter(pk=number).first()
    if found is None:
        raise Problem(404, "not_found", _("There is nothing at this address."))
    return _told(found)


@router.get("/log/proofs/inclusion", response={200: InclusionOut, **READ_PROBLEMS}, summary="Proof that a leaf is in the log")
def inclusion(request: HttpRequest, question: Query[InclusionIn]) -> dict[str, Any]:
    """404 where the log has no such leaf among so many. 120 proofs a minute."""
    only_known(request, question)
    _count(request)
    with _tree():
        found = inclusion_of(bytes.fromhex(question.leaf), size=question.size)
    if found is None:
        raise Problem(404, "no_such_leaf", _("The log has no such leaf among so many."))
    return {"index": found.index, "size": found.size, "proof": [value.hex() for value in found.proof]}


@router.get(
    "/log/proofs/consistency", response={200: ConsistencyOut, **READ_PROBLEMS}, summary="Proof that a head is the beginning of a later one"
)
def consistency(request: HttpRequest, question: Query[ConsistencyIn]) -> dict[str, Any]:
    """404 where no head is that large. 120 proofs a minute."""
    only_known(request, question)
    _count(request)
    with _tree():
        new, proof = consistency_of(question.old, question.new)
    return {"old": question.old, "new": new, "proof": [value.hex() for value in proof]}


@contextmanager
def _tree() -> Iterator[None]:
    try:
        yield
    except NoSuchTree as error:
        raise Problem(404, "no_such_tree", _("No head of the log covers such a tree."), str(error)) from error


def _told(row: LogHead) -> dict[str, Any]:
    return {"number": row.pk, **head_document(row)}


def _count(request: HttpRequest) -> None:
    if rate_limited(f"log:{client_address(request)}", limit=PROOFS_PER_MINUTE, seconds=60):
        raise Problem(429, "too_many_requests", _("Too many requests. Please wait a minute."))
