"""The catalogue page and suggestions while typing."""

from __future__ import annotations

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render

from cms.library.models import CoursePage
from cms.library.queries import courses_visible_to
from cms.search.catalogue import facets, found_ids, matching, read_question, ways_out
from cms.search.text import query_phrases, query_terms

PAGE_SIZE = 20
SUGGESTIONS = 8
POPULAR = 3


def catalogue(request: HttpRequest) -> HttpResponse:
    """Search with facets; works without a script, its whole state is in the address, and every query string is a page."""
    question = read_question(request.GET)
    rows = matching(request.user, question).select_related("institution", "subject", "level", "credit_system")
    order = found_ids(question.words) if question.sort == "relevance" else None
    page = Paginator(_ranked(rows, order) if order is not None else rows, PAGE_SIZE).get_page(question.page)
    empty = not page.object_list
    shown = facets(request.user, question)
    chips = [
        (value.name or facet.code, question.without(facet.code, value.code).address())
        for facet in shown
        for value in facet.values
        if value.is_chosen
    ]
    popular = (
        courses_visible_to(request.user).filter(live=True).select_related("institution", "subject").order_by("pk")[:POPULAR]
        if empty
        else []
    )
    context = {
        "question": question, "page": page, "facets": shown, "chips": chips, "terms": query_terms(question.words), "nav": "courses",
        "query": f"{question.address()}&" if question.address() else "", "ways_out": ways_out(request.user, question) if empty else [],
        "popular": popular, "nothing_asked": bool(question.words) and not query_phrases(question.words),
    }  # fmt: skip
    return render(request, "cms/search/catalogue.html", context)


def _ranked(rows: object, order: list[int]) -> list[CoursePage]:
    """Courses in the order in which search found them."""
    place = {pk: at for at, pk in enumerate(order)}
    return sorted(rows, key=lambda course: place[course.pk])  # type: ignore[call-overload,no-any-return]


def suggest(request: HttpRequest) -> JsonResponse:
    """Titles that begin like what was typed, in Chinese, pinyin or initials; visible ones only."""
    words = request.GET.get("q", "").strip()[:60]
    if not query_phrases(words):
        return JsonResponse({"suggestions": []})
    ids = [row.pk for row in CoursePage.objects.only("pk").autocomplete(words)[:200]]
    rows = courses_visible_to(request.user).filter(live=True, pk__in=ids).select_related("institution")[:SUGGESTIONS]
    return JsonResponse({"suggestions": [{"title": row.name, "url": row.get_url(request)} for row in rows]})
