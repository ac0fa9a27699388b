"""Programmes from rows: a tree by position, its leaves with filters and needs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

from creditbank.rules.files.cells import Row, decimal, said_once
from creditbank.rules.files.complaints import Complaint
from creditbank.rules.files.scales import conditions
from creditbank.rules.tables import Pairs
from creditbank.rules.types import RequirementLeaf, RequirementNode, RuleBase, Target

FILTERS = ("outcome", "subject", "level", "category", "kind", "match")


def read_programmes(rows: Iterable[Row], base: RuleBase) -> dict[tuple[str, str], Target]:
    """Targets by (programme, cohort)."""
    grouped: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in rows:
        if not row.text("programme"):
            row.wrong("programme", Complaint("empty"))
        grouped[row.text("programme"), row.text("cohort")].append(row)
    return {key: _programme(key[0], listed, base) for key, listed in grouped.items()}


def _programme(code: str, rows: list[Row], base: RuleBase) -> Target:
    system = said_once(rows, "system")
    if not system:
        system = min(one.code for one in base.systems) if len(base.systems) == 1 else ""
    if base.system(system) is None:
        rows[0].wrong("system", Complaint("no_unit", value=repr(system)))
    said_once(rows, "total")
    total = next((row.amount("total") for row in rows if row.text("total")), None)
    category = said_once(rows, "category") or "academic"
    says = any(row.text("requirement") for row in rows)
    children = _children(rows)
    leaves, nodes = [], []
    for row in sorted(rows, key=lambda row: _order(row.text("path"))):
        kind = row.one_of("node", ("all", "any", "n_of", "leaf"), "leaf")
        requirement = bool(row.flag("requirement")) if says else None
        if kind == "leaf":
            leaves.append(_leaf(row, requirement))
        else:
            nodes.append(_node(row, kind, tuple(children[row.text("path")]), requirement))
    field, owner = said_once(rows, "field"), said_once(rows, "owner")
    said_once(rows, "eligible_if")
    who = next((row for row in rows if row.text("eligible_if")), rows[0])
    wanted, refused = conditions(who, "eligible_if")
    return Target(code, system, total, category, tuple(leaves), tuple(nodes), field, eligible=wanted, not_eligible=refused, owner=owner)


def _order(path: str) -> tuple[tuple[int, str], ...]:
    return tuple((int(part), "") if part.isascii() and part.isdecimal() else (0, part) for part in path.split("."))


def _children(rows: Sequence[Row]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    kinds = {row.text("path"): row.text("node", "leaf") for row in rows}
    seen: set[str] = set()
    for row in sorted(rows, key=lambda row: _order(row.text("path"))):
        path = row.text("path")
        above = path.rpartition(".")[0]
        if not path or path in seen:
            row.wrong("path", Complaint("row_twice", value=path) if path else Complaint("empty"))
        elif above and kinds.get(above, "leaf") == "leaf" and above in kinds:
            row.wrong("path", Complaint("leaf_above", above=above))
        elif above and above not in kinds and "." in path and all(part.isdecimal() for part in path.split(".")):
            row.wrong("path", Complaint("hangs", path=path, above=above))
        seen.add(path)
        found[above].append(path)
    return found


def _node(row: Row, kind: Any, children: tuple[str, ...], requirement: bool | None) -> RequirementNode:
    k = row.whole("k") or 0
    if not children:
        row.wrong("node", Complaint("needs_rows", kind=kind))
    if kind == "n_of" and not 1 <= k <= len(children):
        row.wrong("k", Complaint("between", most=len(children)))
    return RequirementNode(
        row.text("path"), kind, children, k, requirement, row.whole("children_min"), row.whole("children_max"), row.text("title_zh"),
        row.text("title_en"),
    )  # fmt: skip


def _leaf(row: Row, requirement: bool | None) -> RequirementLeaf:
    filters = dict(row.pairs("filter", FILTERS))
    level = filters.get("level", "")
    if level and not (level.isascii() and level.isdecimal()):
        row.wrong("filter", Complaint("rank"))
    return RequirementLeaf(
        path=row.text("path"), title_zh=row.text("title_zh"), title_en=row.text("title_en"), outcomes=_values(filters, "outcome"),
        subjects=_values(filters, "subject"), need_credits=row.amount("need_credits"), need_courses=row.whole("need_courses"),
        elective=bool(row.flag("elective")), level=int(level) if level.isascii() and level.isdecimal() else None,
        category=filters.get("category", ""), kinds=_values(filters, "kind"), min_grade=row.text("min_grade"), need_if=_need_if(row),
        level_credits=_level_credits(row), exclusive=row.text("set"), share_with=row.text("share_with"), share_max=row.amount("share_max"),
        all_keys=filters.get("match") != "any", transferable=row.flag("transferable") is not False, requirement=requirement,
    )  # fmt: skip


def _values(filters: dict[str, str], name: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in filters.get(name, "").split(";") if part.strip())


def _need_if(row: Row) -> tuple[tuple[Pairs, Decimal], ...]:
    """``condition:need|condition:need``, the first that holds decides; an empty condition always holds."""
    found = []
    for part in filter(None, row.text("need_if").split("|")):
        condition, colon, need = part.rpartition(":")
        try:
            pairs = tuple(sorted(_pair(one) for one in condition.split("&") if one.strip()))
            found.append((pairs, decimal(need.strip())))
        except ValueError:
            row.wrong("need_if", Complaint("not_a_need", value=repr(part)))
        if not colon:
            row.wrong("need_if", Complaint("no_need", value=repr(part)))
    return tuple(found)


def _pair(text: str) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    if not sign:
        raise ValueError(text)
    return name.strip(), value.strip()


def _level_credits(row: Row) -> tuple[tuple[int, Decimal], ...]:
    """``9:60;10:90``: so many credits at this level or above."""
    found = []
    for part in row.listed("min_level_credits"):
        level, _colon, credits = part.partition(":")
        try:
            found.append((int(decimal(level.strip())), decimal(credits.strip())))
        except ValueError:
            row.wrong("min_level_credits", Complaint("not_level_credits", value=repr(part)))
    return tuple(found)
