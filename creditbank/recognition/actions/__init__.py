"""Writes of recognition: deposits, applications, decisions, appeals, exceptions, awards."""

from creditbank.recognition.actions.appeals import carry_out_reversal, decide_appeal, may_appeal, submit_appeal, take_appeal
from creditbank.recognition.actions.applications import (
    accept_decision,
    add_evidence,
    answer_request,
    answer_withdrawal,
    chosen_records,
    remove_evidence,
    request_withdrawal,
    save_choice,
    send_application,
    start_application,
    submit_application,
    withdraw_application,
)
from creditbank.recognition.actions.clocks import ClockReport, decide_what_rules_decide, run_clocks
from creditbank.recognition.actions.deposits import confirm_record, deposit_record
from creditbank.recognition.actions.desk import (
    LineDecision,
    assign_application,
    cast_vote,
    claim_application,
    claim_next,
    confirm_decision,
    decide_application,
    decide_automatically,
    record_expert_standing,
    request_information,
    send_back,
    stand_aside,
)
from creditbank.recognition.actions.exceptions import NewException, answer_exception, end_exception, propose_exception
from creditbank.recognition.actions.policies import draft_policy, publish_policy
from creditbank.recognition.actions.posting import post_award, reverse_award
from creditbank.recognition.actions.rerun import rerun_application

__all__ = [
    "ClockReport",
    "LineDecision",
    "NewException",
    "accept_decision",
    "add_evidence",
    "answer_exception",
    "answer_request",
    "answer_withdrawal",
    "assign_application",
    "carry_out_reversal",
    "cast_vote",
    "chosen_records",
    "claim_application",
    "claim_next",
    "confirm_decision",
    "confirm_record",
    "decide_appeal",
    "decide_application",
    "decide_automatically",
    "decide_what_rules_decide",
    "deposit_record",
    "draft_policy",
    "end_exception",
    "may_appeal",
    "post_award",
    "propose_exception",
    "publish_policy",
    "record_expert_standing",
    "remove_evidence",
    "request_information",
    "request_withdrawal",
    "rerun_application",
    "reverse_award",
    "run_clocks",
    "save_choice",
    "send_application",
    "send_back",
    "stand_aside",
    "start_application",
    "submit_appeal",
    "submit_application",
    "take_appeal",
    "withdraw_application",
]
