"""Documents of the store: state of a learning activity, profiles of activities and agents. Nothing is overwritten that the writer has not seen."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpResponse, JsonResponse
from django.utils import timezone
from django.utils.http import http_date

from learning.xapi.models import XapiDocument
from learning.xapi.protocol import Call, Refused, parse_json
from learning.xapi.reading import activity_key, agent_key

LONGEST_NAME = 500


@dataclass(frozen=True)
class Kind:
    """One of the three document resources: how its documents are named."""

    code: str
    name: str
    params: tuple[str, ...]
    scope: str


STATE = Kind("state", "stateId", ("activityId", "agent"), "state")
ACTIVITY = Kind("activity", "profileId", ("activityId",), "profile")
AGENT = Kind("agent", "profileId", ("agent",), "profile")


@dataclass(frozen=True)
class Place:
    """Where a document lies, or where several do."""

    kind: Kind
    activity: str
    agent: str
    registration: UUID | None
    name: str
    scope: int

    def fingerprint(self) -> str:
        parts = (self.kind.code, self.activity, self.agent, str(self.registration or ""), self.name, str(self.scope))
        return hashlib.sha256("\x1f".join(parts).encode("utf-8", "surrogatepass")).hexdigest()


def handlers(kind: Kind) -> dict[str, Callable[[Call], HttpResponse]]:
    """The methods of one document resource."""
    return {
        "GET": lambda call: _get(kind, call), "PUT": lambda call: _write(kind, call, merge=False),
        "POST": lambda call: _write(kind, call, merge=True), "DELETE": lambda call: _delete(kind, call),
    }  # fmt: skip


def _place(kind: Kind, call: Call, *, needs_name: bool, since: bool = False) -> Place:
    optional = (("registration",) if kind is STATE else ()) + (("since",) if since else ())
    call.allow(*kind.params, kind.name, *optional, needed=(*kind.params, *((kind.name,) if needs_name else ())))
    call.require(kind.scope, *(("all/read",) if call.method in {"GET", "HEAD"} else ()))
    name = call.params.get(kind.name, "")
    if len(name) > LONGEST_NAME or "\x00" in name:
        raise Refused(400, f"{kind.name} is too long or has a character that names do not have.")
    activity = activity_key(call.checked("activityId", "iri")) if "activityId" in kind.params else ""
    registration = call.checked("registration", "uuid")
    person = ""
    if "agent" in kind.params:
        agent = call.agent()
        call.require_own(agent, registration=registration if kind is STATE else call.key.bound.registration if call.key.bound else "")
        person = agent_key(agent)
    elif call.key.bound is not None and call.method not in {"GET", "HEAD"}:
        raise Refused(403, "A learner's token changes no profile of an activity.")
    return Place(kind, activity, person, UUID(registration) if registration else None, name, call.key.institution_id or 0)


def _several(place: Place, call: Call) -> QuerySet[XapiDocument]:
    rows = XapiDocument.objects.filter(kind=place.kind.code, activity=place.activity, agent=place.agent)
    rows = rows.filter(owner__institution=call.key.institution)
    return rows.filter(registration=place.registration) if place.registration else rows


def _get(kind: Kind, call: Call) -> HttpResponse:
    place = _place(kind, call, needs_name=False, since=True)
    if kind.name not in call.params:
        rows = _several(place, call)
        since = call.checked("since", "time")
        if since:
            rows = rows.filter(updated__gt=datetime.fromisoformat(since))
        listed = list(rows.order_by("name").values_list("name", "updated"))
        answer: HttpResponse = JsonResponse([name for name, _updated in listed], safe=False, json_dumps_params={"ensure_ascii": False})
        answer["Last-Modified"] = http_date(max((updated for _name, updated in listed), default=timezone.now()).timestamp())
        return answer
    row = XapiDocument.objects.filter(place=place.fingerprint()).first()
    if row is None:
        raise Refused(404, "There is no such document.")
    answer = HttpResponse(bytes(row.content), content_type=row.content_type)
    answer["ETag"] = f'"{row.etag}"'
    answer["Last-Modified"] = http_date(row.updated.timestamp())
    return answer


@transaction.atomic
def _write(kind: Kind, call: Call, *, merge: bool) -> HttpResponse:
    place = _place(kind, call, needs_name=True)
    content_type = call.header("CONTENT_TYPE") or "application/octet-stream"
    is_json = content_type.split(";")[0].strip().lower() == "application/json"
    row = XapiDocument.objects.select_for_update().filter(place=place.fingerprint()).first()
    _check_match(call, row)
    if not merge:
        _require_precondition(kind, call, row)
    content = call.body
    if is_json:
        parsed = parse_json(content)
        if merge and not isinstance(parsed, dict):
            raise Refused(400, "Only a JSON object can be posted here.")
    if merge and row is not None:
        content, content_type = _merged(row, content, is_json=is_json), "application/json"
    values = {
        "content": content, "content_type": content_type[:200], "etag": hashlib.sha1(content, usedforsecurity=False).hexdigest(),
        "updated": timezone.now(), "kind": kind.code, "activity": place.activity, "agent": place.agent, "registration": place.registration,
        "name": place.name, "owner": call.key,
    }  # fmt: skip
    XapiDocument.objects.update_or_create(place=place.fingerprint(), defaults=values)
    return HttpResponse(status=204)


def _merged(row: XapiDocument, content: bytes, *, is_json: bool) -> bytes:
    """The old object with the new one laid over its top level."""
    if not is_json or row.content_type.split(";")[0].strip().lower() != "application/json":
        raise Refused(400, "Only JSON objects are merged; one of the two is not JSON.")
    old, new = parse_json(bytes(row.content)), parse_json(content)
    if not isinstance(old, dict) or not isinstance(new, dict):
        raise Refused(400, "Only JSON objects are merged; one of the two is none.")
    return json.dumps({**old, **new}, ensure_ascii=False).encode()


def _check_match(call: Call, row: XapiDocument | None) -> None:
    match, none_match = call.header("IF_MATCH").strip(), call.header("IF_NONE_MATCH").strip()
    if match and (row is None or (match != "*" and row.etag not in _tags(match))):
        raise Refused(412, "The document has changed since you read it (If-Match). Nothing was written.")
    if none_match and row is not None and (none_match == "*" or row.etag in _tags(none_match)):
        raise Refused(412, "There is a document already (If-None-Match). Nothing was written.")


def _tags(header: str) -> set[str]:
    return {part.strip().removeprefix("W/").strip('"') for part in header.split(",")}


def _require_precondition(kind: Kind, call: Call, row: XapiDocument | None) -> None:
    """A PUT over a document that the writer may not have seen is refused; 1.0.3 asks for it for profiles alone, but even for new ones."""
    if call.header("IF_MATCH") or call.header("IF_NONE_MATCH") or (kind is STATE and not call.is_v2):
        return
    if row is not None:
        raise Refused(409, "There is a document already. Read it, then send If-Match with its ETag. Nothing was written.")
    if not call.is_v2:
        raise Refused(400, "Send If-None-Match: * to write a new profile, or If-Match to change one.")


@transaction.atomic
def _delete(kind: Kind, call: Call) -> HttpResponse:
    place = _place(kind, call, needs_name=kind is not STATE)
    if kind.name in call.params:
        row = XapiDocument.objects.select_for_update().filter(place=place.fingerprint()).first()
        _check_match(call, row)
        if row is not None:
            row.delete()
    else:
        _several(place, call).delete()
    return HttpResponse(status=204)
