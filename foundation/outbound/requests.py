"""The only way out of the server: HTTPS to public addresses, looked up once, never redirected, never long."""

from __future__ import annotations

import http.client
import ipaddress
import logging
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from django.conf import settings

from foundation.outbound.addresses import is_public

logger = logging.getLogger("security")
SECONDS = 5.0
LARGEST_ANSWER = 1024 * 1024
PORTS = {"https": 443, "http": 80}


class OutboundRefused(Exception):
    """We do not call this address; ``code`` says why: scheme, credentials, host, port, address."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class OutboundFailed(Exception):
    """The other side could not be reached, did not answer in time, or answered more than we read."""


@dataclass(frozen=True)
class Answer:
    """What came back. Redirects come back as they are and are not followed."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class _Connection(http.client.HTTPSConnection):
    """HTTPS to an address that was checked; the certificate is that of the host's name."""

    def __init__(self, host: str, port: int, address: str) -> None:
        super().__init__(host, port, timeout=SECONDS, context=ssl.create_default_context())
        self._address = address

    def connect(self) -> None:
        plain = socket.create_connection((self._address, self.port), timeout=SECONDS)
        self.sock = ssl.create_default_context().wrap_socket(plain, server_hostname=self.host)


class _PlainConnection(http.client.HTTPConnection):
    """Plain HTTP, for the test receiver on this machine alone (``OUTBOUND_TEST_HOSTS``)."""

    def __init__(self, host: str, port: int, address: str) -> None:
        super().__init__(host, port, timeout=SECONDS)
        self._address = address

    def connect(self) -> None:
        self.sock = socket.create_connection((self._address, self.port), timeout=SECONDS)


def require_outbound(url: str) -> None:
    """Refuse an address that nobody should be able to make us call; looks the name up. Raises OutboundRefused, OutboundFailed."""
    _resolved(_parts(url))


def send_outbound(method: str, url: str, *, purpose: str, headers: Mapping[str, str] | None = None, body: bytes = b"") -> Answer:
    """Send one request and read the whole answer.

    The name is looked up once, every address that comes back is checked, and the connection goes to a checked one. Proxy variables of the
    environment are not read. ``purpose`` names the caller in the log.

    Raises OutboundRefused before anything is sent, OutboundFailed where the other side does not answer properly.
    """
    parts = _parts(url)
    try:
        address = _resolved(parts)
    except OutboundRefused as refused:
        logger.warning("outbound refused: %s for %s (%s)", refused.code, purpose, parts.hostname)
        raise
    maker = _PlainConnection if parts.scheme == "http" else _Connection
    connection = maker(str(parts.hostname), parts.port or PORTS[parts.scheme], address)
    try:
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        connection.request(method, path, body=body or None, headers=dict(headers or {}))
        answer = connection.getresponse()
        content = answer.read(LARGEST_ANSWER + 1)
        if len(content) > LARGEST_ANSWER:
            raise OutboundFailed("The answer is too large.")
        return Answer(answer.status, dict(answer.headers.items()), content)
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise OutboundFailed(f"{type(error).__name__}: {error}"[:200]) from error
    finally:
        connection.close()


def _parts(url: str) -> SplitResult:
    """The parts of an address in its one plain form. Raises OutboundRefused."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise OutboundRefused("host") from error
    if parts.scheme != "https" and not _is_test_host(parts):
        raise OutboundRefused("scheme")
    if parts.username or parts.password or "@" in parts.netloc or "\\" in url or any(ord(sign) <= ord(" ") for sign in url):
        raise OutboundRefused("credentials")
    host = (parts.hostname or "").rstrip(".")
    if not host or host != (parts.hostname or "") or not _is_plain(host):
        raise OutboundRefused("host")
    if port not in {None, 443, 8443} and not _is_test_host(parts):
        raise OutboundRefused("port")
    return parts


def _is_plain(host: str) -> bool:
    """A name with a letter in its last label, or an address in its usual spelling: no 0x7f.1, 2130706433 or 127.1."""
    try:
        return str(ipaddress.ip_address(host)) == host
    except ValueError:
        pass
    labels = host.split(".")
    plain = all(label and label.isascii() and all(sign.isalnum() or sign == "-" for sign in label) for label in labels)
    return plain and len(labels) > 1 and not labels[-1][0].isdigit()


def _is_test_host(parts: SplitResult) -> bool:
    return parts.netloc in settings.OUTBOUND_TEST_HOSTS


def _resolved(parts: SplitResult) -> str:
    """One checked address of the host. All of them must be public, so that a second look-up could give nothing else."""
    host, port = str(parts.hostname), parts.port or PORTS[parts.scheme]
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise OutboundFailed("The name of the other side is not known.") from error
    addresses = [str(entry[4][0]).partition("%")[0] for entry in found]
    if not _is_test_host(parts) and not all(is_public(ipaddress.ip_address(address)) for address in addresses):
        raise OutboundRefused("address")
    return addresses[0]
