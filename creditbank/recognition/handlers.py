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
    zh=("申请 {reference} 需要您补充", "审核人请您在 {until} 前补充，要补充什么请看申请页面。"),
    en=(
        "Application {reference}: please add something",
        "The officer asks you for something until {until}; the page of the application says for what.",
    ),
)
register_notice(
    "recognition.decided",
    zh=("申请 {reference} 有了决定", "拟认定 {credits} 学分，与您提交时所示不同，请在 {until} 前查看并确认是否接受。"),
    en=(
        "Application {reference} was decided",
        "{credits} credits would be recognised, which differs from what you were shown. Please look and accept by {until}.",
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
register_notice(
    "recognition.checking",
    zh=("申请 {reference} 正在审核", "审核人已经受理，{due} 前答复。"),
    en=("Application {reference} is being checked", "An officer has taken it; you will have an answer by {due}."),
)
register_notice(
    "recognition.second_review",
    zh=("申请 {reference} 待复核", "初审已完成，等待其他审核人复核；有结果会马上通知您。"),
    en=("Application {reference} is in second review", "The first opinion is given and others have to agree; you will be told the result."),
)
register_notice(
    "recognition.withdrawn",
    zh=("申请 {reference} 已撤回", "冻结的学分已经退回，您可以再次申请。"),
    en=("Application {reference} is withdrawn", "What was held is available again; you can apply anew."),
)
register_notice(
    "recognition.rerun",
    zh=("申请 {reference} 改按新规则计算", "按新版规则对您更有利，现建议认定 {credits} 学分；决定后请您确认是否接受。"),
    en=(
        "Application {reference} was worked out by newer rules",
        "The newer version gives you more: {credits} credits are proposed now. You will be asked to accept the result.",
    ),
)
register_notice(
    "recognition.reckoned_again",
    zh=(
        "申请 {reference} 重新计算",
        "另一项认定已先入账，占用了同一限额或要求。审核机构据此重新计算，现建议认定 {credits} 学分；未用到的记录已退回您的账户。",
    ),
    en=(
        "Application {reference} is worked out again",
        "Another award was posted first and takes up the same limit or requirement. {credits} credits are proposed now; records that are not needed are yours again.",
    ),
)
register_notice(
    "recognition.no_room_left",
    zh=("案件 {reference} 需要重新审核", "申请人接受时，另一项认定已先入账；案件已重新计算，请再审核。"),
    en=(
        "Case {reference} has to be decided again",
        "When the learner accepted, another award was posted already; the case was worked out again.",
    ),
)
register_notice(
    "recognition.appealed",
    zh=("申请 {reference} 的申诉已收到", "{due} 前由未经手此案的人作出裁决。"),
    en=("Your appeal on {reference} was received", "Somebody who had no part in the case decides by {due}."),
)
register_notice(
    "recognition.appeal_upheld",
    zh=("申请 {reference} 的申诉：维持原决定", "理由和下一步请看申请页面。"),
    en=("Appeal on {reference}: the decision stands", "The page gives the reasons and what you can do next."),
)
register_notice(
    "recognition.appeal_granted",
    zh=("申请 {reference} 的申诉成立", "改为认定 {credits} 学分。"),
    en=("Appeal on {reference} granted", "{credits} credits are recognised now."),
)
register_notice(
    "recognition.appeal_escalated",
    zh=("申请 {reference} 的申诉转到上一级", "本级没有按期裁决，已自动转上一级，{due} 前裁决。"),
    en=("Appeal on {reference} passed to the next level", "It was not decided in time; the next level decides by {due}."),
)
register_notice(
    "recognition.appeal_reverse",
    zh=("申请 {reference} 的申诉：将冲正入账", "另一位审核人冲正后，原学分退回您的账户。"),
    en=(
        "Appeal on {reference}: the award is taken back",
        "A second person carries it out; your original credit then returns to your account.",
    ),
)
register_notice(
    "recognition.exception_approved",
    zh=("《{programme}》为您批准了个别例外", "理由：{reason}。{until} 前有效，申请认定时自动使用。"),
    en=("An exception for you in {programme}", "Reason: {reason}. It holds until {until} and is used when you apply."),
)
register_notice(
    "recognition.answered",
    zh=("申请 {reference} 的申请人已补充", "请继续审核。"),
    en=("The learner answered on {reference}", "Please go on with the case."),
)
register_notice(
    "recognition.assigned",
    zh=("案件 {reference} 已分给您", "请在答复期限前审核。"),
    en=("Case {reference} was given to you", "Please decide before the answer is due."),
)
register_notice(
    "recognition.desk_reminder",
    zh=("案件 {reference} 快到期限", "须在 {due} 前答复申请人。"),
    en=("Case {reference} is due soon", "The learner must have an answer by {due}."),
)
register_notice(
    "recognition.appeal_waits",
    zh=("申诉待裁决：{reference}", "须在 {due} 前裁决；逾期次日按公布的默认结果处理，并记录逾期人。"),
    en=(
        "An appeal waits: {reference}",
        "It is to be decided by {due}; on the next day the published default is carried out and it is written who was late.",
    ),
)
register_notice(
    "recognition.appeal_withdrawn",
    zh=("申请 {reference} 的申诉已撤回", "申请回到申诉之前的状态；这一级申诉已用去。"),
    en=("Your appeal on {reference} is withdrawn", "The application stands where it stood before; this level of appeal is used up."),
)
register_notice(
    "recognition.appeal_is_gone",
    zh=("申诉已撤回：{reference}", "申请人撤回了申诉，您无须再作裁决。"),
    en=("An appeal was withdrawn: {reference}", "The learner took it back; there is nothing left for you to decide."),
)
register_notice(
    "recognition.merged",
    zh=("您的两个账户已合并学分", "{institution}经两人确认，学分已转入您的另一个账户。原因：{reason}"),
    en=("The credit of your two accounts was merged", "Two persons at {institution} agreed; it is in your other account. Reason: {reason}"),
)
