"""Published tables in other shapes, turned into our own: course pairs, and credit for prior learning.

Every row is taken or stands in the report with a reason; what is unclear is never guessed.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from creditbank.rules.files.cells import BadFiles, Problem, safe
from creditbank.rules.files.complaints import Complaint

MISSING = {"", "-", "--", "---", "n/a", "nil", "tbc", "tbd"}
GENERIC = {"elective", "electives", "free elective"}
COURSE = re.compile(r"[A-Z]{2,5} ?\d{3,5}[A-Z]{0,2}")
UNASSIGNED = re.compile(r"([A-Za-z]{2,10}?) ?[xX]{3,5}")
LONGEST_CODE = 40

Cells = dict[str, str]


@dataclass
class Adapted:
    """Rows of our tables, and a report of what was not taken: (row, reason, what stood there)."""

    tables: dict[str, list[Cells]] = field(default_factory=lambda: {"rules": [], "outcomes": []})
    report: list[tuple[int, str, str]] = field(default_factory=list)
    read: int = 0
    taken: int = 0
    _outcomes: set[str] = field(default_factory=set)
    _seen: dict[str, int] = field(default_factory=dict)

    def outcome(self, code: str, title: str, owner: str, **more: str) -> str:
        """Note an outcome once and give its code back."""
        if code not in self._outcomes:
            self._outcomes.add(code)
            self.tables["outcomes"].append({"outcome": safe(code), "title_en": safe(title), "owner": safe(owner), **more})
        return safe(code)

    def leave(self, number: int, reason: str, found: str) -> None:
        """Report a row that is not taken."""
        self.report.append((number, reason, found))

    def take(self, number: int, ident: str, rows: list[Cells]) -> None:
        """Take a row as a rule; the same rule a second time is reported as a repetition."""
        said = json.dumps(rows, sort_keys=True)
        if said in self._seen:
            self.leave(number, "repeated", f"row {self._seen[said]}")
            return
        self._seen[said] = number
        self.tables["rules"] += [{"rule_id": ident, **row} for row in rows]
        self.taken += 1


@dataclass(frozen=True)
class PairColumns:
    """Names of the columns of a course-pair table."""

    owner: str = "University"
    code: str = "Exchange-Course-Code"
    title: str = "Exchange-Course-Title"
    target: str = "HKU-Course-Code"
    target_title: str = "HKU-Course-Title"


def course_pairs(path: Path, receiver: str, columns: PairColumns | None = None) -> Adapted:
    """A table of "this course there counts as that course here": "+" is all, "/" is any, "-" or empty is missing.

    Raises BadFiles where a column is not there or the file cannot be read.
    """
    names, found = columns or PairColumns(), Adapted()
    for number, row in _lines(path, names):
        found.read += 1
        _pair(found, number, row, receiver, names)
    return found


def _lines(path: Path, names: PairColumns) -> Iterator[tuple[int, Mapping[str, str]]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as handle:
            reader = csv.DictReader(handle, strict=True)
            missing = [name for name in vars(names).values() if name not in (reader.fieldnames or ())]
            if missing:
                raise BadFiles([Problem(path.name, 1, name, Complaint("missing_column")) for name in missing])
            for number, row in enumerate(reader, start=2):
                yield number, {name: " ".join((row.get(name) or "").split()) for name in vars(names).values()}
    except (csv.Error, UnicodeDecodeError) as error:
        raise BadFiles([Problem(path.name, 0, "", Complaint("cannot_read", why=error))]) from error


def _pair(found: Adapted, number: int, row: Mapping[str, str], receiver: str, names: PairColumns) -> None:
    joined, codes = _source(row[names.code])
    if not codes:
        found.leave(number, joined, row[names.code])
        return
    targets = _targets(row[names.target], row[names.target_title])
    if not targets:
        missing = row[names.target].casefold() in MISSING
        found.leave(number, "missing_target" if missing else "unreadable_target", row[names.target] or row[names.target_title])
        return
    owner = row[names.owner]
    titles = row[names.title].split(" + ") if joined == "all" else [row[names.title]] * len(codes)
    listed = [
        found.outcome(f"{owner}:{code}", titles[at] if at < len(titles) else row[names.title], owner) for at, code in enumerate(codes)
    ]
    rows = _left(joined, listed) + _right(found, targets, row[names.target_title], receiver)
    found.take(number, f"{receiver}-{number:05}", rows)


def _source(text: str) -> tuple[str, list[str]]:
    """(all | any | leaf, codes), or (reason, []) for what cannot be read without guessing."""
    if text.casefold() in MISSING:
        return "missing_source", []
    if "+" in text and "/" in text:
        return "all_and_any_together", []
    joined = "all" if "+" in text else "any" if "/" in text else "leaf"
    codes = [part.strip() for part in re.split(r"[+/]", text)]
    if joined != "leaf" and any(not _is_whole_code(code, codes) for code in codes):
        return "abbreviated_source", []
    if any(len(code) > LONGEST_CODE or not any(sign.isdigit() or sign.isupper() for sign in code) for code in codes):
        return "unreadable_source", []
    codes = list(dict.fromkeys(codes))
    return (joined if len(codes) > 1 else "leaf"), codes


def _is_whole_code(code: str, codes: list[str]) -> bool:
    """A part that stands for itself: letters and digits, or digits where all parts are digits (so "230/231" after "GOVT" is not)."""
    has_digit, has_letter = any(sign.isdigit() for sign in code), any(sign.isalpha() for sign in code)
    return has_digit and (has_letter or all(other.isdigit() for other in codes)) and len(code) > 2  # noqa: PLR2004  one sign is no code


def _targets(code: str, title: str) -> tuple[str, list[Cells]] | None:
    """(all | any, grants) of a target cell; None for what cannot be read."""
    if code.casefold() in GENERIC or (code == "" and title.casefold() in GENERIC):
        return "all", [{"kind": "elective", "credits": "rate"}]
    for sign, joined in (("+", "all"), ("/", "any")):
        if sign in code:
            parts = [_target(part.strip()) for part in code.split(sign)]
            return (joined, [part for part in parts if part]) if all(parts) else None
    one = _target(code)
    return ("all", [one]) if one else None


def _target(code: str) -> Cells | None:
    generic = UNASSIGNED.fullmatch(code)
    if generic:
        return {"kind": "unassigned", "subject": generic.group(1).upper(), "credits": "rate"}
    if COURSE.fullmatch(code):
        return {"kind": "course", "outcome": code.replace(" ", ""), "credits": "rate"}
    return None


def _left(joined: str, codes: list[str]) -> list[Cells]:
    if joined == "leaf":
        return [{"row": "from", "path": "1", "node": "leaf", "outcome": codes[0]}]
    leaves = [{"row": "from", "path": f"1.{at}", "node": "leaf", "outcome": code} for at, code in enumerate(codes, start=1)]
    return [{"row": "from", "path": "1", "node": joined}, *leaves]


def _right(found: Adapted, targets: tuple[str, list[Cells]], title: str, receiver: str) -> list[Cells]:
    joined, grants = targets
    rows = []
    for grant in grants:
        row = {"row": "to", "node": "leaf", **grant}
        if "outcome" in grant:
            row["outcome"] = found.outcome(f"{receiver}:{grant['outcome']}", title, receiver)
        rows.append(row)
    if len(rows) == 1:
        return [{**rows[0], "path": "1"}]
    return [{"row": "to", "path": "1", "node": joined}, *({**row, "path": f"1.{at}"} for at, row in enumerate(rows, start=1))]


def prior_learning(path: Path) -> Adapted:
    """Credentials that colleges recognise as courses, one JSON object a line: ``lhs.any[].all[].credential`` ⇒ ``rhs.courses``."""
    found = Adapted()
    with path.open("rb") as handle:
        for number, line in enumerate(handle, start=1):
            if line.strip():
                found.read += 1
                _credential(found, number, line)
    return found


def _credential(found: Adapted, number: int, line: bytes) -> None:
    try:
        row = json.loads(line)
        branches = [[str(leaf["credential"]) for leaf in branch["all"]] for branch in row["lhs"]["any"]]
        college, given = str(row["to"]), row["rhs"]
        courses = [str(code) for code in given["courses"]]
    except (ValueError, KeyError, TypeError, RecursionError):
        found.leave(number, "unreadable", line[:80].decode("utf-8", "replace"))
        return
    if not courses or not branches or not all(branch and all(branch) for branch in branches) or given.get("kind") != "course":
        found.leave(number, "missing_target" if not courses else "missing_source", str(row.get("id", "")))
        return
    rows = _branches(found, branches)
    for at, code in enumerate(courses, start=1):
        outcome = found.outcome(
            f"{college}:{code}", str(given.get("title") or code), college, common_id=safe(str(given.get("common_id") or ""))
        )
        rows.append({"row": "to", "path": str(at), "node": "leaf", "kind": "course", "outcome": outcome, "credits": "rate"})
    found.take(number, str(row.get("id") or f"cpl:{number}"), [{"row": "rule", "programmes": safe(college)}, *rows])


def _branches(found: Adapted, branches: list[list[str]]) -> list[Cells]:
    def leaf(name: str, path: str) -> Cells:
        code = found.outcome(f"credential:{name}", name, "", source_type="certificate")
        return {"row": "from", "path": path, "node": "leaf", "outcome": code}

    def branch(names: list[str], path: str) -> list[Cells]:
        if len(names) == 1:
            return [leaf(names[0], path)]
        return [{"row": "from", "path": path, "node": "all"}, *(leaf(name, f"{path}.{at}") for at, name in enumerate(names, start=1))]

    if len(branches) == 1:
        return branch(branches[0], "1")
    below: Iterable[list[Cells]] = (branch(names, f"1.{at}") for at, names in enumerate(branches, start=1))
    return [{"row": "from", "path": "1", "node": "any"}, *(row for rows in below for row in rows)]
