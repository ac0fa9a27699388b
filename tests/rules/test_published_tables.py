"""Published tables as a whole: exact figures, the ambiguities in them, and decisions of thousands of learners, each counted again with pandas.

The excerpts beside the tests always run; the whole tables run as well where the folder of corpora is there.
"""

from __future__ import annotations

import json
import os
import random
import re
from collections import Counter
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path

import pandas as pd
import pytest

from creditbank.rules.decide import answer
from creditbank.rules.files.adapters import course_pairs, prior_learning
from creditbank.rules.files.cells import Problems
from creditbank.rules.files.people import with_units
from creditbank.rules.files.rulebook import read_base
from creditbank.rules.files.tables import read_tables, write_tables
from creditbank.rules.lint import lint
from creditbank.rules.types import Facts, RecordFacts, Target

EXCERPTS = Path(__file__).parents[1] / "data/credit"
CORPORA = Path(os.environ.get("CORPORA_DIR", Path(__file__).parents[3] / "shared/data")) / "credit"
ON = date(2026, 1, 1)
PAIRS = [path for path in (EXCERPTS / "course-pairs.csv", CORPORA / "hku-course-equivalences.csv") if path.is_file()]
PRIOR = [path for path in (EXCERPTS / "prior-learning.jsonl", CORPORA / "california-credit-for-prior-learning.jsonl") if path.is_file()]
FIGURES = {
    "hku-course-equivalences.csv": (25_196, 19_305, {
        "missing_source": 3_834, "repeated": 1_780, "missing_target": 136, "abbreviated_source": 82, "unreadable_target": 55, "unreadable_source": 3,
        "all_and_any_together": 1,
    }),
    "california-credit-for-prior-learning.jsonl": (6_390, 6_341, {"repeated": 49}),
}  # fmt: skip
TARGET = r"[A-Z]{2,5} ?\d{3,5}[A-Z]{0,2}|[A-Za-z]{2,10}? ?[xX]{3,5}"


def named(path):
    return path.name


@cache
def adapted(path):
    return course_pairs(path, "HKU") if path.suffix == ".csv" else prior_learning(path)


@pytest.fixture(scope="module")
def base_of(tmp_path_factory):
    """Rule bases of tables, written as files and read again once a module."""

    @cache
    def read(path):
        folder = tmp_path_factory.mktemp("tables")
        write_tables(adapted(path).tables, folder)
        problems = Problems()
        tables = read_tables({}, folder, problems)
        base = with_units(read_base(tables), tables)
        problems.stop()
        return base

    return read


@pytest.mark.parametrize("path", [*PAIRS, *PRIOR], ids=named)
def test_every_row_is_taken_or_reported_and_the_counts_add_up(path):
    rows = len(pd.read_csv(path, dtype=str)) if path.suffix == ".csv" else len(path.read_text("utf-8").splitlines())
    found = adapted(path)

    assert found.read == rows == found.taken + len(found.report)
    assert len({number for number, _reason, _what in found.report}) == len(found.report)
    if path.name in FIGURES:
        assert (found.read, found.taken, dict(Counter(reason for _number, reason, _what in found.report))) == FIGURES[path.name]


def pairs_frame(path):
    """The table with pandas: rows that can be read, their source codes, and what they count as."""
    frame = pd.read_csv(path, dtype=str, keep_default_na=False)
    frame.columns = ["owner", "country", "code", "title", "target", "target_title"]
    frame = frame.apply(lambda column: column.str.split().str.join(" "))
    missing = frame.code.str.casefold().isin(["", "-", "--", "---", "n/a", "nil", "tbc", "tbd"])
    mixed = frame.code.str.contains("+", regex=False) & frame.code.str.contains("/", regex=False)
    frame["parts"] = frame.code.str.split(r" *[+/] *")
    joined = frame.parts.str.len() > 1
    whole = frame.parts.map(lambda parts: all(_is_whole(part, parts) for part in parts)) | ~joined
    readable = frame.parts.map(lambda parts: all(len(part) <= 40 and re.search(r"[A-Z0-9]|\d", part) and _has_sign(part) for part in parts))
    elective = frame.target.str.casefold().isin(["elective", "electives", "free elective"]) | (
        (frame.target == "") & frame.target_title.str.casefold().isin(["elective", "electives", "free elective"])
    )
    target = frame.target.str.fullmatch(rf"(?:{TARGET})(?: *\+ *(?:{TARGET}))*|(?:{TARGET})(?: */ *(?:{TARGET}))*")
    frame = frame[~missing & ~mixed & whole & readable & (target | elective)].copy()
    frame["offer"] = (
        frame.target.str.upper().str.replace(" ", "").str.replace(r"X{3,5}(?=$|[+/])", "XXXX", regex=True).where(~elective, "elective")
    )
    frame["all"] = frame.code.str.contains("+", regex=False)
    frame["codes"] = [
        tuple(dict.fromkeys(f"{owner}:{part}" for part in parts)) for owner, parts in zip(frame.owner, frame.parts, strict=True)
    ]
    return frame


def _has_sign(part):
    return any(sign.isdigit() or sign.isupper() for sign in part)


def _is_whole(part, parts):
    digit, letter = any(sign.isdigit() for sign in part), any(sign.isalpha() for sign in part)
    return digit and (letter or all(other.isdigit() for other in parts)) and len(part) > 2


@pytest.mark.parametrize("path", PAIRS, ids=named)
def test_lint_finds_exactly_the_sources_that_the_table_sends_to_several_places(path, base_of):
    frame = pairs_frame(path)
    frame["key"] = [
        [tuple(sorted(codes))] if together else [(code,) for code in codes]
        for codes, together in zip(frame.codes, frame["all"], strict=True)
    ]
    several = frame.explode("key").groupby("key").offer.nunique()
    expected = {"; ".join(key) for key in several[several > 1].index}

    base = base_of(path)
    found = [finding for finding in lint(base, (), (), [one.code for one in base.outcomes]) if finding.code == "L02"]

    assert len(found) == len(expected) > 0
    assert {dict(finding.data)["source"] for finding in found} == expected
    if path.name in FIGURES:
        assert len(expected) == 1_366
        twice = frame[frame.offer.str.contains("+", regex=False)].drop_duplicates(["codes", "all", "offer"])
        assert sum(finding.code == "L03" for finding in lint(base, (), (), None)) == len(twice) == 13


@pytest.mark.parametrize("path", PRIOR, ids=named)
def test_lint_finds_exactly_the_credentials_that_a_college_takes_for_several_courses(path, base_of):
    rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    frame = pd.DataFrame([
        {"college": row["to"], "key": tuple(sorted(leaf["credential"] for leaf in branch["all"])), "offer": tuple(row["rhs"]["courses"])}
        for row in rows for branch in row["lhs"]["any"]
    ])  # fmt: skip
    several = frame.groupby(["college", "key"]).offer.nunique()

    base = base_of(path)
    found = [finding for finding in lint(base, (), (), [one.code for one in base.outcomes]) if finding.code == "L02"]

    assert len(found) == int((several > 1).sum())
    if path.name in FIGURES:
        assert len(found) == 772


@pytest.mark.timeout(280)
@pytest.mark.parametrize("path", PAIRS, ids=named)
def test_decisions_of_thousands_of_learners_agree_with_the_table(path, base_of):
    """Transcripts of six credits a course: what is covered by a row of one course (or of any of several) counts once, the rest has no rule.

    A row that gives two courses for one gives its credit twice, which lint reports (L03): the decision takes it as it is written.
    """
    frame, base = pairs_frame(path), base_of(path)
    together = frame[frame["all"]].codes.explode()
    single = frame[~frame["all"]].explode("codes").groupby("codes").offer.agg(set)
    single = single[~single.index.isin(together)]
    chance, known = random.Random(7), sorted(single.index)
    learners = pd.DataFrame(
        [(learner, chance.choice(known) if chance.random() < 0.7 else f"NOWHERE:X{chance.randint(1, 99)}") for learner in range(2_000) for _turn in range(6)],
        columns=["learner", "outcome"],
    )  # fmt: skip
    worth = single.map(lambda offers: max(offer.count("+") + 1 for offer in offers) * 6)
    expected = learners.drop_duplicates().assign(worth=lambda rows: rows.outcome.map(worth).fillna(0)).groupby("learner").worth.sum()

    for learner, rows in learners.groupby("learner"):
        records = tuple(
            RecordFacts(f"r{at}", code, code.partition(":")[0], ON, Decimal(6), "credit") for at, code in enumerate(rows.outcome)
        )
        decision = answer(Facts(str(learner), records, Target("", "credit"), ON), base, (), ON)

        assert decision.posted == int(expected[learner])
        used = {records[int(row.records[0][1:])].outcome: row for row in decision.allocation}
        for code, row in used.items():
            said = row.outcome.removeprefix("HKU:") if row.kind == "course" else "elective" if row.kind == "elective" else ""
            assert not said or said in {part for offer in single[code] for part in re.split(r"[+/]", offer)}
        assert {one.headline.code for one in decision.unused if records[int(one.record[1:])].outcome.startswith("NOWHERE:")} <= {"no_rule"}
