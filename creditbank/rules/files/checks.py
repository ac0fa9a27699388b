"""What rows of several tables must not do together: name one thing twice, end before they begin, or lead round in a circle."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from creditbank.rules.files.cells import Row, shown
from creditbank.rules.files.complaints import Complaint

Tables = Mapping[str, Sequence[Row]]
KEYS: dict[str, tuple[str, ...]] = {
    "outcomes": ("outcome", "version"), "limits": ("limit_id",), "agreements": ("agreement", "version"), "systems": ("code",),
    "rates": ("from", "to", "window_from"), "calendars": ("calendar", "term"), "levels": ("framework", "level"), "grades": ("scale", "institution", "label"),
    "convertibility": ("from", "to"), "learners": ("learner", "target", "cohort"),
}  # fmt: skip
"""Columns that tell rows of a table apart."""
WINDOWS: dict[str, tuple[str, str]] = {
    "outcomes": ("active_from", "active_to"), "agreements": ("window_from", "window_to"), "rates": ("window_from", "window_to"),
}  # fmt: skip
"""First and last day. A rule's own window is left to lint (L06), because a draft may hold it."""


def check_tables(tables: Tables) -> None:
    """Note every contradiction inside and between rows, at the row where it shows."""
    for name, columns in KEYS.items():
        _check_once(tables.get(name, ()), columns)
    for name, (first, last) in WINDOWS.items():
        _check_windows(tables.get(name, ()), first, last)
    if "calendars" in tables:
        _check_calendars(tables.get("limits", ()), tables["calendars"])
    _check_superseding(tables.get("agreements", ()))
    _check_level_maps(tables.get("levels", ()))


def _check_once(rows: Iterable[Row], columns: Sequence[str]) -> None:
    seen: dict[tuple[str, ...], int] = {}
    for row in rows:
        key = tuple(row.text(column, "1" if column == "version" else "") for column in columns)
        if key in seen:
            named = " ".join(filter(None, key))
            row.wrong(columns[0], Complaint("twice_since", value=shown(named), row=seen[key]))
        seen.setdefault(key, row.number)


def _check_windows(rows: Iterable[Row], first: str, last: str) -> None:
    for row in rows:
        if row.text(first) and row.text(last) and row.text(first) > row.text(last):  # ISO dates compare as text
            row.wrong(last, Complaint("before", value=shown(row.text(last)), first=first))


def _check_calendars(limits: Iterable[Row], calendars: Iterable[Row]) -> None:
    known = {row.text("calendar") for row in calendars}
    for row in limits:
        if row.text("calendar") and row.text("calendar") not in known:
            row.wrong("calendar", Complaint("no_calendar", value=shown(row.text("calendar"))))


def _check_superseding(rows: Iterable[Row]) -> None:
    """An agreement supersedes another, never itself by way of others. Each row is looked at once."""
    after = {row.text("agreement"): row for row in rows}
    done: set[str] = set()
    for start in after:
        path: dict[str, None] = {}
        code = start
        while code in after and code not in done and code not in path:
            path[code] = None
            code = after[code].text("supersedes")
        if code in path:
            circle = [*list(path)[list(path).index(code) :], code]
            after[code].wrong("supersedes", Complaint("circle", circle=" → ".join(circle[:10])))
        done.update(path)


def _check_level_maps(rows: Sequence[Row]) -> None:
    """A level is equal to levels of other frameworks, and through them to no other level of its own."""
    ranks = {(row.text("framework"), row.text("level")): row for row in rows}
    for key, row in ranks.items():
        for other in _maps(row):
            if other[0] == key[0]:
                row.wrong("maps_to", Complaint("same_framework", value=":".join(other)))
            elif other in ranks:
                back = [again for again in _maps(ranks[other]) if again[0] == key[0]]
                if back and key not in back:
                    row.wrong("maps_to", Complaint("maps_back", value=":".join(other), back=":".join(back[0])))


def _maps(row: Row) -> list[tuple[str, str]]:
    pairs = (part.partition(":") for part in row.listed("maps_to"))
    return [(framework, level) for framework, _colon, level in pairs]
