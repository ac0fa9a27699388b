"""What all resources of the store share: version, credentials, the alternate request syntax, parameters, errors."""

from __future__ import annotations

import base64
import binascii
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC
from functools import wraps
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl

import msgspec
from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.gzip import gzip_page

from foundation.api import LightCounter, client_address, rate_limited
from learning.xapi.finding import horizon
from learning.xapi.keys import find_key
from learning.xapi.models import Bound, XapiKey
from learning.xapi.reading import agent_key
from learning.xapi.refusals import note_refusal
from learning.xapi.shape import V2, ShapeError, agent, iri, parse_time, uuid
from learning.xapi.tokens import key_holds, key_of_token

RELEASES = {"1.0": "1.0.3", "2.0": V2}
LARGEST_BODY = 10 * 1024 * 1024
DEEPEST = 64
MINUTE = 60
CALLS = LightCounter()
"""Calls of each key, counted for the limit of a minute."""
CORS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Methods": "HEAD,GET,POST,PUT,DELETE,OPTIONS",
    "Access-Control-Allow-Headers": "Authorization,Content-Type,If-Match,If-None-Match,Accept-Language,X-Experience-API-Version",
    "Access-Control-Expose-Headers": "ETag,Last-Modified,X-Experience-API-Version,X-Experience-API-Consistent-Through",
    "Access-Control-Max-Age": "86400",
}
HEADERS_IN_FORM = {
    "authorization": "HTTP_AUTHORIZATION", "x-experience-api-version": "HTTP_X_EXPERIENCE_API_VERSION", "content-type": "CONTENT_TYPE",
    "if-match": "HTTP_IF_MATCH", "if-none-match": "HTTP_IF_NONE_MATCH", "accept": "HTTP_ACCEPT", "accept-language": "HTTP_ACCEPT_LANGUAGE",
}  # fmt: skip


class Refused(Exception):
    """An answer that is not the wished one: status and a text that says why."""

    def __init__(self, status: int, message: str, *, part: str = "", key: XapiKey | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.part = part
        self.key = key


@dataclass
class Call:
    """One call of a resource, whichever syntax it came in."""

    method: str
    params: dict[str, str]
    headers: Mapping[str, str]
    body: bytes
    release: str
    key: XapiKey = field(default_factory=XapiKey)
    base: str = ""
    token: str = ""

    @property
    def is_v2(self) -> bool:
        return self.release == V2

    def header(self, name: str) -> str:
        """A request header by its name in capitals with underscores, empty where it is missing."""
        return self.headers.get(f"HTTP_{name}", self.headers.get(name, ""))

    @property
    def bound(self) -> Bound | None:
        """The one learner that the credentials are for, or None."""
        return self.key.bound

    def holds(self, scope: str) -> bool:
        """Whether the credentials include a scope."""
        return key_holds(self.key.scopes, scope)

    def require_own(self, agent: Mapping[str, Any], *, registration: str = "", part: str = "agent") -> None:
        """Refuse another actor or registration than the one that a learner's token is for."""
        if self.bound is None:
            return
        if agent_key(agent) != self.bound.actor.hex:
            raise Refused(403, "This token is for another actor.", part=part)
        if self.bound.registration and registration.lower() != self.bound.registration:
            raise Refused(403, "This token is for another registration.", part=part)

    def allow(self, *known: str, needed: tuple[str, ...] = ()) -> None:
        """Refuse parameters that this resource does not know, exactly as they are written, and ask for those it needs."""
        for name in self.params:
            if name not in known:
                raise Refused(400, f"The parameter {name} is not known here.")
        for name in needed:
            if name not in self.params:
                raise Refused(400, f"The parameter {name} is missing.")

    def require(self, *scopes: str) -> None:
        """Refuse a key that holds none of these scopes."""
        if not any(self.holds(scope) for scope in scopes):
            raise Refused(403, f"This key does not allow that; it would need one of: {', '.join(scopes)}.")

    def agent(self, name: str = "agent") -> dict[str, Any]:
        """A parameter that is an agent or group."""
        found = parse_json(self.params[name].encode("utf-8", "surrogatepass"), what=f"parameter {name}")
        try:
            if isinstance(found, dict) and found.get("objectType") == "Group":
                agent({key: value for key, value in found.items() if key not in {"objectType", "member"}}, name)
            else:
                agent(found, name)
        except ShapeError as error:
            raise Refused(400, str(error)) from error
        return dict(found)

    def checked(self, name: str, kind: str) -> str:
        """A parameter in its right form: iri, uuid, time, flag or number; empty where it is missing."""
        if name not in self.params:
            return ""
        value = self.params[name]
        try:
            if kind == "time":
                return parse_time(value, name).isoformat()
            {"iri": iri, "uuid": uuid, "flag": _flag, "number": _number}[kind](value, name)
        except ShapeError as error:
            raise Refused(400, str(error)) from error
        return value


def _flag(value: str, path: str) -> None:
    if value not in {"true", "false"}:
        raise ShapeError(path, "is neither true nor false")


def _number(value: str, path: str) -> None:
    if not value.isascii() or not value.isdigit() or len(value) > 9:  # noqa: PLR2004  nobody asks for a thousand million
        raise ShapeError(path, "is not a number from 0")


def parse_json(body: bytes, *, what: str = "body") -> Any:
    """JSON, or a refusal that says what is wrong: encoding, depth, numbers that are none. Never an error of ours."""
    if b"\\u0000" in body:
        return _parse_with_care(body, what)
    try:
        found = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return _parse_with_care(body, what)
    _require_shallow(found, what)
    return found


def _parse_with_care(body: bytes, what: str) -> Any:
    """The slow way, for what is unusual or wrong: exact whole numbers, and a reason for every refusal."""
    try:
        found = json.loads(body.decode("utf-8"), parse_constant=_no_constant)
        json.dumps(found, ensure_ascii=False).encode("utf-8")
    except UnicodeError as error:
        raise Refused(400, f"The {what} is not UTF-8.") from error
    except (ValueError, RecursionError) as error:
        raise Refused(400, f"The {what} is not JSON that this store reads.") from error
    _require_shallow(found, what)
    _require_storable(found, what)
    return found


def _no_constant(word: str) -> None:
    raise ValueError(word)


def _require_shallow(value: Any, what: str) -> None:
    """No deeper than any database or reader likes. Level by level, without recursion."""
    level = [value]
    for _depth in range(DEEPEST):
        level = [
            part
            for item in level
            for part in (item.values() if type(item) is dict else item)
            if type(part) is dict or type(part) is list
        ] if _depth or type(value) in {dict, list} else []  # fmt: skip
        if not level:
            return
    raise Refused(400, f"The {what} is nested more than {DEEPEST} levels deep.")


def _require_storable(value: Any, what: str) -> None:
    """No number beyond all bounds, no NUL. Walks without recursion."""
    waiting = [value]
    while waiting:
        item = waiting.pop()
        if isinstance(item, float) and item in {float("inf"), float("-inf")}:
            raise Refused(400, f"The {what} has a number beyond all bounds.")
        if isinstance(item, str) and "\x00" in item:
            raise Refused(400, f"The {what} has the character NUL, which no text has.")
        if isinstance(item, dict):
            waiting += [*item, *item.values()]
        elif isinstance(item, list):
            waiting += item


Handler = Callable[[Call], HttpResponse]


def resource(methods: Mapping[str, Handler], *, open_to_all: bool = False, consistent: bool = False) -> Callable[..., HttpResponse]:
    """A view of one resource: finds the call in the request, asks for credentials, and puts the store's headers on every answer.

    Credentials come with each request and never from a cookie, so there is nothing that a foreign page could borrow: no CSRF token.
    """

    @csrf_exempt
    @gzip_page
    @wraps(resource)
    def view(request: HttpRequest, base: str, token: str = "") -> HttpResponse:
        release = RELEASES[base]
        try:
            answer = _answer(request, base, token, methods, open_to_all=open_to_all)
        except Refused as refused:
            answer = _refusal(request, refused)
        answer["X-Experience-API-Version"] = release
        if consistent:
            answer["X-Experience-API-Consistent-Through"] = horizon().astimezone(UTC).isoformat().replace("+00:00", "Z")
        for name, value in CORS.items():
            answer.setdefault(name, value)
        return answer

    return view


def _refusal(request: HttpRequest, refused: Refused) -> HttpResponse:
    """The reason, as JSON; remembered for the key's institution where the key is known."""
    content = {"error": refused.message, **({"part": refused.part} if refused.part else {})}
    answer = JsonResponse(content, status=refused.status, json_dumps_params={"ensure_ascii": False})
    if refused.status == HTTPStatus.UNAUTHORIZED:
        answer["WWW-Authenticate"] = 'Basic realm="xAPI", Bearer'
    if refused.status == HTTPStatus.TOO_MANY_REQUESTS:
        answer["Retry-After"] = str(MINUTE - int(time.time()) % MINUTE)
    if refused.key is not None and refused.status != HTTPStatus.NOT_FOUND:
        note_refusal(
            refused.key, method=str(request.method), resource="/".join(request.path.split("/")[3:]), status=refused.status,
            part=refused.part, reason=refused.message, at=timezone.now(),
        )  # fmt: skip
    return answer


def _answer(request: HttpRequest, base: str, token: str, methods: Mapping[str, Handler], *, open_to_all: bool) -> HttpResponse:
    if request.method == "OPTIONS":
        return HttpResponse(status=204)
    call = _call(request, RELEASES[base])
    call.base, call.token = f"/xapi/{base}", token
    if not open_to_all:
        _check_version(call)
        call.key = _authenticated(call, client_address(request))
    name = "GET" if call.method == "HEAD" else call.method
    if name not in methods:
        raise Refused(405, f"{call.method} is not possible here.")
    try:
        return methods[name](call)
    except Refused as refused:
        refused.key = call.key if call.key.pk else None
        raise


def _call(request: HttpRequest, release: str) -> Call:
    announced = str(request.META.get("CONTENT_LENGTH") or 0)
    if announced.isdecimal() and int(announced[:20]) > LARGEST_BODY:
        raise Refused(413, "The request is larger than 10 MB.")
    body = request.read(LARGEST_BODY + 1)
    if len(body) > LARGEST_BODY:
        raise Refused(413, "The request is larger than 10 MB.")
    params: dict[str, str] = {}
    for name, values in request.GET.lists():
        if len(values) > 1:
            raise Refused(400, f"The parameter {name} is there twice.")
        params[name] = values[0]
    if request.method == "POST" and "method" in params and release != V2:
        return _alternate(request, params, body, release)
    return Call(str(request.method), params, request.META, body, release)


def _alternate(request: HttpRequest, params: dict[str, str], body: bytes, release: str) -> Call:
    """1.0.3: a form carries method, headers, parameters and content, for browsers that could send nothing else."""
    if set(params) != {"method"}:
        raise Refused(400, "In this syntax the address carries the method alone.")
    try:
        fields = dict(parse_qsl(body.decode("utf-8"), keep_blank_values=True, strict_parsing=bool(body)))
    except ValueError as error:
        raise Refused(400, "The form cannot be read.") from error
    headers = {name: value for name, value in request.META.items() if isinstance(value, str) and name != "CONTENT_TYPE"}
    for name in list(fields):
        if name.lower() in HEADERS_IN_FORM:
            headers[HEADERS_IN_FORM[name.lower()]] = fields.pop(name)
        elif name.lower() == "content-length":
            fields.pop(name)
    content = fields.pop("content", None)
    if params["method"] in {"PUT", "POST"} and content is None:
        raise Refused(400, "The form has no content.")
    headers.setdefault("CONTENT_TYPE", "application/json")
    return Call(params["method"], fields, headers, (content or "").encode("utf-8"), release)


def _check_version(call: Call) -> None:
    asked = call.header("X_EXPERIENCE_API_VERSION")
    fits = asked.startswith("2.0") if call.is_v2 else asked == "1.0" or asked.startswith("1.0.")
    if not fits:
        raise Refused(400, "The header X-Experience-API-Version is missing, or names a version that is not spoken at this address.")


def _authenticated(call: Call, address: str) -> XapiKey:
    scheme, _blank, word = call.header("AUTHORIZATION").partition(" ")
    if scheme.lower() not in {"basic", "bearer"} or not word:
        raise Refused(401, "Send the key and secret of the store (HTTP Basic), or a bearer token.")
    key = _by_token(word) if scheme.lower() == "bearer" else _by_secret(word, address)
    if CALLS.limited(f"xapi:{key.pk}", limit=settings.XAPI_REQUESTS_PER_MINUTE, seconds=MINUTE):
        raise Refused(429, f"More than {settings.XAPI_REQUESTS_PER_MINUTE} requests a minute. Send batches, or wait.", key=key)
    return key


def _by_token(word: str) -> XapiKey:
    found = key_of_token(word.strip(), at=timezone.now())
    if found is None:
        raise Refused(401, "The token is not valid, or not any more.")
    return found


def _by_secret(word: str, address: str) -> XapiKey:
    try:
        name, _colon, secret = base64.b64decode(word, validate=True).decode("utf-8").partition(":")
    except (binascii.Error, ValueError) as error:
        raise Refused(401, "The credentials cannot be read.") from error
    found, passes = find_key(name[:40].replace("\x00", ""), secret, at=timezone.now())
    if found is not None and passes:
        return found
    if rate_limited(f"xapi-failed:{address}", limit=settings.XAPI_FAILED_SIGN_INS_PER_MINUTE, seconds=MINUTE):
        raise Refused(429, "Too many wrong credentials from this address. Wait a minute.")
    raise Refused(401, "Key and secret do not belong together, or have been revoked.", key=found)
