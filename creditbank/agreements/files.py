"""A version of a rule book as files of the documented layout, and back."""

from __future__ import annotations

import io
import tempfile
import zipfile
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from creditbank.agreements.checking import written_examples
from creditbank.agreements.examples import WrittenExample, read_example
from creditbank.agreements.models import RuleBookVersion
from creditbank.agreements.queries import find_all_agreements, limits_of, rule_base
from creditbank.catalogue.models import Programme
from creditbank.catalogue.queries import engine_levels, targets_of
from creditbank.catalogue.references import check_sizes
from creditbank.rules.exceptions import BadRule
from creditbank.rules.files.cells import Problems, Row, shown
from creditbank.rules.files.checks import check_tables
from creditbank.rules.files.complaints import Complaint
from creditbank.rules.files.rulebook import read_limits, read_rules
from creditbank.rules.files.scales import find_level, read_settings
from creditbank.rules.files.tables import write_tables
from creditbank.rules.files.writing import base_tables, cells, limit_rows
from creditbank.rules.tables import Level
from creditbank.rules.types import Limit, Rule

BOOK_TABLES = ("rules", "limits", "examples", "settings")
"""Tables that a version holds itself; the others of an export say what it referred to."""
FORMS = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "json": "application/json",
    "zip": "application/zip",
}
FACT_COLUMNS = ("issuer", "credits", "system", "hours", "grade", "score", "attendance", "issued_on", "valid_until", "trust", "state", "award",
                "category", "source_type")  # fmt: skip


@dataclass(frozen=True)
class BookFiles:
    """What files say about a version."""

    rules: tuple[Rule, ...]
    limits: tuple[Limit, ...]
    sources: Mapping[str, str]
    examples: tuple[WrittenExample, ...]
    settings: Mapping[str, Any]


def version_tables(version: RuleBookVersion) -> dict[str, list[dict[str, str]]]:
    """Every table of a version: its own, and the reference tables that it is read against."""
    base = rule_base(version)
    programmes = list(Programme.objects.open().filter(institution=version.book.institution_id).select_related("system", "institution"))
    targets = [(programme.cohort, target) for programme, target in zip(programmes, targets_of(programmes), strict=True)]
    tables = base_tables(base, (), targets)
    sources = dict(version.limits.values_list("code", "source"))
    own = {"limits": limit_rows(limits_of(version), sources), "examples": example_rows(written_examples(version))}
    return {name: rows for name, rows in {**tables, **own}.items() if rows}


def export_version(version: RuleBookVersion, form: str) -> bytes:
    """A version as a workbook (``xlsx``), a document (``json``) or a folder of CSV files (``zip``). Raises KeyError for another form."""
    FORMS[form]
    return tables_as_file(version_tables(version), form)


def tables_as_file(tables: Mapping[str, Sequence[Mapping[str, str]]], form: str) -> bytes:
    """Tables as one file."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / ("book" if form == "zip" else f"book.{form}")
        write_tables(tables, place)
        if form != "zip":
            return place.read_bytes()
        held = io.BytesIO()
        with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
            for path in sorted(place.iterdir()):
                archive.writestr(zipfile.ZipInfo(path.name), path.read_bytes(), zipfile.ZIP_DEFLATED)
        return held.getvalue()


def read_book(tables: Mapping[str, Sequence[Row]], problems: Problems) -> BookFiles:
    """Typed content of a version from rows. Raises BadFiles with everything that is wrong."""
    if "rules" not in tables:
        problems.add("rules", 0, "", Complaint("table_needed"))
    agreements, levels = find_all_agreements(), engine_levels()
    for name in BOOK_TABLES:
        for row in tables.get(name, ()):
            check_sizes(row)
            if name == "rules" and row.text("agreement") and row.text("agreement") not in agreements:
                row.wrong("agreement", Complaint("no_agreement", value=shown(row.text("agreement"))))
    rules = read_rules(tables.get("rules", ()), agreements, levels)
    limits = read_limits(tables.get("limits", ()))
    check_tables({name: rows for name, rows in tables.items() if name in BOOK_TABLES})
    for row in tables.get("limits", ()):
        if not row.text("limit_id"):
            row.wrong("limit_id", Complaint("empty"))
    examples = _examples(tables.get("examples", ()), levels)
    settings = read_settings(tables.get("settings", ()))
    problems.stop()
    sources = {row.text("limit_id"): row.text("source") for row in tables.get("limits", ())}
    return BookFiles(rules, limits, sources, examples, settings)


def _examples(rows: Sequence[Row], levels: Sequence[Level]) -> tuple[WrittenExample, ...]:
    grouped: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        grouped[row.text("example")].append(row)
    found = []
    for code, listed in grouped.items():
        head = listed[0]
        document = {
            "code": code, "title_zh": head.text("title_zh"), "title_en": head.text("title_en"), "programme": head.text("programme"),
            "unit": head.text("unit"), "cohort": head.text("cohort"), "attributes": [list(pair) for pair in head.pairs("attributes")],
            "reviewed_on": head.day("reviewed_on"), "posted": head.amount("posted"),
            "records": [_record(row, levels) for row in listed],
        }  # fmt: skip
        try:
            found.append(read_example(document))
        except BadRule as error:
            head.wrong("example", Complaint("not_a_rule", why=error))
    return tuple(found)


def _record(row: Row, levels: Sequence[Level]) -> dict[str, Any]:
    amounts = {"credits", "hours", "score", "attendance"}
    days = {"issued_on", "valid_until"}
    facts: dict[str, Any] = {
        name: row.amount(name) if name in amounts else row.day(name) if name in days else row.text(name) or None for name in FACT_COLUMNS
    }
    if row.text("level"):
        level = find_level(row.text("level"), levels)
        if level is None:
            row.wrong("level", Complaint("no_level", value=shown(row.text("level"))))
        facts |= {"framework": level[0] or None, "level": level[1]} if level else {}
    for name in ("subjects", "evidence"):
        facts[name] = list(row.listed(name)) or None
    facts |= {"earned_on": row.day("earned_on"), "record": row.text("record_id"), "outcome": row.text("outcome")}
    return {**facts, "gives": row.amount("gives"), "reason": row.text("reason")}


def example_rows(examples: Iterable[WrittenExample]) -> list[dict[str, str]]:
    """One row a record; what is said of the whole stands in the first."""
    rows = []
    for example in examples:
        head = cells(
            title_zh=example.title_zh, title_en=example.title_en, programme=example.programme, unit=example.unit, cohort=example.cohort,
            attributes="&".join(f"{name}={value}" for name, value in example.attributes), reviewed_on=example.reviewed_on, posted=example.posted,
        )  # fmt: skip
        for record in example.records:
            facts = dict(record.facts)
            framework, level = facts.pop("framework", ""), facts.pop("level", None)
            facts = {name: tuple(value) if isinstance(value, list) else value for name, value in facts.items()}
            own = cells(
                example=example.code, record_id=record.record, outcome=record.outcome, gives=record.gives, reason=record.reason,
                level=f"{framework}:#{level}" if framework and level is not None else level, **facts,
            )  # fmt: skip
            rows.append({**own, **head})
            head = {}
    return rows
