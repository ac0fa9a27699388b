"""Levels, maps between frameworks and scales, and what holds for a whole book, from rows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from creditbank.rules.files.cells import Row, shown
from creditbank.rules.files.complaints import Complaint
from creditbank.rules.tables import GradeMap, Level, Pairs, TitleMatching
from creditbank.rules.types import RuleBase

MODES = ("table", "linear", "distribution", "pass_only")
SETTINGS = ("eligible_if", "title_matching", "particles", "first_parts", "abbreviations")


def read_levels(rows: Iterable[Row]) -> tuple[Level, ...]:
    """Levels of all frameworks; ``maps_to`` is ``framework:level;…``."""
    found = []
    for row in rows:
        pairs = tuple(sorted(filter(None, (_pair(part, row, "maps_to") for part in row.listed("maps_to")))))
        found.append(Level(row.text("framework"), row.text("level"), row.whole("rank") or 0, pairs))
    return tuple(found)


def read_level(row: Row, column: str, levels: Sequence[Level]) -> tuple[str, int | None]:
    """(framework, rank) of a cell: ``framework:level``, ``framework:#rank``, a level that one framework alone has, or a rank of the only
    framework there is.
    """
    text = row.text(column)
    if not text:
        return "", None
    found = find_level(text, levels)
    if found is None:
        row.wrong(column, Complaint("no_level_of_one", value=shown(text)))
    return found or ("", None)


def find_level(text: str, levels: Sequence[Level]) -> tuple[str, int] | None:
    """The level that a text names, or None."""
    named = [level for level in levels if text in {level.code, f"{level.framework}:{level.code}"}]
    if len(named) == 1:
        return named[0].framework, named[0].rank
    frameworks = {level.framework for level in levels}
    framework, _colon, rank = text.rpartition(":#")
    if framework and rank.isascii() and rank.isdecimal() and len(rank) < 7:  # noqa: PLR2004  no rank has more digits
        return framework, int(rank)
    if not named and text.isascii() and text.isdecimal() and len(text) < 7 and len(frameworks) <= 1:  # noqa: PLR2004  no rank has more digits
        return next(iter(frameworks), ""), int(text)
    return None


def read_grade_maps(rows: Iterable[Row]) -> tuple[GradeMap, ...]:
    """Maps between scales from the rows of the grades: ``scale:label`` is of a table, the scale alone follows the mode of the row."""
    pairs: dict[tuple[str, str], set[tuple[str, str]]] = defaultdict(set)
    modes: dict[tuple[str, str], str] = {}
    for row in rows:
        said = row.one_of("map_mode", MODES, "table")
        for part in row.listed("maps_to"):
            scale, _colon, label = part.partition(":")
            key, mode = (row.text("scale"), scale), "table" if label else said
            if mode == "table" and not label:
                row.wrong("maps_to", Complaint("map_form", value=shown(part)))
            elif modes.setdefault(key, mode) != mode:
                row.wrong("map_mode", Complaint("two_modes", source=key[0], target=scale))
            elif label:
                pairs[key].add((row.text("label"), label))
    return tuple(GradeMap(source, target, mode, tuple(sorted(pairs[source, target]))) for (source, target), mode in sorted(modes.items()))


def read_settings(rows: Iterable[Row]) -> dict[str, Any]:
    """What holds for a whole book, as fields of a rule base."""
    said: dict[str, Row] = {}
    for row in rows:
        name = row.one_of("setting", SETTINGS, SETTINGS[0])
        if name in said:
            row.wrong("setting", Complaint("row_twice", value=name))
        said[name] = row
    wanted, refused = conditions(said["eligible_if"], "value") if "eligible_if" in said else ((), ())
    titles = None
    if "title_matching" in said and said["title_matching"].flag("value"):
        pairs = _abbreviations(said["abbreviations"]) if "abbreviations" in said else ()
        titles = TitleMatching(_listed(said, "particles"), _listed(said, "first_parts"), pairs)
    return {"eligible": wanted, "not_eligible": refused, "titles": titles}


def conditions(row: Row, *columns: str) -> tuple[Pairs, Pairs]:
    """Conditions that must hold, and those (``key!=value``) that must not."""
    pairs = [pair for column in columns for pair in row.pairs(column)]
    wanted = tuple(sorted((name, value) for name, value in pairs if not name.endswith("!")))
    return wanted, tuple(sorted((name[:-1], value) for name, value in pairs if name.endswith("!")))


def _listed(said: dict[str, Row], name: str) -> tuple[str, ...]:
    return tuple(sorted(said[name].listed("value"))) if name in said else ()


def _abbreviations(row: Row) -> Pairs:
    found = []
    for part in row.listed("value"):
        short, sign, full = part.partition("=")
        if not sign or not short.strip() or not full.strip():
            row.wrong("value", Complaint("not_an_abbreviation", value=shown(part)))
        found.append((short.strip(), full.strip()))
    return tuple(sorted(found))


def level_cell(framework: str, rank: int | None) -> str | int | None:
    """A level as a cell that is read back as it is."""
    return f"{framework}:#{rank}" if framework and rank is not None else rank


def level_row(level: Level) -> dict[str, Any]:
    """A level as cells."""
    return {"framework": level.framework, "level": level.code, "rank": level.rank, "maps_to": tuple(map(":".join, level.maps_to))}


def map_cells(maps: Iterable[GradeMap], scale: str, label: str, place: int) -> dict[str, Any]:
    """What the row of a grade, the ``place``-th of its scale, says of maps: its own labels in tables, and one of the other modes."""
    own = [one for one in maps if one.source == scale]
    tables = tuple(f"{one.target}:{to}" for one in own if one.mode == "table" for source, to in one.pairs if source == label)
    mode = dict(enumerate(sorted({one.mode for one in own} - {"table"}))).get(place, "")
    return {"maps_to": (*tables, *(one.target for one in own if one.mode == mode)), "map_mode": mode}


def settings_rows(base: RuleBase) -> list[dict[str, str]]:
    """What holds for the whole book, one row a setting."""
    said = {"eligible_if": condition_cell(base.eligible, base.not_eligible)}
    if base.titles is not None:
        said |= {
            "title_matching": "1", "particles": ";".join(base.titles.particles), "first_parts": ";".join(base.titles.first_parts),
            "abbreviations": ";".join(f"{short}={full}" for short, full in base.titles.abbreviations),
        }  # fmt: skip
    return [{"setting": name, "value": value} for name, value in said.items() if value]


def condition_cell(wanted: Pairs, refused: Pairs) -> str:
    """Conditions as a cell."""
    return "&".join([*(f"{name}={value}" for name, value in wanted), *(f"{name}!={value}" for name, value in refused)])


def _pair(text: str, row: Row, column: str) -> tuple[str, str] | None:
    first, colon, second = text.partition(":")
    if not colon or not first or not second:
        row.wrong(column, Complaint("not_framework_level", value=shown(text)))
        return None
    return first, second
