"""The front door of foundation: the only module that other apps import from."""

from foundation.access.policy import access, can, permission, registered_permissions, visible_to
from foundation.audit.actions import build_audit_entry, record_audit_entries, record_audit_entry
from foundation.audit.context import AuditContext, audit_context, current_context
from foundation.audit.immutability import Seal, append_only, install_triggers, protected_tables
from foundation.audit.log import PATIENCE, forget_salts, newest_head, seal_log
from foundation.audit.merkle import NoSuchTree, consistency_holds, inclusion_holds, leaf_hash
from foundation.audit.models import AuditEntry, AuditEntryQuerySet, DeletionPermit, LogCheck, LogHead, LogLeaf
from foundation.audit.permits import deletion_permit
from foundation.audit.proofs import NotAHead, SealedRow, TreeHead, head_document, heads_of, read_head, sealed_rows
from foundation.audit.sources import LogSource, Written, canonical_bytes, register_log_source
from foundation.audit.verifying import LogBroken, LogFault, verify_log
from foundation.events.registry import Event, announce, handles
from foundation.http.address import client_address
from foundation.http.idempotency import answer_again, answer_once, forget_old_answers
from foundation.http.language import in_language
from foundation.http.limits import LightCounter, rate_limited
from foundation.http.models import IdempotencyKey
from foundation.http.paging import Page, Stretch, begins_with, cursor_page, stretch_of
from foundation.http.problems import Problem, Refusals, problem_response, refusals_told
from foundation.http.schemas import (
    PRIVATE_PROBLEMS,
    READ_PROBLEMS,
    UNCHANGED,
    WRITE_PROBLEMS,
    OnceKey,
    ProblemOut,
    RetryKey,
    as_stored,
    file_answer,
    file_content,
    only_known,
    with_etag,
)
from foundation.http.views import gone, page_not_found, too_many_requests
from foundation.jobs.actions import expect_total, finish_job, report_progress, start_job
from foundation.jobs.enums import JobState
from foundation.jobs.models import Job
from foundation.jobs.queue import enqueue, prepare
from foundation.keys.exceptions import KeyDestroyed, NotAKeySet, SealingProblem, SigningKeyMissing
from foundation.keys.fields import SealedTextField
from foundation.keys.sealing import bring_keys, destroy_person_key, is_sealed, keep_key, keep_keys, keys_at_hand, keys_of, seal, unseal
from foundation.keys.signing import SIGNATURE_HEX, KeySet, Signature, public_keys, published_keys, read_key_set, sign, signature_holds
from foundation.measures.amounts import OffStepError, format_credits, is_on_step, plain_number, round_to_step
from foundation.measures.enums import Rounding
from foundation.measures.models import CreditSystem, Level, LevelFramework
from foundation.notices.actions import notify, notify_many
from foundation.notices.models import Notice
from foundation.notices.recipients import Recipient, register_recipient_finder
from foundation.notices.texts import register_notice, registered_notices
from foundation.outbound.requests import Answer, OutboundFailed, OutboundRefused, require_outbound, send_outbound
from foundation.rows.storing import insert_rows, store_columns
from foundation.tables.cells import CellReader
from foundation.tables.exceptions import UnreadableTable
from foundation.tables.exports import CellKind, Figure, Heading, Row, Table, csv_lines, csv_of, harmless, xlsx_of
from foundation.tables.reading import OpenTable, open_table, read_table
from foundation.tables.texts import cell_complaint, file_complaint
from foundation.tables.types import Column, Complaint, SheetRow

__all__ = [
    "PATIENCE",
    "PRIVATE_PROBLEMS",
    "READ_PROBLEMS",
    "SIGNATURE_HEX",
    "UNCHANGED",
    "WRITE_PROBLEMS",
    "Answer",
    "AuditContext",
    "AuditEntry",
    "AuditEntryQuerySet",
    "CellKind",
    "CellReader",
    "Column",
    "Complaint",
    "CreditSystem",
    "DeletionPermit",
    "Event",
    "Figure",
    "Heading",
    "IdempotencyKey",
    "Job",
    "JobState",
    "KeyDestroyed",
    "KeySet",
    "Level",
    "LevelFramework",
    "LightCounter",
    "LogBroken",
    "LogCheck",
    "LogFault",
    "LogHead",
    "LogLeaf",
    "LogSource",
    "NoSuchTree",
    "NotAHead",
    "NotAKeySet",
    "Notice",
    "OffStepError",
    "OnceKey",
    "OpenTable",
    "OutboundFailed",
    "OutboundRefused",
    "Page",
    "Problem",
    "ProblemOut",
    "Recipient",
    "Refusals",
    "RetryKey",
    "Rounding",
    "Row",
    "Seal",
    "SealedRow",
    "SealedTextField",
    "SealingProblem",
    "SheetRow",
    "Signature",
    "SigningKeyMissing",
    "Stretch",
    "Table",
    "TreeHead",
    "UnreadableTable",
    "Written",
    "access",
    "announce",
    "answer_again",
    "answer_once",
    "append_only",
    "as_stored",
    "audit_context",
    "begins_with",
    "bring_keys",
    "build_audit_entry",
    "can",
    "canonical_bytes",
    "cell_complaint",
    "client_address",
    "consistency_holds",
    "csv_lines",
    "csv_of",
    "current_context",
    "cursor_page",
    "deletion_permit",
    "destroy_person_key",
    "enqueue",
    "expect_total",
    "file_answer",
    "file_complaint",
    "file_content",
    "finish_job",
    "forget_old_answers",
    "forget_salts",
    "format_credits",
    "gone",
    "handles",
    "harmless",
    "head_document",
    "heads_of",
    "in_language",
    "inclusion_holds",
    "insert_rows",
    "install_triggers",
    "is_on_step",
    "is_sealed",
    "keep_key",
    "keep_keys",
    "keys_at_hand",
    "keys_of",
    "leaf_hash",
    "newest_head",
    "notify",
    "notify_many",
    "only_known",
    "open_table",
    "page_not_found",
    "permission",
    "plain_number",
    "prepare",
    "problem_response",
    "protected_tables",
    "public_keys",
    "published_keys",
    "rate_limited",
    "read_head",
    "read_key_set",
    "read_table",
    "record_audit_entries",
    "record_audit_entry",
    "refusals_told",
    "register_log_source",
    "register_notice",
    "register_recipient_finder",
    "registered_notices",
    "registered_permissions",
    "report_progress",
    "require_outbound",
    "round_to_step",
    "seal",
    "seal_log",
    "sealed_rows",
    "send_outbound",
    "sign",
    "signature_holds",
    "start_job",
    "store_columns",
    "stretch_of",
    "too_many_requests",
    "unseal",
    "verify_log",
    "visible_to",
    "with_etag",
    "xlsx_of",
]
