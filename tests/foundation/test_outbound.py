"""The way out of the server: nobody makes it call the house it lives in."""

from __future__ import annotations

import socket
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from foundation.api import OutboundFailed, OutboundRefused, require_outbound, send_outbound
from foundation.outbound import requests

INSIDE = [
    "127.0.0.1", "127.0.0.2", "127.255.255.254", "0.0.0.0", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "169.254.169.254",  # noqa: S104
    "100.64.0.1", "192.0.0.1", "198.18.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255", "::1", "::", "::ffff:127.0.0.1", "::ffff:10.0.0.1",
    "64:ff9b::7f00:1", "64:ff9b:1::1", "2002:7f00:1::", "fc00::1", "fd12:3456::1", "fe80::1", "fec0::1", "ff02::1", "2001:db8::1",
]  # fmt: skip
SPELLINGS = [
    "http://example.org/", "ftp://example.org/", "file:///etc/passwd", "gopher://example.org/", "//example.org/", "example.org", "",
    "https://127.1/", "https://2130706433/", "https://0x7f000001/", "https://0177.0.0.1/", "https://0x7f.0.0.1/", "https://127.0.0.1./",
    "https://localhost/", "https://localhost./", "https://[::ffff:7f00:1]/", "https://[::1]/", "https://[0:0:0:0:0:0:0:1]/", "https://[fe80::1%25lo]/",
    "https://user:secret@example.org/", "https://example.org@127.0.0.1/", "https://example.org\\@127.0.0.1/", "https://exa mple.org/",
    "https://example.org:22/", "https://example.org:99999/", "https://example.org:0/", "https://例子.org/", "https://example..org/", "https:///x",
    "https://example.org\t/", "https://example.org\n/", "https://%31%32%37.0.0.1/", "https://①②⑦.0.0.1/", "https://example.1/",
]  # fmt: skip


@pytest.fixture
def called(monkeypatch):
    """Every connection that anybody tries to open."""
    tried: list[object] = []

    def refuse(address, *args, **kwargs):
        tried.append(address)
        raise OSError("closed")

    monkeypatch.setattr(requests.socket, "create_connection", refuse)
    return tried


def resolving(monkeypatch, *addresses: str):
    found = [(socket.AF_INET6 if ":" in ip else socket.AF_INET, socket.SOCK_STREAM, 6, "", (ip, 443)) for ip in addresses]
    monkeypatch.setattr(requests.socket, "getaddrinfo", lambda *args, **kwargs: found)


@pytest.mark.parametrize("ip", INSIDE)
def test_a_name_that_leads_inside_is_refused_and_nothing_is_called(ip, called, monkeypatch):
    resolving(monkeypatch, ip)

    with pytest.raises(OutboundRefused) as refused:
        send_outbound("POST", "https://store.example.org/xapi", purpose="test", body=b"{}")

    assert refused.value.code == "address"
    assert called == []


def test_one_bad_address_among_good_ones_is_enough(called, monkeypatch):
    resolving(monkeypatch, "93.184.216.34", "127.0.0.1")

    with pytest.raises(OutboundRefused):
        send_outbound("GET", "https://store.example.org/", purpose="test")

    assert called == []


@pytest.mark.parametrize("url", SPELLINGS)
def test_every_odd_spelling_is_refused_before_a_name_is_looked_up(url, called, monkeypatch):
    def look_up(*args, **kwargs):
        raise AssertionError("looked up")

    monkeypatch.setattr(requests.socket, "getaddrinfo", look_up)
    plain_address = url.startswith(("https://[::1]", "https://[::ffff", "https://[fe80"))
    if plain_address:
        resolving(monkeypatch, "::1")

    with pytest.raises(OutboundRefused):
        send_outbound("GET", url, purpose="test")

    assert called == []


def test_the_checked_address_is_the_one_that_is_called(called, monkeypatch):
    resolving(monkeypatch, "93.184.216.34")

    with pytest.raises(OutboundFailed):
        send_outbound("GET", "https://store.example.org/", purpose="test")

    assert called == [("93.184.216.34", 443)]


def test_an_unknown_name_is_a_failure_not_a_refusal(called, monkeypatch):
    def unknown(*args, **kwargs):
        raise socket.gaierror

    monkeypatch.setattr(requests.socket, "getaddrinfo", unknown)
    with pytest.raises(OutboundFailed):
        require_outbound("https://nobody.example.org/")


class Receiver(BaseHTTPRequestHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        if self.path == "/redirect":
            self.send_response(302)
            self.send_header("Location", "http://127.0.0.1:1/")
            self.end_headers()
        elif self.path == "/large":
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"x" * (requests.LARGEST_ANSWER + 10))
        else:
            self.send_response(201)
            self.end_headers()
            self.wfile.write(b"done")

    def log_message(self, *args):
        pass


@pytest.fixture
def receiver(settings):
    server = HTTPServer(("127.0.0.1", 0), Receiver)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    settings.OUTBOUND_TEST_HOSTS = [f"127.0.0.1:{server.server_port}"]
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


def test_answers_come_back_and_redirects_are_not_followed(receiver):
    answer = send_outbound("POST", f"{receiver}/", purpose="test", body=b"{}")
    moved = send_outbound("POST", f"{receiver}/redirect", purpose="test", body=b"{}")

    assert (answer.status, answer.body, moved.status) == (201, b"done", 302)
    with pytest.raises(OutboundFailed):
        send_outbound("POST", f"{receiver}/large", purpose="test", body=b"{}")


def test_proxies_of_the_environment_are_not_asked(receiver, monkeypatch):
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")

    assert send_outbound("POST", f"{receiver}/", purpose="test", body=b"{}").status == 201
