"""What the statement store does when a person is erased, and what it gives of a person's own data."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from identity.api import About, Eraser, Exporter, PersonFile, Treatment, register_eraser, register_exporter
from learning.xapi.models import Statement, XapiAccount, XapiDocument
from learning.xapi.reading import agent_key
from learning.xapi.retention import forget_statements


def erase(person: Any, at: datetime) -> dict[str, int]:
    """What institutions' own systems sent names the person by a number: statements and documents about it go, and the account with them.

    What our own player wrote knows the pseudonym alone; it is kept until its time is over.
    """
    accounts = list(XapiAccount.objects.filter(person_uuid=person.uuid))
    if not accounts:
        return {}
    rows = list(Statement.objects.filter(actor__in=[account.actor for account in accounts]).select_related("institution").order_by("seq"))
    forget_statements(rows, reason="erasure")
    keys = [agent_key({"account": {"homePage": account.home_page, "name": account.name}}) for account in accounts]
    documents = XapiDocument.objects.filter(agent__in=keys).delete()[0]
    XapiAccount.objects.filter(pk__in=[account.pk for account in accounts]).delete()
    return {"statements": len(rows), "documents": documents, "accounts": len(accounts)}


register_eraser(
    Eraser(
        part="learning.xapi", erase=erase,
        treats={
            "learning.Statement": Treatment.DELETED, "learning.StatementTerm": Treatment.DELETED, "learning.StatementTotal": Treatment.PSEUDONYM,
            "learning.XapiAccount": Treatment.DELETED, "learning.XapiDocument": Treatment.DELETED, "learning.XapiAttachment": Treatment.DELETED,
        },
    )
)  # fmt: skip


def files(person: Any) -> Iterator[PersonFile]:
    """What learning activities remember about the person's accounts."""
    accounts = XapiAccount.objects.filter(person_uuid=person.uuid)
    keys = [agent_key({"account": {"homePage": account.home_page, "name": account.name}}) for account in accounts]
    for row in XapiDocument.objects.filter(agent__in=keys).order_by("id"):
        yield PersonFile(f"activities/{row.pk}", lambda row=row: bytes(row.content))  # type: ignore[misc]


register_exporter(
    Exporter(
        part="learning.xapi", files=files,
        gives=(
            About("learning.Statement", hidden=("actor", "key", "target"), rows=lambda person: Statement.objects.about_person(person.uuid)),
            About("learning.XapiAccount", of=("person_uuid",), hidden=("actor",)),
        ),
        left_out={
            "learning.StatementTerm": "An index of statements, which are given whole.",
            "learning.StatementTotal": "Numbers of statements, which are given whole.",
            "learning.XapiDocument": "Given as files.",
            "learning.XapiAttachment": "Named by their statements; shared by content, so they may be somebody else's as well.",
        },
    )
)  # fmt: skip
