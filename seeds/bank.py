"""The credit bank at work: everything that happened in it, told in the order of its days."""

from __future__ import annotations

from django.utils import timezone

from creditbank.api import Application, BookCheck, check_books
from seeds import cases, disputes, issued, uploads
from seeds.city import City
from seeds.timeline import live


def keep_bank(city: City) -> None:
    """Deposits, applications, exceptions, corrections, uploads and papers, with the nights between them."""
    if not Application.objects.exists():
        live(city, [*cases.events(city), *disputes.events(city), *uploads.events(city), *issued.events(city)])
    if not BookCheck.objects.exists():
        check_books(clock=timezone.now)
