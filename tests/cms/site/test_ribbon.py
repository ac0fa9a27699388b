"""The ribbon of learning years: how many threads a year gets, and how wide its column may be."""

from __future__ import annotations

import re
from decimal import Decimal

from django.template import Context, Template

from cms.templatetags.site_tags import MOST_THREADS, ribbon


def test_a_thread_is_a_credit_and_a_short_one_a_half():
    drawn = ribbon([{"year": 2025, "in": {"A": Decimal("2.5")}, "out": {}}], "years")

    (column,) = drawn["columns"]
    assert drawn["bundle"] == 1
    assert [(thread["x1"], thread["x2"]) for thread in column["threads"]] == [("1.75%", "10.75%"), ("1.75%", "10.75%"), ("1.75%", "6.25%")]


def test_a_year_of_many_credits_bundles_them_and_every_year_is_drawn_by_the_same_measure():
    years = [
        {"year": 2024, "in": {"A": Decimal(36), "V": Decimal("10.5")}, "out": {"A": Decimal(9)}},
        {"year": 2026, "in": {"A": Decimal(4)}, "out": {}},
    ]

    drawn = ribbon(years, "years")

    assert drawn["bundle"] == 2
    assert [(column["year"], len(column["threads"]), len(column["below"])) for column in drawn["columns"]] == [
        (2024, 18 + 6, 5), (2025, 0, 0), (2026, 2, 0),
    ]  # fmt: skip
    assert max(len(column["threads"]) for column in drawn["columns"]) <= MOST_THREADS
    assert [column["total"] for column in drawn["columns"]] == [Decimal("46.5"), 0, 4]


def test_what_waits_for_confirmation_counts_towards_the_height():
    drawn = ribbon([{"year": 2026, "in": {"A": Decimal(20)}, "out": {}, "pending": Decimal(20)}], "years")

    assert drawn["bundle"] == 2
    assert [thread["kind"] for thread in drawn["columns"][0]["threads"]] == ["k-a"] * 10 + ["k-p"] * 10


def test_few_years_are_columns_and_many_years_share_the_width():
    few = ribbon([{"year": year, "in": {"A": Decimal(1)}, "out": {}} for year in (2025, 2026)], "years")
    many = ribbon([{"year": year, "in": {"A": Decimal(1)}, "out": {}} for year in range(2001, 2027)], "years")

    assert (few["width"], many["width"]) == ("25.00%", "100.00%")


def test_a_phone_shows_sums_without_needless_zeros():
    drawn = Template("{% load site_tags %}{% ribbon years 'years' %}").render(
        Context({"years": [{"year": 2025, "in": {"A": Decimal("11.0")}, "out": {"A": Decimal("2.5")}}]})
    )

    assert re.findall(r'<tspan class="(no-m|only-m)">(−?[\d.]+)</tspan>', drawn)[:4] == [
        ("no-m", "11.0"), ("only-m", "11"), ("no-m", "−2.5"), ("only-m", "−2.5"),
    ]  # fmt: skip
