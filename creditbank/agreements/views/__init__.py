"""Pages of rule books and agreements."""

from creditbank.agreements.views.books import download_version, rule_books, rule_changes, rule_version
from creditbank.agreements.views.contracts import (
    agreement,
    agreements,
    desk_agreement,
    desk_agreements,
    end,
    new_agreement,
    resume,
    sign,
    suspend,
)
from creditbank.agreements.views.desk import desk_rule_books, publish_version, retire, upload_version

__all__ = [
    "agreement",
    "agreements",
    "desk_agreement",
    "desk_agreements",
    "desk_rule_books",
    "download_version",
    "end",
    "new_agreement",
    "publish_version",
    "resume",
    "retire",
    "rule_books",
    "rule_changes",
    "rule_version",
    "sign",
    "suspend",
    "upload_version",
]
