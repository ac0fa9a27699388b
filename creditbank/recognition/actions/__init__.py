"""Writes of recognition: deposits, applications, decisions, appeals, exceptions, awards."""

from creditbank.recognition.actions.acceptance import accept_decision
from creditbank.recognition.actions.appeals import (
    carry_out_reversal,
    decide_appeal,
    may_appeal,
    submit_appeal,
    take_appeal,
    withdraw_appeal,
)
from creditbank.recognition.actions.applications import (
    add_evidence,
    answer_request,
    answer_withdrawal,
    chosen_records,
    open_handed_in,
    remove_evidence,
    request_withdrawal,
    save_choice,
    send_application,
    start_application,
    submit_application,
    withdraw_application,
)
from creditbank.recognition.actions.checks import NewDraw, draw_spot_checks, drawn, record_spot_check
from creditbank.recognition.actions.clocks import ClockReport, decide_what_rules_decide, run_clocks
from creditbank.recognition.actions.corrections import (
    agree_to_correction,
    keep_award,
    propose_reversal,
    propose_revocation,
    refuse_correction,
)
from creditbank.recognition.actions.deposits import confirm_record, deposit_record
from creditbank.recognition.actions.desk import (
    LineDecision,
    cast_vote,
    confirm_decision,
    decide_application,
    decide_automatically,
    end_expert_standing,
    record_expert_standing,
    request_information,
    send_back,
)
from creditbank.recognition.actions.exceptions import NewException, answer_exception, end_exception, propose_exception
from creditbank.recognition.actions.mergers import agree_to_merger, propose_merger, refuse_merger
from creditbank.recognition.actions.policies import draft_policy, publish_policy
from creditbank.recognition.actions.posting import post_award, reverse_award
from creditbank.recognition.actions.rerun import reckon_again, rerun_application, work_out_again
from creditbank.recognition.actions.taking import (
    assign_application,
    claim_application,
    claim_next,
    hand_out,
    release_application,
    stand_aside,
)

__all__ = [
    "ClockReport",
    "LineDecision",
    "NewDraw",
    "NewException",
    "accept_decision",
    "add_evidence",
    "agree_to_correction",
    "agree_to_merger",
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
    "draw_spot_checks",
    "drawn",
    "end_exception",
    "end_expert_standing",
    "hand_out",
    "keep_award",
    "may_appeal",
    "open_handed_in",
    "post_award",
    "propose_exception",
    "propose_merger",
    "propose_reversal",
    "propose_revocation",
    "publish_policy",
    "reckon_again",
    "record_expert_standing",
    "record_spot_check",
    "refuse_correction",
    "refuse_merger",
    "release_application",
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
    "withdraw_appeal",
    "withdraw_application",
    "work_out_again",
]
