"""Versions below which known weaknesses exist. Last review: 2026-11-24."""

from __future__ import annotations

from importlib.metadata import version

import pytest

FLOORS = {"wagtail": "8.0.1", "django-allauth": "65.21.1", "Django": "5.2.19", "pillow": "13.0.0", "nh3": "0.3.0"}


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split(".") if part.isdigit())


@pytest.mark.parametrize("package", list(FLOORS))
def test_no_package_is_older_than_its_known_weaknesses(package):
    assert _numbers(version(package)) >= _numbers(FLOORS[package])
