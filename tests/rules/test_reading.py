"""Rules as documents (JSON of a stored row): read into types, or refused with the place."""

from __future__ import annotations

from decimal import Decimal

import pytest

from creditbank.rules.exceptions import BadRule
from creditbank.rules.reading import read_grant, read_node
from creditbank.rules.types import Grant, Leaf, Node


def test_credits_of_reads_its_leaves_and_how_much_of_them():
    node = read_node({"credits_of": [{"outcome": "A"}, {"subject": "arts", "min_grade": "C"}], "credits": "30"})

    assert node == Node(
        "credits_of", children=(Node("leaf", Leaf("A")), Node("leaf", Leaf(subject="arts", min_grade="C"))), credits=Decimal(30)
    )


@pytest.mark.parametrize(
    ("document", "complaint"),
    [
        ({"credits_of": [], "credits": "3"}, "lhs.credits_of: needs a list"),
        ({"credits_of": [{"outcome": "A"}]}, "lhs.credits_of: needs credits above 0"),
        ({"credits_of": [{"all": [{"outcome": "A"}]}], "credits": "3"}, "leaves alone"),
        ({"credits_of": [{"outcome": "A"}], "credits": 3.5}, "is not an amount"),
        ({"outcome": "A", "colour": "red"}, "unknown colour"),
        ({"n_of": [{"outcome": "A"}], "k": 2}, "between 1 and 1"),
    ],
)
def test_what_says_nothing_clear_is_refused_with_its_place(document, complaint):
    with pytest.raises(BadRule, match=complaint):
        read_node(document)


def test_a_rule_nested_without_end_is_refused():
    document: dict[str, object] = {"outcome": "A"}
    for _turn in range(50):
        document = {"all": [document]}

    with pytest.raises(BadRule, match="nested too deeply"):
        read_node(document)


def test_a_grant_takes_the_kinds_of_the_whole_table():
    assert read_grant({"kind": "exemption", "outcome": "T", "credits": "catalogue", "level": 3}) == Grant(
        "exemption", "T", credits="catalogue", level=3
    )
