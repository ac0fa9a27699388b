"""Addresses of the library; schools' and courses' own pages are Wagtail's."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from cms.library import views as library
from cms.search import views as search
from cms.site import views as site

app_name = "cms"

urlpatterns: list[URLPattern | URLResolver] = [
    path("courses/", search.catalogue, name="catalogue"),
    path("courses/suggest/", search.suggest, name="suggest"),
    path("library/", library.desk, name="desk"),
    path("library/<str:course_uuid>/", library.review, name="review"),
    path("library/<str:course_uuid>/step/", library.take_step, name="step"),
    path("library/<str:course_uuid>/share/", library.share, name="share"),
]
root_urlpatterns: list[URLPattern | URLResolver] = [
    path("c/<str:course_uuid>/", library.short_link, name="short_link"),
    path("set-language/<str:language>/", site.set_language, name="set_language_to"),
    path("robots.txt", site.robots, name="robots"),
    path("sitemap.xml", site.sitemap, name="sitemap"),
]
