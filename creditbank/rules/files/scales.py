"""Levels, maps between frameworks and scales, and what holds for a whole book, from rows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from creditbank.rules.files.cells import Row, shown
from creditbank.rules.tables import GradeMap, Level, Pairs, TitleMatching

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
    """(framework, rank) of a cell: ``framework:level``, a level that one framework alone has, or a rank of the only framework there is."""
    text = row.text(column)
    if not text:
        return "", None
    found = find_level(text, levels)
    if found is None:
        row.wrong(column, f"{shown(text)} is no level of one framework; write framework:level, or a rank")
    return found or ("", None)


def find_level(text: str, levels: Sequence[Level]) -> tuple[str, int] | None:
    """The level that a text names, or None."""
    named = [level for level in levels if text in {level.code, f"{level.framework}:{level.code}"}]
    if len(named) == 1:
        return named[0].framework, named[0].rank
    frameworks = {level.framework for level in levels}
    if not named and text.isascii() and text.isdecimal() and len(text) < 7 and len(frameworks) <= 1:  # noqa: PLR2004  no rank has more digits
        return next(iter(frameworks), ""), int(text)
    return None


def read_grade_maps(rows: Iterable[Row]) -> tuple[GradeMap, ...]:
    """Maps between scales from the rows of the grades: ``scale:label`` in a table, the scale alone for another mode."""
    pairs: dict[tuple[str, str], set[tuple[str, str]]] = defaultdict(set)
    modes: dict[tuple[str, str], str] = {}
    for row in rows:
        mode = row.one_of("map_mode", MODES, "table")
        for part in row.listed("maps_to"):
            scale, colon, label = part.partition(":")
            key = row.text("scale"), scale
            if (mode == "table") != bool(colon and label):
                row.wrong("maps_to", f"{shown(part)}: a table says scale:label, another mode the scale alone")
            elif modes.setdefault(key, mode) != mode:
                row.wrong("map_mode", f"{key[0]} → {scale} has two modes")
            elif label:
                pairs[key].add((row.text("label"), label))
    return tuple(GradeMap(source, target, mode, tuple(sorted(pairs[source, target]))) for (source, target), mode in sorted(modes.items()))


def read_settings(rows: Iterable[Row]) -> dict[str, Any]:
    """What holds for a whole book, as fields of a rule base."""
    said: dict[str, Row] = {}
    for row in rows:
        name = row.one_of("setting", SETTINGS, SETTINGS[0])
        if name in said:
            row.wrong("setting", f"{name} is there twice")
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
            row.wrong("value", f"{shown(part)} is not an abbreviation like intro=introduction")
        found.append((short.strip(), full.strip()))
    return tuple(sorted(found))


def _pair(text: str, row: Row, column: str) -> tuple[str, str] | None:
    first, colon, second = text.partition(":")
    if not colon or not first or not second:
        row.wrong(column, f"{shown(text)} is not framework:level")
        return None
    return first, second
