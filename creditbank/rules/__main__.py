"""``python -m creditbank.rules decide | explain | lint | diff | convert``: the engine over files, without a database."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from creditbank.rules.changes import change_of
from creditbank.rules.decide import decide
from creditbank.rules.differences import differences
from creditbank.rules.exceptions import BadRule
from creditbank.rules.files.adapters import course_pairs, prior_learning
from creditbank.rules.files.cells import BadFiles, Problems, safe
from creditbank.rules.files.checks import check_tables
from creditbank.rules.files.complaints import Complaint
from creditbank.rules.files.people import read_people, with_units
from creditbank.rules.files.programmes import read_programmes
from creditbank.rules.files.rulebook import read_base, read_limits
from creditbank.rules.files.tables import COLUMNS, read_tables, replace_file, write_tables
from creditbank.rules.lint import lint
from creditbank.rules.messages import reason_text
from creditbank.rules.sentences import rule_sentence
from creditbank.rules.snapshot import plain
from creditbank.rules.types import Allocation, Decision, Facts, Limit, Reason, RuleBase, Target

NOTHING_WRITTEN = {"en": "{n} problem(s); nothing was written.", "zh-hans": "共 {n} 个问题；没有写出任何文件。"}
LANGUAGE_HELP = "of what is said; without it results are in Chinese and complaints in English"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit status: 0 done, 1 the files say no, 2 the command was not understood."""
    options = _parser().parse_args(arguments)
    asked, options.language = options.language, options.language or "zh-hans"
    try:
        with _silent_solver():
            return int(options.run(options))
    except BadFiles as bad:
        print(*(problem.said(asked or "en") for problem in bad.problems), sep="\n", file=sys.stderr)  # noqa: T201
        print(NOTHING_WRITTEN[asked or "en"].format(n=len(bad.problems)), file=sys.stderr)  # noqa: T201
    except (BadRule, OSError) as error:
        print(f"{error}; nothing was written.", file=sys.stderr)  # noqa: T201
    return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m creditbank.rules", description="Credit rules over files; see docs/RULES.md.")
    commands = parser.add_subparsers(required=True, metavar="decide|explain|lint|diff|convert")
    for name, run, help_text in (
        ("decide", _decide, "the best recognition for every learner, one JSON object a line"),
        ("explain", _explain, "the same in words"),
    ):
        command = commands.add_parser(name, help=help_text)
        _add_tables(command)
        command.add_argument("--on", required=True, type=date.fromisoformat, help="day of the review, as 2026-09-01")
        command.add_argument("--out", required=name == "decide", type=Path, help="file to write")
        command.add_argument("--language", choices=["zh-hans", "en"], help=LANGUAGE_HELP)
        command.set_defaults(run=run)
    command = commands.add_parser("lint", help="what is wrong with a rule book")
    command.add_argument("book", nargs="?", type=Path, help="rules file, or a folder or workbook with all tables")
    _add_tables(command)
    command.add_argument("--on", type=date.fromisoformat, help="day from which pending and expired rules are judged")
    command.add_argument("--language", choices=["zh-hans", "en"], help=LANGUAGE_HELP)
    command.set_defaults(run=_lint)
    command = commands.add_parser("diff", help="what changes from one rule book to another, in words")
    command.add_argument("old", type=Path, help="rules file, or a folder, workbook or document with all tables")
    command.add_argument("new", type=Path, help="the same of the new book")
    command.add_argument("--language", choices=["zh-hans", "en"], help=LANGUAGE_HELP)
    command.set_defaults(run=_diff)
    command = commands.add_parser("convert", help="between a folder of CSV files, a workbook (.xlsx) and a document (.json)")
    command.add_argument("source", type=Path)
    command.add_argument("place", type=Path)
    command.add_argument("--from", dest="shape", choices=["tables", "course-pairs", "prior-learning"], default="tables")
    command.add_argument("--receiver", default="", help="institution that a table of course pairs belongs to")
    command.add_argument("--report", type=Path, help="file for the rows that could not be taken, with the reason")
    command.add_argument("--language", choices=["zh-hans", "en"], help=LANGUAGE_HELP)
    command.set_defaults(run=_convert)
    return parser


def _add_tables(command: argparse.ArgumentParser) -> None:
    for name in COLUMNS:
        command.add_argument(
            f"--{name}", *(["--scales"] if name == "grades" else []), dest=name, type=Path, help=f"file with the table {name}"
        )
    command.add_argument("--tables", type=Path, help="folder (or workbook, or JSON document) for every table not named by itself")


@contextmanager
def _silent_solver() -> Iterator[None]:
    """HiGHS prints its name when it is first loaded; that goes nowhere, while our own output goes on."""
    sys.stdout.flush()
    try:
        own = sys.stdout.fileno()
    except (OSError, ValueError):  # a captured stream has no descriptor of its own
        yield
        return
    kept, nowhere, before = os.dup(own), os.open(os.devnull, os.O_WRONLY), sys.stdout
    os.dup2(nowhere, own)
    sys.stdout = os.fdopen(kept, "w", encoding="utf-8")
    try:
        yield
    finally:
        sys.stdout.flush()
        os.dup2(kept, own)
        sys.stdout.close()
        sys.stdout = before
        os.close(nowhere)


@dataclass(frozen=True)
class Files:
    """Everything that the files say."""

    base: RuleBase
    limits: tuple[Limit, ...]
    people: list[Facts]
    targets: tuple[Target, ...]


def _read(options: argparse.Namespace, *, needed: Sequence[str] = ("rules",)) -> Files:
    """Everything the files say; raises BadFiles with all problems at once."""
    problems = Problems()
    places = {name: getattr(options, name) for name in COLUMNS if getattr(options, name, None)}
    tables = read_tables(places, options.tables, problems)
    missing = [name for name in needed if name not in tables]
    for name in missing:
        problems.add(f"--{name}", 0, "", Complaint("table_needed"))
    if missing:
        problems.stop()
    check_tables({"calendars": [], **tables})
    base = with_units(read_base(tables), tables)
    limits = read_limits(tables.get("limits", ()))
    people = read_people(tables, base, options.on or date.min)
    targets = tuple(read_programmes(tables.get("programmes", ()), base).values())
    problems.stop()
    return Files(base, limits, people, targets)


def _decide(options: argparse.Namespace) -> int:
    files = _read(options, needed=("rules", "records"))
    lines = [
        json.dumps(answer(decide(facts, files.base, files.limits, options.on), files.base), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        for facts in files.people
    ]  # fmt: skip
    replace_file(options.out, "".join(f"{line}\n" for line in lines).encode())
    return 0


def answer(decision: Decision, base: RuleBase) -> dict[str, Any]:
    """A decision as the command line gives it (docs/RULES.md)."""
    precedence = {rule.id: rule for rule in base.rules}
    return plain({
        "learner": decision.learner,
        "target": decision.target or None,
        "objective": {f"V{level}": value for level, value in enumerate(decision.objective, start=1)},
        "posted": decision.posted,
        "allocation": [_row(row) for row in decision.allocation],
        "unused": [*_unused(decision), *_cut(decision, precedence)],
        "minima": [{"limit": one.limit, "met": one.met, "have": one.have, "need": one.need, "room": one.room} for one in decision.minima],
        "proof": {"status": decision.proof.status, "level": decision.proof.level or None, "bound": decision.proof.bound},
        "snapshot_hash": decision.snapshot_hash,
    })  # type: ignore[no-any-return]  # fmt: skip


def _row(row: Allocation) -> dict[str, Any]:
    return {
        "rule": row.rule, "version": row.version, "records": list(row.records), "grant": row.grant, "kind": row.kind, "leaf": row.leaf or None,
        "fill": row.fill, "posted": row.posted, **({"consumed": row.consumed} if row.consumed is not None else {}),
    }  # fmt: skip


def _unused(decision: Decision) -> Iterator[dict[str, Any]]:
    for unused in decision.unused:
        for reason in unused.reasons:
            yield {"record": unused.record, "reason": reason.code, "data": _data(reason)}


def _cut(decision: Decision, rules: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Records that are used, but for less than they are worth."""
    for row in decision.allocation:
        if row.cut_by and row.rule in rules:
            data = {"limit": row.cut_by, "amount": row.amount, "posted": row.posted, "rule": row.rule}
            for record in row.records:
                yield {"record": record, "reason": "subject_only" if row.without_credit else "truncated", "data": data}


def _data(reason: Reason) -> dict[str, Any]:
    return {**({"rule": reason.rule} if reason.rule else {}), **reason.as_dict()}


def _explain(options: argparse.Namespace) -> int:
    files = _read(options, needed=("rules", "records"))
    titles = _titles(files.base)
    rules = {rule.id: rule for rule in files.base.rules}
    lines = []
    for facts in files.people:
        decision = decide(facts, files.base, files.limits, options.on)
        lines.append(f"{decision.learner} → {decision.target or '—'}: {plain(decision.posted)}")
        for row in decision.allocation:
            sentence = rule_sentence(rules[row.rule], titles, options.language)
            lines.append(
                f"  + {', '.join(row.records)} ⇒ {row.outcome or row.kind} {plain(row.posted)} [{row.rule} v{row.version}] {sentence}"
            )
        for unused in decision.unused:
            text = reason_text(unused.headline.code, unused.headline.as_dict(), options.language, rule=unused.headline.rule)
            change = change_of(unused.reasons)
            lines.append(f"  - {unused.record}: {text}{' ' + change.text(options.language) if change else ''}")
        if decision.proof.status != "optimal":
            lines.append("  ! not proved to be the best" if options.language == "en" else "  ！未能证明这是最优结果")
    text = "".join(f"{line}\n" for line in lines)
    if options.out:
        replace_file(options.out, text.encode())
    else:
        print(text, end="")  # noqa: T201
    return 0


def _lint(options: argparse.Namespace) -> int:
    if options.book is not None:
        whole = _is_whole(options.book)
        options.tables = options.book if whole else options.tables
        options.rules = options.rules if whole else options.book
    files = _read(options)
    findings = lint(
        files.base, files.limits, files.targets, {outcome.code for outcome in files.base.outcomes} or None, on=options.on,
        archive=[facts.records for facts in files.people if facts.records],
    )  # fmt: skip
    for finding in findings:
        row = {"code": finding.code, "severity": finding.severity, "ids": list(finding.ids), "place": finding.place, "data": dict(finding.data),
               "text": finding.text(options.language), "remedy": finding.remedy(options.language)}  # fmt: skip
        print(json.dumps(row, ensure_ascii=False, sort_keys=True))  # noqa: T201
    return 1 if any(finding.severity == "E" for finding in findings) else 0


def _diff(options: argparse.Namespace) -> int:
    books = [_book(place) for place in (options.old, options.new)]
    titles = {code: pair for base, _limits in books for code, pair in _titles(base).items()}
    (old, old_limits), (new, new_limits) = books
    for one in differences(old, old_limits, new, new_limits):
        print(one.text(titles, options.language))  # noqa: T201
    return 0


def _book(place: Path) -> tuple[RuleBase, tuple[Limit, ...]]:
    """The rules and limits of one place; raises BadFiles with all problems of it at once."""
    problems = Problems()
    tables = read_tables({} if _is_whole(place) else {"rules": place}, place if _is_whole(place) else None, problems)
    if "rules" not in tables:
        problems.add(place.name, 0, "", Complaint("no_rules_table"))
    check_tables({"calendars": [], **tables})
    base, limits = with_units(read_base(tables), tables), read_limits(tables.get("limits", ()))
    problems.stop()
    return base, limits


def _is_whole(place: Path) -> bool:
    """Whether a place holds all tables, not one."""
    return place.is_dir() or place.suffix.lower() in {".xlsx", ".json"}


def _titles(base: RuleBase) -> dict[str, tuple[str, str]]:
    return {outcome.code: (outcome.title_zh or outcome.code, outcome.title_en or outcome.code) for outcome in base.outcomes}


def _adapt(options: argparse.Namespace) -> int:
    """Another shape: what can be read becomes tables, the rest a report; the counts add up."""
    if options.shape == "course-pairs" and not options.receiver:
        raise BadRule("a table of course pairs needs --receiver")
    pairs = options.shape == "course-pairs"
    found = course_pairs(options.source, options.receiver) if pairs else prior_learning(options.source)
    write_tables(found.tables, options.place)
    text = "row,reason,found\n" + "".join(
        f"{row},{reason},{json.dumps(safe(what), ensure_ascii=False)}\n" for row, reason, what in found.report
    )
    if options.report:
        replace_file(options.report, text.encode())
    print(f"{found.read} rows: {found.taken} taken, {len(found.report)} reported", file=sys.stderr)  # noqa: T201
    return 0


def _convert(options: argparse.Namespace) -> int:
    if options.shape != "tables":
        return _adapt(options)
    problems = Problems()
    source: Path = options.source
    single = source.is_file() and source.suffix.lower() == ".csv"
    places = {source.stem: source} if single and source.stem in COLUMNS else {}
    if single and not places:
        problems.add(source.name, 0, "", Complaint("no_table", known=", ".join(COLUMNS)))
    tables = read_tables(places, None if single else source, problems)
    check_tables({"calendars": [], **tables})
    base = with_units(read_base(tables), tables)
    read_limits(tables.get("limits", ()))
    if "records" in tables or "programmes" in tables:
        read_people(tables, base, date.min)
    problems.stop()
    rows = {name: [dict(row.cells) for row in listed] for name, listed in tables.items() if listed}
    write_tables(rows, options.place)
    return 0


if __name__ == "__main__":
    sys.exit(main())
