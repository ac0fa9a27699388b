"""A new paper is drawn in the background; and the words of this part's notices."""

from __future__ import annotations

from creditbank.statements.events import PaperIssued
from creditbank.statements.tasks import draw_in_background
from foundation.api import handles, prepare, register_notice


@handles(PaperIssued)
def draw_what_was_issued(event: PaperIssued) -> None:
    """So that whoever fetches the file does not wait for it."""
    prepare(draw_in_background, kind=event.kind, paper=event.paper_uuid)


register_notice(
    "statements.revoked",
    zh=("学分证书 {number} 已撤销", "您的学分证书 {number} 已被撤销。原因：{reason}。已入账的学分不因此改变。"),
    en=("Certificate {number} was revoked", "Your certificate of credit {number} was revoked. Reason: {reason}. Credited credit stays."),
)
