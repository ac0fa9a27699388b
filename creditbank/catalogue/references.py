"""What a table of the catalogue refers to, and whose rows it may hold; every complaint at its cell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from creditbank.catalogue.models import Grade
from creditbank.catalogue.queries import engine_systems
from creditbank.rules.files.cells import Row, shown
from creditbank.rules.files.complaints import Complaint
from foundation.api import Level
from identity.api import Institution

Tables = Mapping[str, Sequence[Row]]
LONGEST = {
    "outcome": 60, "title_zh": 120, "title_en": 160, "example": 40, "record_id": 40, "unit": 12, "reason": 30, "agreement": 40, "source": 300, "common_id": 60, "cross_list": 60, "dup_class": 60, "category": 30, "source_type": 20,
    "programme": 40, "cohort": 20, "path": 40, "set": 40, "share_with": 40, "min_grade": 10, "field": 40, "scale": 30, "label": 20, "code": 12,
    "framework": 12, "level": 40, "calendar": 20, "term": 40, "from": 30, "to": 30, "limit_id": 40, "rule_id": 40,
}  # fmt: skip
"""Characters that a column of the database holds."""
MOST = {"credits": 10**4, "total": 10**4, "hours": 10**5, "need_credits": 10**4, "share_max": 10**4, "hours_nominal": 10**4, "step": 10**3, "gpa": 100,
        "hours_min": 10**4, "hours_max": 10**4, "share": 1000}  # fmt: skip
"""Amounts from which on a column of the database overflows."""


def check_references(tables: Tables, *, places: frozenset[str] | None, shared: Sequence[str]) -> None:
    """Note what is missing, too long, too large, or not this person's to write."""
    institutions = frozenset(Institution.objects.values_list("code", flat=True))
    units = {unit.code for unit in engine_systems()} | {row.text("code") for row in tables.get("systems", ())}
    for name, rows in tables.items():
        for row in rows:
            if places is not None and name in shared:
                row.wrong("", Complaint("city_table"))
                break
            check_sizes(row)
            _units(row, name, units)
            _owner(row, name, institutions, places)
    _owned_programmes(tables.get("programmes", ()))
    _mapped(tables)


def check_sizes(row: Row) -> None:
    """Note what a column of the database does not hold."""
    for column, text in row.cells.items():
        if len(text) > LONGEST.get(column, 10_000):
            row.wrong(column, Complaint("too_long", most=LONGEST[column]))
        if (
            column in MOST
            and text not in {"rate", "catalogue"}
            and (amount := row.amount(column)) is not None
            and abs(amount) >= MOST[column]
        ):
            row.wrong(column, Complaint("too_large", value=shown(text)))


def _units(row: Row, table: str, units: set[str]) -> None:
    columns = {"outcomes": ("system",), "programmes": ("system",), "rates": ("from", "to")}.get(table, ())
    for column in columns:
        if row.text(column) and row.text(column) not in units:
            row.wrong(column, Complaint("no_unit", value=shown(row.text(column))))


def _owner(row: Row, table: str, institutions: frozenset[str], places: frozenset[str] | None) -> None:
    column = {"outcomes": "owner", "programmes": "owner", "grades": "institution"}.get(table)
    if column is None:
        return
    code = row.text(column)
    if table == "outcomes" and not code:
        row.wrong(column, Complaint("whose_outcome"))
    elif code and code not in institutions:
        row.wrong(column, Complaint("no_institution", value=shown(code)))
    elif places is not None and ((code and code not in places) or (table == "grades" and not code)):
        row.wrong(column, Complaint("not_yours", value=shown(code)))


def _owned_programmes(rows: Sequence[Row]) -> None:
    """A programme says once whose it is, and how many credits it has."""
    first: dict[tuple[str, str], Row] = {}
    said: dict[tuple[str, str], set[str]] = {}
    for row in rows:
        key = row.text("programme"), row.text("cohort")
        first.setdefault(key, row)
        said.setdefault(key, set()).update(column for column in ("owner", "total") if row.text(column))
    for key, row in first.items():
        for column in sorted({"owner", "total"} - said[key]):
            row.wrong(column, Complaint("empty_everywhere"))


def _mapped(tables: Tables) -> None:
    """Grades and levels become only what there is."""
    grades = set(Grade.objects.values_list("scale__code", "label"))
    grades |= {(row.text("scale"), row.text("label")) for row in tables.get("grades", ())}
    levels = set(Level.objects.values_list("framework__code", "code"))
    levels |= {(row.text("framework"), row.text("level")) for row in tables.get("levels", ())}
    for name, known in (("grades", grades), ("levels", levels)):
        scales = {scale for scale, _label in known}
        for row in tables.get(name, ()):
            for part in row.listed("maps_to"):
                scale, colon, label = part.partition(":")
                if scale not in scales or (colon and (scale, label) not in known):
                    row.wrong("maps_to", Complaint("no_such", value=shown(part)))
