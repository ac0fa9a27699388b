"""What the text of the rules says where it is easily read otherwise, by files and the command line alone."""

from __future__ import annotations

import csv
import json
import random

import pytest

from creditbank.rules.__main__ import main

RECORD = {"record_id": "r1", "learner": "ann", "outcome": "A", "credits": "4", "system": "U", "earned_on": "2022-06-30"}
GIVES_T = {"kind": "course", "outcome": "T", "credits": "4"}


def rule(ident, gives=GIVES_T, /, *, asks=None, **head):
    """A rule of one leaf and one grant, as rows."""
    return [
        {"rule_id": ident, "row": "rule", **head},
        {"rule_id": ident, "row": "from", "path": "1", **(asks or {"outcome": "A"})},
        {"rule_id": ident, "row": "to", "path": "1", **gives},
    ]


def programme(*leaves):
    rows = [{"path": "1", "node": "all"}, *({"path": f"1.{at}", "node": "leaf", **leaf} for at, leaf in enumerate(leaves, start=1))]
    return [{"programme": "P", "system": "U", "total": "20", **row} for row in rows]


@pytest.fixture
def ask(tmp_path, capsys):
    """Decide about tables; the answer of the one learner, or the complaints as text."""

    def asked(*, shuffle=None, raw=False, **tables):
        folder = tmp_path / "tables"
        folder.mkdir(exist_ok=True)
        for name, rows in ({"records": [RECORD]} | tables).items():
            columns = list(dict.fromkeys(column for row in rows for column in row))
            listed = shuffle.sample(rows, len(rows)) if shuffle else rows
            with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
                writer = csv.DictWriter(file, columns, restval="")
                writer.writeheader()
                writer.writerows(listed)
        out = tmp_path / "out.jsonl"
        out.unlink(missing_ok=True)
        status = main(["decide", "--tables", str(folder), "--on", "2026-01-01", "--out", str(out)])
        if status:
            assert not out.exists()
            return capsys.readouterr().err
        return out.read_bytes() if raw else json.loads(out.read_text(encoding="utf-8").splitlines()[0])

    return asked


def why(answer):
    """The headline of each record that is not used, with the field of a condition."""
    found = {}
    for row in answer["unused"]:
        found.setdefault(row["record"], (row["reason"], row["data"].get("field", "")))
    return found


# -- agreements, rates


@pytest.mark.parametrize(
    ("status", "until", "posted"),
    [
        ("active", "", "4"),
        ("draft", "", "0"),
        ("signed", "", "0"),
        ("suspended", "", "0"),
        ("ended", "2027-12-31", "0"),
        ("ended", "2024-12-31", "4"),
    ],
)
def test_a_rule_holds_while_its_agreement_is_active(ask, status, until, posted):
    agreement = {"agreement": "G", "parties": "X:send;Y:receive", "status": status, "window_to": until}
    answer = ask(rules=rule("R", agreement="G"), agreements=[agreement])
    assert answer["posted"] == posted
    assert why(answer) == ({} if posted == "4" else {"r1": ("outside_window", "agreement")})


def test_of_several_versions_of_an_agreement_the_highest_holds(ask):
    versions = [{"agreement": "G", "version": number, "status": status} for number, status in (("1", "active"), ("2", "suspended"))]
    assert ask(rules=rule("R", agreement="G"), agreements=versions)["posted"] == "0"
    assert ask(rules=rule("R", agreement="G"), agreements=versions[::-1])["posted"] == "0"


def test_a_rate_holds_inside_its_window(ask):
    systems = [{"code": code, "hours_nominal": hours, "step": "1"} for code, hours in (("U", "16"), ("E", "32"))]
    rates = [
        {"from": "E", "to": "U", "num": num, "den": "1", "window_from": first, "window_to": last}
        for num, first, last in (("5", "", "2019-12-31"), ("3", "2020-01-01", "2027-12-31"), ("7", "2028-01-01", ""))
    ]
    tables = {"rules": rule("R", GIVES_T | {"credits": "rate"}), "systems": systems, "records": [RECORD | {"system": "E"}]}
    tables |= {"programmes": programme({"filter": "outcome=T", "need_credits": "20"})}
    assert ask(**tables, rates=rates)["posted"] == "12"
    assert ask(**tables, rates=rates[:1])["posted"] == "8"  # hours by hours


def test_the_credits_that_a_leaf_asks_for_are_the_targets(ask):
    systems = [{"code": code, "hours_nominal": hours, "step": "1"} for code, hours in (("U", "16"), ("E", "32"))]
    tables = {"systems": systems, "programmes": programme({"filter": "outcome=T", "need_credits": "20"})}
    tables |= {"records": [RECORD | {"system": "E"}]}  # 4 E are 8 U
    assert ask(**tables, rules=rule("R", asks={"outcome": "A", "min_credits": "8"}))["posted"] == "4"
    assert why(ask(**tables, rules=rule("R", asks={"outcome": "A", "min_credits": "9"}))) == {"r1": ("rule_failed", "credits")}
    named = {"outcome": "A", "min_credits": "5", "filter": "system=E"}
    assert why(ask(**tables, rules=rule("R", asks=named))) == {"r1": ("rule_failed", "credits")}


# -- denial


def test_a_denial_explains_a_record_that_no_other_rule_names(ask):
    answer = ask(rules=rule("N", {"kind": "deny", "outcome": "T"}))
    assert answer["unused"] == [{"record": "r1", "reason": "denied", "data": {"rule": "N", "by_rule": "N", "outcome": "T"}}]


def test_every_denial_of_a_rule_strikes_and_what_stands_beside_it_is_given(ask):
    denials = [
        *rule("N", {"kind": "deny", "outcome": "S"}),
        {"rule_id": "N", "row": "to", "path": "2", "kind": "deny", "outcome": "T"},
        {"rule_id": "N", "row": "to", "path": "3", "kind": "elective", "credits": "1"},
    ]
    answer = ask(rules=rule("R") + denials)
    assert [(row["rule"], row["kind"], row["posted"]) for row in answer["allocation"]] == [("N", "elective", "1")]


def test_what_is_pending_beside_other_grants_adds_nothing(ask):
    for first, second in (({"kind": "pending", "outcome": "T"}, GIVES_T), (GIVES_T, {"kind": "pending", "outcome": "T"})):
        rows = [*rule("R", first, all_or_nothing="1"), {"rule_id": "R", "row": "to", "path": "2", **second}]
        answer = ask(rules=rows, programmes=programme({"filter": "outcome=T", "need_courses": "2"}))
        assert (answer["posted"], len(answer["allocation"]), answer["objective"]["V1"]) == ("4", 1, 0)
    counted = [rows[0], rows[1] | {"node": "n_of", "k": "1", "outcome": ""}, *rows[2:]]
    counted += [{"rule_id": "R", "row": "from", "path": f"1.{at}", "node": "leaf", "outcome": code} for at, code in ((1, "A"), (2, "B"))]
    answer = ask(rules=counted, programmes=programme({"filter": "outcome=T", "need_courses": "2"}))
    assert [row["kind"] for row in answer["allocation"]] == ["course"]


# -- exceptions


def exception(path, kind, value=""):
    return [{"learner": "ann", "path": path, "kind": kind, "value": value, "by": "o1", "approved_by": "o2"}]


def test_an_exception_replaces_a_share_or_lifts_a_limit(ask):
    limits = [{"limit_id": "L", "share_num": "1", "share_den": "10", "share_of": "programme"}]
    tables = {"rules": rule("R"), "limits": limits, "programmes": programme({"filter": "outcome=T", "need_credits": "4"})}
    assert ask(**tables)["posted"] == "0"
    assert ask(**tables, exceptions=exception("L", "value", "4"))["posted"] == "4"
    assert ask(**tables, exceptions=exception("L", "waive"))["posted"] == "4"


def test_an_exception_is_about_a_learner_and_a_thing_that_exist(ask):
    wrong = [*exception("L", "value", "x"), exception("R", "block")[0] | {"learner": "bob"}]
    said = ask(rules=rule("R"), exceptions=wrong)
    assert "exceptions.csv, row 2, column path: there is no node, rule or limit 'L'" in said
    assert "exceptions.csv, row 2, column value" in said
    assert "exceptions.csv, row 3, column learner: there is no learner 'bob'" in said


# -- reasons


def test_what_is_too_old_hears_that_before_its_score(ask):
    asks = {"outcome": "A", "max_age_months": "12", "min_score": "60"}
    assert why(ask(rules=rule("R", asks=asks))) == {"r1": ("too_old", "age")}


def test_a_course_of_another_institution_fails_the_rule(ask):
    answer = ask(rules=rule("R", asks={"outcome": "A", "issuer": "I1"}), records=[RECORD | {"issuer": "I2"}])
    assert answer["unused"] == [
        {"record": "r1", "reason": "rule_failed", "data": {"rule": "R", "field": "issuer", "has": "I2", "needs": "I1"}}
    ]


def test_one_course_twice_is_no_set_of_two(ask):
    two = [{"rule_id": "R", "row": "from", "path": "1", "node": "all"}]
    two += [{"rule_id": "R", "row": "from", "path": f"1.{at}", "node": "leaf", "outcome": "A"} for at in (1, 2)]
    answer = ask(rules=[*two, {"rule_id": "R", "row": "to", "path": "1", **GIVES_T}], records=[RECORD, RECORD | {"record_id": "r2"}])
    assert why(answer) == {"r1": ("duplicate_of", ""), "r2": ("duplicate_of", "")}


def test_a_full_limit_is_named_where_an_exemption_stands_first(ask):
    pair = [{"rule_id": "R", "row": "to", "path": "2", "kind": "course", "outcome": "T", "credits": "4"}]
    tables = {"rules": rule("R", {"kind": "exemption", "outcome": "X", "credits": "1"}) + pair, "limits": [{"limit_id": "L", "bound": "3"}]}
    assert why(ask(**tables)) == {"r1": ("limit_full", "")}


def test_a_record_that_could_count_with_others_hears_that_these_are_used(ask):
    """r2 (2 credits) reaches five with r3 (4), not with r1 (8), which is enough by itself."""
    records = [RECORD | {"record_id": f"r{at}", "outcome": f"A{at}", "credits": size} for at, size in enumerate("8242", start=1)]
    listed = [{"rule_id": "R", "row": "from", "path": f"1.{at}", "node": "leaf", "outcome": f"A{at}"} for at in (1, 2, 3, 4)]
    limits = [{"limit_id": "L", "measure": "grants", "bound": "1"}]
    rules = rule("R", {"kind": "elective", "credits": "3"}, asks={"node": "credits_of", "k": "5"}) + listed
    heard = why(ask(rules=rules, records=records, limits=limits))
    assert set(heard.values()) == {("limit_full", "")}


# -- sets of one award, waivers


def test_one_record_without_an_award_is_of_one_award(ask):
    asks = {"node": "n_of", "k": "1", "same_award": "1"}
    leaves = [{"rule_id": "R", "row": "from", "path": f"1.{at}", "node": "leaf", "outcome": code} for at, code in ((1, "A"), (2, "B"))]
    assert ask(rules=rule("R", asks=asks) + leaves)["posted"] == "4"


WAIVER = {"kind": "waiver", "outcome": "1.1"}


def test_limits_count_the_records_of_waivers(ask):
    records = [RECORD, RECORD | {"record_id": "r2", "outcome": "B"}]
    rules = rule("R1", WAIVER) + rule("R2", GIVES_T, asks={"outcome": "B"})
    leaves = {"filter": "outcome=S", "need_credits": "2"}, {"filter": "outcome=T", "need_credits": "4"}
    tables = {"rules": rules, "records": records, "programmes": programme(*leaves)}
    assert ask(**tables)["objective"]["V1"] == 2
    answer = ask(**tables, limits=[{"limit_id": "L", "measure": "records", "bound": "1"}])
    assert (answer["objective"]["V1"], answer["posted"], why(answer)) == (1, "4", {"r1": ("limit_full", "")})


@pytest.mark.parametrize(("rivals", "taken"), [(("R1", "R2"), "R1"), (("R2", "R3"), "R3"), (("R3", "R4"), "R3")])
def test_of_equal_waivers_the_one_of_the_heavier_name_is_taken(ask, rivals, taken):
    """``["R1",["r1"],1,1,""]`` weighs 2,157 (V7), that of R2 12, of R3 6,314, of R4 3,929."""
    tables = {"records": [RECORD], "programmes": programme({"filter": "outcome=S", "need_credits": "2"})}
    answer = ask(**tables, rules=[row for ident in rivals for row in rule(ident, WAIVER)])
    assert [row["rule"] for row in answer["allocation"]] == [taken]


@pytest.mark.parametrize(("award", "done"), [("associate", 1), ("bachelor", 0)])
def test_a_condition_may_say_how_many_courses_are_needed(ask, award, done):
    leaf = {"filter": "outcome=T", "need_courses": "2", "need_if": "award=associate:1"}
    answer = ask(rules=rule("R"), programmes=programme(leaf), learners=[{"learner": "ann", "target": "P", "attributes": f"award={award}"}])
    assert (answer["objective"]["V1"], answer["objective"]["V2"]) == (done, 8)


def test_a_block_of_a_denied_course_is_denied(ask):
    rules = rule("R", {"kind": "block", "outcome": "S;T", "credits": "8"}) + rule("N", {"kind": "deny", "outcome": "T"})
    assert why(ask(rules=rules)) == {"r1": ("denied", "")}


# -- order of rows


def test_the_order_of_rows_changes_no_byte_whatever_the_table(ask):
    tables = {
        "rules": rule("R", asks={"outcome": "A", "min_grade": "C"}, agreement="G"),
        "records": [RECORD | {"grade": "B"}],
        "grades": [{"scale": "S", "label": label, "rank": str(rank)} for rank, label in enumerate("FDCBA")],
        "calendars": [
            {"calendar": "KR", "year_start": "03-01", "term": term, "first": first, "last": last}
            for term, first, last in (("1", "03-01", "08-31"), ("2", "09-01", "02-29"))
        ],
        "limits": [{"limit_id": "L", "bound": "24", "per": "term", "calendar": "KR"}],
        "agreements": [{"agreement": "G", "version": version, "precedence": version} for version in "123"],
        "outcomes": [{"outcome": "A", "version": version, "subjects": f"s{version}"} for version in "123"],
        "learners": [{"learner": "ann", "target": target} for target in ("", "I1", "I2")],
    }
    first = ask(raw=True, **tables)
    assert len(first.splitlines()) == 3
    for seed in range(4):
        assert ask(raw=True, shuffle=random.Random(seed), **tables) == first


# -- cells


def test_a_gap_in_the_paths_a_plain_date_and_a_missing_calendar_are_refused_together(ask):
    gap = [*rule("R", asks={"node": "all"}), {"rule_id": "R", "row": "from", "path": "1.2", "node": "leaf", "outcome": "A"}]
    said = ask(
        rules=gap,
        records=[RECORD | {"earned_on": "20220630", "state": "converted"}],
        limits=[{"limit_id": "L", "bound": "1", "per": "term", "calendar": "KR"}, {"limit_id": "M", "bound": "1", "per": "term"}],
        agreements=[{"agreement": "G", "status": "actve"}],
    )
    assert said.splitlines() == [
        "agreements.csv, row 2, column status: 'actve' is none of draft, signed, active, suspended, ended",
        "limits.csv, row 2, column calendar: there is no calendar 'KR'",
        "limits.csv, row 3, column calendar: which terms? a limit per term names a calendar",
        "records.csv, row 2, column earned_on: '20220630' is not a date like 2026-09-01",
        "rules.csv, row 5, column path: 1.2 comes after a gap; 1.1 is missing",
        "5 problem(s); nothing was written.",
    ]


def test_rows_of_one_programme_do_not_contradict_each_other(ask):
    rows = programme({"filter": "outcome=T", "need_credits": "4"})
    said = ask(rules=rule("R"), programmes=[rows[0], rows[1] | {"total": "30"}])
    assert "programmes.csv, row 2, column total: is said in 2 ways: '20', '30'" in said


def test_a_record_beside_a_set_that_counts_by_credits_lost_to_another_and_does_not_miss_the_set(ask):
    asks = [
        {"path": "1", "node": "all"}, {"path": "1.1", "node": "leaf", "outcome": "A"}, {"path": "1.2", "node": "credits_of", "k": "3"},
        {"path": "1.2.1", "node": "leaf", "outcome": "B"}, {"path": "1.2.2", "node": "leaf", "outcome": "C"},
    ]  # fmt: skip
    rules = [
        {"rule_id": "R", "row": "rule"}, *({"rule_id": "R", "row": "from", **row} for row in asks), {"rule_id": "R", "row": "to", "path": "1", **GIVES_T},
    ]  # fmt: skip
    records = [RECORD, {**RECORD, "record_id": "r2", "credits": "5"}, {**RECORD, "record_id": "r3", "outcome": "C"}]

    answer = ask(rules=rules, records=records)

    assert [row["records"] for row in answer["allocation"]] == [["r1", "r3"]]
    assert why(answer) == {"r2": ("dominated", "")}
