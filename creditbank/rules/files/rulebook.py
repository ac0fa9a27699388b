"""From rows of tables to typed rules, limits and reference tables. Every mistake is noted with its place; nothing is guessed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

from creditbank.rules.files.cells import Row, decimal, said_once, shown
from creditbank.rules.files.complaints import Complaint
from creditbank.rules.files.scales import conditions, find_level, read_grade_maps, read_level, read_levels, read_settings
from creditbank.rules.tables import Agreement, Calendar, CreditSystem, Grade, GradeScale, Level, Outcome, Rate
from creditbank.rules.types import KIND_ORDER, TRUST_RANK, Grant, Leaf, Limit, Node, Rule, RuleBase

DEEPEST = 8
FILTERS = ("source_type", "category", "subject", "institution", "system", "level")
SELECTORS = ("source_type", "category", "subject", "institution", "kind", "trust", "level")
KINDS = ("bilateral", "multilateral", "receiver_list", "statewide")
STATUSES = ("draft", "signed", "active", "suspended", "ended")
ROLES = ("send", "receive", "both")
PERIODS = ("none", "year", "term", "institution", "subject", "target")
SHARES = ("programme", "major", "degree", "recognised")
Tables = Mapping[str, Sequence[Row]]


def read_base(tables: Tables) -> RuleBase:
    """Everything but records, learners and limits."""
    levels = read_levels(tables.get("levels", ()))
    settings = read_settings(tables.get("settings", ()))
    agreements = tuple(read_agreement(row) for row in tables.get("agreements", ()))
    convertible = [(row.text("from"), row.text("to"), row.one_of("value", ("allow", "deny", "partial"), "deny"))
                   for row in tables.get("convertibility", ())]  # fmt: skip
    return RuleBase(
        rules=read_rules(tables.get("rules", ()), {one.code: one for one in sorted(agreements, key=lambda one: one.version)}, levels),
        systems=tuple(read_system(row) for row in tables.get("systems", ())),
        rates=tuple(read_rate(row) for row in tables.get("rates", ())),
        convertible=tuple((source, target) for source, target, value in convertible if value == "allow"),
        partly_convertible=tuple((source, target) for source, target, value in convertible if value == "partial"),
        outcomes=tuple(read_outcome(row, levels) for row in tables.get("outcomes", ())),
        scales=_scales(tables.get("grades", ())),
        calendars=_calendars(tables.get("calendars", ())),
        agreements=agreements,
        levels=levels,
        grade_maps=read_grade_maps(tables.get("grades", ())),
        **settings,
    )


def read_system(row: Row) -> CreditSystem:
    """A unit of credit."""
    hours, step = row.amount("hours_nominal"), row.amount("step")
    if hours is not None and hours <= 0:
        row.wrong("hours_nominal", Complaint("above_zero"))
    if step is not None and step <= 0:
        row.wrong("step", Complaint("above_zero"))
    rounding = row.one_of("rounding", ("down", "half_up", "none"), "down")
    return CreditSystem(
        row.text("code"), hours or Decimal(1), step or Decimal("0.5"), rounding, row.amount("hours_min"), row.amount("hours_max")
    )


def read_rate(row: Row) -> Rate:
    """A rate between two units."""
    num, den = row.whole("num") or 0, row.whole("den") or 0
    if num <= 0 or den <= 0:
        row.wrong("num", Complaint("not_a_rate"))
    return Rate(
        row.text("from"),
        row.text("to"),
        num or 1,
        den or 1,
        row.day("window_from"),
        row.day("window_to"),
        chainable=bool(row.flag("chainable")),
    )


def read_agreement(row: Row) -> Agreement:
    """An agreement with its parties (``institution:role``)."""
    parties = tuple((name, role or "both") for name, _colon, role in (part.partition(":") for part in row.listed("parties")))
    for _name, role in parties:
        if role not in ROLES:
            row.wrong("parties", Complaint("none_of", value=shown(role), known=", ".join(ROLES)))
    return Agreement(
        row.text("agreement"), row.one_of("kind", KINDS, "bilateral"), parties, row.day("window_from"), row.day("window_to"),
        row.one_of("status", STATUSES, "active"),
        row.whole("precedence") or 0, bool(row.flag("conserve")), row.whole("version") or 1, row.text("supersedes"),
    )  # fmt: skip


def read_outcome(row: Row, levels: Sequence[Level]) -> Outcome:
    """What the catalogue knows of an outcome."""
    framework, rank = read_level(row, "level", levels)
    return Outcome(
        row.text("outcome"), row.text("owner"), row.text("title_zh"), row.text("title_en"), row.text("common_id"), row.text("cross_list"),
        row.amount("credits"), row.text("system"), row.amount("hours"), rank, row.text("category"), row.text("source_type"),
        row.listed("subjects"), row.text("dup_class"), row.day("active_from"), row.day("active_to"), row.whole("version") or 1,
        framework, bool(row.flag("repeatable")), row.listed("codes"), row.listed("aliases"),
    )  # fmt: skip


def _scales(rows: Iterable[Row]) -> tuple[GradeScale, ...]:
    grades: dict[tuple[str, str], list[Grade]] = defaultdict(list)
    for row in rows:
        passes = row.flag("pass")
        one = Grade(row.text("label"), row.whole("rank") or 0, row.amount("gpa"), passes is not False, row.amount("share"))
        grades[row.text("scale"), row.text("institution")].append(one)
    return tuple(
        GradeScale(code, tuple(sorted(found, key=lambda grade: (grade.rank, grade.label))), institution)
        for (code, institution), found in grades.items()
    )


def _calendars(rows: Iterable[Row]) -> tuple[Calendar, ...]:
    by_code: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        by_code[row.text("calendar")].append(row)
        for column in ("year_start", "first", "last"):
            if row.text(column) and not _is_month_day(row.text(column)):
                row.wrong(column, Complaint("month_day"))
    return tuple(_calendar(code, listed) for code, listed in by_code.items())


def _calendar(code: str, rows: Sequence[Row]) -> Calendar:
    """One calendar; its terms stand in the order of its year, whatever the order of rows."""
    said = said_once(rows, "year_start") or "01-01"
    start = said if _is_month_day(said) else "01-01"
    terms = [(row.text("term"), row.text("first", "01-01"), row.text("last", "12-31")) for row in rows if row.text("term")]
    ends = tuple(part.strip() for part in said_once(rows, "last_term_ends").split(";") if part.strip())
    return Calendar(code, start, tuple(sorted(terms, key=lambda term: (term[1] < start, term[1], term[0]))), ends)


def _is_month_day(text: str) -> bool:
    """Whether a text is a day of some year (``02-29`` is)."""
    if len(text) != 5 or not text.isascii():  # noqa: PLR2004  two digits, a dash, two digits
        return False
    try:
        date.fromisoformat(f"2000-{text}")
    except ValueError:
        return False
    return True


def read_limits(rows: Iterable[Row]) -> tuple[Limit, ...]:
    """Limits, in the order of the file."""
    return tuple(read_limit(row) for row in rows)


def read_limit(row: Row) -> Limit:
    """One limit."""
    num, den = row.whole("share_num"), row.whole("share_den")
    bound = row.amount("bound")
    if bound is None and not (num is not None and den):
        row.wrong("bound", Complaint("no_bound"))
    if (num is not None and num < 0) or (den is not None and den <= 0):
        row.wrong("share_num", Complaint("not_a_share"))
    if row.one_of("per", PERIODS, "none") == "term" and not row.text("calendar"):
        row.wrong("calendar", Complaint("which_terms"))
    if bound is not None and bound < 0:
        row.wrong("bound", Complaint("below_zero"))
    measures = ("credits", "records", "grants", "gpa")
    overflow = row.one_of("overflow", ("reject_whole", "truncate", "subject_only", "to_elective"), "reject_whole")
    return Limit(
        id=row.text("limit_id"), measure=row.one_of("measure", measures, "credits"), bound=bound,  # type: ignore[arg-type]
        share=Fraction(num, den) if num is not None and den else None, selector=_selector(row, "selector"), exempt=_selector(row, "except"),
        per=row.one_of("per", PERIODS, "none"), overflow=overflow, owner=row.text("owner", "bank"),  # type: ignore[arg-type]
        op=row.one_of("op", ("<=", ">="), "<="), share_of=row.one_of("share_of", SHARES, "programme"), calendar=row.text("calendar"),  # type: ignore[arg-type]
        group=row.text("group"), group_op=row.one_of("group_op", ("any", "all"), "all"), last_n=row.amount("last_n"),
        year_start=_year_start(row),
    )  # fmt: skip


def _year_start(row: Row) -> tuple[int, int]:
    text = row.text("year_start", "01-01")
    if not _is_month_day(text):
        row.wrong("year_start", Complaint("month_day"))
        return 1, 1
    return int(text[:2]), int(text[3:])


def _selector(row: Row, column: str) -> tuple[tuple[str, tuple[str, ...]], ...]:
    return tuple((name, tuple(sorted(value.split(";")))) for name, value in row.pairs(column, SELECTORS))


def read_rules(rows: Iterable[Row], agreements: Mapping[str, Agreement], levels: Sequence[Level] = ()) -> tuple[Rule, ...]:
    """Rules of several rows each: one ``rule`` (may be missing), a tree of ``from`` rows, and ``to`` rows."""
    by_rule: dict[str, dict[str, list[Row]]] = defaultdict(lambda: {"rule": [], "from": [], "to": []})
    for row in rows:
        if not row.text("rule_id"):
            row.wrong("rule_id", Complaint("empty"))
            continue
        kind = row.one_of("row", ("rule", "from", "to"), "rule")
        by_rule[row.text("rule_id")][kind].append(row)
    found = (_rule(ident, parts, agreements, levels) for ident, parts in by_rule.items())
    return tuple(rule for rule in found if rule is not None)


def _rule(ident: str, parts: dict[str, list[Row]], agreements: Mapping[str, Agreement], levels: Sequence[Level]) -> Rule | None:
    first = (parts["rule"] or parts["from"] or parts["to"])[0]
    for again in parts["rule"][1:]:
        again.wrong("row", Complaint("second_row", rule=ident))
    for kind in ("from", "to"):
        if not parts[kind]:
            first.wrong("row", Complaint("no_row", rule=ident, kind=kind))
    lhs = _tree(parts["from"], levels) if parts["from"] else None
    grants, offer, k = _offers(parts["to"]) if parts["to"] else ((), "all", 1)
    if lhs is None or not grants:
        return None
    head = parts["rule"][0] if parts["rule"] else Row(first.file, first.number, {}, first.problems)
    return _headed(ident, head, lhs, grants, offer, k, agreements)


def _headed(ident: str, row: Row, lhs: Node, grants: tuple[Grant, ...], offer: str, k: int, agreements: Mapping[str, Agreement]) -> Rule:
    code = row.text("agreement")
    if code and agreements and code not in agreements:
        row.wrong("agreement", Complaint("no_agreement", value=repr(code)))
    fields = row.listed("fields")
    wanted, refused = conditions(row, "learner_condition", "timing")
    return Rule(
        id=ident, version=row.whole("version") or 1, lhs=lhs, grants=grants, agreement=code,
        precedence=agreements[code].precedence if code in agreements else 0, priority=_or(row.whole("priority"), 100),
        window_from=row.day("window_from"), window_to=row.day("window_to"),
        window_date=row.one_of("window_date", ("earned", "applied", "admitted", "cohort"), "earned"),  # type: ignore[arg-type]
        programmes=row.listed("programmes"), cohorts=row.listed("cohorts"), fields=tuple(one for one in fields if not one.startswith("!")),
        not_fields=tuple(one[1:] for one in fields if one.startswith("!")), learner=wanted, not_learner=refused,
        route=row.one_of("route", ("auto", "review", "panel", "standards"), "review"), evidence=row.listed("evidence"),  # type: ignore[arg-type]
        reason_zh=row.text("reason_zh"), reason_en=row.text("reason_en"), source=row.text("source"), since=row.day("since"),
        offer=offer, offer_k=k, all_or_nothing=bool(row.flag("all_or_nothing")),  # type: ignore[arg-type]
        status=row.one_of("status", ("draft", "active", "suspended", "ended"), "active"),
        consume=row.one_of("consume", ("whole", "splittable"), "whole"),  # type: ignore[arg-type]
    )  # fmt: skip


def _or(value: int | None, default: int) -> int:
    return default if value is None else value


def _by_path(rows: Sequence[Row]) -> tuple[dict[str, Row], dict[str, list[str]]] | None:
    """Rows by path, and children of each path in order; None (with a problem) for a gap, a double or too deep a path."""
    found: dict[str, Row] = {}
    for row in rows:
        path = row.text("path", "1")
        if not all(part.isascii() and part.isdecimal() for part in path.split(".")) or path.count(".") >= DEEPEST:
            row.wrong("path", Complaint("not_a_position", value=repr(path), most=DEEPEST))
            return None
        if path in found:
            row.wrong("path", Complaint("row_twice", value=path))
            return None
        found[path] = row
    children: dict[str, list[str]] = defaultdict(list)
    for path in sorted(found, key=lambda path: [int(part) for part in path.split(".")]):
        above, dot, last = path.rpartition(".")
        if above and above not in found:
            found[path].wrong("path", Complaint("hangs", path=path, above=above))
            return None
        children[above].append(path)
        if int(last) != len(children[above]):
            found[path].wrong("path", Complaint("gap", path=path, missing=f"{above}{dot}{len(children[above])}"))
            return None
    return found, children


def _tree(rows: Sequence[Row], levels: Sequence[Level]) -> Node | None:
    placed = _by_path(rows)
    if placed is None:
        return None
    found, children = placed
    roots = children[""]
    if len(roots) > 1:
        return Node("all", children=tuple(_node(path, found, children, levels) for path in roots))
    return _node(roots[0], found, children, levels)


def _node(path: str, found: dict[str, Row], children: dict[str, list[str]], levels: Sequence[Level]) -> Node:
    row, below = found[path], [_node(child, found, children, levels) for child in children[path]]
    kind: Any = row.one_of("node", ("all", "any", "n_of", "credits_of", "not", "leaf"), "leaf")
    together: dict[str, Any] = {"same_issuer": bool(row.flag("same_issuer")), "same_award": bool(row.flag("same_award"))}
    if kind == "leaf":
        if below:
            row.wrong("node", Complaint("leaf_below"))
        return Node("leaf", leaf=_leaf(row, levels), **together)
    _check_children(row, kind, below)
    credits = _amount_of(row) if kind == "credits_of" else None
    return Node(kind, children=tuple(below), k=_count_of(row, len(below)) if kind == "n_of" else 0, credits=credits, **together)


def _check_children(row: Row, kind: str, below: list[Node]) -> None:
    if not below or (kind == "not" and len(below) != 1):
        row.wrong("node", Complaint("needs_one" if kind == "not" else "needs_rows", kind=kind))
    if kind in {"credits_of", "not"} and any(child.kind != "leaf" for child in below):
        row.wrong("node", Complaint("leaves_alone", kind=kind))


def _count_of(row: Row, most: int) -> int:
    k = row.whole("k") or 0
    if not 1 <= k <= most:
        row.wrong("k", Complaint("between", most=most))
    return k


def _amount_of(row: Row) -> Decimal | None:
    credits = row.amount("k")
    if credits is None or credits <= 0:
        row.wrong("k", Complaint("how_many_credits"))
    return credits


def _leaf(row: Row, levels: Sequence[Level]) -> Leaf:
    filters = dict(row.pairs("filter", FILTERS))
    framework, level = read_level(row, "min_level", levels)
    if level is None and "level" in filters:
        framework, level = find_level(filters["level"], levels) or ("", None)
        if level is None:
            row.wrong("filter", Complaint("no_level", value=shown(filters["level"])))
    leaf = Leaf(
        outcome=row.text("outcome"), dup_class=row.text("class"), common_id=row.text("common_id"),
        source_type=filters.get("source_type", ""), category=filters.get("category", ""), subject=filters.get("subject", ""),
        issuer=row.text("issuer") or filters.get("institution", ""), system=filters.get("system", ""), min_grade=row.text("min_grade"),
        max_grade=row.text("max_grade"), min_score=row.amount("min_score"), max_score=row.amount("max_score"),
        min_attendance=row.amount("min_attendance"), min_credits=row.amount("min_credits"),
        min_hours=row.amount("min_hours"), min_level=level,
        max_age_months=row.whole("max_age_months"), age_at=row.one_of("age_at", ("review", "applied"), "review"),  # type: ignore[arg-type]
        valid_on_review=bool(row.flag("valid_on_review")), trust=row.one_of("trust", tuple(TRUST_RANK), "self"),  # type: ignore[arg-type]
        framework=framework,
    )  # fmt: skip
    if not any((leaf.outcome, leaf.dup_class, leaf.common_id, filters, leaf.issuer)):
        row.wrong("outcome", Complaint("about_what"))
    return leaf


def _offers(rows: Sequence[Row]) -> tuple[tuple[Grant, ...], str, int]:
    """Grants, and whether all of them are given, any one, or k of them."""
    placed = _by_path(rows)
    if placed is None:
        return (), "all", 1
    found, children = placed
    roots = children[""]
    root = found[roots[0]]
    kind = root.text("node", "leaf")
    if len(roots) == 1 and kind in {"all", "any", "n_of"}:
        paths = children[roots[0]]
        k = root.whole("k") or 0 if kind == "n_of" else 1
        if not paths or (kind == "n_of" and not 1 <= k <= len(paths)):
            root.wrong("k" if paths else "node", Complaint("between", most=len(paths)) if paths else Complaint("needs_below"))
        return tuple(_grant(found[path]) for path in paths), kind, k
    for path in found:
        if "." in path or found[path].text("node", "leaf") != "leaf":
            found[path].wrong("node", Complaint("one_list"))
    return tuple(_grant(found[path]) for path in roots), "all", 1


def _grant(row: Row) -> Grant:
    kind: Any = row.one_of("kind", KIND_ORDER, "course")
    outcome, subject = row.text("outcome"), row.text("subject")
    if kind in {"course", "exemption", "waiver", "subject_only", "block"} and not outcome:
        row.wrong("outcome", Complaint("no_target"))
    if kind == "unassigned" and not subject:
        row.wrong("subject", Complaint("needs_subject"))
    how, amount = _credits(row, kind)
    steps = _steps(row)
    if steps:
        how = "steps"
    return Grant(
        kind, outcome, subject, how, amount, row.amount("max_credits"), steps, row.whole("level"), row.text("grade"),  # type: ignore[arg-type]
        row.flag("in_gpa") is not False, row.text("effects"),
    )  # fmt: skip


def _credits(row: Row, kind: str) -> tuple[str, Decimal]:
    text = row.text("credits")
    if text in {"rate", "catalogue"}:
        return text, Decimal(0)
    if not text and kind in {"deny", "pending", "waiver"}:
        return "fixed", Decimal(0)
    if not text:
        return ("catalogue" if row.text("outcome") and kind != "elective" else "rate"), Decimal(0)
    amount = row.amount("credits")
    if amount is not None and amount < 0:
        row.wrong("credits", Complaint("below_zero"))
    return "fixed", amount or Decimal(0)


def _steps(row: Row) -> tuple[tuple[Decimal, Decimal], ...]:
    found = []
    for part in row.listed("steps"):
        score, _colon, amount = part.partition(":")
        try:
            found.append((decimal(score.strip()), decimal(amount.strip())))
        except ValueError:
            row.wrong("steps", Complaint("not_a_step", value=repr(part)))
    return tuple(found)
