"""Any rule book, written as CSV, XLSX or JSON and read again, is the same rule book."""

from __future__ import annotations

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from creditbank.rules.files.cells import Problems
from creditbank.rules.files.checks import check_tables
from creditbank.rules.files.programmes import read_programmes
from creditbank.rules.files.rulebook import read_base, read_limits
from creditbank.rules.files.tables import read_tables, write_tables
from creditbank.rules.files.writing import base_tables
from tests.rules.strategies import bases, limits, targets

QUIET = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large]


def came_back(place):
    """(rule base, limits, programmes) of what was written; every complaint is a failure."""
    problems = Problems()
    tables = read_tables({}, place, problems)
    check_tables(tables)
    base = read_base(tables)
    found = base, read_limits(tables.get("limits", ())), read_programmes(tables.get("programmes", ()), base)
    problems.stop()
    return found


FORMS = ("folder", "book.xlsx", "book.json")


@settings(max_examples=40, deadline=None, phases=(Phase.explicit, Phase.generate), suppress_health_check=QUIET)
@given(data=st.data())
def test_what_is_exported_and_imported_is_equal_in_every_form(tmp_path_factory, data):
    base = data.draw(bases())
    bounds = tuple(data.draw(limits(f"L{at}")) for at in range(data.draw(st.integers(0, 2))))
    programmes = {
        (f"P{at}", cohort): data.draw(targets(f"P{at}")) for at, cohort in enumerate(data.draw(st.sampled_from([(), ("",), ("2026", "")])))
    }
    tables = base_tables(base, bounds, [(cohort, target) for (_code, cohort), target in programmes.items()])

    for form in FORMS:
        place = tmp_path_factory.mktemp("round") / form
        write_tables(tables, place)
        back, back_bounds, back_programmes = came_back(place)

        assert (form, back.rules) == (form, base.rules)
        assert back == base
        assert back_bounds == bounds
        assert back_programmes == programmes
