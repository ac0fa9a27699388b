"""Why a whole file cannot be read."""

from __future__ import annotations

from typing import Any


class UnreadableTable(Exception):
    """Not a table that can be read; ``code`` says why, ``data`` holds what was found.

    Codes: empty, too_large, not_a_table, damaged, encoding, unknown_headings (headings), missing_headings (headings), repeated_headings
    (headings), too_many_rows (most).
    """

    def __init__(self, code: str, **data: Any) -> None:
        super().__init__(code)
        self.code, self.data = code, data
