"""Words of facets, and the found terms marked in the original text."""

from __future__ import annotations

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from cms.search.text import find_terms

register = template.Library()

WINDOW = 90


@register.simple_tag
def facet_word(code: str) -> str:
    """A facet by its code, in words; anything else as it is."""
    words = {
        "kind": _("Kind of education"), "subject": _("Subject"), "level": _("Level"), "school": _("School"), "format": _("Format"),
        "credit": _("Credit"), "language": _("Language"), "licence": _("Licence"),
    }  # fmt: skip
    return words.get(code, code)


@register.simple_tag
def highlight(text: str, terms: list[str]) -> SafeString:
    """The text with found terms marked; escaped first."""
    pieces, at = [], 0
    for start, end in find_terms(text, terms):
        pieces += [format_html("{}", text[at:start]), format_html("<mark>{}</mark>", text[start:end])]
        at = end
    pieces.append(format_html("{}", text[at:]))
    return format_html_join("", "{}", ((piece,) for piece in pieces))


@register.simple_tag
def excerpt(text: str, terms: list[str]) -> SafeString:
    """A window of the text around the first found term, marked; its beginning where nothing was found."""
    places = find_terms(text, terms)
    begin = max(0, places[0][0] - WINDOW // 3) if places and places[0][0] > WINDOW else 0
    cut = text[begin : begin + 2 * WINDOW]
    dots = "…"
    return format_html("{}{}{}", dots if begin else "", highlight(cut, terms), dots if begin + 2 * WINDOW < len(text) else "")
