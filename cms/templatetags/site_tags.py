"""What every page's frame needs: addresses in the reader's language, the other language, the operator's facts, drawings."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from urllib.parse import quote

from django import template
from django.template.context import Context
from django.urls import NoReverseMatch, reverse, translate_url
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from wagtail.images import get_image_model

from cms.library.covers import cover_svg
from cms.site.queries import SiteFacts, site_facts
from identity.api import Role

register = template.Library()

DESKS = (
    ((Role.INSTRUCTOR, Role.SCHOOL_ADMINISTRATOR, Role.EDITOR), "learning:teach", "learn"),
    ((Role.CREDIT_OFFICER, Role.REVIEWER, Role.AUDITOR), "creditbank:desk", "verify"),
    ((Role.EDITOR, Role.SCHOOL_APPROVER, Role.LIBRARY_REVIEWER, Role.SCHOOL_ADMINISTRATOR), "wagtailadmin_home", "course"),
    ((Role.OPERATOR, Role.AUDITOR), "ops", "flag"),
)


def _is_english() -> bool:
    return (get_language() or "").startswith("en")


@register.simple_tag
def site_home() -> str:
    """The home page in the reader's language."""
    return "/en/" if _is_english() else "/"


@register.simple_tag
def site_page(slug: str) -> str:
    """An information page by its slug, in the reader's language."""
    return f"{site_home()}{slug}/"


@register.simple_tag(takes_context=True)
def other_language(context: Context) -> dict[str, str]:
    """This page in the other language: address, language code and its own name."""
    request = context.get("request")
    path = request.get_full_path() if request is not None else "/"
    if _is_english():
        return {"url": _other(path, "zh-hans"), "lang": "zh-Hans", "name": "中文"}
    return {"url": _other(path, "en"), "lang": "en", "name": "English"}


def _other(path: str, language: str) -> str:
    if path.startswith(("/accounts/", "/cms/", "/api/")):
        return f"/set-language/{language}/?next={quote(path)}"
    translated = translate_url(path, language)
    if translated == path:
        return f"/en{path}" if language == "en" and not path.startswith("/en/") else path.removeprefix("/en") or "/"
    return translated


@register.simple_tag
def role_name(role: str) -> str:
    """A role in words."""
    return str(Role(role).label) if role in Role.values else role


@register.filter
def acts_as(user: Any, role: str) -> bool:
    """Whether the person acts in this role anywhere."""
    return bool(user.is_authenticated and user.acts_as(role))


@register.simple_tag(takes_context=True)
def desk_links(context: Context) -> SafeString:
    """List items to the desks at which the person works."""
    user = context["user"]
    labels = {"learning:teach": _("Classes"), "creditbank:desk": _("Recognition desk"), "wagtailadmin_home": _("Course editor"),
              "ops": _("Operation")}  # fmt: skip
    rows = []
    for roles, name, drawing in DESKS:
        if user.acts_as(*roles):
            try:
                rows.append((reverse(name), drawing, labels[name]))
            except NoReverseMatch:
                continue
    return format_html_join(
        "", '<li><a href="{}"><svg class="i" aria-hidden="true" focusable="false"><use href="#i-{}"></use></svg>{}</a></li>', rows
    )


@register.simple_tag
def site_settings() -> SiteFacts:
    """Hotline, organisers and information pages; at most two queries, kept for a minute."""
    return site_facts()


@register.simple_tag
def cover(course: Any) -> SafeString:
    """The drawn cover of a course; decorative, its title stands beside it."""
    return cover_svg(course.code, course.subject.code if course.subject else "", course.title)


THREAD = 7
MOST_THREADS = 24
"""A column of more threads than the eye can count bundles several credits into each."""
BUNDLES = (1, 2, 5, 10, 20, 50, 100)
WIDEST = 12.5
"""The widest column, in percent of the ribbon: a learner with two years gets two columns, not two walls."""
LINES = {"A": "k-a", "V": "k-v", "C": "k-c"}


@register.inclusion_tag("cms/site/ribbon.html")
def ribbon(years: list[dict[str, Any]], title: str) -> dict[str, Any]:
    """The ribbon of learning years.

    ``years`` is [{"year": 2026, "in": {"A": Decimal("2.0")}, "out": {}, "pending": Decimal(0)}], without gaps needed: missing years are
    filled. One thread is one credit (or two, five, ten where a year holds many; the legend says how many), a short one a part of it; what
    was used hangs below the tape. A table stands beside it.
    """
    if not years:
        return {"columns": [], "title": title}
    known = {row["year"]: row for row in years}
    rows = [known.get(year, {"year": year, "in": {}, "out": {}}) for year in range(min(known), max(known) + 1)]
    bundle = next((size for size in BUNDLES if max(_threads(row, size) for row in rows) <= MOST_THREADS), BUNDLES[-1])
    tallest = max(_count(row["in"], bundle) + _count({"": Decimal(row.get("pending") or 0)}, bundle) for row in rows)
    deepest = max(_count(row["out"], bundle) for row in rows)
    width = min(100 / len(rows), WIDEST)
    top = tallest * THREAD + 26
    columns = [_column(row, at * width, width, top, bundle) for at, row in enumerate(rows)]
    return {
        "bundle": bundle,
        "columns": columns,
        "title": title,
        "top": top,
        "text": top + 17,
        "width": f"{width * len(rows):.2f}%",
        "height": top + 24 + (deepest * THREAD + 22 if deepest else 4),
        "rows": rows,
    }


def _threads(row: dict[str, Any], bundle: int) -> int:
    """The longer of what stands above the tape and what hangs below it."""
    return max(_count({**row["in"], "": Decimal(row.get("pending") or 0)}, bundle), _count(row["out"], bundle))


def _count(amounts: dict[str, Decimal], bundle: int) -> int:
    return sum(len(_lengths(Decimal(amount), bundle)) for amount in amounts.values())


def _column(row: dict[str, Any], left: float, width: float, top: int, bundle: int) -> dict[str, Any]:
    inner, right = left + width * 0.14, left + width * 0.86

    def thread(length: float, at: int, kind: str) -> dict[str, Any]:
        return {"y": at, "x1": f"{inner:.2f}%", "x2": f"{inner + (right - inner) * length:.2f}%", "kind": kind}

    threads, at = [], top - 6
    for kind, amount in [*((LINES.get(unit, "k-x"), amount) for unit, amount in row["in"].items()), ("k-p", row.get("pending") or 0)]:
        for length in _lengths(Decimal(amount), bundle):
            threads.append(thread(length, at, kind))
            at -= THREAD
    below, low = [], top + 30
    for unit, amount in row["out"].items():
        for length in _lengths(Decimal(amount), bundle):
            below.append(thread(length, low, LINES.get(unit, "k-x")))
            low += THREAD
    total, used = sum(map(Decimal, row["in"].values()), Decimal(0)), sum(map(Decimal, row["out"].values()), Decimal(0))
    return {
        "year": row["year"], "short": f"{row['year'] % 100:02d}", "middle": f"{left + width / 2:.2f}%", "threads": threads, "below": below,
        "label_y": at - 1, "total": total, "used": used, "used_y": low + 8,
    }  # fmt: skip


def _lengths(amount: Decimal, bundle: int) -> list[float]:
    """The threads of an amount, each a share of a whole one."""
    whole, rest = divmod(amount, bundle)
    return [1.0] * int(whole) + ([float(rest / bundle)] if rest else [])


@register.simple_tag
def split_bar(available: Decimal, held: Decimal) -> SafeString:
    """A balance as a bar: what is available, and woven what is held."""
    total = available + held
    share = float(available / total * 100) if total else 0.0
    label = _("Balance %(total)s: available %(available)s, held %(held)s") % {"total": total, "available": available, "held": held}
    return format_html(
        '<svg class="split" role="img" aria-label="{}"><defs><pattern id="held-weave" width="6" height="6" patternUnits="userSpaceOnUse" '
        'patternTransform="rotate(45)"><rect class="weave" width="3" height="6"/></pattern></defs>'
        '<rect class="a" width="{}%" height="14"/><rect class="h" x="{}%" width="{}%" height="14"/></svg>',
        label, f"{share:.1f}", f"{share:.1f}", f"{100 - share:.1f}" if held else "0",
    )  # fmt: skip


@register.simple_tag
def json_text(text: str) -> SafeString:
    """JSON inside a script element; its maker has escaped every ``<``."""
    return mark_safe(text)  # noqa: S308  see course_page  # nosec B308 B703


@register.simple_tag
def version_image(value: dict[str, Any]) -> SafeString:
    """A picture of a course version; nothing where it was deleted meanwhile."""
    picture = get_image_model().objects.filter(pk=value["image_id"]).first()
    if picture is None:
        return SafeString("")
    rendition = picture.get_rendition("width-1200|format-webp")
    return format_html('<img src="{}" width="{}" height="{}" alt="{}">', rendition.url, rendition.width, rendition.height, value["alt"])
