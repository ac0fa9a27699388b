"""Pages that stand on no other app: messages, the log, and whether the service is alive."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from foundation.audit import views as audit
from foundation.http import views as http
from foundation.keys import views as keys
from foundation.notices import views as notices

app_name = "foundation"

urlpatterns: list[URLPattern | URLResolver] = [
    path("log/", audit.log_page, name="log"),
    path("log/heads/<int:number>.json", audit.log_head, name="log_head"),
    path("my/notices/", notices.notice_list, name="notices"),
    path("my/notices/read-all/", notices.notice_read_all, name="notices_read_all"),
    path("my/notices/<str:notice_uuid>/open/", notices.notice_open, name="notice_open"),
]
root_urlpatterns: list[URLPattern | URLResolver] = [
    path("healthz", http.health, name="health"),
    path(".well-known/credit-bank-keys.json", keys.key_set, name="signing_keys"),
]
