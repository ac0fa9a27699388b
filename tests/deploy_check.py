"""`check --deploy` with production settings and made-up values: any warning is a failure."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile

EXAMPLE = {
    "DJANGO_SETTINGS_MODULE": "config.settings.production",
    "SECRET_KEY": "Zk3v9Qw7Lx2Rt8Yb5Nc1Mh6Jf4Gd0Sa-_" * 2,
    "ALLOWED_HOSTS": "credit.example.org",
    "SITE_URL": "https://credit.example.org",
    "DATABASE_URL": "postgres://bank@localhost/bank",
    "EMAIL_HOST": "mail.example.org",
    "SMS_BACKEND": "identity.signin.sms.ConsoleBackend",
    "WITHDRAWAL_MINUTES": "10",
}


def main() -> int:
    with tempfile.TemporaryDirectory() as keys, tempfile.TemporaryDirectory() as master_keys:
        environment = {**os.environ, **EXAMPLE, "SIGNING_KEYS_DIR": keys, "MASTER_KEYS_DIR": master_keys}
        for command in ("signing_key", "master_key"):
            subprocess.run([sys.executable, "manage.py", command, "new"], env=environment, check=True, stdout=subprocess.DEVNULL)  # noqa: S603
        return _check(environment)


def _check(environment: dict[str, str]) -> int:
    command = [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"]
    return subprocess.run(command, env=environment, check=False).returncode  # noqa: S603


if __name__ == "__main__":
    sys.exit(main())
