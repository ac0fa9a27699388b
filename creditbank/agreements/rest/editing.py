"""The rule editor over HTTP (session of the site, in the acting role): one rule, limit or example put in, replaced or left out at a time.

The same actions as behind the editor's forms. Each change is a draft of its own, made of the newest version, which the address names; where
somebody was quicker, nothing is saved.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja import Router
from ninja.security import django_auth

from creditbank.agreements.actions import (
    drop_example,
    drop_limit,
    drop_rule,
    put_example,
    put_limit,
    put_rule,
    revise_version,
)
from creditbank.agreements.checking import try_example, written_examples
from creditbank.agreements.examples import example_document, read_example
from creditbank.agreements.models import RuleBookVersion
from creditbank.agreements.problems import told
from creditbank.agreements.queries import limits_of, outcome_titles, rule_base
from creditbank.agreements.rest.books import tell_version, version_at
from creditbank.agreements.rest.editing_schemas import (
    CODE,
    DraftIn,
    ExampleDocumentsOut,
    LimitDocumentOut,
    LimitIn,
    PartIn,
    PreviewIn,
    PreviewOut,
    RuleDocumentOut,
)
from creditbank.agreements.rest.schemas import VersionOut
from creditbank.rules.reading import limit_document, read_limit, read_rule, rule_document
from creditbank.rules.sentences import limit_sentence, rule_sentence
from creditbank.rules.types import Limit, Rule
from foundation.api import PRIVATE_PROBLEMS, READ_PROBLEMS, WRITE_PROBLEMS, Problem, RetryKey, answer_again, as_stored, can

router = Router(tags=["credit bank: rules"])
VERSION = "/rulebooks/{book}/versions/{number}"
DRAFTED: dict[Any, Any] = {201: VersionOut, **WRITE_PROBLEMS}
UNSAID = ("version", "precedence")
"""What a document does not say: the book gives the version of a rule, the agreement its precedence."""
Answer = tuple[int, Any]


@router.get(VERSION + "/rules/{code}", response={200: RuleDocumentOut, **READ_PROBLEMS}, summary="Read one rule as it is written")
def read_one_rule(request: HttpRequest, book: str, number: int, code: str) -> dict[str, Any]:
    """The document that a change sends back, and the rule as a sentence."""
    rules = rule_base(version_at(request, book, number)).rules
    rule = _found(rules, code, "id")
    return {**_rule_sentences(rule), "id": rule.id, "document": _without(rule_document(rule))}


@router.post(VERSION + "/rules", response=DRAFTED, auth=django_auth, summary="Draft a version with a new rule")
def add_rule(request: Any, book: str, number: int, body: PartIn, idempotency_key: RetryKey = None) -> Answer:
    """The next draft has this rule beside the others: ``id``, ``lhs`` (sources and conditions), ``grants``, and whatever else a rule says
    (docs/RULES.md). 422 ``bad_rule`` names the place that cannot be read; a number that is taken is refused.
    """
    version = _drafting(request, book, number)

    def work() -> RuleBookVersion:
        rule = _rule(body.document, version)
        _require_free(rule.id, (one.id for one in rule_base(version).rules))
        return put_rule(version, rule, actor=request.user, notes=body.notes or version.notes)

    return _drafted(request, idempotency_key, body, work)


@router.put(VERSION + "/rules/{code}", response=DRAFTED, auth=django_auth, summary="Draft a version with another wording of a rule")
def replace_rule(request: Any, book: str, number: int, code: str, body: PartIn, idempotency_key: RetryKey = None) -> Answer:
    """The next draft has this rule in the place of the one of the same number; its number never changes."""
    version = _drafting(request, book, number)
    _found(rule_base(version).rules, code, "id")

    def work() -> RuleBookVersion:
        rule = _same(_rule(body.document, version), code, "id")
        return put_rule(version, rule, actor=request.user, notes=body.notes or version.notes)

    return _drafted(request, idempotency_key, body, work)


@router.delete(VERSION + "/rules/{code}", response=DRAFTED, auth=django_auth, summary="Draft a version without a rule")
def remove_rule(request: Any, book: str, number: int, code: str, idempotency_key: RetryKey = None) -> Answer:
    """The next draft is without it; the versions before keep it."""
    version = _drafting(request, book, number)
    return _drafted(request, idempotency_key, None, lambda: drop_rule(version, code, actor=request.user, notes=version.notes))


@router.get(VERSION + "/limits/{code}", response={200: LimitDocumentOut, **READ_PROBLEMS}, summary="Read one limit as it is written")
def read_one_limit(request: HttpRequest, book: str, number: int, code: str) -> dict[str, Any]:
    """The document that a change sends back, the source of its figure, and the limit as a sentence."""
    version = version_at(request, book, number)
    limit = _found(limits_of(version), code, "id")
    source = version.limits.filter(code=limit.id).values_list("source", flat=True).first()
    return {**_limit_sentences(limit), "id": limit.id, "document": limit_document(limit), "source": source or ""}


@router.post(VERSION + "/limits", response=DRAFTED, auth=django_auth, summary="Draft a version with a new limit")
def add_limit(request: Any, book: str, number: int, body: LimitIn, idempotency_key: RetryKey = None) -> Answer:
    """The next draft has this limit beside the others. A number that is taken is refused."""
    version = _drafting(request, book, number)

    def work() -> RuleBookVersion:
        limit = _limit(body.document)
        _require_free(limit.id, (one.id for one in limits_of(version)))
        return put_limit(version, limit, source=body.source, actor=request.user, notes=body.notes or version.notes)

    return _drafted(request, idempotency_key, body, work)


@router.put(VERSION + "/limits/{code}", response=DRAFTED, auth=django_auth, summary="Draft a version with another wording of a limit")
def replace_limit(request: Any, book: str, number: int, code: str, body: LimitIn, idempotency_key: RetryKey = None) -> Answer:
    """The next draft has this limit in the place of the one of the same number."""
    version = _drafting(request, book, number)
    _found(limits_of(version), code, "id")

    def work() -> RuleBookVersion:
        limit = _same(_limit(body.document), code, "id")
        return put_limit(version, limit, source=body.source, actor=request.user, notes=body.notes or version.notes)

    return _drafted(request, idempotency_key, body, work)


@router.delete(VERSION + "/limits/{code}", response=DRAFTED, auth=django_auth, summary="Draft a version without a limit")
def remove_limit(request: Any, book: str, number: int, code: str, idempotency_key: RetryKey = None) -> Answer:
    """The next draft is without it."""
    version = _drafting(request, book, number)
    return _drafted(request, idempotency_key, None, lambda: drop_limit(version, code, actor=request.user, notes=version.notes))


@router.get(
    VERSION + "/examples",
    response={200: ExampleDocumentsOut, **PRIVATE_PROBLEMS},
    auth=django_auth,
    summary="Read the examples of a version",
)
def read_examples(request: Any, book: str, number: int) -> dict[str, Any]:
    """Invented people's questions with the answers that the version must give, for those who may examine it; how they come out says its lint."""
    version = version_at(request, book, number)
    if not can(request.user, "examine", version):
        raise PermissionDenied
    return {"items": [{"code": one.code, "document": example_document(one)} for one in written_examples(version)]}


@router.post(VERSION + "/examples", response=DRAFTED, auth=django_auth, summary="Draft a version with a new example")
def add_example(request: Any, book: str, number: int, body: PartIn, idempotency_key: RetryKey = None) -> Answer:
    """The next draft must answer it as written before it is published. A number that is taken is refused."""
    version = _drafting(request, book, number)

    def work() -> RuleBookVersion:
        example = read_example(body.document)
        _require_form(example.code)
        _require_free(example.code, (one.code for one in written_examples(version)))
        return put_example(version, example, actor=request.user, notes=body.notes or version.notes)

    return _drafted(request, idempotency_key, body, work)


@router.put(VERSION + "/examples/{code}", response=DRAFTED, auth=django_auth, summary="Draft a version with an example written anew")
def replace_example(request: Any, book: str, number: int, code: str, body: PartIn, idempotency_key: RetryKey = None) -> Answer:
    """The next draft has this example in the place of the one of the same number."""
    version = _drafting(request, book, number)
    _found(written_examples(version), code, "code")

    def work() -> RuleBookVersion:
        example = _same(read_example(body.document), code, "code")
        return put_example(version, example, actor=request.user, notes=body.notes or version.notes)

    return _drafted(request, idempotency_key, body, work)


@router.delete(VERSION + "/examples/{code}", response=DRAFTED, auth=django_auth, summary="Draft a version without an example")
def remove_example(request: Any, book: str, number: int, code: str, idempotency_key: RetryKey = None) -> Answer:
    """The next draft is without it."""
    version = _drafting(request, book, number)
    return _drafted(request, idempotency_key, None, lambda: drop_example(version, code, actor=request.user, notes=version.notes))


@router.post(VERSION + "/revise", response=DRAFTED, auth=django_auth, summary="Draft a version that holds from another day")
def revise(request: Any, book: str, number: int, body: DraftIn, idempotency_key: RetryKey = None) -> Answer:
    """The next draft says from when it is to hold, and what it changes; its content is that of the version."""
    version = _drafting(request, book, number)
    work = lambda: revise_version(version, actor=request.user, valid_from=body.valid_from, notes=body.notes)  # noqa: E731
    return _drafted(request, idempotency_key, body, work)


@router.post(
    VERSION + "/preview", response={200: PreviewOut, **WRITE_PROBLEMS}, auth=django_auth, summary="Read a part before it is drafted"
)
def preview(request: Any, book: str, number: int, body: PreviewIn) -> dict[str, Any]:
    """What a document says, and nothing is saved: a rule or limit as a sentence in both languages, an example as it would come out."""
    version = _drafting(request, book, number)
    answer: dict[str, Any] = {"sentence_zh": "", "sentence_en": "", "passed": None, "differences": []}
    with told():
        if body.kind == "rule":
            return answer | _rule_sentences(_rule(body.document, version))
        if body.kind == "limit":
            return answer | _limit_sentences(_limit(body.document))
        result = try_example(version, read_example(body.document))
    found = [{"record": one.record, "expected": one.expected, "found": one.found} for one in result.differences]
    return answer | {"passed": result.passed, "differences": found}


def _drafting(request: Any, book: str, number: int) -> RuleBookVersion:
    """The version of the address, for those who may draft in its book. Raises Problem (404) and PermissionDenied."""
    version = version_at(request, book, number)
    if not can(request.user, "draft", version.book):
        raise PermissionDenied
    return version


def _drafted(request: Any, key: str | None, body: Any, work: Callable[[], RuleBookVersion]) -> Answer:
    """The draft that ``work`` made, once a key."""

    def step() -> Answer:
        with told():
            made = work()
        return 201, as_stored(VersionOut, tell_version(RuleBookVersion.objects.select_related("book__institution").get(pk=made.pk)))

    return answer_again(request, key, body, step)


def _rule(document: Mapping[str, Any], version: RuleBookVersion) -> Rule:
    """The rule of a document. Raises BadRule."""
    rule = read_rule({name: value for name, value in document.items() if name not in UNSAID}, version.number + 1)
    _require_form(rule.id)
    return rule


def _limit(document: Mapping[str, Any]) -> Limit:
    """The limit of a document. Raises BadRule."""
    limit = read_limit(document, str(document.get("id") or "limit")[:40])
    _require_form(limit.id)
    return limit


def _without(document: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in document.items() if name not in UNSAID}


def _rule_sentences(rule: Rule) -> dict[str, str]:
    titles = outcome_titles()
    return {"sentence_zh": rule_sentence(rule, titles, "zh-hans"), "sentence_en": rule_sentence(rule, titles, "en")}


def _limit_sentences(limit: Limit) -> dict[str, str]:
    return {"sentence_zh": limit_sentence(limit, "zh-hans"), "sentence_en": limit_sentence(limit, "en")}


def _found(parts: Iterable[Any], code: str, name: str) -> Any:
    part = next((one for one in parts if getattr(one, name) == code), None)
    if part is None:
        raise Problem(404, "not_found", _("There is nothing at this address."))
    return part


def _same(part: Any, code: str, name: str) -> Any:
    if getattr(part, name) != code:
        raise Problem(422, "bad_rule", _("The number never changes: it is %(code)s.") % {"code": code[:40]})
    return part


def _require_free(code: str, taken: Iterable[str]) -> None:
    if code in set(taken):
        raise Problem(409, "code_taken", _("This number is taken."))


def _require_form(code: str) -> None:
    if not CODE.fullmatch(code):
        raise Problem(422, "bad_rule", _("A number has letters, digits, dots and dashes, at most 40."))
