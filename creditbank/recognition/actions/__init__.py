"""Writes of recognition: deposits, applications, decisions, awards."""

from creditbank.recognition.actions.applications import (
    accept_decision,
    answer_request,
    answer_withdrawal,
    request_withdrawal,
    send_application,
    start_application,
    submit_application,
    withdraw_application,
)
from creditbank.recognition.actions.clocks import ClockReport, run_clocks
from creditbank.recognition.actions.deposits import confirm_record, deposit_record
from creditbank.recognition.actions.desk import (
    LineDecision,
    cast_vote,
    claim_application,
    confirm_decision,
    decide_application,
    request_information,
    send_back,
    stand_aside,
)
from creditbank.recognition.actions.posting import post_award, reverse_award

__all__ = [
    "ClockReport",
    "LineDecision",
    "accept_decision",
    "answer_request",
    "answer_withdrawal",
    "cast_vote",
    "claim_application",
    "confirm_decision",
    "confirm_record",
    "decide_application",
    "deposit_record",
    "post_award",
    "request_information",
    "request_withdrawal",
    "reverse_award",
    "run_clocks",
    "send_application",
    "send_back",
    "stand_aside",
    "start_application",
    "submit_application",
    "withdraw_application",
]
