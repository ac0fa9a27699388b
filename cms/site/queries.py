"""Facts about the site, read once a minute."""

from __future__ import annotations

from dataclasses import dataclass

from django.core.cache import cache
from django.utils.translation import get_language

from cms.site.models import InfoPage, SiteSettings
from foundation.api import in_language


@dataclass(frozen=True)
class SiteFacts:
    """What every footer shows, in the reader's language."""

    hotline: str
    hotline_hours_zh: str
    hotline_hours_en: str
    organisers: str
    pages: list[dict[str, str]]


def site_facts() -> SiteFacts:
    """The operator's facts; two queries a minute and language."""
    language = get_language() or "zh-hans"
    known = cache.get(f"site-facts:{language}")
    if known is None:
        row = SiteSettings.objects.filter(pk=1).first() or SiteSettings()
        prefix = "/en/" if language.startswith("en") else "/"
        pages = [{"url": f"{prefix}{page.slug}/", "name": page.name} for page in InfoPage.objects.live().order_by("path")[:8]]
        organisers = in_language(row.organisers_zh, row.organisers_en)
        known = SiteFacts(row.hotline, row.hotline_hours_zh, row.hotline_hours_en, organisers, pages)
        cache.set(f"site-facts:{language}", known, 60)
    return known  # type: ignore[no-any-return]
