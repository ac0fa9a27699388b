"""Rule books of every kind for property tests: all fields of all types, in every combination that a file can say."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from fractions import Fraction

from hypothesis import strategies as st

from creditbank.rules.types import (
    Agreement,
    Calendar,
    CreditSystem,
    Grade,
    GradeMap,
    GradeScale,
    Grant,
    Leaf,
    Level,
    Limit,
    Node,
    Outcome,
    Rate,
    RequirementLeaf,
    RequirementNode,
    Rule,
    RuleBase,
    Target,
    TitleMatching,
)

IDS = st.sampled_from(["A", "B", "QCC:PH411", "C-ID.7", "X9", "J1:Y"])
WORDS = st.sampled_from(["law", "award", "credits_min", "of", "nursing"])
TEXTS = st.one_of(
    st.just(""),
    st.sampled_from(["=1+1", "+86", "-x", "@SUM(A1)", "'quoted", 'a, "b"', "学分；银行", "2026-01-01", "007", "1e5", "TRUE", "NULL", "0"]),
    st.text(st.characters(categories=("L", "N", "P"), exclude_characters="\x00"), min_size=1, max_size=12),
)
MAYBE_ID = st.one_of(st.just(""), IDS)
AMOUNTS = st.sampled_from([Decimal(text) for text in ("0", "0.5", "3", "7.25", "100", "425", "1234567890123456.123456789012")])
MAYBE_AMOUNT = st.none() | AMOUNTS
DAYS = st.none() | st.dates(date(1990, 1, 1), date(2100, 1, 1))
FLAGS = st.booleans()
FRAMEWORK = "EQF"


def lists(values, most=3):
    """Several different values, as the engine keeps them."""
    return st.lists(values, max_size=most, unique=True).map(tuple)


def pairs(most=2):
    """Conditions: sorted by name, each name once."""
    return st.dictionaries(WORDS, IDS, max_size=most).map(lambda found: tuple(sorted(found.items())))


@st.composite
def leaves(draw):
    outcome, subject = draw(MAYBE_ID), draw(st.one_of(st.just(""), WORDS))
    level = draw(st.none() | st.integers(1, 8))
    about = outcome or subject
    return Leaf(
        outcome=outcome if about else draw(IDS), source_type=draw(st.sampled_from(["", "exam", "course"])), category=draw(st.sampled_from(["", "academic"])),
        subject=subject, issuer=draw(MAYBE_ID), system=draw(st.sampled_from(["", "U"])), min_score=draw(MAYBE_AMOUNT), max_score=draw(MAYBE_AMOUNT),
        min_attendance=draw(MAYBE_AMOUNT), min_credits=draw(MAYBE_AMOUNT), min_hours=draw(MAYBE_AMOUNT), min_level=level,
        max_age_months=draw(st.none() | st.integers(0, 600)), age_at=draw(st.sampled_from(["review", "applied"])), valid_on_review=draw(FLAGS),
        trust=draw(st.sampled_from(["self", "verified", "institution"])), dup_class=draw(MAYBE_ID), common_id=draw(MAYBE_ID),
        min_grade=draw(st.sampled_from(["", "C", "3.0", "ECTS:C"])), max_grade=draw(st.sampled_from(["", "A-"])),
        framework=FRAMEWORK if level is not None else "",
    )  # fmt: skip


@st.composite
def nodes(draw, depth=2):
    together = {"same_issuer": draw(FLAGS), "same_award": draw(FLAGS)}
    kind = draw(st.sampled_from(["leaf", "all", "any", "n_of", "credits_of", "not"] if depth else ["leaf"]))
    if kind == "leaf":
        return Node("leaf", leaf=draw(leaves()), **together)
    if kind in {"credits_of", "not"}:
        below = [Node("leaf", leaf=draw(leaves())) for _turn in range(1 if kind == "not" else draw(st.integers(1, 3)))]
        return Node(kind, children=tuple(below), credits=draw(AMOUNTS.filter(bool)) if kind == "credits_of" else None, **together)
    below = draw(st.lists(nodes(depth=depth - 1), min_size=1, max_size=3))
    return Node(kind, children=tuple(below), k=draw(st.integers(1, len(below))) if kind == "n_of" else 0, **together)


@st.composite
def grants(draw):
    kind = draw(st.sampled_from(["course", "unassigned", "elective", "block", "exemption", "waiver", "subject_only", "deny", "pending"]))
    needs = kind in {"course", "exemption", "waiver", "subject_only", "block"}
    outcome = draw(IDS if needs else MAYBE_ID)
    how = draw(st.sampled_from(["fixed"] if kind in {"deny", "pending", "waiver"} else ["fixed", "rate", "steps", "catalogue"]))
    silent = kind in {"deny", "pending", "waiver"}
    steps = draw(st.lists(st.tuples(AMOUNTS, AMOUNTS), min_size=1, max_size=3).map(tuple)) if how == "steps" else ()
    return Grant(
        kind, outcome, draw(WORDS) if kind == "unassigned" else draw(st.one_of(st.just(""), WORDS)), how,
        draw(AMOUNTS) if how == "fixed" and not silent else Decimal(0), draw(MAYBE_AMOUNT), steps, draw(st.none() | st.integers(1, 8)),
        draw(st.sampled_from(["", "keep", "pass", "none", "85:A;70:B"])), draw(FLAGS), draw(TEXTS),
    )  # fmt: skip


@st.composite
def rules(draw, ident, agreements):
    agreement = draw(st.sampled_from([None, *agreements]))
    given = draw(st.lists(grants(), min_size=1, max_size=3))
    offer = draw(st.sampled_from(["all", "any", "n_of"]))
    return Rule(
        ident, draw(st.integers(1, 9)), draw(nodes()), tuple(given), agreement.code if agreement else "", agreement.precedence if agreement else 0,
        draw(st.integers(-5, 500)), draw(DAYS), draw(DAYS), draw(st.sampled_from(["earned", "applied", "admitted", "cohort"])), draw(lists(IDS)),
        draw(st.sampled_from(["auto", "review", "panel"])), draw(lists(IDS)), draw(TEXTS), draw(TEXTS), draw(TEXTS), draw(DAYS), draw(lists(WORDS)),
        draw(lists(WORDS)), draw(lists(IDS)), draw(pairs()), draw(pairs()), offer, draw(st.integers(1, len(given))) if offer == "n_of" else 1,
        draw(FLAGS), draw(st.sampled_from(["draft", "active", "suspended", "ended"])), draw(st.sampled_from(["whole", "splittable"])),
    )  # fmt: skip


def selectors():
    values = {
        "source_type": ["course", "exam"], "category": ["academic"], "subject": ["law", "art"], "institution": ["I", "J"], "kind": ["course"],
        "trust": ["self"], "level": ["1", "2"],
    }  # fmt: skip
    one = {
        name: st.lists(st.sampled_from(listed), min_size=1, unique=True).map(lambda found: tuple(sorted(found)))
        for name, listed in values.items()
    }
    return st.lists(st.sampled_from(sorted(values)), max_size=3, unique=True).flatmap(
        lambda names: st.tuples(*(st.tuples(st.just(name), one[name]) for name in sorted(names)))
    )


@st.composite
def limits(draw, ident):
    share = draw(st.none() | st.builds(Fraction, st.integers(0, 9), st.integers(1, 9)))
    per = draw(st.sampled_from(["none", "year", "term", "institution", "subject", "target"]))
    calendar = "KR" if per == "term" else draw(st.sampled_from(["", "KR"]))
    return Limit(
        ident, draw(st.sampled_from(["credits", "records", "grants", "gpa"])), draw(AMOUNTS if share is None else MAYBE_AMOUNT), share, draw(selectors()),
        draw(selectors()), per, draw(st.sampled_from([(1, 1), (3, 1), (9, 15)])),
        draw(st.sampled_from(["reject_whole", "truncate", "subject_only", "to_elective"])), draw(IDS), draw(st.sampled_from(["<=", ">="])),
        draw(st.sampled_from(["programme", "major", "degree", "recognised"])), calendar, draw(MAYBE_ID), draw(st.sampled_from(["any", "all"])),
        draw(MAYBE_AMOUNT),
    )  # fmt: skip


@st.composite
def requirement_leaves(draw, path, says):
    outcomes, subjects = draw(lists(IDS)), draw(lists(WORDS))
    return RequirementLeaf(
        path, draw(TEXTS), draw(TEXTS), outcomes, subjects, draw(MAYBE_AMOUNT), draw(st.none() | st.integers(0, 9)), draw(FLAGS),
        draw(st.none() | st.integers(1, 8)), draw(st.sampled_from(["", "academic"])), draw(lists(st.sampled_from(["course", "block"]))),
        draw(st.sampled_from(["", "C"])), tuple(draw(st.lists(st.tuples(pairs(), AMOUNTS), max_size=2))),
        tuple(draw(st.lists(st.tuples(st.integers(1, 9), AMOUNTS), max_size=2))), draw(MAYBE_ID), draw(MAYBE_ID), draw(MAYBE_AMOUNT),
        draw(FLAGS) if outcomes and subjects else True, draw(FLAGS), draw(FLAGS) if says else None,
    )  # fmt: skip


@st.composite
def targets(draw, code):
    says = draw(FLAGS)
    count = draw(st.integers(1, 3))
    kind = draw(st.sampled_from(["", "all", "any", "n_of"]))
    paths = [f"1.{at}" if kind else str(at) for at in range(1, count + 1)]
    inner = () if not kind else (RequirementNode(
        "1", kind, tuple(paths), draw(st.integers(1, count)) if kind == "n_of" else 0, draw(FLAGS) if says else None, draw(st.none() | st.integers(0, 3)),
        draw(st.none() | st.integers(0, 3)), draw(TEXTS), draw(TEXTS),
    ),)  # fmt: skip
    found = tuple(draw(requirement_leaves(path, says)) for path in paths)
    if says and not any(one.requirement for one in (*found, *inner)):
        found = (*found[:-1], draw(requirement_leaves(paths[-1], says).filter(lambda leaf: leaf.requirement)))
    return Target(
        code, "U", draw(MAYBE_AMOUNT), draw(st.sampled_from(["academic", "vocational"])), found, inner, draw(st.one_of(st.just(""), WORDS)), draw(pairs()),
        draw(pairs()), draw(MAYBE_ID),
    )  # fmt: skip


@st.composite
def outcomes(draw, code):
    level = draw(st.none() | st.integers(1, 8))
    window = sorted([day for day in (draw(DAYS), draw(DAYS)) if day])
    return Outcome(
        code, draw(MAYBE_ID), draw(TEXTS), draw(TEXTS), draw(MAYBE_ID), draw(MAYBE_ID), draw(MAYBE_AMOUNT), draw(st.sampled_from(["", "U"])),
        draw(MAYBE_AMOUNT), level, draw(st.sampled_from(["", "academic"])), draw(st.sampled_from(["", "course"])), draw(lists(WORDS)), draw(MAYBE_ID),
        window[0] if window else None, window[1] if len(window) > 1 else None, draw(st.integers(1, 9)), FRAMEWORK if level is not None else "",
        draw(FLAGS), draw(lists(IDS)), draw(lists(IDS)),
    )  # fmt: skip


@st.composite
def scales(draw, code):
    return GradeScale(code, tuple(
        Grade(label, rank, draw(MAYBE_AMOUNT), draw(FLAGS), draw(MAYBE_AMOUNT)) for rank, label in enumerate(["F", "C", "B+"])
    ), draw(MAYBE_ID))  # fmt: skip


@st.composite
def bases(draw):
    agreements = tuple(
        Agreement(
            f"AG{at}", draw(st.sampled_from(["bilateral", "multilateral", "receiver_list", "statewide"])),
            tuple(draw(st.lists(st.tuples(st.sampled_from(["I", "J", "KL"]), st.sampled_from(["send", "receive", "both"])), max_size=2))),
            date(2020, 1, 1), draw(st.none() | st.dates(date(2020, 1, 1), date(2030, 1, 1))), draw(st.sampled_from(["draft", "signed", "active"])),
            draw(st.integers(-3, 99)), draw(FLAGS), draw(st.integers(1, 5)), "",
        )
        for at in range(draw(st.integers(0, 2)))
    )  # fmt: skip
    found = tuple(draw(rules(f"R{at}", agreements)) for at in range(draw(st.integers(1, 3))))
    maps = draw(st.sampled_from([(), (GradeMap("S0", "S1", "table", (("C", "B+"), ("F", "F"))),), (GradeMap("S0", "S1", "linear"),)]))
    titles = draw(st.none() | st.builds(
        TitleMatching, st.sampled_from([(), ("of", "the")]), st.sampled_from([(), ("1", "i")]), st.sampled_from([(), (("intro", "introduction"),)])
    ))  # fmt: skip
    return RuleBase(
        found, (CreditSystem("U", draw(AMOUNTS.filter(bool)), Decimal("0.5"), draw(st.sampled_from(["down", "half_up", "none"])), draw(MAYBE_AMOUNT), draw(MAYBE_AMOUNT)),),
        (Rate("U", "V", draw(st.integers(1, 99)), draw(st.integers(1, 99)), date(2020, 1, 1), draw(st.none() | st.dates(date(2020, 1, 1), date(2030, 1, 1))),
              draw(FLAGS)),), (("a", "b"),) if draw(FLAGS) else (), "", 0, tuple(draw(outcomes(f"O{at}")) for at in range(draw(st.integers(0, 2)))),
        (draw(scales("S0")), draw(scales("S1"))), (Calendar("KR", "03-01", (("1", "03-01", "08-31"),) if draw(FLAGS) else (),
                                                            draw(st.sampled_from([(), ("07-15", "01-15")]))),),
        agreements, (("c", "d"),) if draw(FLAGS) else (),
        tuple(Level(FRAMEWORK, f"l{rank}", rank, (("NQF", "n1"),) if draw(FLAGS) else ()) for rank in range(1, 9)) if draw(FLAGS) else (),
        maps, titles, draw(pairs()), draw(pairs()),
    )  # fmt: skip
