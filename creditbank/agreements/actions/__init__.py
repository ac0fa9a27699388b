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

__all__ = [
    "draft_agreement",
    "draft_version",
    "end_agreement",
    "import_version",
    "publish_rules",
    "resume_agreement",
    "retire_version",
    "run_agreement_clock",
    "sign_agreement",
    "store_version",
    "suspend_agreement",
]
