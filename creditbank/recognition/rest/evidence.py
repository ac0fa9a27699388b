"""Evidence over HTTP: what the rules ask to see, uploading it for a draft or an open application, reading it again (session of the site)."""

from __future__ import annotations

from hashlib import sha256
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from ninja import File, Form, Router
from ninja.files import UploadedFile
from ninja.security import django_auth

from creditbank.catalogue.models import Programme
from creditbank.recognition.actions import add_evidence, open_handed_in, remove_evidence, save_choice, start_application
from creditbank.recognition.evidence import EvidenceItem
from creditbank.recognition.models import Application, ApplicationEvidence
from creditbank.recognition.problems import told
from creditbank.recognition.queries import evidence_for
from creditbank.recognition.rest.case_schemas import ChoiceIn, ChoiceOut, EvidenceListOut, EvidenceOut, EvidencePlanOut
from creditbank.recognition.rest.finding import case_of, draft_of, fresh_proposal, own_application, programme_of
from creditbank.recognition.uploads import LARGEST_BYTES, clean_file
from creditbank.recognition.views.shared import served
from foundation.api import PRIVATE_PROBLEMS, WRITE_PROBLEMS, Problem, RetryKey, access, answer_again, as_stored, file_content
from learning.api import RecordState, records_of

router = Router(tags=["credit bank: evidence"], auth=django_auth)
FILE = file_content("application/pdf", "image/jpeg", "image/png")


@router.get("/me/proposals/{programme}/evidence", response={200: EvidencePlanOut, **WRITE_PROBLEMS}, summary="What the rules ask to see")
def read_plan(request: Any, programme: str) -> dict[str, Any]:
    """Every item of evidence for the proposal of today, with what is there of it."""
    row = programme_of(request, programme)
    draft = draft_of(request.user, row)
    return _plan(row, draft, _items(request, row, draft))


@router.post(
    "/me/proposals/{programme}/evidence", response={201: EvidencePlanOut, **WRITE_PROBLEMS}, summary="Bring evidence for a proposal"
)
def bring(request: Any, programme: str, number: Form[int], file: File[UploadedFile], idempotency_key: RetryKey = None) -> tuple[int, Any]:
    """A PDF, JPEG or PNG of at most 10 MB for one item, kept in a draft application; pictures lose place and camera. The same file again is kept once."""
    row = programme_of(request, programme)
    draft = draft_of(request.user, row)
    item = next((one for one in _items(request, row, draft) if one.number == number), None)
    if item is None:
        raise Problem(422, "unknown_item", _("The proposal asks for no such item."))
    at, content = timezone.now(), _content(file)

    def work() -> tuple[int, Any]:
        with told():
            kept = clean_file(content, file.name or "")
            begun = start_application(row, learner=request.user, at=at)
            add_evidence(begun, rule=item.rule, item=item.item, record=UUID(item.record), file=kept, actor=request.user, at=at)
        return 201, as_stored(EvidencePlanOut, _plan(row, begun, _items(request, row, begun)))

    return answer_again(request, idempotency_key, {"number": number, "sha256": sha256(content).hexdigest()}, work)


@router.put("/me/proposals/{programme}/records", response={200: ChoiceOut, **WRITE_PROBLEMS}, summary="Choose which records take part")
def choose(request: Any, programme: str, body: ChoiceIn) -> dict[str, Any]:
    """Kept in a draft application; an empty list is the whole archive, used best."""
    row = programme_of(request, programme)
    known = set(records_of(request.user).filter(state=RecordState.ACTIVE).values_list("uuid", flat=True))
    unknown = sorted(str(one) for one in set(body.records) - known)
    if unknown:
        raise Problem(422, "unknown_record", _("Some records are not in your archive."), records=unknown)
    at = timezone.now()
    draft = save_choice(start_application(row, learner=request.user, at=at), records=body.records, at=at)
    return {"application": draft.reference, "records": draft.chosen}


@router.get("/me/applications/{reference}/evidence", response={200: EvidenceListOut, **PRIVATE_PROBLEMS}, summary="List what one handed in")
def listown_application(request: Any, reference: str) -> dict[str, Any]:
    """Files of one's own application."""
    return _list(own_application(request, reference))


@router.post("/me/applications/{reference}/evidence", response={201: EvidenceOut, **WRITE_PROBLEMS}, summary="Hand in a file")
def hand_in(
    request: Any, reference: str, file: File[UploadedFile], item: Form[str] = "", idempotency_key: RetryKey = None
) -> tuple[int, Any]:
    """While nobody has given an opinion. ``item`` names what it shows; the limits are those of evidence for a proposal."""
    row = own_application(request, reference, to="hand_in")
    line = row.lines.order_by("position").first()
    if line is None:
        raise Problem(409, "wrong_state", _("A draft takes evidence item by item, with its proposal."), state=row.state)
    content, name = _content(file), item.strip()[:120]

    def work() -> tuple[int, Any]:
        with told():
            kept = clean_file(content, file.name or "")
            made = add_evidence(
                row, rule=line.rule, item=name, record=line.lead_record, file=kept, actor=request.user, at=timezone.now()
            )  # fmt: skip
        return 201, as_stored(EvidenceOut, _file(made))

    return answer_again(request, idempotency_key, {"item": name, "sha256": sha256(content).hexdigest()}, work)


@router.get(
    "/me/applications/{reference}/evidence/{file_uuid}", response={200: None, **PRIVATE_PROBLEMS}, summary="Download what one handed in",
    openapi_extra=FILE,
)  # fmt: skip
def downloadown_application(request: Any, reference: str, file_uuid: str) -> HttpResponse:
    """The file, as it is kept."""
    return _served(request, own_application(request, reference), file_uuid)


@router.delete("/me/applications/{reference}/evidence/{file_uuid}", response={204: None, **WRITE_PROBLEMS}, summary="Take a file out")
def remove(request: Any, reference: str, file_uuid: str) -> tuple[int, None]:
    """Of a draft; what was handed in with an application stays with it."""
    rows = own_application(request, reference).evidence.select_related("application__learner")
    row = access(rows, file_uuid, user=request.user, to="remove")
    with told():
        remove_evidence(row, actor=request.user, at=timezone.now())
    return 204, None


@router.get(
    "/desk/applications/{reference}/evidence", response={200: EvidenceListOut, **PRIVATE_PROBLEMS}, summary="List the evidence of a case"
)
def list_of_case(request: Any, reference: str) -> dict[str, Any]:
    """Files that the learner handed in."""
    return _list(case_of(request, reference, to="view_case"))


@router.get(
    "/desk/applications/{reference}/evidence/{file_uuid}", response={200: None, **PRIVATE_PROBLEMS}, summary="Download evidence of a case",
    openapi_extra=FILE,
)  # fmt: skip
def download_of_case(request: Any, reference: str, file_uuid: str) -> HttpResponse:
    """The file, as it is kept."""
    return _served(request, case_of(request, reference, to="view_case"), file_uuid)


def _items(request: Any, programme: Programme, draft: Application | None) -> list[EvidenceItem]:
    with told():
        return evidence_for(fresh_proposal(request.user, programme, draft), draft)


def _content(file: UploadedFile) -> bytes:
    """What was sent; nothing where it is too large, which is then refused as such."""
    return file.read() if (file.size or 0) <= LARGEST_BYTES else b""


def _served(request: HttpRequest, application: Application, ident: str) -> HttpResponse:
    row = access(application.evidence.select_related("application__learner"), ident, user=request.user)
    return served(row, lambda: open_handed_in(row, actor=request.user))


def _list(application: Application) -> dict[str, Any]:
    return {"application": application.reference, "items": [_file(row) for row in application.evidence.order_by("id")]}


def _file(row: ApplicationEvidence) -> dict[str, Any]:
    names = ("uuid", "rule", "item", "filename", "media_type", "size", "sha256", "uploaded_at")
    return {**{name: getattr(row, name) for name in names}, "record": row.record_uuid}


def _plan(programme: Programme, draft: Application | None, items: list[EvidenceItem]) -> dict[str, Any]:
    rows = [
        {
            "number": one.number, "rule": one.rule, "item": one.item, "record": one.record, "title_zh": one.title_zh, "title_en": one.title_en,
            "may_follow_days": one.days, "is_confirmed": one.is_confirmed, "is_done": one.is_done, "files": [_file(row) for row in one.files],
            "in_archive": len(one.archived),
        }
        for one in items
    ]  # fmt: skip
    complete = all(one.is_done or one.may_follow for one in items)
    return {"programme": programme.code, "application": draft.reference if draft else None, "complete": complete, "items": rows}
