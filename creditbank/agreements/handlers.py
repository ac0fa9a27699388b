"""Officers of the other parties hear what happens to an agreement; and the words of these notices."""

from __future__ import annotations

from django.urls import reverse
from django.utils import timezone, translation

from creditbank.agreements.contracts import Agreement
from creditbank.agreements.enums import AgreementStatus
from creditbank.agreements.events import AgreementMoved
from foundation.api import handles, notify, register_notice
from identity.api import Membership, Role


@handles(AgreementMoved)
def tell_the_others(event: AgreementMoved) -> None:
    """A notice to every credit officer of every party but the one that acted. Three queries, and one notice a person."""
    agreement = Agreement.objects.prefetch_related("party_rows").get(pk=event.agreement_id)
    places = [row.institution_id for row in agreement.party_rows.all() if row.institution_id != event.by_institution_id]
    officers = Membership.objects.active(on=timezone.localdate()).filter(institution__in=places, role=Role.CREDIT_OFFICER)
    acted = next((row for row in agreement.parties.all() if row.pk == event.by_institution_id), None)
    data = {
        "title": {"zh": agreement.title_zh, "en": agreement.title_en or agreement.title_zh}, "code": agreement.code,
        "institution": {"zh": acted.name_zh, "en": acted.name_en or acted.name_zh} if acted else "", "reason": event.reason or "—", "on": event.on,
    }  # fmt: skip
    told: set[int] = set()
    for row in officers.select_related("person").order_by("id"):
        if row.person_id not in told:
            told.add(row.person_id)
            with translation.override(row.person.language):
                desk = event.what in {AgreementStatus.DRAFT, "signed_by"}
                url = reverse("creditbank:desk_agreement" if desk else "creditbank:agreement", args=[agreement.code])
            notify(row.person.uuid, f"agreements.{event.what}", url=url, data=data)


register_notice(
    "agreements.draft",
    zh=("协议草案待签署：{title}", "{institution}起草了《{title}》（{code}），请阅读并签署。"),
    en=("An agreement to sign: {title}", "{institution} drafted {title} ({code}). Please read it and sign."),
)
register_notice(
    "agreements.signed_by",
    zh=("{institution}已签署：{title}", "《{title}》（{code}）还等其他协议方签署。"),
    en=("{institution} has signed: {title}", "{title} ({code}) is waiting for the other signatures."),
)
register_notice(
    "agreements.signed",
    zh=("协议已签署：{title}", "《{title}》（{code}）已由各方签署，{on} 起生效。"),
    en=("Agreement signed: {title}", "{title} ({code}) is signed by all and holds from {on}."),
)
register_notice(
    "agreements.active",
    zh=("协议生效：{title}", "《{title}》（{code}）自 {on} 起生效。"),
    en=("Agreement in force: {title}", "{title} ({code}) is in force from {on}."),
)
register_notice(
    "agreements.suspended",
    zh=("协议中止：{title}", "《{title}》（{code}）自 {on} 起中止，其规则不再适用。原因：{reason}"),
    en=("Agreement suspended: {title}", "{title} ({code}) is suspended from {on}; its rules do not apply. Reason: {reason}"),
)
register_notice(
    "agreements.resumed",
    zh=("协议恢复：{title}", "《{title}》（{code}）已恢复效力。"),
    en=("Agreement resumed: {title}", "{title} ({code}) is in force again."),
)
register_notice(
    "agreements.ended",
    zh=("协议终止：{title}", "《{title}》（{code}）自 {on} 起不再有效。原因：{reason}"),
    en=("Agreement ended: {title}", "{title} ({code}) no longer holds from {on}. Reason: {reason}"),
)
