"""The words of this part's notices."""

from __future__ import annotations

from foundation.api import register_notice

register_notice(
    "statements.revoked",
    zh=("学分证书 {number} 已撤销", "您的学分证书 {number} 已被撤销。原因：{reason}。已入账的学分不因此改变。"),
    en=("Certificate {number} was revoked", "Your certificate of credit {number} was revoked. Reason: {reason}. Credited credit stays."),
)
