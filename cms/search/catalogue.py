"""The catalogue: a question in the address, the courses that answer it, and counts for every facet, over visible courses alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Count, Q
from django.http import QueryDict

from cms.library.enums import CourseFormat, CourseLanguage, Licence
from cms.library.models import CoursePage, CourseQuerySet
from cms.library.queries import courses_visible_to
from cms.library.taxonomy import KindOfEducation, Subject
from cms.search.text import LONGEST_QUERY, query_phrases
from foundation.api import Level, in_language
from identity.api import Institution

FACETS = ("kind", "subject", "level", "school", "format", "credit", "language", "licence")
SORTS = {"relevance": (), "newest": ("-first_published_at", "-pk"), "title": ("title", "pk"), "hours": ("notional_hours", "pk")}
COLUMNS = {"kind": "kinds__code", "subject": "subject__code", "level": "level__code", "school": "institution__code"}
COLUMNS |= {name: name for name in ("format", "language", "licence")}
MOST_VALUES = 12


@dataclass(frozen=True)
class Question:
    """What was asked: words, chosen values by facet, order, page."""

    words: str = ""
    chosen: dict[str, tuple[str, ...]] = field(default_factory=dict)
    sort: str = "relevance"
    page: str = "1"

    def without(self, facet: str, value: str | None = None) -> Question:
        """The same question without one value, or without the whole facet."""
        kept = {name: tuple(v for v in values if not (name == facet and value in {v, None})) for name, values in self.chosen.items()}
        return Question(self.words, {name: values for name, values in kept.items() if values}, self.sort)

    def address(self) -> str:
        """The question as a query string; empty parts are left out."""
        query = QueryDict(mutable=True)
        if self.words:
            query["q"] = self.words
        for name in FACETS:
            if self.chosen.get(name):
                query.setlist(name, list(self.chosen[name]))
        if self.sort != "relevance":
            query["sort"] = self.sort
        return query.urlencode()


@dataclass(frozen=True)
class Value:
    """One value of a facet: code, word, how many courses it would show, whether it is chosen."""

    code: str
    name: str
    count: int
    is_chosen: bool


@dataclass(frozen=True)
class Facet:
    """One facet with its values, most courses first."""

    code: str
    values: tuple[Value, ...]


def read_question(query: QueryDict) -> Question:
    """The question in an address; whatever is unknown or too long is left out, so that every address is a page."""
    chosen = {name: tuple(dict.fromkeys(value[:60] for value in query.getlist(name) if value))[:MOST_VALUES] for name in FACETS}
    sort = query.get("sort", "relevance")
    words = query.get("q", "").strip()[:LONGEST_QUERY]
    page = query.get("page", "1")
    return Question(words, {name: values for name, values in chosen.items() if values}, sort if sort in SORTS else "relevance", page[:8])


def matching(user: Any, question: Question) -> CourseQuerySet:
    """Visible published courses that answer the question, in its order."""
    rows = courses_visible_to(user).filter(live=True)
    for name, values in question.chosen.items():
        rows = rows.filter(_condition(name, values))
    ids = found_ids(question.words)
    if ids is not None:
        rows = rows.filter(pk__in=ids)
    if question.sort == "relevance":
        return rows.order_by("-first_published_at", "-pk") if ids is None else rows
    return rows.order_by(*SORTS[question.sort])


def _condition(name: str, values: tuple[str, ...]) -> Q:
    if name == "credit":
        return Q(credits__gt=0)
    if name == "kind":
        return Q(pk__in=CoursePage.kinds.through.objects.filter(kindofeducation__code__in=values).values("coursepage_id"))
    return Q(**{f"{COLUMNS[name]}__in": values})


def found_ids(words: str) -> list[int] | None:
    """Courses in which the words occur, best first; None where nothing was asked."""
    if not query_phrases(words):
        return None
    return [row.pk for row in CoursePage.objects.only("pk").search(words)[:2000]]


def facets(user: Any, question: Question) -> list[Facet]:
    """All facets with counts; each ignores its own choice. One query a facet, and four for the words."""
    names = _names()
    result = []
    for code in FACETS:
        rows = matching(user, Question(question.words, {k: v for k, v in question.chosen.items() if k != code}, "title")).order_by()
        if code == "credit":
            counts = {"1": rows.filter(credits__gt=0).count()}
        else:
            counts = dict(rows.values_list(COLUMNS[code]).annotate(n=Count("pk", distinct=True)).order_by())
        chosen = question.chosen.get(code, ())
        values = [Value(value, names[code](value), n, value in chosen) for value, n in counts.items() if value and n]
        values.sort(key=lambda value: (not value.is_chosen, -value.count, value.name))
        if values:
            result.append(Facet(code, tuple(values[:MOST_VALUES])))
    return result


def _names() -> dict[str, Callable[[str], str]]:
    def of(rows: Any) -> Callable[[str], str]:
        words = {row.code: row.name if hasattr(row, "name") else str(row) for row in rows}
        return lambda code: words.get(code, code)

    def label(choices: Any) -> Callable[[str], str]:
        words = {value: str(word) for value, word in choices}
        return lambda code: words.get(code, code)

    levels = {level.code: level for level in Level.objects.all()}
    return {
        "kind": of(KindOfEducation.objects.all()), "subject": of(Subject.objects.all()), "school": of(Institution.objects.all()),
        "level": lambda code: _level(levels, code), "format": label(CourseFormat.choices), "language": label(CourseLanguage.choices),
        "licence": label(Licence.choices), "credit": lambda _code: "",
    }  # fmt: skip


def _level(levels: dict[str, Level], code: str) -> str:

    return in_language(levels[code].name_zh, levels[code].name_en) if code in levels else code


def ways_out(user: Any, question: Question) -> list[tuple[str, str, int]]:
    """For an empty result: each chosen value (or the words) left out, with how many courses would then be shown."""
    names = _names()
    options = [
        (names[facet](value) or facet, question.without(facet, value)) for facet, values in question.chosen.items() for value in values
    ]
    if question.words and question.chosen:
        options.append((question.words, Question("", question.chosen, question.sort)))
    counted = [(name, other.address(), matching(user, other).count()) for name, other in options]
    return [row for row in counted if row[2]]
