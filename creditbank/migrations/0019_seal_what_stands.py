"""Seal the words about people that stand in plain columns, and take the reasons of exceptions out of stored questions.

A question (snapshot) names its exceptions from now on by their row. One that has their words is written anew with its hash, as is whatever
repeats that hash; the answer stays what it was, and an audit entry keeps both hashes.
"""

import importlib
import json
from datetime import datetime, timezone

from django.db import migrations

from creditbank.rules.snapshot import canonical, hash_of

lift_triggers = importlib.import_module("creditbank.migrations.0018_sealed_reasons").lift_triggers
TAKEN_BACK = ["reverse", "revoke", "transfer"]
NOBODY = "00000000-0000-0000-0000-000000000000"


def seal_columns(apps, schema_editor):
    for model, columns in (
        ("AccountMerger", ["reason", "note"]), ("ExpertStanding", ["ended_why"]), ("IndividualException", ["reason"]), ("SpotCheck", ["note"]),
    ):
        for row in apps.get_model("creditbank", model).objects.order_by("pk").iterator():
            if any(row.__dict__[column] for column in columns):
                row.save(update_fields=columns)


def seal_reasons_of_transactions(apps, schema_editor):
    entries = apps.get_model("creditbank", "Transaction").objects.filter(type__in=TAKEN_BACK).exclude(note_zh="")
    for entry in entries.order_by("pk").iterator():
        entry.person_uuid = _person_of(apps, entry)
        entry.reason, entry.note_zh, entry.note_en = entry.note_zh, "", ""
        entry.save(update_fields=["reason", "note_zh", "note_en"])


def _person_of(apps, entry):
    """Whose credit it moved: the first owner that is somebody, where it came from before where it went."""
    rows = apps.get_model("creditbank", "Posting").objects.filter(transaction=entry).order_by("pk")
    owners = (owner for pair in rows.values_list("source__owner_uuid", "destination__owner_uuid") for owner in pair)
    return next((owner for owner in owners if str(owner) != NOBODY), None)


def name_exceptions_by_their_row(apps, schema_editor):
    excepted = apps.get_model("creditbank", "IndividualException")
    for learner, programme in excepted.objects.order_by().values_list("learner", "programme").distinct():
        rows = list(excepted.objects.filter(learner=learner, programme=programme).select_related("proposed_by", "answered_by"))
        cases = apps.get_model("creditbank", "Application").objects.filter(learner=learner, programme=programme).exclude(snapshot="")
        for case in cases.order_by("pk"):
            _renew(apps, case, rows, "snapshot", "proposal")
            for rerun in apps.get_model("creditbank", "ApplicationRerun").objects.filter(application=case):
                _renew(apps, rerun, rows, "old_snapshot", "old_proposal", about=case)


def _renew(apps, row, exceptions, question, answer, about=None):
    text = getattr(row, question)
    said = json.loads(text)
    for one in said["facts"]["exceptions"]:
        known = next((each for each in exceptions if _is_meant(each, one)), None)
        one["reason"] = str(known.uuid) if known is not None else one["reason"]
    said["facts"]["exceptions"].sort(key=canonical)
    renewed = canonical(said)
    if renewed == text:
        return
    before, after = hash_of(text), hash_of(renewed)
    setattr(row, question, renewed)
    getattr(row, answer)["snapshot_hash"] = after
    if about is None:
        row.declared_hash = after if row.declared_hash == before else row.declared_hash
        row.snapshot_hash = after
        row.save(update_fields=[question, answer, "snapshot_hash", "declared_hash"])
    else:
        about.declared_hash = after if about.declared_hash == before else about.declared_hash
        about.save(update_fields=["declared_hash"])
        row.save(update_fields=[question, answer])
    case = about or row
    apps.get_model("foundation", "AuditEntry").objects.create(
        at=datetime.now(timezone.utc), action="recognition.renew_snapshot", object_type="creditbank.application", object_key=str(case.uuid),
        person_uuid=case.learner.uuid, data={"before": before, "after": after},
    )


def _is_meant(row, one):
    expires = row.expires_on.isoformat()
    return (row.path, row.kind, row.value, expires, str(row.proposed_by.uuid)) == (
        one["path"], one["kind"], one["value"], one["expires"], one["by"],
    ) and row.answered_by is not None and one["approved_by"] == str(row.answered_by.uuid)


class Migration(migrations.Migration):

    dependencies = [
        ("creditbank", "0018_sealed_reasons"),
    ]

    operations = [
        migrations.RunPython(lift_triggers, migrations.RunPython.noop),
        migrations.RunPython(seal_reasons_of_transactions, migrations.RunPython.noop),
        migrations.RunPython(name_exceptions_by_their_row, migrations.RunPython.noop),
        migrations.RunPython(seal_columns, migrations.RunPython.noop),
    ]
