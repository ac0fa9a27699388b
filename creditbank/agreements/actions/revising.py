"""Changing a rule book: every change is a new draft, made of the version before with one thing put in, replaced or left out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from django.db import transaction

from creditbank.agreements.actions.drafting import BookSettings, store_version
from creditbank.agreements.checking import written_examples
from creditbank.agreements.examples import WrittenExample
from creditbank.agreements.exceptions import Overtaken, UnknownPart
from creditbank.agreements.models import RuleBook, RuleBookVersion
from creditbank.agreements.queries import limits_of, rule_base
from creditbank.rules.types import Limit, Rule


@transaction.atomic
def revise_version(
    version: RuleBookVersion,
    *,
    actor: Any,
    notes: str = "",
    rules: Sequence[Rule] | None = None,
    limits: Sequence[Limit] | None = None,
    examples: Sequence[WrittenExample] | None = None,
    sources: dict[str, str] | None = None,
    valid_from: date | None = None,
) -> RuleBookVersion:
    """A new draft like a version, but for what is given. Its author is whoever revises it; a rule that does not change keeps its version.

    Raises Overtaken where somebody has drafted a newer one since this version was read; BadRule for what cannot be.
    """
    RuleBook.objects.select_for_update().get(pk=version.book_id)
    newest = version.book.versions.order_by("-number").first()
    if newest is None or newest.pk != version.pk:
        raise Overtaken(newest.number if newest else 0)
    base = rule_base(version)
    known = {row.code: row.source for row in version.limits.all()}
    return store_version(
        version.book, rules=base.rules if rules is None else rules,
        limits=limits_of(version) if limits is None else limits, examples=written_examples(version) if examples is None else examples,
        sources=known | (sources or {}), valid_from=valid_from or version.valid_from, actor=actor, notes=notes or version.notes,
        settings=BookSettings(base.eligible, base.not_eligible, base.titles),
    )  # fmt: skip


def put_rule(version: RuleBookVersion, rule: Rule, *, actor: Any, notes: str = "") -> RuleBookVersion:
    """A new draft in which this rule stands, in place of one of the same number if there is one."""
    kept = [one for one in rule_base(version).rules if one.id != rule.id]
    return revise_version(version, rules=[*kept, replace(rule, version=version.number + 1)], actor=actor, notes=notes)


def drop_rule(version: RuleBookVersion, code: str, *, actor: Any, notes: str = "") -> RuleBookVersion:
    """A new draft without this rule. Raises UnknownPart."""
    rules = rule_base(version).rules
    kept = [one for one in rules if one.id != code]
    if len(kept) == len(rules):
        raise UnknownPart(code)
    return revise_version(version, rules=kept, actor=actor, notes=notes)


def put_limit(version: RuleBookVersion, limit: Limit, *, source: str, actor: Any, notes: str = "") -> RuleBookVersion:
    """A new draft in which this limit stands, in place of one of the same number if there is one."""
    kept = [one for one in limits_of(version) if one.id != limit.id]
    return revise_version(version, limits=[*kept, limit], sources={limit.id: source}, actor=actor, notes=notes)


def drop_limit(version: RuleBookVersion, code: str, *, actor: Any, notes: str = "") -> RuleBookVersion:
    """A new draft without this limit. Raises UnknownPart."""
    limits = limits_of(version)
    kept = [one for one in limits if one.id != code]
    if len(kept) == len(limits):
        raise UnknownPart(code)
    return revise_version(version, limits=kept, actor=actor, notes=notes)


def put_example(version: RuleBookVersion, example: WrittenExample, *, actor: Any, notes: str = "") -> RuleBookVersion:
    """A new draft with this example, in place of one of the same number if there is one."""
    kept = [one for one in written_examples(version) if one.code != example.code]
    return revise_version(version, examples=[*kept, example], actor=actor, notes=notes)


def drop_example(version: RuleBookVersion, code: str, *, actor: Any, notes: str = "") -> RuleBookVersion:
    """A new draft without this example. Raises UnknownPart."""
    examples = written_examples(version)
    kept = [one for one in examples if one.code != code]
    if len(kept) == len(examples):
        raise UnknownPart(code)
    return revise_version(version, examples=kept, actor=actor, notes=notes)
