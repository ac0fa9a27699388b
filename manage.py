#!/usr/bin/env python
"""Django's command line for the platform; settings are those of the demo unless DJANGO_SETTINGS_MODULE says otherwise."""

from __future__ import annotations

import os
import sys


def main() -> None:
    """Run one management command."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.demo")
    from django.core.management import execute_from_command_line  # noqa: PLC0415  settings must be chosen before Django loads

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
