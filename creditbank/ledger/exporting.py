"""What the ledger gives of a person's own data: accounts, every transaction that moved the person's credit, and what is reserved."""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet

from creditbank.ledger.models import Account, Posting, Transaction
from identity.api import OFFICE, About, Exporter, register_exporter


def postings(person: Any) -> QuerySet[Posting]:
    """What moved from or to an account of the person. By numbers: a join of both sides would look at everybody's postings."""
    mine = list(Account.objects.filter(owner_uuid=person.uuid).values_list("pk", flat=True))
    return Posting.objects.filter(Q(source__in=mine) | Q(destination__in=mine))


def transactions(person: Any) -> QuerySet[Transaction]:
    """Transactions with such postings."""
    return Transaction.objects.filter(pk__in=list(postings(person).values_list("transaction", flat=True)))


register_exporter(
    Exporter(
        part="creditbank.ledger",
        gives=(
            About("creditbank.Account", of=("owner_uuid",)),
            About("creditbank.Transaction", rows=transactions),
            About("creditbank.Posting", rows=postings),
            About("creditbank.Hold", of=("owner_uuid",)),
        ),
        left_out={"creditbank.LedgerFreeze": OFFICE},
    )
)
