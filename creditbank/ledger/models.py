"""The ledger: accounts, transactions, postings. What is written stays; corrections are reversals."""

from __future__ import annotations

import uuid
from typing import Any

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from creditbank.ledger.enums import BY_TWO, AccountKind, HoldState, TransactionType
from foundation.api import CreditSystem, SealedTextField, append_only

NOBODY = uuid.UUID(int=0)
"""The owner of what belongs to no person; not NULL, so that the database can hold each account once."""


class AccountQuerySet(models.QuerySet["Account"]):
    """Accounts as their reader may see them."""

    def visible_to(self, user: Any) -> AccountQuerySet:
        """One's own accounts."""
        return self.filter(owner_uuid=user.uuid) if user.is_authenticated else self.none()


class Account(models.Model):
    """A place where credit of one unit lies: of an issuer, of a learner in one condition, of an application, or between units.

    Only issuer and bridge may go below nothing. ``balance`` is a cache: rebuilt and compared by ``check_books``, and its CHECK is what
    finally stops two processes from spending the same credit.

    Personal data: pseudonym of the owner.
    """

    kind = models.CharField(_("kind"), max_length=10, choices=AccountKind.choices)
    unit = models.ForeignKey(CreditSystem, on_delete=models.PROTECT, related_name="+", verbose_name=_("unit"))
    owner_uuid = models.UUIDField(_("owner"), default=NOBODY, db_index=True, help_text=_("All zeros where nobody owns it."))
    reference = models.CharField(
        _("of what"), max_length=80, blank=True, help_text=_("Institution code, application, programme or pair of units.")
    )
    balance = models.DecimalField(_("balance"), max_digits=12, decimal_places=3, default=0)

    objects = AccountQuerySet.as_manager()

    class Meta:
        verbose_name = _("account")
        verbose_name_plural = _("accounts")
        constraints = [
            models.UniqueConstraint(fields=["kind", "unit", "owner_uuid", "reference"], name="account_once"),
            models.CheckConstraint(
                condition=Q(balance__gte=0) | Q(kind__in=[AccountKind.ISSUER, AccountKind.BRIDGE]), name="account_not_below_zero"
            ),
            models.CheckConstraint(condition=Q(kind__in=AccountKind.values), name="account_kind_is_known"),
        ]
        indexes = [
            models.Index(fields=["unit"], name="account_pending_by_unit", condition=Q(kind=AccountKind.PENDING, balance__gt=0)),
        ]

    def __str__(self) -> str:
        return f"{self.kind}:{self.reference or self.owner_uuid or ''} {self.unit_id}"


class TransactionQuerySet(models.QuerySet["Transaction"]):
    """Transactions as their reader may see them."""

    def visible_to(self, user: Any) -> TransactionQuerySet:
        """Those that moved one's own credit; all for auditors."""
        if not user.is_authenticated:
            return self.none()
        if user.acts_as("auditor"):
            return self
        # Each side on its own: either side of one join would be a look at all postings of everybody.
        sides = [Posting.objects.filter(**{f"{side}__owner_uuid": user.uuid}).values("transaction") for side in ("source", "destination")]
        return self.filter(pk__in=sides[0].union(sides[1]))


@append_only
class Transaction(models.Model):
    """Some postings with one reason. ``key`` is the transaction's own business key: the same thing is never posted twice.

    ``note`` is what the product itself says; ``reason`` is what somebody wrote, where credit was taken back or moved between two logins.

    Personal data: pseudonyms of who caused it; the reason, sealed under the key of the person whose credit it is.
    """

    person_uuid: uuid.UUID | None = None
    """Whose key seals the reason; said when the row is made, never asked for afterwards."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    type = models.CharField(_("type"), max_length=10, choices=TransactionType.choices)
    key = models.CharField(_("key"), max_length=120, unique=True)
    application_uuid = models.UUIDField(_("application"), null=True, blank=True, db_index=True)
    record_uuid = models.UUIDField(_("learning record"), null=True, blank=True, db_index=True)
    reverses = models.OneToOneField("self", on_delete=models.PROTECT, null=True, blank=True, related_name="reversed_by")
    by_uuid = models.UUIDField(_("by"), null=True, blank=True)
    second_uuid = models.UUIDField(_("second person"), null=True, blank=True)
    effective_on = models.DateField(_("effective"))
    note_zh = models.CharField(_("note (Chinese)"), max_length=300, blank=True)
    note_en = models.CharField(_("note (English)"), max_length=300, blank=True)
    reason = SealedTextField(_("reason"), blank=True, default="", owner="person_uuid")
    recorded_at = models.DateTimeField(_("recorded"), auto_now_add=True)

    objects = TransactionQuerySet.as_manager()

    class Meta:
        verbose_name = _("transaction")
        verbose_name_plural = _("transactions")
        constraints = [
            models.CheckConstraint(condition=Q(type__in=TransactionType.values), name="transaction_type_is_known"),
            models.CheckConstraint(condition=Q(type="reverse", reverses__isnull=False) | ~Q(type="reverse") & Q(reverses__isnull=True),
                                   name="transaction_reversal_names_its_original"),
            models.CheckConstraint(condition=~Q(type__in=BY_TWO) | (Q(by_uuid__isnull=False, second_uuid__isnull=False) & ~Q(second_uuid=F("by_uuid"))),
                                   name="transaction_taken_back_by_two"),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.type} {self.key}"


@append_only
class Posting(models.Model):
    """One amount of one unit that moved from one account to another, once and for ever.

    Balanced by its form: what leaves ``source`` arrives at ``destination``. Think of a cheque, not of a line in a T-account.

    Missing on purpose: a sign (the direction is the pair of accounts); a state (the Hold row beside the postings carries it).

    Personal data: none. Accounts point to people, postings do not.
    """

    transaction = models.ForeignKey(Transaction, on_delete=models.PROTECT, related_name="postings")
    source = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+", db_index=False)
    destination = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+", db_index=False)
    amount = models.DecimalField(_("amount"), max_digits=12, decimal_places=3)
    lot_uuid = models.UUIDField(_("lot"), help_text=_("The learning record whose credit this is."))

    class Meta:
        verbose_name = _("posting")
        verbose_name_plural = _("postings")
        constraints = [
            models.CheckConstraint(condition=Q(amount__gt=0), name="posting_amount_above_zero"),
            models.CheckConstraint(condition=~Q(source=F("destination")), name="posting_between_two_accounts"),
        ]
        indexes = [
            models.Index(fields=["source", "-id"], name="posting_by_source"),
            models.Index(fields=["destination", "-id"], name="posting_by_destination"),
            # All that what a lot has anywhere is made of: the trigger and every posting ask for it.
            models.Index(fields=["lot_uuid", "source", "destination", "amount"], name="posting_of_lot"),
        ]

    def __str__(self) -> str:
        return f"{self.amount} {self.source_id} → {self.destination_id}"


class Hold(models.Model):
    """The state of what an application reserves of one lot; the postings beside it never change.

    A record without credit of its own (hours alone) is reserved with the amount 0, so that it too is used once.

    Personal data: pseudonym of the owner.
    """

    application_uuid = models.UUIDField(_("application"), db_index=True)
    owner_uuid = models.UUIDField(_("owner"), db_index=True)
    lot_uuid = models.UUIDField(_("lot"))
    unit = models.ForeignKey(CreditSystem, on_delete=models.PROTECT, related_name="+")
    amount = models.DecimalField(_("amount"), max_digits=12, decimal_places=3)
    state = models.CharField(_("state"), max_length=8, choices=HoldState.choices, default=HoldState.PENDING)

    class Meta:
        verbose_name = _("hold")
        verbose_name_plural = _("holds")
        constraints = [
            models.UniqueConstraint(fields=["lot_uuid"], condition=Q(state__in=["pending", "posted"]), name="hold_one_live_per_lot"),
            models.CheckConstraint(condition=Q(amount__gte=0), name="hold_amount_not_below_zero"),
        ]
        # SQLite does not see that a list of states it is given is that of the constraint above, and would read every hold there is.
        indexes = [models.Index(fields=["lot_uuid"], name="hold_by_lot")]

    def __str__(self) -> str:
        return f"{self.amount} {self.state}"


@append_only(mutable=("lifted_at", "lifted_by_uuid", "lifted_second_uuid", "lifted_because"))
class LedgerFreeze(models.Model):
    """Posting stopped, because the books were found wrong; lifted by two persons, who say what was done about it.

    Reading, verifying papers and learning go on meanwhile.

    Personal data: pseudonyms of who lifted it.
    """

    found = models.TextField(_("what was found"))
    frozen_at = models.DateTimeField(_("frozen"))
    lifted_at = models.DateTimeField(_("lifted"), null=True, blank=True)
    lifted_by_uuid = models.UUIDField(_("lifted by"), null=True, blank=True)
    lifted_second_uuid = models.UUIDField(_("second person"), null=True, blank=True)
    lifted_because = models.TextField(_("why it was lifted"), blank=True)

    class Meta:
        verbose_name = _("freeze of the ledger")
        verbose_name_plural = _("freezes of the ledger")
        constraints = [
            models.CheckConstraint(
                condition=Q(lifted_at__isnull=True)
                | (Q(lifted_by_uuid__isnull=False, lifted_second_uuid__isnull=False) & ~Q(lifted_by_uuid=F("lifted_second_uuid"))),
                name="freeze_lifted_by_two",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.frozen_at:%Y-%m-%d %H:%M}"


@append_only
class ExpiryWarning(models.Model):
    """That the owner of a lot was told that it ends in so many days; each warning goes out once.

    Personal data: none. The lot points to a record, the record to a person.
    """

    lot_uuid = models.UUIDField(_("lot"))
    days = models.PositiveSmallIntegerField(_("days before"))
    warned_on = models.DateField(_("warned"))

    class Meta:
        verbose_name = _("expiry warning")
        verbose_name_plural = _("expiry warnings")
        constraints = [models.UniqueConstraint(fields=["lot_uuid", "days"], name="expiry_warned_once")]

    def __str__(self) -> str:
        return f"{self.lot_uuid}: {self.days}"


@append_only
class BookCheck(models.Model):
    """One look at all the books: when, over how much, what was found, and the sums of every unit.

    ``sums`` is a list of {"unit", "kind", "amount"} with amounts as text; ``faults`` a list of {"promise", "row", "found", "expected"}, the
    first hundred.

    Personal data: none; faults name accounts and rows by number.
    """

    started_at = models.DateTimeField(_("begun"))
    finished_at = models.DateTimeField(_("done"))
    transactions = models.PositiveBigIntegerField(_("transactions"))
    postings = models.PositiveBigIntegerField(_("postings"))
    sums = models.JSONField(_("sums"), default=list)
    faults = models.JSONField(_("faults"), default=list)
    fault_count = models.PositiveIntegerField(_("number of faults"))

    class Meta:
        verbose_name = _("check of the books")
        verbose_name_plural = _("checks of the books")
        constraints = [models.CheckConstraint(condition=Q(finished_at__gte=F("started_at")), name="book_check_in_order")]

    def __str__(self) -> str:
        return f"{self.finished_at:%Y-%m-%d %H:%M}"
