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
    zh=("申请 {reference} 需要您补充", "审核人请您在 {until} 前补充：{question}"),
    en=("Application {reference}: please add something", "The officer asks, until {until}: {question}"),
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
register_notice(
    "recognition.reminder",
    zh=("申请 {reference} 等您处理", "请在 {until} 前处理您对《{programme}》的申请，逾期将失效。"),
    en=("Application {reference} is waiting for you", "Please see to your application for {programme} by {until}; after that it lapses."),
)
register_notice(
    "recognition.lapsed",
    zh=("申请 {reference} 已失效", "规定的时间内没有收到您的答复，冻结的学分已经退回。您可以再次申请。"),
    en=("Application {reference} has lapsed", "Nothing came in time; what was held is available again. You can apply anew."),
)
register_notice(
    "recognition.withdrawal_granted",
    zh=("申请 {reference} 已撤回", "冻结的学分已经退回。"),
    en=("Application {reference} is withdrawn", "What was held is available again."),
)
register_notice(
    "recognition.withdrawal_refused",
    zh=("申请 {reference} 继续审核", "没有同意撤回：{note}"),
    en=("Application {reference} goes on", "The withdrawal was not granted: {note}"),
)
register_notice(
    "ledger.expiring",
    zh=("学分即将到期：{title}", "《{title}》的 {credits} 学分将于 {day} 之后到期，请尽早使用。"),
    en=("Credit expires soon: {title}", "{credits} credits for “{title}” expire after {day}. Use them before."),
)
register_notice(
    "ledger.expired",
    zh=("学分已到期：{title}", "《{title}》的 {credits} 学分已于 {day} 到期，不能再用于认定；学习记录仍在您的档案里。"),
    en=(
        "Credit has expired: {title}",
        "{credits} credits for “{title}” expired on {day} and cannot be used any more; the record stays in your archive.",
    ),
)
