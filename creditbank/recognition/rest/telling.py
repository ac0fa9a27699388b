"""Decisions and applications as the routes tell them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from creditbank.catalogue.rest import plain_amount
from creditbank.recognition.models import Application
from creditbank.recognition.rest.schemas import plain_map
from creditbank.rules.messages import reason_text


def tell_proposal(document: Mapping[str, Any], *, programme: str, book: str, version: int) -> dict[str, Any]:
    """A decision's document (as it is stored) for one programme."""
    names = ("rule", "version", "records", "kind", "outcome", "leaf", "fill", "posted")
    return {
        "programme": programme, "book": book, "version": version, "posted": document["posted"], "objective": list(document["objective"]),
        "proof": document["proof"]["status"], "allocation": [{name: row[name] for name in names} for row in document["allocation"]],
        "unused": tell_unused(document), "snapshot_hash": document["snapshot_hash"],
    }  # fmt: skip


def tell_unused(document: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Records that are not used, with every reason in both languages."""
    return [{"record": row["record"], "reasons": [_reason(reason) for reason in row["reasons"]]} for row in document.get("unused", ())]


def _reason(reason: Mapping[str, Any]) -> dict[str, Any]:
    data = plain_map(reason["data"])
    texts = {
        f"text_{column}": reason_text(reason["code"], data, language, rule=reason["rule"])
        for column, language in (("zh", "zh-hans"), ("en", "en"))
    }
    return {"code": reason["code"], "rule": reason["rule"], "data": data, **texts}


def tell_application(row: Application) -> dict[str, Any]:
    """An application without its lines."""
    names = ("reference", "state", "verdict", "required_approvals", "due_on", "waiting_until", "submitted_at", "decided_at")
    return {
        **{name: getattr(row, name) for name in names}, "programme": row.programme.code, "institution": row.institution.code,
        "proposed_credits": plain_amount(row.proposed_credits), "decided_credits": plain_amount(row.decided_credits),
    }  # fmt: skip


def tell_whole_application(row: Application) -> dict[str, Any]:
    """An application with lines, steps and what was not used. Two queries."""
    names = ("position", "rule", "records", "outcome", "leaf", "choice", "reason", "note")
    lines = [
        {**{name: getattr(line, name) for name in names}, "proposed": plain_amount(line.proposed), "decided": plain_amount(line.decided)}
        for line in row.lines.order_by("position")
    ]
    steps = [{"from_state": step.from_state, "to_state": step.to_state, "at": step.at} for step in row.steps.order_by("id")]
    return {**tell_application(row), "lines": lines, "steps": steps, "unused": tell_unused(row.proposal or {}), "message": row.message}
