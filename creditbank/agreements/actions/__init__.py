"""What is done to rule books and agreements."""

from creditbank.agreements.actions.contracts import (
    draft_agreement,
    end_agreement,
    resume_agreement,
    run_agreement_clock,
    sign_agreement,
    suspend_agreement,
)
from creditbank.agreements.actions.drafting import draft_version, store_version
from creditbank.agreements.actions.importing import import_version
from creditbank.agreements.actions.publishing import publish_rules, retire_version
from creditbank.agreements.actions.revising import drop_example, drop_limit, drop_rule, put_example, put_limit, put_rule, revise_version

__all__ = [
    "draft_agreement",
    "draft_version",
    "drop_example",
    "drop_limit",
    "drop_rule",
    "end_agreement",
    "import_version",
    "publish_rules",
    "put_example",
    "put_limit",
    "put_rule",
    "resume_agreement",
    "retire_version",
    "revise_version",
    "run_agreement_clock",
    "sign_agreement",
    "store_version",
    "suspend_agreement",
]
