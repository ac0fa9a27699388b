"""A record that enters the archive is deposited; and the words of this part's notices."""

from __future__ import annotations

from creditbank.recognition.tasks import deposit_in_background
from foundation.api import enqueue, handles, register_notice
from learning.api import RecordEntered


@handles(RecordEntered)
def deposit_what_was_earned(event: RecordEntered) -> None:
    """In the background: a deposit that fails never undoes what was learnt."""
    enqueue(deposit_in_background, record_id=event.record_id)


register_notice(
    "ledger.deposited",
    zh=("学分已存入：{title}", "《{title}》的 {credits} 学分已存入您的学分账户。"),
    en=("Credit deposited: {title}", "{credits} credits for “{title}” are in your credit account."),
)
register_notice(
    "recognition.submitted",
    zh=("申请 {reference} 已提交", "您申请《{programme}》的学分认定已收到，{due} 前答复。"),
    en=("Application {reference} received", "We have your application for {programme}; you will have an answer by {due}."),
)
register_notice(
    "recognition.information_requested",
    zh=("申请 {reference} 需要您补充", "审核人请您补充：{question}"),
    en=("Application {reference}: please add something", "The officer asks: {question}"),
)
register_notice(
    "recognition.decided",
    zh=("申请 {reference} 有了决定", "拟认定 {credits} 学分，与您提交时所示不同，请查看并确认是否接受。"),
    en=(
        "Application {reference} was decided",
        "{credits} credits would be recognised, which differs from what you were shown. Please look and accept.",
    ),
)
register_notice(
    "recognition.refused",
    zh=("申请 {reference} 未获认定", "每条记录的理由都在申请页面上；冻结的学分已经退回。"),
    en=("Application {reference} was not recognised", "The page gives the reason for every record; what was held is available again."),
)
register_notice(
    "recognition.posted",
    zh=("申请 {reference} 已入账", "{credits} 学分已计入《{programme}》。"),
    en=("Application {reference} was credited", "{credits} credits now count towards {programme}."),
)
register_notice(
    "recognition.reversed",
    zh=("申请 {reference} 已冲正", "原因：{reason}。原学分已退回您的账户。"),
    en=("Application {reference} was reversed", "Reason: {reason}. Your original credit is back in your account."),
)
