"""Every page of the bank as each kind of person asks for it: (who, address) with the arguments of one database."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

WORD, NOTHING = "%E6%9E%97", "zz-nothing"
"""A word that names hold, and one that nothing holds: the second makes a search look everywhere."""

PUBLIC = (
    "/convert/", "/convert/?q=%E6%8A%A4", "/convert/?have=JLHV:NUR101&have=JLSA:CERT4&score=80", "/convert/?have=JLLT:CET4&to={programme}",
    "/convert/file/", "/convert/file/records.csv", "/convert/towards/", "/convert/towards/?programme={programme}",
    "/convert/towards/?course=JLOU-N:AN", "/rules/", "/rules/JLOU/v1/", "/rules/JLOU/v1/ctdl.json", "/rules/JLOU/v1/changes/",
    "/rules/JLOU/v1/files/json/", "/agreements/", "/agreements/{agreement}/", "/verify/", "/verify/?code=ABCD-EFGH-JKLM", "/verify/?code={code}",
    "/v/{code}/", "/institutions/", "/institutions/JLOU/", "/.well-known/credit-bank-keys.json",
    "/api/v1/outcomes", "/api/v1/outcomes?q=nurs", "/api/v1/schools", "/api/v1/programmes", "/api/v1/programmes/{programme}",
    "/api/v1/programmes/{programme}/sources", "/api/v1/rulebooks", "/api/v1/rulebooks/JLOU/versions/1", "/api/v1/rulebooks/JLOU/versions/1/changes",
    "/api/v1/rulebooks/JLOU/versions/1/file/json", "/api/v1/agreements", "/api/v1/agreements/{agreement}", "/api/v1/verify/{code}",
    "/api/v1/docs", "/api/v1/openapi.json", "/log/", "/log/heads/{log_head}.json", "/api/v1/log/heads", "/api/v1/log/heads/{log_head}",
    "/api/v1/log/proofs/consistency?old=1000",
)  # fmt: skip
ACCOUNT = (
    "/my/", "/my/credits/", "/my/credits/?unit=A&since=2020-01-01", "/my/credits/?page=2", "/my/credits/show/", "/my/credits/statement/", "/my/credits/statement.csv",
    "/my/credits/statement/?kind=xlsx&period=all", "/my/credits/entries/{entry}/", "/my/plan/", "/my/plan/?programme={programme}",
    "/my/archive/", "/my/archive/{record}/", "/my/archive/new/", "/my/archive/print/", "/my/archive/export.csv", "/my/archive/activity/",
    "/my/archive/activity/export.csv", "/my/archive/activity/export.json", "/my/notices/", "/my/settings/", "/my/settings/erasure/",
    "/my/settings/data/", "/my/settings/identity-card/", "/my/settings/data/{export}/",
    "/api/v1/me/account", "/api/v1/me/account/code", "/api/v1/me/account/A/statement", "/api/v1/me/account/file/xlsx", "/api/v1/me/conversions", "/api/v1/me/plans/{programme}",
)  # fmt: skip
APPLYING = (
    "/convert/?mine=1", "/my/applications/", "/my/applications/new/", "/my/applications/new/{programme}/",
    "/my/applications/new/{programme}/evidence/", "/my/applications/{own_case}/", "/api/v1/me/applications", "/api/v1/me/applications/{own_case}",
    "/api/v1/me/applications/{own_case}/evidence", "/api/v1/me/appeals", "/api/v1/me/exceptions", "/api/v1/me/proposals/{programme}",
    "/api/v1/me/proposals/{programme}/evidence", "/api/v1/simulations",
)  # fmt: skip
PAPERS = (
    "/my/transcript/", "/my/certificates/", "/my/certificates/{own_certificate}/", "/my/certificates/{own_certificate}/document/",
    "/my/certificates/{own_certificate}/pdf/", "/my/transcript/{transcript}/", "/my/transcript/{transcript}/document/",
    "/my/transcript/{transcript}/pdf/", "/api/v1/me/certificates", "/api/v1/me/certificates/{own_certificate}",
    "/api/v1/me/certificates/{own_certificate}/document", "/api/v1/me/certificates/{own_certificate}/pdf", "/api/v1/me/transcripts",
    "/api/v1/me/transcripts/{transcript}", "/api/v1/me/transcripts/{transcript}/document", "/api/v1/me/transcripts/{transcript}/pdf",
)  # fmt: skip
FILES = (
    "/my/applications/{file_case}/evidence/{file}/", "/api/v1/me/applications/{file_case}/evidence/{file}",
    "/my/archive/{evidence_record}/evidence/{evidence}/",
)  # fmt: skip
CASES = (
    "/desk/", "/desk/?page=9", "/desk/?state=posted", "/desk/?state=posted&page=900", "/desk/?state=check", "/desk/?q=RC-2026",
    f"/desk/?q={NOTHING}", "/desk/?due=overdue", "/desk/?due=week", "/desk/?mine=1", "/desk/?programme={programme}&state=posted",
    "/desk/cases/{posted_case}/", "/desk/cases/{open_case}/", "/desk/reports/", "/desk/reports/?days=365", "/desk/spot-checks/",
    "/desk/spot-checks/{draw}/", "/desk/exceptions/", "/desk/exceptions/{exception}/", "/desk/standings/", "/desk/mergers/", "/desk/catalogue/",
    "/desk/catalogue/{import}/", "/api/v1/desk/applications", "/api/v1/desk/applications?state=posted", "/api/v1/desk/applications/{posted_case}",
    "/api/v1/desk/applications/{desk_file_case}/evidence", "/api/v1/desk/applications/{desk_file_case}/evidence/{desk_file}",
    "/api/v1/desk/appeals", "/api/v1/desk/certificates", "/api/v1/desk/certificates/{certificate}", "/api/v1/desk/exceptions",
    "/api/v1/desk/exceptions/{exception}", "/api/v1/desk/results", "/api/v1/desk/results/{batch}", "/api/v1/rulebooks/JLOU/versions/1/findings", "/api/v1/rulebooks/JLOU/versions/1/examples",
)  # fmt: skip
DESK = (
    *CASES, "/desk/deposits/", "/desk/issued/", f"/desk/issued/?q={WORD}", f"/desk/issued/?q={NOTHING}", "/desk/issued/?page=900",
    "/desk/corrections/", "/api/v1/desk/submissions", "/desk/exceptions/new/", "/desk/policy/", "/desk/submissions/", "/desk/submissions/JLOU/", "/desk/certificates/",
    f"/desk/certificates/?q={NOTHING}", "/desk/certificates/?page=300", "/desk/certificates/{certificate}/", "/desk/results/",
    "/desk/results/{batch}/", "/desk/results/template.csv", "/desk/results/template.xlsx", "/desk/rulebooks/", "/desk/rulebooks/JLOU/upload/",
    "/desk/rulebooks/JLOU/edit/", "/desk/rulebooks/JLOU/edit/rules/new/", "/desk/rulebooks/JLOU/edit/limits/new/",
    "/desk/rulebooks/JLOU/edit/examples/new/", "/desk/agreements/", "/desk/agreements/new/", "/desk/agreements/{agreement}/",
    "/api/v1/desk/applications/{open_case}/officers", "/api/v1/desk/applications/{open_case}/votes", "/api/v1/desk/corrections",
    "/api/v1/desk/corrections/{correction}", "/api/v1/desk/deposits", "/api/v1/desk/issued", "/api/v1/desk/mergers", "/api/v1/desk/mergers/{merger}",
    "/api/v1/desk/panel-members", "/api/v1/desk/policies", "/api/v1/desk/report", "/api/v1/desk/reviews", "/api/v1/desk/spot-checks",
    "/api/v1/desk/spot-checks/{draw}", "/api/v1/desk/standings", "/api/v1/desk/catalogue", "/api/v1/desk/catalogue/{import}",
)  # fmt: skip
PAGES: dict[str, tuple[str, ...]] = {
    "visitor": PUBLIC,
    "learner": (*ACCOUNT, *APPLYING, *PAPERS, *FILES),
    "resident": (*ACCOUNT, *APPLYING, *PAPERS),
    "officer": DESK,
    "reviewer": (
        "/desk/", "/desk/cases/{open_case}/", "/desk/corrections/", "/desk/results/", "/desk/issued/", "/desk/reports/",
        "/desk/rulebooks/JLOU/v{draft}/publish/", "/desk/rulebooks/JLOU/v1/retire/",
    ),
    "expert": ("/desk/", "/desk/?state=posted"),
    "auditor": (
        *CASES, "/desk/corrections/", "/desk/certificates/", "/desk/rulebooks/", "/ops/", "/ops/audit/", "/ops/audit/?area=ledger",
        "/ops/audit/?area=recognition&since=2026-01-01", "/ops/audit/entries.csv?key={application}", "/ops/books/", "/ops/books/?q=award:", "/ops/books/?q={application}",
        "/ops/books/?q={lot}", f"/ops/books/?q={NOTHING}", "/my/credits/entries/{award}/",
    ),
    "operator": ("/ops/", "/ops/books/", "/ops/health/", "/ops/institutions/", "/ops/erasures/", "/ops/erasures/{wish}/", "/institutions/JLOU/store/"),
    "head": ("/institutions/JLOU/members/", "/institutions/JLOU/tokens/", "/institutions/JLOU/store/"),
    "token": ("/api/v1/applications", "/api/v1/applications?state=posted", "/api/v1/results", "/api/v1/results/{batch}",
              "/api/v1/results/{batch}/errors", "/api/v1/results/template/csv"),
}  # fmt: skip
"""``token`` is an institution's own system."""
PEOPLE = {
    "learner": "lin", "officer": "zhou", "reviewer": "he", "expert": "luo", "auditor": "gao", "operator": "ops", "head": "feng",
}  # fmt: skip
"""Who they are in the demo; ``resident`` is one of the people of the million."""
THE_BANK = (
    "agreements/", "api/v1/", "convert/", "desk/", "institutions/", "log/", "my/", "ops/", "rules/", "v/", "verify/", ".well-known/credit-bank",
)  # fmt: skip
NOT_THE_BANK = ("api/v1/courses",)
TABLE = Path(__file__).resolve().parents[1] / "permissions" / "permissions.csv"


def forgotten(measured: Iterable[str]) -> list[str]:
    """Routes of the bank that the permission table answers with a page for somebody, and that no measured address is of."""
    asked = {path.partition("?")[0] for path in measured}
    with TABLE.open(encoding="utf-8", newline="") as rows:
        pages = [row.pop("route") for row in csv.DictReader(rows) if row["method"] == "GET" and "200" in row.values()]
    bank = [route for route in pages if route.startswith(THE_BANK) and not route.startswith(NOT_THE_BANK)]
    return [route for route in bank if not any(re.fullmatch(_pattern(route), path) for path in asked)]


def _pattern(route: str) -> str:
    return "/" + "[^/]+".join(re.escape(part) for part in re.split(r"<[^>]+>", route))


def people() -> dict[str, Any]:
    """The person behind each kind; None for a visitor and for a system."""
    from identity.api import User

    found = {key: User.objects.get(email=f"{name}@demo.example") for key, name in PEOPLE.items()}
    return {"visitor": None, **found, "resident": User.objects.get(email="resident000020@bench.example"), "token": None}


def address(pattern: str, known: dict[str, str]) -> str:
    """The page of a pattern; empty where there is nothing of the kind for this person."""
    names = re.findall(r"\{(\w+)\}", pattern)
    return pattern.format_map(known) if all(known.get(name) for name in names) else ""


def arguments(person: Any) -> dict[str, str]:
    """What stands in the braces, for one person."""
    found = _shared() | ({} if person is None else _own(person))
    return {name: "" if value is None else str(value) for name, value in found.items()}


def _shared() -> dict[str, Any]:
    from creditbank.api import (
        AccountMerger,
        Agreement,
        Application,
        ApplicationEvidence,
        CatalogueImport,
        Certificate,
        Correction,
        IndividualException,
        Programme,
        ResultBatch,
        RuleBookVersion,
        SpotCheckDraw,
        Transaction,
    )
    from creditbank.ledger.models import Posting
    from foundation.api import LogHead
    from identity.api import ErasureRequest

    demo, bench = Application.objects.filter(reference__startswith="RC-"), Application.objects.filter(reference__startswith="RB-")
    used = bench.filter(state="posted").order_by("id")[0]
    here = {"institution__code": "JLOU"}
    file = ApplicationEvidence.objects.filter(application__institution__code="JLOU").select_related("application").order_by("id").first()
    return {
        "programme": Programme.objects.get(code="CARE-A-2026").code, "agreement": Agreement.objects.order_by("id")[0].code,
        "code": Certificate.objects.order_by("id")[0].short_code,
        "certificate": Certificate.objects.filter(application__institution__code="JLOU").order_by("id")[0].uuid,
        "posted_case": demo.filter(state="posted", **here).order_by("id")[0].reference, "application": used.uuid,
        "open_case": bench.filter(state="second_review").order_by("id")[0].reference,
        "lot": Posting.objects.filter(transaction__application_uuid=used.uuid)[0].lot_uuid,
        "award": Transaction.objects.filter(application_uuid=used.uuid, type="award")[0].uuid,
        "desk_file": file and file.uuid, "desk_file_case": file and file.application.reference,
        "exception": _first(IndividualException.objects.filter(programme__institution__code="JLOU")), "batch": _first(ResultBatch.objects.filter(**here)),
        "draw": _first(SpotCheckDraw.objects.filter(**here)), "import": _first(CatalogueImport.objects.filter(**here)),
        "draft": RuleBookVersion.objects.filter(book__institution__code="JLOU", status="draft").values_list("number", flat=True).first(),
        "correction": _first(Correction.objects.filter(**here)), "merger": _first(AccountMerger.objects.filter(**here)),
        "wish": _first(ErasureRequest.objects.all()), "log_head": LogHead.objects.order_by("-pk").values_list("pk", flat=True).first(),
    }  # fmt: skip


def _own(person: Any) -> dict[str, Any]:
    from creditbank.api import Application, ApplicationEvidence, Certificate, Transaction, Transcript
    from identity.people.models import DataExport
    from learning.api import LearningRecord
    from learning.archive.models import Evidence

    mine = Application.objects.filter(learner=person).exclude(snapshot="").order_by("id").first()
    file = ApplicationEvidence.objects.filter(application__learner=person).select_related("application").order_by("id").first()
    proof = Evidence.objects.filter(record__learner=person).select_related("record").order_by("id").first()
    return {
        "own_case": mine and mine.reference, "entry": _first(Transaction.objects.visible_to(person)),
        "record": _first(LearningRecord.objects.filter(learner=person)), "own_certificate": _first(Certificate.objects.filter(learner=person)),
        "transcript": _first(Transcript.objects.filter(learner=person)), "file": file and file.uuid,
        "file_case": file and file.application.reference, "evidence": proof and proof.uuid, "evidence_record": proof and proof.record.uuid,
        "export": _first(DataExport.objects.filter(person_uuid=person.uuid, state="ready")),
    }  # fmt: skip


def _first(rows: Any) -> Any:
    """The uuid of the oldest of them."""
    row = rows.order_by("id").first()
    return row and row.uuid
