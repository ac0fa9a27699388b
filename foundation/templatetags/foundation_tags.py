"""What templates of every room need: the reader's language, amounts, dates, icons."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django import template
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from foundation.access.policy import can
from foundation.http.language import in_language as pick
from foundation.measures.amounts import format_credits, plain_number

register = template.Library()
register.filter(plain_number)


@register.simple_tag
def in_language(row: Any, field: str) -> str:
    """``{% in_language course "title" %}``: title_zh or title_en, the other one where it is missing."""
    return pick(str(getattr(row, f"{field}_zh", "") or ""), str(getattr(row, f"{field}_en", "") or ""))


@register.filter
def credits(amount: Decimal | None, system: Any = None) -> str:  # noqa: A001  the word of the glossary
    """An amount with the decimals of its unit's step: 2 → 2.0; nothing → a dash."""
    if amount is None:
        return "—"
    return format_credits(Decimal(amount), Decimal(getattr(system, "step", None) or "0.5"))


@register.filter
def local_date(value: date | datetime | None) -> str:
    """A date in a table: 2026-03-05, in the site's time zone."""
    if value is None:
        return "—"
    return (timezone.localtime(value) if isinstance(value, datetime) else value).strftime("%Y-%m-%d")


@register.simple_tag
def local_period(first: date | None, last: date | None) -> SafeString:
    """Two days in a table: 2026-03-05 – 2026-12-31, or "from 2026-03-05" where the second is open. A day is never broken over two lines."""
    if last is None:
        return format_html('<span class="nowrap">{}</span>', _("from %(day)s") % {"day": local_date(first)})
    return format_html('<span class="nowrap">{} –</span> <span class="nowrap">{}</span>', local_date(first), local_date(last))


@register.filter
def local_datetime(value: datetime | None) -> str:
    """A moment in a table: 2026-03-05 14:32, in the site's time zone."""
    return "—" if value is None else timezone.localtime(value).strftime("%Y-%m-%d %H:%M")


@register.filter
def date_words(value: date | datetime | None) -> str:
    """A date in a sentence: 2026年3月5日, or 5 March 2026."""
    if value is None:
        return "—"
    day = timezone.localtime(value) if isinstance(value, datetime) else value
    if (get_language() or "").startswith("en"):
        return f"{day.day} {day.strftime('%B')} {day.year}"
    return f"{day.year}年{day.month}月{day.day}日"


@register.simple_tag
def icon(name: str) -> SafeString:
    """``{% icon "clock" %}``: a drawing of the sprite, always beside a word."""
    return format_html('<svg class="i" aria-hidden="true" focusable="false"><use href="#i-{}"></use></svg>', name)


@register.simple_tag(takes_context=True)
def can_do(context: Any, action: str, row: Any) -> bool:
    """``{% can_do "edit" course as may %}``: the one policy, asked by a template."""
    return can(context["user"], action, row)
