"""What people see while posting is stopped."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from creditbank.ledger.exceptions import LedgerFrozen


class FrozenLedgerMiddleware:
    """A step that would have posted says that the books are being checked and that nothing was changed; everything else goes on."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """503 with the reason, for a frozen ledger alone."""
        if not isinstance(exception, LedgerFrozen):
            return None
        answer = render(request, "creditbank/frozen.html", status=503)
        answer["Retry-After"] = "3600"
        return answer
