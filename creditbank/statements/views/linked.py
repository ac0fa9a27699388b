"""Rules as linked data, for machines."""

from __future__ import annotations

from django.http import HttpRequest, JsonResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_safe

from creditbank.agreements.enums import VersionStatus
from creditbank.agreements.models import RuleBookVersion
from creditbank.statements.ctdl import ctdl_document

MOST = 2**31 - 1


@require_safe
def rules_ctdl(request: HttpRequest, book: str, number: int) -> JsonResponse:
    """A published version in CTDL; drafts are nobody's business but the desk's."""
    rows = RuleBookVersion.objects.exclude(status=VersionStatus.DRAFT).select_related("book__institution")
    version = get_object_or_404(rows, book__code=book[:40], number=min(number, MOST))
    answer = JsonResponse(
        ctdl_document(version), content_type="application/ld+json", json_dumps_params={"ensure_ascii": False, "indent": 1}
    )
    answer["Access-Control-Allow-Origin"] = "*"
    return answer
