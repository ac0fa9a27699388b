"""The measurements forget nothing."""

from __future__ import annotations

import re

from tests.bench import pages


def test_every_page_of_the_bank_that_the_permission_table_knows_is_measured():
    listed = [re.sub(r"\{\w+\}", "x", pattern) for patterns in pages.PAGES.values() for pattern in patterns]

    assert pages.forgotten(listed) == []
    assert pages.forgotten([path for path in listed if not path.startswith("/desk/cases/")]) == ["desk/cases/<str:reference>/"]
