"""What outcomes are worth everywhere: every open programme asked at once, without a person in the question.

Reads only. A programme whose rules are not about any of the outcomes is not decided: the answer is known.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from functools import reduce
from types import MappingProxyType

from django.db.models import Q, QuerySet

from creditbank.agreements.editions import edition_now
from creditbank.agreements.models import RuleBookVersion
from creditbank.agreements.queries import limits_of_all, outcome_titles, rule_bases, target_of, targets_of
from creditbank.catalogue.models import Outcome, Programme
from creditbank.recognition.evidence import promised
from creditbank.recognition.presenting import Shown, Titles, show
from creditbank.rules.decide import decide
from creditbank.rules.leaves import names_record
from creditbank.rules.sentences import rule_sentence
from creditbank.rules.snapshot import plain
from creditbank.rules.types import KIND_ORDER, Decision, Earlier, Facts, Grant, Limit, RecordFacts, RequirementLeaf, Rule, RuleBase, Target

MOST_FOUND = 20
LONGEST_WORDS = 60
SUGGESTED = 8


@dataclass(frozen=True)
class Answer:
    """One programme's answer: what would be recognised under which version, or no version where no rules are in force."""

    programme: Programme
    version: RuleBookVersion | None
    shown: Shown | None

    @property
    def worth(self) -> Decimal:
        return self.shown.posted if self.shown else Decimal(0)

    @property
    def counts(self) -> bool:
        """Whether anything at all is given: credit, an exemption, a subject."""
        return bool(self.shown and self.shown.lines)


def find_outcomes(words: str) -> tuple[list[Outcome], int]:
    """Outcomes whose title, code or owner holds every word, by title, at most twenty, and how many there are in all. Two queries."""
    rows = _matching(words)
    return list(rows.select_related("owner").order_by("title_zh", "code")[:MOST_FOUND]), rows.count()


def _matching(words: str) -> QuerySet[Outcome]:
    wanted = words.replace("\x00", " ")[:LONGEST_WORDS].split()
    if not wanted:
        return Outcome.objects.none()
    columns = ("title_zh", "title_en", "code", "owner__name_zh", "owner__name_en")
    each = [reduce(Q.__or__, (Q(**{f"{column}__icontains": word}) for column in columns)) for word in wanted]
    return Outcome.objects.filter(reduce(Q.__and__, each))


def suggested_outcomes() -> list[Outcome]:
    """Where to begin: certificates and examinations, of which people most often ask what they are worth. One query."""
    return list(
        Outcome.objects.filter(source_type__in=["certificate", "exam", "mooc"]).select_related("owner").order_by("code")[:SUGGESTED]
    )


def records_of_outcomes(outcomes: Iterable[Outcome], *, score: Decimal, on: date) -> tuple[RecordFacts, ...]:
    """Somebody's records as they would be: each outcome earned today with one score and full attendance, confirmed by its owner."""
    return tuple(
        RecordFacts(
            id=outcome.code, outcome=outcome.code, issuer=outcome.owner.code, earned_on=on, score=score, attendance=Decimal(100),
            credits=outcome.credits, system=outcome.system.code if outcome.system else "", hours=outcome.hours, category=outcome.category,
            source_type=outcome.source_type, subjects=tuple(outcome.subjects), dup_class=outcome.class_key, title_zh=outcome.title_zh,
            title_en=outcome.title_en,
        )
        for outcome in outcomes
    )  # fmt: skip


Awarded = Mapping[int, tuple[Earlier, ...]]
"""What somebody was awarded before, by programme."""


def answers(
    programmes: Sequence[Programme], facts: Facts, *, on: date, language: str, awarded: Awarded = MappingProxyType({})
) -> list[Answer]:
    """Every programme's answer to the same records, beside what was awarded there before, most credit first.

    ``facts`` carries the records; its target is replaced.
    """
    books = books_of(programmes, on=on)
    titles = outcome_titles()
    found = [
        _answer(
            programme,
            target,
            books.get(programme.institution_id),
            replace(facts, earlier=awarded.get(programme.pk, ())),
            titles,
            on=on,
            language=language,
        )
        for programme, target in zip(programmes, targets_of(programmes), strict=True)
    ]
    return sorted(found, key=lambda one: (not one.counts, one.version is None, -one.worth, one.programme.code))


Book = tuple[RuleBookVersion, RuleBase, tuple[Limit, ...]]


def books_of(programmes: Sequence[Programme] | None = None, *, on: date) -> dict[int, Book]:
    """The version in force of each institution (or of those of some programmes), with its rules and limits: the newest that has begun.

    Two queries where they were read before in this edition of the catalogue, else as many as for one book.
    """
    versions = RuleBookVersion.objects.in_force(on=on)
    if programmes is not None:
        versions = versions.filter(book__institution__in={one.institution_id for one in programmes})
    newest: dict[int, RuleBookVersion] = {}
    for version in versions.select_related("book").order_by("valid_from", "number"):
        newest[version.book.institution_id] = version
    edition = edition_now()
    bases, limits = rule_bases([*newest.values()], edition), limits_of_all([*newest.values()], edition)
    return {institution: (version, bases[version.uuid], limits[version.uuid]) for institution, version in newest.items()}


def _answer(
    programme: Programme, target: Target, book: Book | None, facts: Facts, titles: Titles, *, on: date, language: str
) -> Answer:  # fmt: skip
    if book is None:
        return Answer(programme, None, None)
    version, base, limits = book
    if not touched_records(base, facts.records):
        return Answer(programme, version, None)
    decision = best_for(target, base, limits, facts, on=on)
    shown = show(
        plain(decision), base=base, records={record.id: (record.title_zh, record.title_en) for record in facts.records}, outcomes=titles,
        leaves=_leaves(target), language=language, limits=limits, facts=facts.records,
    )  # fmt: skip
    return Answer(programme, version, shown)


def best_for(target: Target, base: RuleBase, limits: tuple[Limit, ...], facts: Facts, *, on: date) -> Decision:
    """The best recognition of the records for a programme, with all evidence that the rules ask to see."""
    return decide(promised(replace(facts, target=target), base), base, limits, on)


def touched_records(base: RuleBase, records: Iterable[RecordFacts]) -> tuple[RecordFacts, ...]:
    """Records that some rule of a book is about at all."""
    leaves = [leaf for rule in base.rules for leaf in rule.lhs.wanted()]
    return tuple(record for record in records if any(names_record(record, leaf) for leaf in leaves))


def _leaves(target: Target) -> Mapping[str, tuple[str, str]]:
    return {leaf.path: (leaf.title_zh, leaf.title_en) for leaf in target.seats()}


KINDS = {"vocational": "k-v", "culture_leisure": "k-c"}
"""How credit of a category is drawn; what is not named is drawn as academic credit."""
MOST_THREADS, THREAD, GAP, FIRST = 12, 109, 11, 6
"""Up to twelve threads are drawn; a thread (one credit) is 109 wide (seven weaves of 16 without the last gap), threads lie 11 apart."""


@dataclass(frozen=True)
class Thread:
    """One drawn credit, or what is left of one: where it lies and how long it is."""

    at: int
    length: int


@dataclass(frozen=True)
class Flow:
    """Credit of one kind becoming credit of another, as threads that join."""

    left: tuple[Thread, ...]
    right: tuple[Thread, ...]
    joins: tuple[str, ...]
    left_category: str
    right_category: str
    left_credits: Decimal
    right_credits: Decimal

    @property
    def left_kind(self) -> str:
        return KINDS.get(self.left_category, "k-a")

    @property
    def right_kind(self) -> str:
        return KINDS.get(self.right_category, "k-a")

    @property
    def height(self) -> int:
        return max((thread.at for thread in (*self.left, *self.right)), default=0) + FIRST


def flow_of(answer: Answer | None, records: Iterable[RecordFacts]) -> Flow | None:
    """The drawing of an answer in which all sources are of one kind and carry credit; None where that cannot be drawn."""
    if answer is None or answer.shown is None or not answer.worth:
        return None
    used = {ident for line in answer.shown.lines for ident in line.records}
    sources = [record for record in records if record.id in used]
    known = [record.credits for record in sources if record.credits is not None]
    kinds = {record.category for record in sources}
    total = sum(known, Decimal(0))
    if len(known) != len(sources) or len(kinds) != 1 or max(total, answer.worth) > MOST_THREADS:
        return None
    left, right = threads(total), threads(answer.worth)
    spread = tuple(replace(thread, at=FIRST + round(number * GAP * len(left) / len(right))) for number, thread in enumerate(right))
    joins = tuple(
        f"M{thread.length + 4} {thread.at}C160 {thread.at} 175 {end.at} 220 {end.at}"
        for number, thread in enumerate(left)
        for end in [spread[min(number * len(right) // len(left), len(right) - 1)]]
    )
    return Flow(left, spread, joins, kinds.pop(), answer.programme.category, total, answer.worth)


def threads(amount: Decimal) -> tuple[Thread, ...]:
    """An amount as drawn threads: one a credit, a short one for what is left."""
    lengths = [THREAD] * int(amount) + ([int(amount % 1 * THREAD)] if amount % 1 else [])
    return tuple(Thread(FIRST + GAP * number, length) for number, length in enumerate(lengths))


@dataclass(frozen=True)
class Source:
    """One published rule that gives something: what it asks and gives, and under which version of whose book."""

    rule: Rule
    version: RuleBookVersion
    sentence: str
    kind: str


@dataclass(frozen=True)
class SourcesOfLeaf:
    """A requirement of a programme with the rules whose grants it accepts."""

    leaf: RequirementLeaf
    sources: tuple[Source, ...]


def sources_of_outcome(outcome: Outcome, *, on: date, language: str) -> list[Source]:
    """Every rule in force that gives this outcome, strongest kind of grant first: course before exemption before subject alone."""
    titles = outcome_titles()
    found = [
        _source(rule, grant, version, titles, language)
        for version, base, _limits in books_of(on=on).values()
        for rule in base.rules
        for grant in rule.grants
        if outcome.code in grant.outcome.split(";") and grant.kind not in {"deny", "waiver"}
    ]
    return sorted(found, key=lambda source: (KIND_ORDER.index(source.kind), source.version.book.code, source.rule.id))


def sources_of_programme(programme: Programme, *, on: date, language: str) -> list[SourcesOfLeaf]:
    """For each requirement of a programme the rules of its institution whose grants may count there; each rule once a requirement.

    Electives come last and name only the rules that no other requirement named: what counts above counts there too.
    """
    book = books_of([programme], on=on).get(programme.institution_id)
    target = target_of(programme)
    if book is None:
        return [SourcesOfLeaf(leaf, ()) for leaf in target.leaves]
    version, base, _limits = book
    titles = outcome_titles()
    usable = [rule for rule in base.rules if not rule.programmes or programme.code in rule.programmes]
    rows, listed = [], set()
    for leaf in sorted(target.leaves, key=lambda one: one.elective):
        found = [
            _source(rule, grant, version, titles, language)
            for rule in usable
            for grant in [next((one for one in rule.grants if leaf.accepts(one, base.outcome(one.outcome))), None)]
            if grant is not None and grant.kind not in {"deny", "pending"} and not (leaf.elective and rule.id in listed)
        ]
        listed |= {source.rule.id for source in found}
        rows.append(SourcesOfLeaf(leaf, tuple(found)))
    return rows


def _source(rule: Rule, grant: Grant, version: RuleBookVersion, titles: Titles, language: str) -> Source:
    return Source(rule, version, rule_sentence(rule, titles, language), grant.kind)
