"""Rule books as the engine reads them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import fields
from datetime import date, datetime, timedelta
from fractions import Fraction
from typing import Any, Protocol, TypeVar
from uuid import UUID

from django.db.models import Prefetch

from creditbank.agreements.editions import Edition, edition_now, kept_of, shelf
from creditbank.agreements.enums import AgreementStatus
from creditbank.agreements.models import Agreement, AgreementParty, LimitRow, RuleBookVersion, RuleRow
from creditbank.catalogue.models import Programme
from creditbank.catalogue.queries import (
    engine_calendars,
    engine_convertibility,
    engine_grade_maps,
    engine_levels,
    engine_outcomes,
    engine_rates,
    engine_scales,
    engine_systems,
    target_of,
    targets_of,
)
from creditbank.catalogue.queries import outcome_titles as read_outcome_titles
from creditbank.rules import types as engine
from creditbank.rules.reading import read_limit
from creditbank.rules.reading import read_rule as rule_from
from creditbank.rules.snapshot import restore
from creditbank.rules.tables import Pairs, TitleMatching
from creditbank.rules.types import Limit, Rule, RuleBase, Target
from identity.api import Institution

__all__ = [
    "COOLING_OFF",
    "engine_agreement",
    "find_agreements",
    "find_all_agreements",
    "limits_of",
    "limits_of_all",
    "outcome_titles",
    "own_targets",
    "published_recently_by",
    "read_limit_row",
    "read_rule",
    "rule_base",
    "rule_bases",
    "target_of",
    "targets_of",
    "version_in_force",
]


class Coded(Protocol):
    """What has a code."""

    @property
    def code(self) -> str: ...


C = TypeVar("C", bound=Coded)

ELSEWHERE = frozenset({"id", "version", "agreement", "precedence", "lhs", "grants"})
RULE_COLUMNS = tuple(item.name for item in fields(Rule) if item.name not in ELSEWHERE)
"""Fields of a rule that stand in a column of the same name."""
LIMIT_COLUMNS = tuple(item.name for item in fields(Limit) if item.name not in {"id", "share", "year_start"})
COOLING_OFF = timedelta(hours=24)
"""So long after publishing a version nobody decides under it who published it."""


def version_in_force(institution: Institution, *, on: date) -> RuleBookVersion | None:
    """The newest published version of an institution's rule book that holds on a day. One query."""
    versions = RuleBookVersion.objects.in_force(on=on).filter(book__institution=institution)
    return versions.select_related("book").order_by("-valid_from", "-number").first()


def rule_base(version: RuleBookVersion, edition: Edition | None = None) -> RuleBase:
    """A version with its reference tables, as the pure engine takes it. One query where it was read before (two for a draft), else seventeen at most.

    Outcomes are those that the rules name, agreements those that the rules stand on. A version is read once an edition of the catalogue; whoever
    reads many asks for the ``edition`` once, naming drafts, and saves a query each.
    """
    return rule_bases([version], edition)[version.uuid]


def rule_bases(versions: Sequence[RuleBookVersion], edition: Edition | None = None) -> dict[UUID, RuleBase]:
    """Several versions by their uuids, with as many queries as one."""
    return kept_of("base", versions, edition or edition_now(*versions), _read_bases)


def _read_bases(versions: Sequence[RuleBookVersion]) -> dict[UUID, RuleBase]:
    rows: dict[int, list[RuleRow]] = defaultdict(list)
    for row in RuleRow.objects.filter(version__in=[version.pk for version in versions]).select_related("agreement").order_by("code"):
        rows[row.version_id].append(row)
    rules = {version.pk: tuple(read_rule(row, version.number) for row in rows[version.pk]) for version in versions}
    allowed, partly = engine_convertibility()
    tables: dict[str, Any] = {
        "systems": engine_systems(), "rates": engine_rates(), "convertible": allowed, "partly_convertible": partly, "scales": engine_scales(),
        "calendars": engine_calendars(), "levels": engine_levels(), "grade_maps": engine_grade_maps(),
    }  # fmt: skip
    outcomes = engine_outcomes({code for found in rules.values() for code in _named(found)})
    agreements = find_agreements({row.agreement_id for found in rows.values() for row in found if row.agreement_id})
    return {
        version.uuid: RuleBase(
            rules=rules[version.pk], book=version.book.code, version=version.number,
            outcomes=_among(outcomes, _named(rules[version.pk])), agreements=_among(agreements, {rule.agreement for rule in rules[version.pk]}),
            titles=restore(TitleMatching, version.titles), eligible=restore(Pairs, version.eligible),
            not_eligible=restore(Pairs, version.not_eligible), **tables,
        )
        for version in versions
    }  # fmt: skip


def _among(rows: Sequence[C], codes: set[str]) -> tuple[C, ...]:
    return tuple(row for row in rows if row.code in codes)


def _named(rules: Iterable[Rule]) -> set[str]:
    given = {code for rule in rules for grant in rule.grants for code in grant.outcome.split(";")}
    return (given | {leaf.outcome for rule in rules for leaf in rule.lhs.leaves()}) - {""}


def find_agreements(ids: Iterable[int]) -> tuple[engine.Agreement, ...]:
    """Agreements as the engine takes them. Two queries."""
    parties = Prefetch("party_rows", AgreementParty.objects.select_related("institution").order_by("institution__code"))
    rows = Agreement.objects.filter(pk__in=set(ids)).select_related("supersedes").prefetch_related(parties).order_by("code")
    return tuple(engine_agreement(row) for row in rows)


def find_all_agreements() -> dict[str, engine.Agreement]:
    """Every agreement by its code, for reading files. Three queries."""
    return {one.code: one for one in find_agreements(Agreement.objects.values_list("pk", flat=True))}


def engine_agreement(row: Agreement) -> engine.Agreement:
    """An agreement with the window in which it really holds: until it was suspended or ended; a mere draft holds on no day."""
    never = row.status == AgreementStatus.DRAFT or (row.status == AgreementStatus.ENDED and not row.was_signed)
    return engine.Agreement(
        code=row.code,
        kind=row.kind,
        parties=tuple((party.institution.code, party.role) for party in row.party_rows.all()),
        window_from=row.starts_on,
        window_to=row.starts_on - timedelta(days=1) if never else row.last_day,
        status=row.status,
        precedence=row.precedence,
        conserve=row.conserve,
        version=row.version,
        supersedes=row.supersedes.code if row.supersedes else "",
    )


def read_rule(row: RuleRow, version: int) -> Rule:
    """A stored rule as typed data."""
    document: dict[str, Any] = {name: getattr(row, name) for name in RULE_COLUMNS}
    document |= {"id": row.code, "lhs": row.lhs, "grants": row.grants, "version": row.revision or version}
    if row.agreement:
        document |= {"agreement": row.agreement.code, "precedence": row.agreement.precedence}
    return rule_from(document, version)


def outcome_titles(edition: Edition | None = None) -> dict[str, tuple[str, str]]:
    """Titles of all outcomes by code, for sentences; not to be changed. One query where they were read before, else two."""
    return shelf.take("titles", (edition or edition_now()).state, read_outcome_titles)


def limits_of(version: RuleBookVersion, edition: Edition | None = None) -> tuple[Limit, ...]:
    """The limits of a version as typed data. One query where they were read before (two for a draft), else one more."""
    return limits_of_all([version], edition or edition_now(version))[version.uuid]


def limits_of_all(versions: Sequence[RuleBookVersion], edition: Edition) -> dict[UUID, tuple[Limit, ...]]:
    """The limits of several versions by their uuids. One query for those that were not read before."""
    return kept_of("limits", versions, edition, _read_limits)


def _read_limits(versions: Sequence[RuleBookVersion]) -> dict[UUID, tuple[Limit, ...]]:
    rows: dict[int, list[Limit]] = defaultdict(list)
    for row in LimitRow.objects.filter(version__in=[version.pk for version in versions]).order_by("code"):
        rows[row.version_id].append(read_limit_row(row))
    return {version.uuid: tuple(rows[version.pk]) for version in versions}


def read_limit_row(row: LimitRow) -> Limit:
    """A stored limit as typed data."""
    document: dict[str, Any] = {name: getattr(row, name) for name in LIMIT_COLUMNS}
    month, _dash, day = row.year_start.partition("-")
    share = str(Fraction(row.share_num, row.share_den)) if row.share_num and row.share_den else None
    return read_limit({**document, "id": row.code, "share": share, "year_start": [int(month), int(day)]}, row.code)


def own_targets(version: RuleBookVersion) -> list[Target]:
    """The open programmes of the institution whose book it is, as targets. Two queries."""
    programmes = Programme.objects.open().filter(institution=version.book.institution_id).select_related("system", "institution")
    return targets_of(programmes.order_by("code"))


def published_recently_by(person: Any, version: RuleBookVersion, *, at: datetime) -> bool:
    """Whether this person published the version less than a day ago, and so may not yet decide under it. No query."""
    if version.publisher_uuid is None or version.published_at is None or version.publisher_uuid != person.uuid:
        return False
    return at - version.published_at < COOLING_OFF
