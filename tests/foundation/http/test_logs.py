from __future__ import annotations

import json
import logging

from foundation.api import audit_context
from foundation.http.logs import JsonFormatter, RequestIdFilter


def test_a_log_line_is_one_json_object_and_smuggles_no_line_break():
    record = logging.LogRecord("bank", logging.INFO, __file__, 1, "name: %s", ("a\r\nFORGED",), None)

    with audit_context(request_id="r-1"):
        RequestIdFilter().filter(record)
    line = JsonFormatter().format(record)

    assert "\n" not in line
    assert {key: json.loads(line)[key] for key in ("request", "message", "level")} == {
        "request": "r-1",
        "message": "name: a\r\nFORGED",
        "level": "INFO",
    }
