"""The home page, pages of information, and what the operator sets for the whole site."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _
from wagtail.admin.panels import FieldPanel
from wagtail.fields import RichTextField
from wagtail.models import Page
from wagtail.search import index

from cms.library.registries import page_view
from foundation.api import in_language


class HomePage(Page):
    """The front page; what it shows is counted, not written.

    Personal data: none.
    """

    max_count = 1
    parent_page_types = ["wagtailcore.Page"]
    subpage_types = ["cms.SchoolsPage", "cms.InfoPage"]

    class Meta:
        verbose_name = _("home page")

    def serve(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        return page_view("home")(request, self)

    def serve_preview(self, request: Any, mode_name: str) -> Any:
        return self.serve(request)


class InfoPage(Page):
    """A page of information (help, privacy …) in both languages.

    Personal data: none.
    """

    title_en = models.CharField(_("title (English)"), max_length=200, blank=True)
    intro_zh = models.TextField(_("introduction (Chinese)"), blank=True)
    intro_en = models.TextField(_("introduction (English)"), blank=True)
    body_zh = RichTextField(_("text (Chinese)"), blank=True)
    body_en = RichTextField(_("text (English)"), blank=True)

    parent_page_types = ["cms.HomePage", "cms.InfoPage"]
    subpage_types = ["cms.InfoPage"]
    template = "cms/site/info_page.html"
    content_panels = [*Page.content_panels, *[FieldPanel(name) for name in ("title_en", "intro_zh", "intro_en", "body_zh", "body_en")]]
    search_fields = [*Page.search_fields, index.SearchField("body_zh"), index.SearchField("body_en")]

    class Meta:
        verbose_name = _("information page")
        verbose_name_plural = _("information pages")

    @property
    def name(self) -> str:
        return in_language(self.title, self.title_en)

    @property
    def intro(self) -> str:
        return in_language(self.intro_zh, self.intro_en)

    @property
    def body(self) -> str:
        return in_language(self.body_zh, self.body_en)


class SiteSettings(models.Model):
    """Facts about the operator that every page shows; there is one row.

    Personal data: none.
    """

    hotline = models.CharField(_("hotline"), max_length=40, default="0000-556-7788")
    hotline_hours_zh = models.CharField(_("hotline hours (Chinese)"), max_length=60, default="每天 8:00–20:00")
    hotline_hours_en = models.CharField(_("hotline hours (English)"), max_length=60, default="daily 8:00–20:00")
    organisers_zh = models.TextField(_("organisers (Chinese)"), default="江澜市教育局主办\n江澜市学分银行管理中心承办")
    organisers_en = models.TextField(_("organisers (English)"), default="Jianglan Education Bureau\nJianglan Credit Bank Centre")
    service_points = models.PositiveIntegerField(_("service points"), default=0)

    class Meta:
        verbose_name = _("site settings")
        verbose_name_plural = _("site settings")
        constraints = [models.CheckConstraint(condition=models.Q(pk=1), name="site_settings_one_row")]

    def __str__(self) -> str:
        return str(_("site settings"))
