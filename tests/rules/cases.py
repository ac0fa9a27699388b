"""The worked examples (``examples.yaml``): short to write for an officer, read here into the engine's types."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import yaml

from creditbank.rules.types import (
    Calendar,
    CreditSystem,
    Facts,
    Grade,
    GradeMap,
    GradeScale,
    Grant,
    IndividualException,
    Leaf,
    Level,
    Limit,
    Node,
    Outcome,
    Rate,
    RecordFacts,
    RequirementLeaf,
    Rule,
    RuleBase,
    Target,
    TitleMatching,
)

FILE = Path(__file__).parent / "examples.yaml"
LETTERS = GradeScale(
    "letters", tuple(Grade(label, rank) for rank, label in enumerate(["F", "D", "C-", "C", "C+", "B-", "B", "B+", "A-", "A"]))
)
KOREA = Calendar("KR", "03-01", (("1", "03-01", "08-31"), ("2", "09-01", "02-29")))
GRANT_KINDS = ("course", "unassigned", "elective", "block", "exemption", "waiver", "subject_only", "deny", "pending")


def cases(kind: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """(name, case) of every example of a kind, variants merged into their case and defaults into all."""
    document = yaml.safe_load(FILE.read_text("utf-8"))
    _refuse_floats(document)
    defaults = document["defaults"]
    for case in document["cases"]:
        for number, variant in enumerate(case.get("variants", [{}])):
            merged = _merge(_merge(defaults, {name: value for name, value in case.items() if name != "variants"}), variant)
            if merged["do"] == kind:
                yield case["id"] + (f"/{number + 1}" if "variants" in case else ""), merged


def _refuse_floats(value: Any) -> None:
    if isinstance(value, float):
        raise TypeError(f"{value} is a float; write it in quotes")
    for item in value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ():
        _refuse_floats(item)


def _merge(first: Any, second: Any) -> Any:
    if isinstance(first, dict) and isinstance(second, dict):
        return {name: _merge(first.get(name), second[name]) if name in second else deepcopy(first[name]) for name in {**first, **second}}
    return deepcopy(second)


def question(case: dict[str, Any]) -> tuple[Facts, RuleBase, tuple[Limit, ...], date]:
    """The four arguments of ``decide`` for an example."""
    records = _records(case)
    rules = _same(records) if case["rules"] == "same" else tuple(_rule(row) for row in case["rules"])
    system = CreditSystem("U", Decimal(case["record"]["hours_per_credit"]), Decimal(case["target"]["step"]))
    letters = any(not record.grade.replace(".", "").isdigit() for record in records if record.grade)
    scales = tuple(_scale(row) for row in case.get("scales", ())) or ((LETTERS,) if letters else ())
    wanted, refused = _conditions(case.get("eligible", {}))
    rates = case.get("rates", {})
    others = tuple(
        CreditSystem(code, Decimal(16), Decimal(1)) for code in sorted({part for pair in rates for part in pair.split("-")} - {"U"})
    )
    base = RuleBase(
        rules, (system, *others), rates=tuple(Rate(*pair.split("-"), *Fraction(value).as_integer_ratio()) for pair, value in rates.items()), scales=scales, calendars=(KOREA,), book="examples", levels=_levels(case.get("levels", {})),
        grade_maps=tuple(_grade_map(row) for row in case.get("grade_maps", ())), titles=_titles(case.get("title_matching")), eligible=wanted,
        not_eligible=refused, outcomes=tuple(Outcome(**row) for row in case.get("outcomes", ())),
    )  # fmt: skip
    facts = Facts(
        "learner", records, _target(case), case["date"], attributes=_attributes(case.get("learner", {})), used=tuple(case.get("used", {}).items()),
        exceptions=tuple(IndividualException(**row) for row in case.get("exceptions", ())),
    )  # fmt: skip
    return facts, base, tuple(_limit(_merge(case["limit"], row)) for row in case.get("limits", ())), case["date"]


def _records(case: dict[str, Any]) -> tuple[RecordFacts, ...]:
    rows: list[dict[str, Any]] = []
    listed = case.get("records")
    if listed is None:
        listed = [{"id": name, "grade": grade} for name, grade in case.get("grades", {}).items()]
        listed += [{"id": name, "score": score} for name, score in case.get("scores", {}).items()]
    for written in listed:
        row = _merge(case["record"], written)
        first = row.get("from", 1)
        rows += [{**row, "id": f"r{number:02}"} for number in range(first, first + row["n"])] if "n" in row else [row]
    return tuple(_record(row) for row in rows)


def _scale(row: dict[str, Any]) -> GradeScale:
    """``grades`` from the lowest up; a grade is a label or {label, pass, gpa, share}."""
    grades = []
    for rank, one in enumerate(row["grades"]):
        about = one if isinstance(one, dict) else {"label": str(one)}
        numbers = {name: Decimal(about[name]) for name in ("gpa", "share") if name in about}
        grades.append(Grade(str(about["label"]), rank, passes=about.get("pass", True), **numbers))
    return GradeScale(row["id"], tuple(grades), row.get("institution", ""))


def _grade_map(row: dict[str, Any]) -> GradeMap:
    return GradeMap(
        row["from"], row["to"], row.get("mode", "table"), tuple(sorted((str(a), str(b)) for a, b in row.get("table", {}).items()))
    )


def _levels(frameworks: Mapping[str, Any]) -> tuple[Level, ...]:
    """{framework: {level: [rank, {other framework: level}]}}."""
    return tuple(
        Level(framework, str(code), rank, tuple(sorted((str(a), str(b)) for a, b in maps.items())))
        for framework, rows in frameworks.items()
        for code, (rank, maps) in rows.items()
    )


def _titles(switch: Any) -> TitleMatching | None:
    if not switch:
        return None
    row = switch if isinstance(switch, dict) else {}
    return TitleMatching(
        tuple(row.get("particles", ())), tuple(map(str, row.get("first_parts", ()))), tuple(row.get("abbreviations", {}).items())
    )


def _conditions(row: Mapping[str, Any]) -> tuple[Any, Any]:
    """Conditions that must hold; those whose name begins with ``not_`` must not."""
    named = _attributes(row)
    return tuple(one for one in named if not one[0].startswith("not_")), tuple(
        (name.removeprefix("not_"), value) for name, value in named if name.startswith("not_")
    )


def _record(row: dict[str, Any]) -> RecordFacts:
    return RecordFacts(
        id=row["id"], outcome=str(row.get("x", row["id"])), issuer=row["issuer"], earned_on=row["earned"],
        credits=Decimal(row["cr"]) if "cr" in row else None if "hours" in row else Decimal(3), system=row["system"],
        hours=Decimal(row["hours"]) if "hours" in row else None, score=Decimal(row["score"]) if "score" in row else None,
        grade=str(row.get("grade", "")), level=row.get("level"), category=row["category"], source_type=row["source"],
        subjects=(row["subject"],) if "subject" in row else (), trust=row["trust"], state=row["state"], title_en=str(row.get("title", "")),
        award=row.get("award", ""), framework=row.get("framework", ""), evidence=tuple(row.get("evidence", ())), dup_class=row.get("class", ""),
        repeatable=row.get("repeatable", False), remaining=Decimal(row["remaining"]) if "remaining" in row else None,
    )  # fmt: skip


def _same(records: tuple[RecordFacts, ...]) -> tuple[Rule, ...]:
    """Every record gives a course of its own outcome at rate 1: one rule for each outcome, all of one rank."""
    subjects = {record.outcome: (record.subjects or ("",))[0] for record in records}
    return tuple(
        Rule(f"same:{outcome}", 1, Node("leaf", Leaf(outcome=outcome)), (Grant("course", outcome, subject=subject, credits="rate"),))
        for outcome, subject in subjects.items()
    )


def _rule(row: dict[str, Any]) -> Rule:
    scope = dict(row.get("scope", {}))
    not_fields = (scope.pop("not_field"),) if "not_field" in scope else ()
    not_learner = ((scope.pop("not_learner"), "1"),) if "not_learner" in scope else ()
    window = row.get("window", [None, None])
    return Rule(
        row["id"], 1, _node(row["from"]), tuple(_grant(grant) for grant in row["to"]), priority=row.get("priority", 100),
        precedence=row.get("precedence", 0), window_from=window[0], window_to=window[1], window_date=row.get("window_date", "earned"),
        since=row.get("since"), not_fields=not_fields, not_learner=not_learner, learner=_attributes(scope),
        evidence=tuple(row.get("evidence", ())), consume=row.get("consume", "whole"), offer=row.get("offer", "all"), offer_k=row.get("k", 1),
        all_or_nothing=row.get("all_or_nothing", False),
    )  # fmt: skip


def _node(row: Any) -> Node:
    if isinstance(row, str):
        return Node("leaf", Leaf(outcome=row))
    together = {name: row.get(name, False) for name in ("same_issuer", "same_award")}
    for kind in ("all", "any", "n_of", "credits_of"):
        if kind in row:
            credits = Decimal(row["credits"]) if kind == "credits_of" else None
            return Node(kind, children=tuple(_node(child) for child in row[kind]), k=row.get("k", 0), credits=credits, **together)
    if "not" in row:
        return Node("not", children=(_node(row["not"]),))
    return Node("leaf", Leaf(
        outcome=row.get("x", ""), subject=row.get("subject", ""), min_level=row.get("min_level"), min_grade=str(row.get("min", "")),
        max_grade=str(row.get("max", "")), min_score=Decimal(row["min_score"]) if "min_score" in row else None,
        framework=row.get("framework", ""), source_type=row.get("source", ""),
    ))  # fmt: skip


def _grant(row: dict[str, Any]) -> Grant:
    kind = next(name for name in GRANT_KINDS if name in row)
    about = row[kind]
    grade = ";".join(f"{score}:{label}" for score, label in row["map"].items()) if "map" in row else str(row.get("grade", ""))
    common = {"grade": grade, "in_gpa": row.get("in_gpa", True), "effects": row.get("effects", "")}
    if row.get("cr") == "rate":
        most = Decimal(row["max"]) if "max" in row else None
        return Grant(kind, about, credits="rate", max_amount=most, **common)
    if isinstance(about, dict):
        return Grant(kind, subject=about["subject"], level=about.get("level"), amount=Decimal(row["cr"]), **common)
    if "steps" in row:
        return Grant(
            kind, about, credits="steps", steps=tuple((Decimal(score), Decimal(amount)) for score, amount in row["steps"]), **common
        )
    return Grant(kind, about, amount=Decimal(row.get("cr", 0)), **common)


def _target(case: dict[str, Any]) -> Target:
    described = case["target"]
    tree = case.get("tree", described["tree"])
    leaves = () if tree == ["pool"] else tuple(_leaf(row) for row in tree)
    return Target(
        "P", described["system"], Decimal(described["total"]) if "total" in described else None, described.get("category", "academic"), leaves,
        field=case.get("target_field", ""), owner=described.get("owner", ""), eligible=_conditions(described.get("eligible", {}))[0],
        not_eligible=_conditions(described.get("eligible", {}))[1],
    )  # fmt: skip


def _leaf(row: Any) -> RequirementLeaf:
    if row == "pool":
        return RequirementLeaf("pool", elective=True)
    accept = row["accept"]
    share = row.get("share_with", {})
    return RequirementLeaf(
        row["leaf"], outcomes=(accept,) if isinstance(accept, str) else (), subjects=() if isinstance(accept, str) else (accept["subject"],),
        need_credits=Decimal(row["credits"]) if "credits" in row else None, need_courses=row.get("courses"), exclusive=row.get("set", ""),
        share_with=share.get("set", ""), share_max=Decimal(share["max"]) if share else None,
    )  # fmt: skip


def _limit(row: dict[str, Any]) -> Limit:
    names = {"source": "source_type", "subject": "subject", "issuer": "institution", "kind": "kind"}
    chosen = {
        part: tuple((names[name], (value,)) for name, value in row.get(key, {}).items())
        for part, key in (("selector", "selector"), ("exempt", "except"))
    }
    return Limit(
        row["id"], row["measure"], Decimal(row["bound"]) if "bound" in row else None, Fraction(row["share"]) if "share" in row else None,
        per=row["per"], overflow=row["overflow"], op=row["op"], share_of=row.get("of", "programme"), calendar=row.get("calendar", ""), **chosen,
    )  # fmt: skip


def _attributes(row: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    return tuple(sorted((name, "1" if value is True else "0" if value is False else str(value)) for name, value in row.items()))


def shuffled(facts: Facts, base: RuleBase, limits: tuple[Limit, ...], chance: Any) -> tuple[Facts, RuleBase, tuple[Limit, ...]]:
    """The same question in another order: of records and their evidence, rules, limits, parties of agreements, and every reference table."""

    def mix(items: tuple[Any, ...]) -> tuple[Any, ...]:
        return tuple(chance.sample(items, len(items)))

    tables = ("rules", "systems", "rates", "outcomes", "scales", "calendars", "levels", "grade_maps", "eligible", "not_eligible")
    parts = {name: mix(getattr(base, name)) for name in tables}
    agreements = mix(tuple(replace(one, parties=mix(one.parties)) for one in base.agreements))
    records = mix(tuple(replace(one, evidence=mix(one.evidence)) for one in facts.records))
    person = {name: mix(getattr(facts, name)) for name in ("used", "held", "attributes", "exceptions")}
    return replace(facts, records=records, **person), replace(base, agreements=agreements, **parts), mix(limits)
