"""The check of a full bank's books as an operator runs it, in a process of its own: time and memory; and what it says of one wrong row."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

from tests import databases


def check_apart(name: str) -> str:
    """``manage.py check_books`` on a database: its words, seconds on the clock and of the processor, and the most memory it had."""
    begun, command = time.perf_counter(), [sys.executable, "manage.py", "check_books"]
    process = subprocess.Popen(
        command, cwd=databases.ROOT, env=_environment(name), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    server = most = 0
    while os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT | os.WNOHANG) is None:
        server, most = max(server, _server_memory(name)), max(most, _memory(process.pid, "VmHWM:"))  # its usage would begin with our own
        time.sleep(0.1)
    said = process.stdout.read().strip() if process.stdout else ""
    _pid, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    beside = f", the server's processes at most {server} MB of their own" if server else ""
    return (
        f"{said}\n      exit status {process.returncode}, {time.perf_counter() - begun:.1f} s with the start of Python,"
        f" {used.ru_utime + used.ru_stime:.1f} s of its processor, at most {most // 1024} MB{beside}"
    )


def broken(name: str) -> str:
    """One posting of the million is written twice, past every guard; what the check says then."""
    from django.db import connection

    from tests.bench.million import unguarded

    with unguarded(), connection.cursor() as cursor:
        cursor.execute("SELECT MAX(p.id) / 2 FROM creditbank_posting p")
        middle = cursor.fetchone()[0]
        cursor.execute(
            "SELECT p.id FROM creditbank_posting p JOIN creditbank_transaction t ON t.id = p.transaction_id"
            " WHERE t.type = 'hold' AND p.id > %s ORDER BY p.id LIMIT 1",
            [middle],
        )
        chosen = cursor.fetchone()[0]
        cursor.execute(
            "INSERT INTO creditbank_posting (transaction_id, source_id, destination_id, amount, lot_uuid)"
            " SELECT transaction_id, source_id, destination_id, amount, lot_uuid FROM creditbank_posting WHERE id = %s",
            [chosen],
        )
        cursor.execute("SELECT transaction_id, lot_uuid FROM creditbank_posting WHERE id = %s", [chosen])
        transaction, lot = cursor.fetchone()
    return f"posting {chosen} of transaction {transaction}, lot {lot}, once more\n{check_apart(name)}"


def _environment(name: str) -> dict[str, str]:
    return {**os.environ, "DATABASE_URL": databases.url_of(name), "DJANGO_SETTINGS_MODULE": "config.settings.test"}


def _server_memory(name: str) -> int:
    """Megabytes that the server's processes for others in this database keep for themselves; 0 where there is no server."""
    if databases.vendor() == "sqlite":
        return 0
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT pid FROM pg_stat_activity WHERE datname = %s AND pid <> pg_backend_pid()", [name])
        return sum(_memory(row[0], "RssAnon:") for row in cursor.fetchall()) // 1024


def _memory(process: int, line: str) -> int:
    """Kilobytes that the kernel states of a process under this name."""
    try:
        lines = Path(f"/proc/{process}/status").read_text(encoding="ascii").splitlines()
    except OSError:
        return 0  # it has ended meanwhile
    return next((int(one.split()[1]) for one in lines if one.startswith(line)), 0)
