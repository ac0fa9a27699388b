"""All addresses. Pages live below no prefix (Chinese) or ``/en/``; machines, sign-in and short links live outside of it."""

from __future__ import annotations

from django.conf import settings
from django.conf.urls.i18n import i18n_patterns
from django.urls import include, path
from django.views.i18n import set_language
from django.views.static import serve
from wagtail import urls as wagtail_urls
from wagtail.admin import urls as wagtailadmin_urls
from wagtail.documents import urls as wagtaildocs_urls

from cms.urls import root_urlpatterns as cms_root
from config.api import api
from config.operations.health import health_page
from config.operations.overview import overview
from config.operations.trail import trail_file, trail_page
from creditbank.urls import root_urlpatterns as creditbank_root
from foundation.api import page_not_found
from foundation.urls import root_urlpatterns as foundation_root
from identity.urls import root_urlpatterns as identity_root
from learning.urls import root_urlpatterns as learning_root

PICTURE_FOLDERS = ("images", "original_images")

handler400 = "foundation.http.views.bad_request"
handler403 = "foundation.http.views.permission_denied"
handler404 = "foundation.http.views.page_not_found"
handler500 = "foundation.http.views.server_error"

# The demo's own doors do not exist in production; there the web server or a bucket serves pictures, and only pictures: documents and
# evidence always pass through a view that asks the policy.
demo_pages = [path("", include("seeds.urls"))] if settings.DEMO else []
pictures = [
    path(f"media/{folder}/<path:path>", serve, {"document_root": settings.MEDIA_ROOT / folder})
    for folder in PICTURE_FOLDERS
    if settings.DEMO
]

urlpatterns = [
    *foundation_root,
    *identity_root,
    *cms_root,
    *learning_root,
    *creditbank_root,
    path("language/", set_language, name="set_language"),
    path("api/v1/", api.urls),
    path("api/<path:rest>", page_not_found),
    path("cms/", include(wagtailadmin_urls)),
    path("documents/", include(wagtaildocs_urls)),
    path("accounts/", include("allauth.urls")),
    *pictures,
    *i18n_patterns(
        path("", include("foundation.urls")),
        path("", include("identity.urls")),
        path("", include("cms.urls")),
        path("", include("learning.urls")),
        path("", include("creditbank.urls")),
        path("ops/", overview, name="ops"),
        path("ops/health/", health_page, name="ops_health"),
        path("ops/audit/", trail_page, name="ops_audit"),
        path("ops/audit/entries.csv", trail_file, name="ops_audit_file"),
        *demo_pages,
        path("", include(wagtail_urls)),
        prefix_default_language=False,
    ),
]
