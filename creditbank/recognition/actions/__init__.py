"""Writes of recognition: deposits, applications, decisions, awards."""

from creditbank.recognition.actions.applications import (
    accept_decision,
    answer_request,
    send_application,
    start_application,
    submit_application,
    withdraw_application,
)
from creditbank.recognition.actions.deposits import confirm_record, deposit_record
from creditbank.recognition.actions.desk import (
    LineDecision,
    claim_application,
    confirm_decision,
    decide_application,
    request_information,
    send_back,
)
from creditbank.recognition.actions.posting import post_award, reverse_award

__all__ = [
    "LineDecision",
    "accept_decision",
    "answer_request",
    "claim_application",
    "confirm_decision",
    "confirm_record",
    "decide_application",
    "deposit_record",
    "post_award",
    "request_information",
    "reverse_award",
    "send_application",
    "send_back",
    "start_application",
    "submit_application",
    "withdraw_application",
]
