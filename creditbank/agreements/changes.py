"""What a version changes against the one published before it, in words for a page."""

from __future__ import annotations

from dataclasses import dataclass

from creditbank.agreements.editions import Edition, edition_now
from creditbank.agreements.enums import VersionStatus
from creditbank.agreements.models import RuleBookVersion
from creditbank.agreements.queries import limits_of, outcome_titles, rule_base
from creditbank.rules.differences import WORDS, differences

MOST_SHOWN = 500


@dataclass(frozen=True)
class ChangeShown:
    """One change: what kind of thing, its number, whether it was added, removed or changed, and its sentence in pieces."""

    what_code: str
    what: str
    ident: str
    kind: str
    kind_word: str
    pieces: tuple[tuple[str, str], ...]
    columns: tuple[tuple[str, str, str], ...]


def version_before(version: RuleBookVersion) -> RuleBookVersion | None:
    """The published version before this one. One query."""
    earlier = version.book.versions.exclude(status=VersionStatus.DRAFT).filter(number__lt=version.number)
    return earlier.select_related("book").order_by("-number").first()


def changes_of(version: RuleBookVersion, before: RuleBookVersion, language: str, edition: Edition | None = None) -> list[ChangeShown]:
    """Rules and limits that differ between two versions, in the words of a language."""
    column = 1 if language.startswith("en") else 0
    known = edition or edition_now(before, version)
    titles = outcome_titles(known)
    old, new = ((rule_base(one, known), limits_of(one, known)) for one in (before, version))
    found = differences(*old, *new, tables=False)
    return [
        ChangeShown(
            what_code=one.what, what=WORDS[one.what][column], ident=one.id, kind=one.kind, kind_word=WORDS[one.kind][column],
            pieces=tuple(one.pieces(titles, language)),
            columns=tuple((cell.title(language), cell.before, cell.after) for cell in one.columns),
        )
        for one in found[:MOST_SHOWN]
    ]  # fmt: skip
