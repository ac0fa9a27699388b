from __future__ import annotations

import re

import pytest
from django.test import RequestFactory

from foundation.api import client_address


@pytest.mark.django_db
def test_every_answer_carries_a_request_id_and_the_strict_policy(client):
    answer = client.get("/healthz")

    assert re.fullmatch(r"[0-9a-f]{32}", answer["X-Request-ID"])
    assert answer.json() == {"status": "ok"}
    policy = answer["Content-Security-Policy"]
    assert "script-src 'self';" in policy + ";"
    assert "unsafe-inline" not in policy
    assert answer["X-Content-Type-Options"] == "nosniff"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("offered", "kept"), [("abcdefgh-1234", True), ("x", False), ("evil\r\nSet-Cookie: a=b", False), ("a" * 41, False)]
)
def test_a_callers_own_request_id_is_kept_only_if_it_is_harmless(client, offered, kept):
    answer = client.get("/healthz", headers={"X-Request-ID": offered.replace("\r\n", " ")})

    assert (answer["X-Request-ID"] == offered) is kept


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/courses/?q=%00", "/nothing%00here/", "/?next=%00"])
def test_nul_bytes_in_an_address_are_never_a_server_error(client, path):
    assert client.get(path).status_code in {200, 404}


@pytest.mark.parametrize(
    ("count", "header", "expected"),
    [
        (0, "6.6.6.6", "10.0.0.1"),
        (1, "6.6.6.6, 8.8.8.8", "8.8.8.8"),
        (2, "6.6.6.6, 8.8.8.8, 9.9.9.9", "8.8.8.8"),
        (2, "8.8.8.8", "10.0.0.1"),
    ],
)
def test_a_forged_forwarding_header_does_not_change_the_callers_address(settings, count, header, expected):
    settings.TRUSTED_PROXY_COUNT = count

    request = RequestFactory().get("/", REMOTE_ADDR="10.0.0.1", headers={"X-Forwarded-For": header})

    assert client_address(request) == expected
