"""Who may do what: one line for every address and method, one column for every principal, and no address without a line.

``PERMISSIONS=write pytest -n0 tests/permissions`` writes the table anew; its difference is then read like code, line by line.

Answers: ``200`` or another status; ``in`` a redirect to the sign-in page; ``to`` any other redirect; ``no`` 403; ``404`` also stands for
"exists, but not for you". POST is sent to a page with an empty form, to the HTTP API with the smallest request that its description
allows: a principal who may write gets 200 with errors, ``to``, or what is wrong with the request; nobody else gets further than ``in``,
``no``, ``401``, ``404`` or ``405``, and no row of any table changes.
"""

from __future__ import annotations

import csv
import os
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import override_settings

from tests import databases
from tests.permissions.bodies import smallest_request
from tests.permissions.city import PRINCIPALS, arguments, build_city, client_of
from tests.permissions.walk import address, routes
from tests.stories.world import World

TABLE = Path(__file__).with_name("permissions.csv")
WRITING = os.environ.get("PERMISSIONS") == "write"
REFUSED = {"in", "no", "401", "404", "405"}
QUIET_TABLES = ("django_session", "foundation_ratelimit", "account_", "django_cache", "wagtailadmin_editingsession")
"""Written by sessions, sign-in and open editors whoever asks; none of them says anything about a person's learning or credit."""

BODIES = {"library/<str:course_uuid>/step/": {"step": "withdraw", "note": "过时"}}
"""Where an empty form would be refused before anybody asks who sends it."""

AUDITED_READS = {
    ("api/v1/desk/applications/<reference>/evidence/<file_uuid>", "GET"), ("my/applications/<str:reference>/evidence/<str:file_uuid>/", "GET"),
    ("my/settings/data/<str:export_uuid>/", "GET"), ("ops/audit/entries.csv", "GET"),
}  # fmt: skip
"""Who opens somebody else's evidence, or takes the audit log away, leaves an audit entry and nothing else."""

ASKED_EVERYTHING = {"anonymous", "deactivated", "learner", "operator"}
"""A method that a page does not know is refused before anybody looks at who asks: these four ask for such methods, too, all others for the rest."""

Cells = dict[tuple[str, str], str]


def _expected() -> dict[str, Cells]:
    with TABLE.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return {who: {(row["route"], row["method"]): row[who] for row in rows} for who in PRINCIPALS}


def _write(who: str, words: Cells) -> None:
    """Put the column of one principal into the table, which keeps the columns of the others."""
    with TABLE.open(encoding="utf-8", newline="") as file:
        known = {(row["route"], row["method"]): row for row in csv.DictReader(file)}
    with TABLE.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, ["route", "method", *PRINCIPALS], lineterminator="\n")
        writer.writeheader()
        writer.writerows(
            known.get(key, dict.fromkeys(PRINCIPALS, "")) | {"route": key[0], "method": key[1], who: word} for key, word in words.items()
        )


def _word(answer: Any) -> str:
    if answer.status_code in {301, 302, 303}:
        target = answer.headers["Location"]
        return "in" if "/accounts/login/" in target or "/cms/login/" in target or "reauthenticate" in target else "to"
    return {403: "no"}.get(answer.status_code, str(answer.status_code))


class _Writes:
    """Collects the tables that statements write."""

    def __init__(self) -> None:
        self.tables: set[str] = set()

    def __call__(self, execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        words = sql.replace('"', " ").split(maxsplit=4)
        if words[0] in {"INSERT", "UPDATE", "DELETE"}:
            table = words[2] if words[0] in {"INSERT", "DELETE"} else words[1]
            if not table.startswith(QUIET_TABLES):
                self.tables.add(table)
        return execute(sql, params, many, context)


def _sent(route: str, reference: str) -> dict[str, Any]:
    facts = {"institution": "CCC", "programme": "NUR", "application": reference}
    return smallest_request(route, facts) or {"data": BODIES.get(route)}


def _refused_to_all() -> set[tuple[str, str]]:
    """Methods that the table refuses to everybody with 405; where it is written anew there are none."""
    columns = [] if WRITING else [cells for who, cells in _expected().items() if who not in {"anonymous", "deactivated"}]
    return {key for key in columns[0] if all(cells[key] == "405" for cells in columns)} if columns else set()


def _asked(world: World, who: str) -> Iterator[tuple[tuple[str, str], str, set[str]]]:
    """Sign in once; then every request begins where that ended, whatever the one before it did to session, cookies and rows."""
    known, unknown_methods = arguments(world), _refused_to_all()
    client = client_of(world, who)
    signed_in = client.cookies
    for route in routes():
        path = address(route, known)
        for method in ("GET", "POST"):
            if who not in ASKED_EVERYTHING and (route, method) in unknown_methods:
                continue
            writes = _Writes()
            client.cookies = deepcopy(signed_in)
            with transaction.atomic():
                with connection.execute_wrapper(writes):
                    answer = client.get(path) if method == "GET" else client.post(path, **_sent(route, known["reference"]))
                if answer.streaming:
                    b"".join(answer.streaming_content)  # to its end: closing it half-way would close the transaction's connection too
                transaction.set_rollback(True)
            word = _word(answer)
            if (route, method) in AUDITED_READS and word == "200":
                writes.tables.discard("foundation_auditentry")
            yield (route, method), word, writes.tables


@pytest.fixture(scope="module")
def city(django_db_setup: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[World, Path]]:
    """The world and the folder of its files, built once in a database of its own; everybody who asks takes back what they did."""
    files = tmp_path_factory.mktemp("city")
    with django_db_blocker.unblock(), databases.own("city"), override_settings(MEDIA_ROOT=files):
        yield build_city(), files


@pytest.fixture
def world(city: tuple[World, Path], settings: Any) -> World:
    world, settings.MEDIA_ROOT = city
    return world


def test_every_address_has_a_line_and_every_line_an_address():
    lines = {key[0] for key in _expected()["anonymous"]}

    assert set(routes()) - lines == set()
    assert lines - set(routes()) == set()


def test_no_line_allows_a_server_error():
    failing = {key[0] for cells in _expected().values() for key, word in cells.items() if word.startswith("5")}

    assert failing == {"cms/failwhale/"}  # Wagtail's own page for trying out its 500


@pytest.mark.parametrize("who", PRINCIPALS)
def test_everybody_gets_what_the_table_says_and_nothing_moves_where_it_says_no(world, who):
    with transaction.atomic():
        asked = list(_asked(world, who))
        transaction.set_rollback(True)
    if WRITING:
        _write(who, {key: word for key, word, _tables in asked})
    expected = _expected()[who]

    assert {key: (expected.get(key), word) for key, word, _tables in asked if word != expected.get(key)} == {}
    assert {key: tables for key, word, tables in asked if tables and (key[1] == "GET" or word in REFUSED)} == {}
