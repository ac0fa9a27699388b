"""The published profile, and the resources of the store."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import UTC
from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.utils.http import http_date
from django.views.decorators.http import require_safe

from learning.xapi import documents
from learning.xapi.accounts import homes_of
from learning.xapi.finding import Wanted, find, more_token, one, read_more
from learning.xapi.models import ActivityDefinition, Statement
from learning.xapi.multipart import check_attachments, read_body, write_mixed
from learning.xapi.profile import profile_document
from learning.xapi.protocol import Call, Refused, parse_json, resource
from learning.xapi.reading import activity_key, agent_key, as_sent, definitions_in, in_one_language, only_ids
from learning.xapi.receiving import NotQuick, Received, read_parsed, read_quickly
from learning.xapi.shape import IFIS, VOIDED, ShapeError, actor, check_statement, parts, scope_list, uuid, whole
from learning.xapi.storing import Admission, IdTwice, Part, StatementConflict, StoreBusy, read_attachment, store_batch
from learning.xapi.tokens import TokenRefused, issue_token

LARGEST_BATCH = 1000
FORMATS = ("exact", "ids", "canonical")
FILTERS = (
    "agent", "verb", "activity", "registration", "related_activities", "related_agents", "since", "until", "limit", "format", "attachments",
    "ascending",
)  # fmt: skip


@require_safe
def profile(request: HttpRequest) -> JsonResponse:
    """The profile as JSON-LD, for machines. No query."""
    return JsonResponse(profile_document(), content_type="application/ld+json", json_dumps_params={"ensure_ascii": False})


def _get_statements(call: Call) -> HttpResponse:
    call.require("statements/read", "statements/read/mine", "all/read")
    if "statementId" in call.params or "voidedStatementId" in call.params:
        return _get_one(call)
    call.allow(*FILTERS)
    wanted = Wanted(
        agent=agent_key(call.agent()) if "agent" in call.params else "",
        activity=activity_key(call.checked("activity", "iri")) if "activity" in call.params else "",
        verb=call.checked("verb", "iri"), registration=call.checked("registration", "uuid"),
        since=call.checked("since", "time"), until=call.checked("until", "time"),
        related_agents=call.checked("related_agents", "flag") == "true", related_activities=call.checked("related_activities", "flag") == "true",
        ascending=call.checked("ascending", "flag") == "true", limit=int(call.checked("limit", "number") or 0), format=_format(call),
        attachments=call.checked("attachments", "flag") == "true",
    )  # fmt: skip
    return _page(call, wanted)


def _format(call: Call) -> str:
    wanted = call.params.get("format", "exact")
    if wanted not in FORMATS:
        raise Refused(400, f"The format is one of {', '.join(FORMATS)}.")
    return wanted


def _page(call: Call, wanted: Wanted) -> HttpResponse:
    rows, rest = find(wanted, call.key)
    more = f"{call.base}/statements/more/{more_token(rest, call.key)}" if rest else ""
    shown = _shown(rows, wanted.format, call)
    answer = _with_attachments(call, {"statements": shown, "more": more}, shown, wanted=wanted.attachments)
    latest = max((row.stored for row in rows), default=None)
    if latest is not None:
        answer["Last-Modified"] = http_date(latest.timestamp())
    return answer


def _get_one(call: Call) -> HttpResponse:
    call.allow("statementId", "voidedStatementId", "format", "attachments")
    if "statementId" in call.params and "voidedStatementId" in call.params:
        raise Refused(400, "Ask for a statement or for a voided one, not for both.")
    voided = "voidedStatementId" in call.params
    row = one(UUID(call.checked("voidedStatementId" if voided else "statementId", "uuid")), call.key, voided=voided)
    if row is None:
        raise Refused(404, "There is no such statement.")
    shown = _shown([row], _format(call), call)[0]
    answer = _with_attachments(call, shown, [shown], wanted=call.checked("attachments", "flag") == "true")
    answer["Last-Modified"] = http_date(row.stored.timestamp())
    return answer


def _shown(rows: Iterable[Statement], form: str, call: Call) -> list[Any]:
    """Statements in the form that was asked for. One query for canonical definitions, none else."""
    found = [_whole(row) for row in rows]
    if form == "ids":
        return [only_ids(statement) for statement in found]
    if form == "canonical":
        wanted = [part.split(";")[0].strip().lower() for part in call.header("ACCEPT_LANGUAGE").split(",") if part.strip()]
        keys = {activity_key(iri) for statement in found for iri, _definition in definitions_in(statement)}
        known = dict(ActivityDefinition.objects.filter(key__in=keys).values_list("iri", "definition"))
        return [in_one_language(statement, wanted, known) for statement in found]
    return found


def _whole(row: Statement) -> dict[str, Any]:
    """The statement as written, with what the store adds where our own writer left it out."""
    statement: dict[str, Any] = json.loads(row.text)
    statement.setdefault("id", str(row.statement_id))
    statement.setdefault("stored", row.stored.astimezone(UTC).isoformat().replace("+00:00", "Z"))
    statement.setdefault("version", "1.0.0")
    own = {"objectType": "Agent", "account": {"homePage": f"{settings.SITE_URL}/xapi", "name": "platform"}}
    statement.setdefault("authority", own)
    return as_sent(statement)


def _with_attachments(call: Call, body: Any, statements: list[dict[str, Any]], *, wanted: bool) -> HttpResponse:
    content = json.dumps(body, ensure_ascii=False).encode()
    if not wanted:
        return HttpResponse(content, content_type="application/json")
    hashes = {
        item["sha2"].lower(): None
        for statement in statements
        for holder in (statement, statement.get("object", {}))
        for item in holder.get("attachments", ())
    }
    parts = [part for part in map(read_attachment, hashes) if part is not None]
    mixed, content_type = write_mixed(content, parts)
    return HttpResponse(mixed, content_type=content_type)


def _put_statement(call: Call) -> HttpResponse:
    call.allow("statementId", needed=("statementId",))
    ident = call.checked("statementId", "uuid")
    found, sent = read_body(call)
    if not isinstance(found, dict):
        raise Refused(400, "PUT takes one statement.")
    if str(found.get("id", ident)).lower() != ident.lower():
        raise Refused(400, "The statement has another id than the address.")
    _check_and_store(call, [{**found, "id": ident}], sent)
    return HttpResponse(status=204)


def _post_statements(call: Call) -> HttpResponse:
    call.allow()
    call.require("statements/write")
    if call.header("CONTENT_TYPE").split(";")[0].strip().lower() == "application/json":
        quick = read_quickly(call.body, call.release)
        if quick is not None:
            _require_size(quick)
            with suppress(NotQuick):
                return JsonResponse(_store(call, quick, {}), safe=False)
    found, sent = read_body(call)
    statements = found if isinstance(found, list) else [found]
    _require_size(statements)
    return JsonResponse(_check_and_store(call, statements, sent), safe=False)


def _require_size(statements: Sequence[Any]) -> None:
    if len(statements) > LARGEST_BATCH:
        raise Refused(413, f"A batch has at most {LARGEST_BATCH} statements.")


def _check_and_store(call: Call, statements: list[Any], sent: dict[str, Part]) -> list[str]:
    """All or none, and the reason names the place. Raises Refused."""
    call.require("statements/write")
    for number, statement in enumerate(statements):
        try:
            check_statement(statement, call.release, f"statements[{number}]" if len(statements) > 1 else "statement")
        except ShapeError as error:
            raise Refused(400, str(error), part=error.path) from error
    check_attachments(statements, sent)
    return _store(call, [read_parsed(statement) for statement in statements], sent)


def _store(call: Call, statements: Sequence[Received], sent: dict[str, Part]) -> list[str]:
    try:
        return store_batch(
            statements, key=call.key, release=call.release, attachments=sent, describes=call.holds("define"), admit=_admission(call)
        )
    except IdTwice as error:
        raise Refused(400, "The batch names one id twice. Nothing was stored.") from error
    except StoreBusy as error:
        raise Refused(503, "Others write the same statements at this moment. Nothing was stored; send it again.") from error
    except StatementConflict as error:
        raise Refused(409, f"Another statement has the id {error.statement_id}. Nothing was stored.") from error


def _admission(call: Call) -> Admission | None:
    """A learner's token writes about that learner, in that registration, and voids nothing. An institution's key writes about accounts of
    the institution's own systems."""
    homes = homes_of(call.key.institution) if call.key.institution is not None else set()

    def own_learner(number: int, statement: Received) -> None:
        call.require_own(statement.actor, registration=statement.registration, part=f"statements[{number}].actor")
        if statement.verb == VOIDED:
            raise Refused(403, "A learner's token voids nothing.", part=f"statements[{number}].verb")

    def own_account(number: int, statement: Received) -> None:
        if statement.actor.get("account", {}).get("homePage") not in homes:
            reason = "This key writes about accounts of its institution's own systems alone: account.homePage must be one of them."
            raise Refused(403, reason, part=f"statements[{number}].actor.account.homePage")

    if call.bound is not None:
        return own_learner
    return own_account if call.key.institution is not None else None


def _about(call: Call) -> HttpResponse:
    return JsonResponse({"version": ["2.0.0", "1.0.3"] if call.is_v2 else ["1.0.3", "1.0.2", "1.0.1", "1.0.0"], "extensions": {}})


def _activities(call: Call) -> HttpResponse:
    call.allow("activityId", needed=("activityId",))
    call.require("statements/read", "statements/read/mine", "all/read")
    ident = call.checked("activityId", "iri")
    row = ActivityDefinition.objects.filter(key=activity_key(ident)).first()
    answer: dict[str, Any] = {"objectType": "Activity", "id": ident}
    if row is not None and row.definition:
        answer["definition"] = row.definition
    return JsonResponse(answer, json_dumps_params={"ensure_ascii": False})


def _agents(call: Call) -> HttpResponse:
    call.allow("agent", needed=("agent",))
    call.require("statements/read", "statements/read/mine", "all/read")
    found = call.agent()
    person = {name: [found[name]] for name in ("name", *IFIS) if name in found}
    return JsonResponse({"objectType": "Person", **person}, json_dumps_params={"ensure_ascii": False})


def _get_more(call: Call) -> HttpResponse:
    """The next page of a query."""
    call.allow()
    call.require("statements/read", "statements/read/mine", "all/read")
    wanted = read_more(call.token, call.key)
    if wanted is None:
        raise Refused(400, "This link is not valid any more. Ask again from the beginning.")
    return _page(call, wanted)


def _post_tokens(call: Call) -> HttpResponse:
    """A token with a part of this key's rights: for a while, or for one learner (what a launched activity is given)."""
    call.allow()
    if call.bound is not None:
        raise Refused(403, "A token makes no tokens.")
    wanted = parse_json(call.body)
    try:
        known = {"actor": actor, "registration": uuid, "seconds": whole, "scopes": scope_list}
        parts(wanted, "token", known, needed=("seconds",))
        scopes = wanted.get("scopes", [])
        token = issue_token(
            call.key, at=timezone.now(), seconds=wanted["seconds"], scopes=scopes, actor=wanted.get("actor"),
            registration=wanted.get("registration", ""),
        )  # fmt: skip
    except ShapeError as error:
        raise Refused(400, str(error), part=error.path) from error
    except TokenRefused as error:
        raise Refused(403, str(error)) from error
    return JsonResponse({"token": token, "token_type": "Bearer", "expires_in": wanted["seconds"]})


tokens = resource({"POST": _post_tokens})
statements = resource({"GET": _get_statements, "PUT": _put_statement, "POST": _post_statements}, consistent=True)
more = resource({"GET": _get_more}, consistent=True)
about = resource({"GET": _about}, open_to_all=True)
activities = resource({"GET": _activities})
agents = resource({"GET": _agents})
state = resource(documents.handlers(documents.STATE))
activity_profile = resource(documents.handlers(documents.ACTIVITY))
agent_profile = resource(documents.handlers(documents.AGENT))
