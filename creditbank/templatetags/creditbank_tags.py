"""What templates of the bank, and pages of lower apps, show of credit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django import template
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from creditbank.agreements.editions import edition_now
from creditbank.agreements.models import Agreement, RuleBookVersion
from creditbank.agreements.queries import outcome_titles, rule_bases
from creditbank.ledger.enums import AccountKind, TransactionType
from creditbank.recognition.enums import ApplicationState, ExceptionKind
from creditbank.recognition.presenting import UnusedShown
from creditbank.rules.messages import word
from creditbank.rules.sentences import rule_sentence
from creditbank.statements.enums import Standing
from creditbank.statements.queries import credit_years, purses
from foundation.api import format_credits, in_language
from identity.api import InstitutionKind

register = template.Library()

TONES = {
    ApplicationState.DRAFT: ("off", "edit"), ApplicationState.SUBMITTED: ("info", "mail"), ApplicationState.CHECKING: ("info", "clock"),
    ApplicationState.INFORMATION_REQUESTED: ("warn", "warn"), ApplicationState.SECOND_REVIEW: ("info", "clock"),
    ApplicationState.DECIDED: ("warn", "flag"), ApplicationState.ACCEPTED: ("ok", "check"), ApplicationState.POSTED: ("ok", "ok"),
    ApplicationState.APPEALED: ("warn", "flag"), ApplicationState.APPEAL_DECIDED: ("info", "flag"),
    ApplicationState.WITHDRAWN: ("off", "undo"), ApplicationState.LAPSED: ("off", "no"), ApplicationState.REVERSED: ("err", "undo"),
}  # fmt: skip


@register.simple_tag
def application_state(application: Any) -> SafeString:
    """The state of an application: icon, word, colour."""
    state = ApplicationState(application.state)
    tone, drawing = TONES.get(state, ("info", "clock"))
    return format_html(
        '<span class="st st--{}"><svg class="i" aria-hidden="true" focusable="false"><use href="#i-{}"></use></svg>{}</span>',
        tone,
        drawing,
        state.label,
    )


@register.simple_tag
def exception_kind(kind: str) -> str:
    """What an individual exception changes, in words."""
    return str(ExceptionKind(kind).label) if kind in ExceptionKind.values else kind


@register.simple_tag
def changed_by(exception: Any, titles: Mapping[tuple[int, str], str]) -> str:
    """What an individual exception is about: a requirement by its title, a rule or limit by its id."""
    title = titles.get((exception.programme_id, exception.path), "")
    return f"{exception.path} {title}".strip() or "—"


@register.simple_tag
def transaction_name(kind: str) -> str:
    """A kind of transaction in words."""
    return str(TransactionType(kind).label) if kind in TransactionType.values else kind


GRANTS = {
    "course": _("as this course"), "block": _("as a block"), "unassigned": _("as credit of the subject"), "elective": _("as elective credit"),
    "exemption": _("as an exemption, without credit"), "waiver": _("as done"), "subject_only": _("as the subject, without credit"),
    "pending": _("still being examined"),
}  # fmt: skip


@register.filter
def grant_word(kind: str) -> str:
    """A kind of grant in words."""
    return str(GRANTS.get(kind, kind))


@register.filter
def rule_word(value: str) -> str:
    """The word that rules use for a coded value: vocational → vocational credit."""
    return word(value, get_language() or "zh-hans")


VERDICT_WORDS = {
    "gained": _("gain"), "lost": _("lose"), "changed": _("told something else"), "unchanged": _("as before"), "unproved": _("not proved"),
}  # fmt: skip
DIMENSION_WORDS = {
    "education": _("kind of institution"), "school": _("school"), "age": _("age"), "programme": _("programme"), "cohort": _("cohort"),
    "target": _("programme"),
}  # fmt: skip
STATE_WORDS = {
    "used": _("recognised"), "not_available": _("not available"), "already_used": _("used before"), "expired": _("expired"),
    "not_eligible": _("person not admitted"), "no_rule": _("no rule"), "out_of_scope": _("rule not for this programme"),
    "not_convertible": _("not convertible"), "outside_window": _("outside the window"), "rule_failed": _("condition not met"),
    "too_old": _("too old"), "evidence_missing": _("evidence missing"), "no_rate": _("no rate"), "denied": _("excluded"),
    "pending": _("being examined"), "shadowed": _("another rule comes first"), "too_many_matches": _("too many combinations"),
    "duplicate_of": _("duplicate"), "limit_full": _("limit full"), "dominated": _("better used otherwise"), "not_needed": _("not needed"),
}  # fmt: skip


@register.filter
def verdict_word(verdict: str) -> str:
    """What a simulation says of a person, in words."""
    return str(VERDICT_WORDS.get(verdict, verdict))


@register.filter
def dimension_word(dimension: str) -> str:
    """By what people are grouped, in words."""
    return str(DIMENSION_WORDS.get(dimension, dimension))


@register.filter
def group_word(value: str, dimension: str) -> str:
    """A group in words: kinds of institution have words of their own."""
    return str(dict(InstitutionKind.choices).get(value, value)) if dimension == "education" else value


@register.filter
def state_word(state: str) -> str:
    """What became of a record, in words."""
    return str(STATE_WORDS.get(state, state))


@register.simple_tag(takes_context=True)
def agreement_title(context: Any, code: str) -> str:
    """The title of an agreement by its code, or the code where it is not known. One query a template, however many it names."""
    known: dict[str, str] | None = context.render_context.get(agreement_title)
    if known is None:
        rows = Agreement.objects.values_list("code", "title_zh", "title_en")
        known = context.render_context[agreement_title] = {key: in_language(zh, en) for key, zh, en in rows}
    return f"{known[code]} {code}" if code in known else code


@register.simple_tag
def account_kind(kind: str) -> str:
    """A kind of account in words."""
    return str(AccountKind(kind).label) if kind in AccountKind.values else kind


@register.filter
def as_query(value: str, name: str) -> str:
    """A filter as the beginning of a query, for the links to other pages: q=x&; nothing where nothing is chosen."""
    return f"{urlencode({name: value})}&" if value else ""


@register.filter
def absolute(amount: Decimal) -> Decimal:
    """An amount without its sign."""
    return abs(amount)


@register.filter
def as_credits(text: str, step: str = "0.5") -> str:
    """An amount kept as text in a paper, with the decimals of its unit's step."""
    return format_credits(Decimal(text), Decimal(step or "0.5"))


@register.filter
def as_day(text: str) -> date:
    """A day kept as text in a paper."""
    return date.fromisoformat(text)


@register.filter
def in_fours(text: str) -> str:
    """The first 32 characters of a fingerprint, in fours: enough to compare by eye."""
    return " ".join(text[at : at + 4] for at in range(0, 32, 4))


STANDINGS = {
    Standing.VALID: ("ok", "ok"), Standing.REVOKED: ("err", "no"), Standing.EXPIRED: ("warn", "clock"), Standing.ALTERED: ("err", "warn"),
    Standing.UNKNOWN: ("off", "help"),
}  # fmt: skip


@register.simple_tag
def standing_word(found: str) -> str:
    """What a check found, as a word."""
    return str(Standing(found).label)


@register.simple_tag
def standing(found: str) -> SafeString:
    """What a check found: icon, word, colour."""
    tone, drawing = STANDINGS[Standing(found)]
    return format_html(
        '<span class="st st--{}"><svg class="i" aria-hidden="true" focusable="false"><use href="#i-{}"></use></svg>{}</span>',
        tone,
        drawing,
        Standing(found).label,
    )


@register.filter
def by_reason(rows: Iterable[UnusedShown]) -> list[dict[str, str]]:
    """Records that are not used, those of one reason and one remedy together, in the order in which the reasons first appear."""
    groups: dict[tuple[str, str], list[str]] = {}
    for row in rows:
        groups.setdefault((row.reason, row.remedy), []).append(row.title)
    between = ", " if (get_language() or "").startswith("en") else "、"
    return [{"titles": between.join(titles), "reason": reason, "remedy": remedy} for (reason, remedy), titles in groups.items()]


@register.simple_tag
def in_language_of(row: Mapping[str, str], field: str) -> str:
    """As ``in_language``, for a row of a stored paper."""
    return in_language(row.get(f"{field}_zh", ""), row.get(f"{field}_en", ""))


@register.simple_tag(takes_context=True)
def my_credit_summary(context: Any) -> SafeString:
    """For the home page: the reader's balance and years; nothing for visitors."""
    user = context["user"]
    if not user.is_authenticated:
        return SafeString("")
    shown = [purse for purse in purses(user, on=timezone.localdate()) if purse.balance.total or purse.balance.pending]
    facts = {"purses": shown, "years": credit_years(user), "now": timezone.now()}
    return render_to_string("creditbank/home_summary.html", facts)


@register.simple_tag
def course_recognition(course: Any) -> SafeString:
    """For the course page: by which published rules finishing the course counts where."""
    code = course.outcome_code
    edition = edition_now()
    language, titles, rows = get_language() or "zh-hans", outcome_titles(edition), []
    versions = list(RuleBookVersion.objects.in_force(on=timezone.localdate()).select_related("book__institution"))
    bases = rule_bases(versions, edition)
    for version in versions:
        rows += [
            {"rule": rule, "version": version, "sentence": rule_sentence(rule, titles, language)}
            for rule in bases[version.uuid].rules
            if any(leaf.outcome == code for leaf in rule.lhs.leaves())
        ]
    return render_to_string("creditbank/course_recognition.html", {"rows": rows[:5]}) if rows else SafeString("")
