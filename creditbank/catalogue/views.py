"""Bringing a file into the catalogue: upload, the report of every bad row, and the confirmation."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from creditbank.catalogue.exceptions import MovedOn
from creditbank.catalogue.forms import ImportForm
from creditbank.catalogue.importing import TABLES, bring_catalogue, confirm_import, put_aside
from creditbank.catalogue.imports import CatalogueImport
from creditbank.rules.files.cells import BadFiles
from foundation.api import access, can, visible_to
from identity.api import Institution, Role, SignedInRequest, names_of

PAGE_SIZE = 20
MOST_SHOWN = 500
View = Callable[..., HttpResponse]


def catalogue_desk(view: View) -> View:
    """For credit officers and operators, and auditors who read."""

    @wraps(view)
    @login_required
    def guarded(request: SignedInRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not request.user.acts_as(Role.CREDIT_OFFICER, Role.OPERATOR, Role.AUDITOR):
            raise PermissionDenied(_("The catalogue is kept by credit officers and operators."))
        return view(request, *args, **kwargs)

    return guarded


@catalogue_desk
def imports(request: SignedInRequest) -> HttpResponse:
    """The files that were brought, and the form for another one; a file with complaints is shown with all of them and not kept."""
    person = request.user
    mine = list(Institution.objects.filter(pk__in=person.institutions_as(Role.CREDIT_OFFICER)).order_by("code"))
    city = person.acts_as(Role.OPERATOR)
    form = ImportForm(request.POST or None, request.FILES or None, institutions=mine, city=city) if mine or city else None
    problems: list[Any] = []
    if request.method == "POST":
        if form is None:
            raise PermissionDenied(_("The catalogue is kept by credit officers and operators."))
        if form.is_valid():
            file = form.cleaned_data["file"]
            try:
                row = bring_catalogue(form.institution, filename=file.name, content=file.read(), actor=person, at=timezone.now())
            except BadFiles as bad:
                problems = bad.problems
            else:
                return redirect("creditbank:catalogue_import", row.uuid)
    page = Paginator(visible_to(person, CatalogueImport).select_related("institution"), PAGE_SIZE).get_page(request.GET.get("page"))
    context = {
        "page": page, "form": form, "problems": shown_problems(problems[:MOST_SHOWN]), "count": len(problems), "tables": TABLES, "desk_nav": "catalogue",
    }  # fmt: skip
    return render(request, "creditbank/catalogue_imports.html", context, status=400 if problems or (form and form.errors) else 200)


def shown_problems(problems: list[Any]) -> list[dict[str, Any]]:
    """Complaints as a page shows them, in the reader's language."""
    language = get_language() or "zh-hans"
    return [{"file": one.file, "row": one.row, "column": one.column, "message": one.text(language)} for one in problems]


@catalogue_desk
@require_safe
def one_import(request: SignedInRequest, import_uuid: str) -> HttpResponse:
    """One file: what it would store, or has stored, table by table."""
    return _page(request, access(CatalogueImport.objects.select_related("institution"), import_uuid, user=request.user))


def _page(request: SignedInRequest, row: CatalogueImport, problems: list[Any] | None = None) -> HttpResponse:
    names = names_of([one for one in (row.brought_by_uuid, row.confirmed_by_uuid) if one is not None])
    context = {
        "row": row, "may_confirm": row.state == "read" and can(request.user, "confirm", row), "names": names, "desk_nav": "catalogue",
        "brought_by": names.get(row.brought_by_uuid, ""), "confirmed_by": names.get(row.confirmed_by_uuid, "") if row.confirmed_by_uuid else "",
        "problems": shown_problems((problems or [])[:MOST_SHOWN]), "count": len(problems or []),
    }  # fmt: skip
    return render(request, "creditbank/catalogue_import.html", context, status=400 if problems else 200)


@catalogue_desk
@require_POST
def confirm(request: SignedInRequest, import_uuid: str) -> HttpResponse:
    """Store it, all or nothing."""
    row = access(CatalogueImport.objects.select_related("institution"), import_uuid, user=request.user, to="confirm")
    try:
        confirm_import(row, actor=request.user, at=timezone.now())
        messages.success(request, _("Stored in the catalogue."))
    except MovedOn:
        messages.error(request, _("The file was stored or put aside meanwhile; nothing was changed."))
    except BadFiles as bad:
        return _page(request, row, bad.problems)
    return redirect("creditbank:catalogue_import", row.uuid)


@catalogue_desk
@require_POST
def aside(request: SignedInRequest, import_uuid: str) -> HttpResponse:
    """Put it aside; nothing of it is stored."""
    row = access(CatalogueImport, import_uuid, user=request.user, to="confirm")
    try:
        put_aside(row, actor=request.user)
        messages.success(request, _("The file is put aside; nothing was stored."))
    except MovedOn:
        messages.error(request, _("The file was stored or put aside meanwhile; nothing was changed."))
    return redirect("creditbank:catalogue_import", row.uuid)
