"""Every page of the bank as each kind of person asks for it: (who, address) with the arguments of one database."""

from __future__ import annotations

from typing import Any

WORD, NOTHING = "%E6%9E%97", "zz-nothing"
"""A word that names hold, and one that nothing holds: the second makes a search look everywhere."""

PUBLIC = (
    "/convert/", "/convert/?q=%E6%8A%A4", "/convert/?have=JLHV:NUR101&have=JLSA:CERT4&score=80", "/convert/?have=JLLT:CET4&to={programme}",
    "/convert/towards/", "/convert/towards/?programme={programme}", "/convert/towards/?course=JLOU-N:AN", "/rules/", "/rules/JLOU/v1/",
    "/rules/JLOU/v1/ctdl.json", "/rules/JLOU/v1/changes/", "/agreements/", "/agreements/{agreement}/", "/verify/",
    "/verify/?code=ABCD-EFGH-JKLM", "/verify/?code={code}", "/v/{code}/", "/institutions/", "/institutions/JLOU/",
    "/api/v1/outcomes", "/api/v1/outcomes?q=nurs", "/api/v1/programmes", "/api/v1/programmes/{programme}", "/api/v1/rulebooks",
    "/api/v1/rulebooks/JLOU/versions/1", "/api/v1/agreements",
)  # fmt: skip
LEARNER = (
    "/my/credits/", "/my/credits/?unit=A&since=2020-01-01", "/my/credits/?page=2", "/my/credits/statement/", "/my/credits/statement.csv",
    "/my/credits/statement/?kind=xlsx&period=all", "/my/credits/entries/{entry}/", "/my/plan/", "/my/plan/?programme={programme}",
    "/convert/?mine=1", "/my/applications/", "/my/applications/new/", "/my/applications/new/{programme}/",
    "/my/applications/{own_case}/",
    "/my/transcript/", "/my/certificates/", "/api/v1/me/account", "/api/v1/me/account/A/statement", "/api/v1/me/applications",
    "/api/v1/me/proposals/{programme}", "/api/v1/me/applications/{own_case}",
)  # fmt: skip
CASES = (
    "/desk/", "/desk/?page=9", "/desk/?state=posted", "/desk/?state=posted&page=900", "/desk/?state=check", "/desk/?q=RC-2026",
    f"/desk/?q={NOTHING}", "/desk/?due=overdue", "/desk/?due=week", "/desk/?mine=1", "/desk/?programme={programme}&state=posted",
    "/desk/cases/{posted_case}/", "/desk/cases/{open_case}/", "/desk/reports/", "/desk/reports/?days=365", "/api/v1/desk/applications",
    "/api/v1/desk/applications?state=posted", "/api/v1/desk/applications/{posted_case}",
)  # fmt: skip
DESK = (
    *CASES, "/desk/deposits/", "/desk/issued/", f"/desk/issued/?q={WORD}", f"/desk/issued/?q={NOTHING}", "/desk/issued/?page=900",
    "/desk/corrections/", "/desk/exceptions/", "/desk/exceptions/new/", "/desk/policy/", "/desk/submissions/", "/desk/certificates/",
    f"/desk/certificates/?q={NOTHING}", "/desk/certificates/?page=300", "/desk/certificates/{certificate}/", "/desk/results/",
    "/desk/rulebooks/", "/desk/rulebooks/JLOU/edit/", "/desk/rulebooks/JLOU/edit/rules/new/", "/desk/rulebooks/JLOU/edit/limits/new/",
    "/desk/rulebooks/JLOU/edit/examples/new/", "/desk/agreements/", "/desk/agreements/new/", "/desk/agreements/{agreement}/",
)  # fmt: skip
PAGES = {
    "visitor": PUBLIC,
    "learner": LEARNER,
    "resident": LEARNER,
    "officer": DESK,
    "reviewer": ("/desk/", "/desk/cases/{open_case}/", "/desk/corrections/", "/desk/results/", "/desk/issued/", "/desk/reports/"),
    "expert": ("/desk/", "/desk/?state=posted"),
    "auditor": (
        *CASES, "/desk/corrections/", "/desk/certificates/", "/desk/rulebooks/", "/ops/books/", "/ops/books/?q=award:", "/ops/books/?q={application}",
        "/ops/books/?q={lot}", f"/ops/books/?q={NOTHING}", "/my/credits/entries/{award}/",
    ),
    "operator": ("/ops/books/", "/ops/health/", "/ops/institutions/"),
    "head": ("/institutions/JLOU/members/", "/institutions/JLOU/tokens/"),
}  # fmt: skip
PEOPLE = {
    "learner": "lin", "officer": "zhou", "reviewer": "he", "expert": "luo", "auditor": "gao", "operator": "ops", "head": "feng",
}  # fmt: skip
"""Who they are in the demo; ``resident`` is one of the people of the million."""
TOKEN = ("/api/v1/applications", "/api/v1/applications?state=posted", "/api/v1/results")
"""What an institution's own system asks with its token."""


def people() -> dict[str, Any]:
    """The person behind each kind; None for a visitor."""
    from identity.api import User

    found = {key: User.objects.get(email=f"{name}@demo.example") for key, name in PEOPLE.items()}
    return {"visitor": None, **found, "resident": User.objects.get(email="resident000020@bench.example")}


def arguments(person: Any) -> dict[str, str]:
    """What stands in the braces, for one person."""
    from creditbank.api import Agreement, Application, Certificate, Programme, Transaction
    from creditbank.ledger.models import Posting

    demo, bench = Application.objects.filter(reference__startswith="RC-"), Application.objects.filter(reference__startswith="RB-")
    used = bench.filter(state="posted").order_by("id")[0]
    found: dict[str, Any] = {
        "programme": Programme.objects.get(code="CARE-A-2026").code, "agreement": Agreement.objects.order_by("id")[0].code,
        "code": Certificate.objects.order_by("id")[0].short_code, "certificate": Certificate.objects.order_by("id")[0].uuid,
        "posted_case": demo.filter(state="posted").order_by("id")[0].reference, "application": used.uuid,
        "open_case": bench.filter(state="second_review").order_by("id")[0].reference,
        "lot": Posting.objects.filter(transaction__application_uuid=used.uuid)[0].lot_uuid,
        "award": Transaction.objects.filter(application_uuid=used.uuid, type="award")[0].uuid,
    }  # fmt: skip
    if person is not None:
        mine = Application.objects.filter(learner=person).order_by("id").first()
        entry = Transaction.objects.visible_to(person).order_by("id").first()
        found |= {"own_case": mine.reference if mine else "", "entry": entry.uuid if entry else ""}
    return {name: str(value) for name, value in found.items()}
