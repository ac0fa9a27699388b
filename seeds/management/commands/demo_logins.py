"""``manage.py demo_logins``: where the demo is and who one can be."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from seeds.people import DEMO_PEOPLE, PASSWORD


class Command(BaseCommand):
    """Prints addresses and logins."""

    help = "Print the demo's address and logins."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--site", default="http://localhost:8000")

    def handle(self, *args: Any, **options: Any) -> None:
        site = options["site"]
        self.stdout.write(f"\n  江澜终身学习与学分银行   {site}/        English   {site}/en/")
        self.stdout.write(f"  一键登录 one click sign-in   {site}/demo/        API   {site}/api/v1/docs\n")
        self.stdout.write(f"  密码 password for all: {PASSWORD}\n")
        for person in DEMO_PEOPLE:
            self.stdout.write(f"    {person.email:<22} {person.name}  {person.does_zh} · {person.does_en}")
        self.stdout.write("\n  Ctrl-C ends the demo.\n")
