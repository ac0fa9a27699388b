"""Setting up the site: the home page in the place of Wagtail's welcome page, and the page of all schools below it."""

from __future__ import annotations

from django.db import transaction
from wagtail.models import Page, Site

from cms.library.models import SchoolsPage
from cms.site.models import HomePage, SiteSettings
from foundation.api import record_audit_entry


@transaction.atomic
def create_home(*, title: str, hostname: str = "localhost", port: int = 80) -> HomePage:
    """Home page, page of schools, site and settings; calling it again changes nothing."""
    known = HomePage.objects.first()
    if known is not None:
        return known
    root = Page.get_first_root_node()
    home = root.add_child(instance=HomePage(title=title, slug="site", live=True))
    home.add_child(instance=SchoolsPage(title="学校", slug="schools", live=True))
    Site.objects.filter(is_default_site=True).delete()
    Site.objects.create(hostname=hostname, port=port, site_name=title, root_page=home, is_default_site=True)
    Page.objects.filter(depth=2).exclude(pk=home.pk).delete()
    SiteSettings.objects.get_or_create(pk=1)
    record_audit_entry("site.create_home", actor=None, about=home)
    return home
