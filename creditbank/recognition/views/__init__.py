"""Pages of recognition: the learner's, the desk's, and the public explorer."""

from creditbank.recognition.views.corrections import corrections, decide_correction, issued, keep, propose_to_reverse, take_back
from creditbank.recognition.views.desk import (
    aside,
    ask,
    case,
    claim,
    confirm,
    confirm_deposit,
    decide_case,
    deposits,
    desk,
    return_case,
    withdrawal,
)
from creditbank.recognition.views.explorer import counts_towards, explorer
from creditbank.recognition.views.learner import (
    accept,
    answer,
    application,
    apply_for,
    ask_to_withdraw,
    choose_programme,
    my_applications,
    withdraw,
)

__all__ = [
    "accept",
    "answer",
    "application",
    "apply_for",
    "aside",
    "ask",
    "ask_to_withdraw",
    "case",
    "choose_programme",
    "claim",
    "confirm",
    "confirm_deposit",
    "corrections",
    "counts_towards",
    "decide_case",
    "decide_correction",
    "deposits",
    "desk",
    "explorer",
    "issued",
    "keep",
    "my_applications",
    "propose_to_reverse",
    "return_case",
    "take_back",
    "withdraw",
    "withdrawal",
]
