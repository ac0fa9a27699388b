"""Serve the demo on this machine: ``python -m config.serve`` prints the address and the logins, then serves until Ctrl-C.

``PORT`` chooses the port; if it is taken, the next free one is used and every printed link follows.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TRIES = 50


def free_port(wanted: int) -> int:
    """The wanted port, or the next one that nobody listens on."""
    for port in range(wanted, wanted + TRIES):
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    sys.exit(f"No free port between {wanted} and {wanted + TRIES - 1}. Choose another: make demo PORT=9000")


def main() -> None:
    """Print where to go and as whom, then hand over to gunicorn."""
    text = os.environ.get("PORT") or "8000"
    if not text.isdigit() or not 1 <= int(text) <= 65_535 - TRIES:  # noqa: PLR2004  port numbers end at 65535
        sys.exit(f"PORT must be a number between 1 and {65_535 - TRIES}, not {text!r}. Example: make demo PORT=9000")
    port = free_port(int(text))
    address = f"http://localhost:{port}"
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "config.settings.demo", "SITE_URL": address, "PYTHONUTF8": "1"}
    subprocess.run([sys.executable, str(ROOT / "manage.py"), "demo_logins", "--site", address], env=environment, check=True)  # noqa: S603
    arguments = [
        sys.executable, "-m", "gunicorn", "config.wsgi", "--bind", f"127.0.0.1:{port}", "--workers", "2", "--threads", "4",
        "--worker-class", "gthread", "--log-level", "warning", "--chdir", str(ROOT), "--no-control-socket",
    ]  # fmt: skip
    os.execve(sys.executable, arguments, environment)  # noqa: S606  replaces this process, so that Ctrl-C reaches the server


if __name__ == "__main__":
    main()
