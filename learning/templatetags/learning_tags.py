"""What pages of learning, and pages of lower apps by composition, show of runs, quizzes and the archive."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from django import template
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from foundation.api import format_credits, in_language, plain_number
from learning.archive.enums import Category, Trust
from learning.archive.models import LearningRecord
from learning.archive.queries import expires_soon
from learning.archive.types import ArchiveSummary, YearTotals
from learning.study.queries import QuizState, cards_of, enrolment_in, feedback_for, first_card, runs_of_course
from learning.study.types import StudyWeek
from learning.xapi.queries import StatementInWords

register = template.Library()
register.filter(plain_number)
CHART_HEIGHT, CHART_BASE, CHART_TOP = 150, 118, 28
THREADS = {Category.ACADEMIC: "k-a", Category.VOCATIONAL: "k-v", Category.CULTURE_LEISURE: "k-c"}
SEVERAL = "multiple"
TRUE_FALSE = "true_false"
NUMERIC = "numeric"


@register.filter
def short_day(day: date) -> str:
    """A day of this year in a narrow column: 11 月 28 日, or 28 Nov."""
    if (get_language() or "").startswith("en"):
        return f"{day.day} {day.strftime('%b')}"
    return f"{day.month} 月 {day.day} 日"


@register.filter
def weekday(day: date) -> str:
    """The day of the week, short."""
    return date_format(day, "D")


@register.filter
def place_words(position: str) -> str:
    """Where in a unit: seconds of a film as 04:12, a part of a text in per cent."""
    kind, _sign, value = position.partition(":")
    if kind == "t" and value.isdigit():
        minutes, seconds = divmod(int(value), 60)
        return f"{minutes:02d}:{seconds:02d}"
    return f"{value} %" if kind == "y" and value.isdigit() else ""


@register.simple_tag
def two_names(zh: str, en: str) -> str:
    """One of two names, in the reader's language."""
    return in_language(zh, en)


@register.simple_tag
def thread(category: str) -> SafeString:
    """The short thread of a kind of credit, beside a title or a figure; the word stands beside it."""
    css = THREADS.get(category, "k-x")  # type: ignore[call-overload]
    return format_html(
        '<svg class="kd" viewBox="0 0 18 11" aria-hidden="true" focusable="false"><path class="th {}" d="M0 5.5h18"></path></svg>', css
    )


@register.simple_tag
def credit_figure(amount: Decimal | None, system: Any) -> SafeString:
    """An amount with its unit: 2.0 学历学分."""
    if amount is None or system is None:
        return SafeString("—")
    return format_html("{} <small>{}</small>", format_credits(amount, system.step), in_language(system.name_zh, system.name_en))


@register.simple_tag
def week_chart(week: StudyWeek) -> SafeString:
    """Minutes per day as bars; the figures stand above them, and in the table beside it."""
    step = 100 / len(week.days)
    today = week.days[-1][0]
    bars = [
        (
            f"{place * step + step * 0.175:.2f}%", CHART_BASE - _bar(minutes, week), f"{step * 0.65:.2f}%", _bar(minutes, week),
            "var(--s1)" if minutes else "var(--edge)", f"{(place + 0.5) * step:.2f}%", CHART_BASE - _bar(minutes, week) - 6, minutes or "",
            f"{(place + 0.5) * step:.2f}%", _("today") if day == today else weekday(day),
        )
        for place, (day, minutes) in enumerate(week.days)
    ]  # fmt: skip
    drawn = format_html_join(
        "",
        '<rect x="{}" y="{}" width="{}" height="{}" fill="{}"></rect><text class="v" text-anchor="middle" x="{}" y="{}">{}</text>'
        '<text text-anchor="middle" x="{}" y="140">{}</text>',
        bars,
    )
    return format_html(
        '<svg height="{}" class="week" role="img" aria-label="{}">{}</svg>', CHART_HEIGHT, _("Minutes of study by day"), drawn
    )


def _bar(minutes: int, week: StudyWeek) -> int:
    return max(2, (CHART_BASE - CHART_TOP) * minutes // max(week.most, 1))


SCORED = {"passed": gettext_lazy("You passed “%(name)s”."), "failed": gettext_lazy("You took “%(name)s” and did not pass.")}


@register.simple_tag
def statement_sentence(told: StatementInWords) -> str:
    """A statement about the reader as a sentence to the reader."""
    sentences = {
        "attempted": _("You began the quiz of “%(name)s”."),
        "answered": _("You answered a question of “%(name)s”."),
        "progressed": _("You made progress in “%(name)s”."),
        "registered": _("You enrolled in “%(name)s”."),
        "leave": _("You left “%(name)s”."),
        "completed": _("You completed “%(name)s”."),
        "passed": _("You passed “%(name)s” with %(score)s %%."),
        "failed": _("You took “%(name)s” and reached %(score)s %%."),
        "watched": _("You watched “%(name)s”."),
        "attended": _("You attended “%(name)s”."),
        "submit": _("You handed in “%(name)s”."),
        "scored": _("“%(name)s” was marked."),
    }
    if told.verb in SCORED and told.score is None:
        pattern = str(SCORED[told.verb])
    elif told.verb or told.is_own:
        pattern = sentences.get(told.verb, _("You studied “%(name)s”."))
    else:
        pattern = _("You: %(verb)s “%(name)s”.")
    return pattern % {"name": told.object_name, "score": plain_number(told.score), "verb": told.verb_name}


@register.inclusion_tag("components/status_tag.html")
def record_status(record: LearningRecord, on: date | None = None) -> dict[str, Any]:
    """State and trust of a record as icon, word and colour; what the reader must know first comes first."""
    day = on or timezone.localdate()
    if record.is_void:
        look = ("off", "no", record.get_state_display())
    elif record.state == "disputed":
        look = ("warn", "flag", record.get_state_display())
    elif record.valid_until and record.valid_until < day:
        look = ("off", "clock", _("expired %(day)s") % {"day": record.valid_until.isoformat()})
    elif expires_soon(record, day):
        look = ("warn", "clock", _("valid until %(day)s") % {"day": str(record.valid_until)})
    elif record.trust == Trust.SELF:
        look = ("warn", "clock", record.get_trust_display())
    else:
        look = ("ok", "ok", record.get_trust_display())
    return dict(zip(("tone", "icon_name", "label"), look, strict=True))


@register.inclusion_tag("learning/parts/quiz.html", takes_context=True)
def quiz_form(context: dict[str, Any], block: Any) -> dict[str, Any]:
    """A quiz block as a form, with what was right in the latest attempt. No key is in it."""
    state: QuizState | None = context["quizzes"].get(str(block.id))
    latest = state.attempts[0] if state and state.attempts else None
    feedback = feedback_for(context["run"].course_version, str(block.id), latest) if latest else {}
    judged = {item["id"]: item["correct"] for item in latest.items} if latest else {}
    given = latest.answers if latest else {}
    return {
        "request": context.get("request"),
        "csrf_token": context.get("csrf_token"),
        "block": block,
        "title": block.value.get("title", ""),
        "mark": Decimal(block.value.get("pass_mark", 0)),
        "questions": [_question(item, judged, given, feedback) for item in block.value.get("questions", [])],
        "run": context["run"],
        "state": state,
        "latest": latest,
        "submission_key": context["submission_key"],
    }


@register.inclusion_tag("learning/parts/quiz_questions.html")
def quiz_questions(block: Any) -> dict[str, Any]:
    """The questions of a quiz block to look at."""
    return {"title": block.value.get("title", ""), "questions": [_question(item, {}, {}, {}) for item in block.value.get("questions", [])]}


def _question(item: dict[str, Any], judged: dict[str, bool], given: dict[str, list[str]], feedback: dict[str, str]) -> dict[str, Any]:
    chosen = given.get(item["id"], [])
    choices = [("true", _("True")), ("false", _("False"))] if item["kind"] == TRUE_FALSE else item.get("choices", [])
    return {
        "id": item["id"],
        "prompt": item["prompt"],
        "multiple": item["kind"] == SEVERAL,
        "numeric": item["kind"] == NUMERIC,
        "options": [{"id": ident, "text": text, "chosen": ident in chosen} for ident, text in choices],
        "given": chosen[0] if chosen else "",
        "judged": item["id"] in judged,
        "correct": judged.get(item["id"], False),
        "feedback": feedback.get(item["id"], ""),
    }


@register.inclusion_tag("learning/parts/course_runs.html", takes_context=True)
def course_runs(context: dict[str, Any], course: Any) -> dict[str, Any]:
    """Runs of a course that take learners now, each with its button: ``{% course_runs page %}`` on the course page of the library."""
    request = context["request"]
    user = request.user
    today = timezone.localdate()
    rows = [
        {"run": run, "enrolment": enrolment_in(run, user), "begun": run.has_begun(today)}
        for run in runs_of_course(course, user, on=today)[:12]
    ]
    return {"request": request, "csrf_token": context.get("csrf_token"), "rows": rows, "user": user}


@register.inclusion_tag("learning/parts/continue.html", takes_context=True)
def continue_learning(context: dict[str, Any]) -> dict[str, Any]:
    """The card to go on with, on the home page: ``{% continue_learning %}``; nothing for who has nothing to go on with."""
    user = context["request"].user
    cards = cards_of(user) if user.is_authenticated else []
    return {"card": first_card(cards), "others": max(0, len(cards) - 1)}


@register.inclusion_tag("learning/parts/ribbon.html")
def archive_ribbon(summary: ArchiveSummary) -> dict[str, Any]:
    """The ribbon of learning years over the timeline, with its table."""
    title = _("Credits by year: %(credits)s confirmed") % {"credits": format_credits(summary.credits)}
    return {"title": title, "years": [_ribbon_year(year) for year in summary.years] if summary.credits or summary.pending_credits else []}


def _ribbon_year(year: YearTotals) -> dict[str, Any]:
    """A year as the ribbon draws it: confirmed credits by kind, and what nobody has confirmed yet."""
    units = {"A": Category.ACADEMIC, "V": Category.VOCATIONAL, "C": Category.CULTURE_LEISURE}
    confirmed = {unit: year.confirmed[category] for unit, category in units.items() if year.confirmed.get(category)}
    return {"year": year.year, "in": confirmed, "out": {}, "pending": year.pending}


@register.simple_tag
def run_address(run: Any) -> str:
    """The page of a run."""
    return reverse("learning:run", args=[run.uuid])


@register.inclusion_tag("learning/parts/day_columns.html")
def day_columns(days: list[Any], title: str) -> dict[str, Any]:
    """Numbers by day as columns; the table with the same numbers stands beside it on the page."""
    height, width = 96, 20
    bars = [
        {"x": place * width + 2, "y": height - round(day.share * height / 100), "height": round(day.share * height / 100)}
        for place, day in enumerate(days)
    ]
    return {"bars": bars, "title": title, "width": len(days) * width, "height": height, "first": days[0].day, "last": days[-1].day}
