"""The demo's own doors; they exist only where ``DEMO`` is set."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from seeds import views

app_name = "seeds"

urlpatterns: list[URLPattern | URLResolver] = [
    path("demo/", views.demo, name="demo"),
    path("demo/enter/", views.enter, name="enter"),
    path("demo/mailbox/", views.mailbox, name="mailbox"),
]
