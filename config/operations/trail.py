"""The audit log as auditors search it: by person, object, kind of act and day. A page over all apps, so it stands in config."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, cast
from uuid import UUID

from django import forms
from django.apps import apps
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from creditbank.api import Application
from foundation.api import (
    AuditEntry,
    AuditEntryQuerySet,
    CellKind,
    Heading,
    Table,
    bring_keys,
    csv_of,
    file_answer,
    record_audit_entry,
    stretch_of,
)
from identity.api import PersonField, Role, SignedInRequest, User, names_of

PAGE_SIZE = 50
MOST_IN_FILE = 10_000
SEARCHED = "audit.search"
AREAS = {
    "recognition": gettext_lazy("Recognition"), "ledger": gettext_lazy("Ledger"), "corrections": gettext_lazy("Corrections"),
    "agreements": gettext_lazy("Agreements and rule books"), "catalogue": gettext_lazy("Catalogue"), "results": gettext_lazy("Results of classes"),
    "statements": gettext_lazy("Certificates and transcripts"), "simulation": gettext_lazy("Simulations"), "archive": gettext_lazy("Archive"), "study": gettext_lazy("Study"),
    "assessment": gettext_lazy("Quizzes"), "library": gettext_lazy("Course library"), "xapi": gettext_lazy("Record store"),
    "institutions": gettext_lazy("Institutions and roles"), "people": gettext_lazy("People"), "site": gettext_lazy("Site"),
    "credit": gettext_lazy("Balances shown at a counter"),
    "access": gettext_lazy("Roles acted in"),
    "audit": pgettext_lazy("area of the audit log", "Audit log"),
}  # fmt: skip
"""What actions begin with, in words."""


class AnybodyField(PersonField):
    """A person by e-mail, phone number or pseudonym; whoever was erased has only the last."""

    def clean(self, value: Any) -> UUID | None:  # type: ignore[override]
        try:
            return UUID(str(value).strip())
        except ValueError:
            found = super().clean(value)
            return found.uuid if found else None


class TrailForm(forms.Form):
    """What to look for. Everything is optional; several conditions hold together."""

    concerned = AnybodyField(label=gettext_lazy("person concerned"), max_length=254, required=False)
    actor = AnybodyField(label=gettext_lazy("who acted"), max_length=254, required=False)
    area = forms.ChoiceField(label=gettext_lazy("area"), required=False, choices=[("", gettext_lazy("all")), *AREAS.items()])
    key = forms.CharField(label=gettext_lazy("reference or object"), max_length=64, required=False)
    since = forms.DateField(label=gettext_lazy("from"), required=False, widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}))
    until = forms.DateField(label=gettext_lazy("until"), required=False, widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}))

    def clean_key(self) -> str:
        """The object's own key; the reference number of an application leads to it."""
        text = str(self.cleaned_data["key"]).strip()
        known = Application.objects.filter(reference=text.upper()).values_list("uuid", flat=True).first() if text else None
        return str(known) if known else text

    def clean(self) -> dict[str, Any]:
        found = super().clean() or {}
        if found.get("since") and found.get("until") and found["since"] > found["until"]:
            raise ValidationError({"until": _("This day is before the first.")})
        return found

    def chosen(self) -> dict[str, Any]:
        """What is asked for, without what was left empty; nothing while something is wrong."""
        return {name: value for name, value in self.cleaned_data.items() if value} if self.is_valid() else {}


@dataclass(frozen=True)
class Line:
    """An entry with what only other tables know: names, and where its object can be opened."""

    entry: AuditEntry
    actor: str
    concerned: str
    area: str
    kind: str
    address: str
    facts: tuple[tuple[str, Any], ...]


def entries_like(wanted: dict[str, Any]) -> AuditEntryQuerySet:
    """Entries that meet every condition of a form's ``chosen``."""
    rows = AuditEntry.objects.all()
    if "concerned" in wanted:
        rows = rows.filter(person_uuid=wanted["concerned"])
    if "actor" in wanted:
        rows = rows.filter(actor_uuid=wanted["actor"])
    if "area" in wanted:
        rows = rows.in_area(wanted["area"])
    if "key" in wanted:  # the index begins with the kind of object
        rows = rows.filter(object_type__in=[model._meta.label_lower for model in apps.get_models()], object_key=wanted["key"])
    if "since" in wanted:
        rows = rows.filter(at__gte=_midnight(wanted["since"]))
    if "until" in wanted:
        rows = rows.filter(at__lt=_midnight(wanted["until"] + timedelta(days=1)))
    return rows


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))


def lines_of(entries: Iterable[AuditEntry]) -> list[Line]:
    """Entries as they are shown. The same number of queries for any number of them."""
    rows = list(entries)
    bring_keys(
        {row.person_uuid for row in rows if row.person_uuid and row.__dict__["reason"]}
    )  # as stored: reading it would ask for the key
    names = names_of({uuid for row in rows for uuid in (row.actor_uuid, row.person_uuid)})
    gone = _("nobody any more")
    sought = [row.object_key for row in rows if row.object_type == Application._meta.label_lower]
    by_key = {str(uuid): reference for uuid, reference in Application.objects.filter(uuid__in=sought).values_list("uuid", "reference")}
    kinds = {model._meta.label_lower: str(model._meta.verbose_name) for model in apps.get_models()}
    return [
        Line(
            entry=row, actor=names.get(row.actor_uuid, gone) if row.actor_uuid else _("the system"),
            concerned=names.get(row.person_uuid, gone) if row.person_uuid else "",
            area=str(AREAS.get(row.action.partition(".")[0], "")), kind=kinds.get(row.object_type, row.object_type),
            address=_address(row, by_key), facts=tuple((row.data or {}).items()),
        )
        for row in rows
    ]  # fmt: skip


def _address(row: AuditEntry, cases: dict[str, str]) -> str:
    """Where the object of an entry is shown to auditors; "" where it has no page of its own."""
    if row.object_key in cases:
        return reverse("creditbank:case", args=[cases[row.object_key]])
    return reverse("creditbank:entry", args=[row.object_key]) if row.object_type == "creditbank.transaction" else ""


@login_required
@never_cache
@require_safe
def trail_page(request: HttpRequest) -> HttpResponse:
    """Search, and what it finds, newest first. Whoever looks for a person leaves a line there."""
    person = _auditor(request)
    form = TrailForm(request.GET)
    wanted = form.chosen()
    page = stretch_of(entries_like(wanted), request.GET, size=PAGE_SIZE, order=("-at", "-id")) if form.is_valid() else None
    _leave_line(person, wanted)  # for each page of what is found: a marker in the address hides nobody
    lines = lines_of(page.items) if page else []
    context = {"form": form, "page": page, "lines": lines, "query": _query(request.GET), "filtered": bool(wanted), "ops_nav": "trail"}
    return render(request, "config/trail.html", context)


@login_required
@never_cache
@require_safe
def trail_file(request: HttpRequest) -> HttpResponse:
    """The same as a table, at most ``MOST_IN_FILE`` entries, newest first."""
    person = _auditor(request)
    form = TrailForm(request.GET)
    if not form.is_valid():
        return render(request, "config/trail.html", {"form": form, "page": None, "lines": [], "ops_nav": "trail"}, status=400)
    wanted = form.chosen()
    with transaction.atomic():
        record_audit_entry("audit.export", actor=person, concerns=wanted.get("concerned"), data=_told(wanted))
    rows = lines_of(entries_like(wanted).order_by("-at", "-id")[:MOST_IN_FILE])
    headings = (
        _("time"), _("who acted"), _("acting role"), _("acting institution"), _("action"), _("kind of object"), _("object"), _("person concerned"), _("reason"),
        _("details"), _("request"), _("address"),
    )  # fmt: skip
    table = Table(_("Audit log"), tuple(Heading(text, CellKind.TEXT) for text in headings), tuple(_cells(rows)))
    return file_answer(csv_of(table), "text/csv; charset=utf-8", f"audit-{timezone.localdate().isoformat()}.csv")


def _cells(lines: Iterable[Line]) -> Iterator[tuple[str, ...]]:
    for line in lines:
        row = line.entry
        yield (
            timezone.localtime(row.at).isoformat(timespec="seconds"), line.actor, row.acting_role, row.acting_institution, row.action, line.kind, row.object_key, line.concerned,
            row.reason, "; ".join(f"{name}: {value}" for name, value in line.facts), row.request_id, row.address,
        )  # fmt: skip


def _auditor(request: HttpRequest) -> User:
    person = cast("SignedInRequest", request).user
    if not person.acts_as(Role.AUDITOR):
        raise PermissionDenied(_("The audit log is shown to auditors."))
    return person


def _leave_line(person: User, wanted: dict[str, Any]) -> None:
    """Looking for what concerns a person, or what a person did, is itself something that auditors answer for."""
    if wanted.keys() & {"concerned", "actor"}:
        with transaction.atomic():
            record_audit_entry(SEARCHED, actor=person, concerns=wanted.get("concerned"), data=_told(wanted))


def _told(wanted: dict[str, Any]) -> dict[str, str]:
    return {name: str(value) for name, value in wanted.items() if name != "concerned"}


def _query(given: QueryDict) -> str:
    """The search as it stands in the address, ending with & where there is one."""
    kept = given.copy()
    for name in ("before", "after"):
        kept.pop(name, None)
    text = kept.urlencode()
    return f"{text}&" if text else ""
