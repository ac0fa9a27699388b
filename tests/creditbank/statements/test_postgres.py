"""Papers on the production database: rows come back as they were signed, and the schema refuses there too."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import DatabaseError, transaction

from creditbank.api import Certificate, Standing, build_case_file, check_code, revoke_certificate, verify_case_file
from foundation.api import seal_log
from tests.factories.creditbank import LATER, ON

pytestmark = [pytest.mark.django_db, pytest.mark.postgres]


def test_papers_and_case_files_hold_on_postgresql(certificate, credited, bank):
    assert check_code(certificate.short_code, on=ON).standing == Standing.VALID
    seal_log(clock=lambda: LATER)
    assert all(finding.ok for finding in verify_case_file(build_case_file(type(credited).objects.get(pk=credited.pk))))
    with pytest.raises(DatabaseError), transaction.atomic():
        Certificate.objects.filter(pk=certificate.pk).update(content={})
    with pytest.raises(DatabaseError), transaction.atomic():
        Certificate.objects.filter(pk=certificate.pk).update(revoked_at=LATER, revoked_reason="x", revoked_by_uuid=bank.officer.uuid)

    revoke_certificate(certificate, actor=bank.reviewer, at=LATER + timedelta(days=1), reason="姓名有误")

    assert check_code(certificate.code, on=ON).standing == Standing.REVOKED
