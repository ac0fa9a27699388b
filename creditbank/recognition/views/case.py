"""One case: evidence beside the proposal, what others decided in like cases, and every step that somebody at the desk can take."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any, cast
from uuid import UUID

from django import forms
from django.conf import settings
from django.contrib import messages
from django.db.models import prefetch_related_objects
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from creditbank.agreements.queries import version_in_force
from creditbank.recognition.actions import (
    LineDecision,
    answer_withdrawal,
    assign_application,
    carry_out_reversal,
    claim_application,
    confirm_decision,
    decide_appeal,
    decide_application,
    release_application,
    request_information,
    send_back,
    stand_aside,
    take_appeal,
    work_out_again,
)
from creditbank.recognition.actions.steps import is_involved, officers_for
from creditbank.recognition.corrections import SourceReview
from creditbank.recognition.earlier import lack_of_room
from creditbank.recognition.enums import OPEN_STATES, AppealResult, ApplicationState
from creditbank.recognition.evidence import evidence_items
from creditbank.recognition.exceptions import (
    DecisionIncomplete,
    ExpertNeeded,
    Involved,
    JustPublished,
    NoGain,
    NoRoomLeft,
    NoRulesInForce,
    NothingGranted,
    NotTheirCase,
    RecordsTaken,
    SamePersonTwice,
    WrongState,
)
from creditbank.recognition.forms import AppealDecisionForm, DecisionForm, MessageForm, ReasonForm, WithdrawalForm
from creditbank.recognition.models import PAIR, Appeal, Application
from creditbank.recognition.queries import in_log, next_case_of, precedents, replayed
from creditbank.recognition.replaying import read_snapshot
from creditbank.recognition.views.desk import desk_only
from creditbank.recognition.views.handing_out import taken_by
from creditbank.recognition.views.shared import exceptions_in, lack_in_words, served, shown_application
from foundation.api import access, can
from identity.api import Role, SignedInRequest, User
from learning.api import Evidence, LearningRecord, open_evidence

INVOLVED = gettext_lazy("You taught what is to be recognised, or declared an interest: somebody else has to decide.")
JUST_PUBLISHED = gettext_lazy("You published these rules less than a day ago: somebody else has to decide.")
TAKEN_BACK = gettext_lazy(
    "A record of this case was taken back by its issuer: send the case back and decide its line anew. Nothing was changed."
)
NO_ROOM = gettext_lazy(
    "Another award was posted to this learner meanwhile and takes up what this case needs. Nothing was changed: the case has to be worked out again."
)
MOVED_ON = gettext_lazy("The case has moved on meanwhile; nothing was changed.")


def _case(request: HttpRequest, reference: str, *, to: str) -> Application:
    rows = Application.objects.select_related(
        "programme__system", "institution", "learner", "rules__book", "first_officer", "second_officer", "policy"
    )
    return access(rows, reference, user=request.user, to=to, field="reference")


@desk_only
def case(request: HttpRequest, reference: str, form: DecisionForm | None = None) -> HttpResponse:
    """One case: proposal, evidence, reasons, and what this person may do with it."""
    row = _case(request, reference, to="view_case")
    prefetch_related_objects([row], "lines")  # read in five places below
    person = cast("SignedInRequest", request).user
    appeal = row.appeals.select_related("taken_by").filter(result="").first()
    steps = list(row.steps.all())
    seen = steps[-1].pk if steps else 0
    if form is None:
        form = AppealDecisionForm(row, initial={"seen": seen}) if appeal else DecisionForm(row, initial={"seen": seen})
    context = {
        "application": row, "form": form, "steps": steps, "seen": seen, "desk_nav": "queue", "appeal": appeal,
        "appeals": row.appeals.exclude(result="").select_related("decided_by"), **_evidence(row, form), **_rights(row, person, appeal),
        "precedents": precedents(row), "exceptions": exceptions_in(row), "votes": row.votes.select_related("voter"),
        "panel": row.required_approvals > PAIR, "reviews": SourceReview.objects.filter(application=row), "reruns": row.reruns.select_related("old_rules__book", "new_rules__book"),
        "ask_form": MessageForm(prefix="ask"), "back_form": MessageForm(prefix="back"), "appeal_reverse_form": MessageForm(prefix="reverse"), "reverse_form": ReasonForm(prefix="reverse"),
        "withdrawal_form": WithdrawalForm(prefix="withdrawal"), "aside_form": MessageForm(prefix="aside"),
        "replayed": replayed(row) if person.acts_as(Role.AUDITOR) and row.snapshot else None, "in_log": in_log(row) if person.acts_as(Role.AUDITOR) and row.snapshot else None,
        "today": timezone.localdate(),
    }  # fmt: skip
    return render(request, "creditbank/case.html", context, status=400 if form.errors else 200)


def _evidence(row: Application, form: DecisionForm) -> dict[str, Any]:
    """Lines of the proposal with their fields and records, and the evidence list. Four queries."""
    lines = list(row.lines.all())
    shown = shown_application(row)
    wanted = [ident for line in lines for ident in line.records]
    records = {str(record.uuid): record for record in LearningRecord.objects.filter(uuid__in=wanted).select_related("credit_system")}
    files = list(row.evidence.all())
    items = []
    if row.snapshot:
        facts, base, _limits, _on = read_snapshot(row.snapshot)
        items = evidence_items(row.proposal["allocation"], facts, base, files=files)
    paired = [
        {
            "line": line,
            "shown": words,
            "fields": form.line_fields(line.position),
            "records": [records[ident] for ident in line.records if ident in records],
            "items": [item for item in items if item.rule == line.rule and item.record in line.records],
        }
        for line, words in zip(lines, shown.lines if shown else (), strict=False)
    ]
    return {"shown": shown, "paired": paired, "additions": [file for file in files if not file.item], "files": files}


def _rights(row: Application, person: User, appeal: Appeal | None) -> dict[str, Any]:
    """What this person may do with the case now."""
    state, officer = row.state, person.acts_as(Role.CREDIT_OFFICER, at=row.institution_id)
    involved = is_involved(row, person)
    taken_elsewhere = row.first_officer is not None and row.first_officer_id != person.pk
    newer = version_in_force(row.institution, on=timezone.localdate()) if state == ApplicationState.CHECKING and officer else None
    in_it = {row.first_officer_id, row.second_officer_id}
    return {
        "involved": involved,
        "may_claim": _is_free(row) and officer and not involved,
        "may_release": state == ApplicationState.CHECKING and officer and row.first_officer_id == person.pk,
        "may_decide": state == ApplicationState.CHECKING and officer and not involved,
        "taken_by_another": row.first_officer if state == ApplicationState.CHECKING and officer and taken_elsewhere else None,
        "may_confirm": state == ApplicationState.SECOND_REVIEW and can(person, "confirm", row) and row.first_officer_id != person.pk and not involved,
        "may_answer_withdrawal": state == ApplicationState.WITHDRAWAL_REQUESTED and can(person, "answer_withdrawal", row),
        "may_stand_aside": state in OPEN_STATES and can(person, "stand_aside", row) and not involved,
        "may_decide_appeal": appeal is not None and can(person, "decide_appeal", row) and person.pk not in in_it and not involved,
        "may_reverse": state == ApplicationState.POSTED and can(person, "propose_reversal", row),
        "may_reverse_appealed": state == ApplicationState.APPEAL_DECIDED and can(person, "reverse", row),
        "lack": _lack(row) if state in {ApplicationState.CHECKING, ApplicationState.SECOND_REVIEW} else "",
        "newer": newer if newer is not None and newer != row.rules else None,
        "officers": officers_for(row) if state in {ApplicationState.SUBMITTED, ApplicationState.CHECKING} and can(person, "assign", row) else [],
        "window_open": row.submitted_at is not None and timezone.now() <= row.submitted_at + timedelta(minutes=settings.WITHDRAWAL_MINUTES),
    }  # fmt: skip


def _is_free(row: Application) -> bool:
    """Whether nobody has the case: it was only submitted (and a person decides it), or was given back."""
    if row.state == ApplicationState.SUBMITTED:
        return not row.is_automatic
    return row.state == ApplicationState.CHECKING and row.first_officer_id is None


def _lack(row: Application) -> str:
    """What the case has no room for any more beside what the learner was awarded meanwhile, in words; empty where it has."""
    lack = lack_of_room(row, as_proposed=row.state == ApplicationState.CHECKING)
    return lack_in_words(lack, row) if lack is not None else ""


@desk_only
@require_POST
def claim(request: HttpRequest, reference: str) -> HttpResponse:
    """Take a case."""
    row = _case(request, reference, to="decide")
    try:
        claim_application(row, actor=request.user, at=timezone.now())
    except WrongState:
        messages.error(request, taken_by(row))
    except (Involved, SamePersonTwice) as error:
        messages.error(request, _why_not(error))
    return redirect("creditbank:case", reference)


@desk_only
@require_POST
def release(request: HttpRequest, reference: str) -> HttpResponse:
    """Give a case back."""
    row = _case(request, reference, to="decide")
    try:
        release_application(row, actor=request.user, at=timezone.now())
        messages.success(request, _("Given back: another officer can take the case."))
    except (NotTheirCase, WrongState):
        messages.error(request, MOVED_ON)
    return redirect("creditbank:desk")


@desk_only
@require_POST
def ask(request: HttpRequest, reference: str) -> HttpResponse:
    """Ask the learner for something."""
    work = lambda row, said: request_information(row, actor=request.user, at=timezone.now(), text=said["text"])  # noqa: E731
    return _said(request, reference, "decide", MessageForm, "ask", _("Please write what you need from the learner."), work)


@desk_only
@require_POST
def decide_case(request: HttpRequest, reference: str) -> HttpResponse:
    """The first officer's opinion; what was typed stays if something is missing."""
    row = _case(request, reference, to="decide")
    form = DecisionForm(row, request.POST)
    if not form.is_valid():
        return case(request, reference, form)
    if row.state == ApplicationState.CHECKING and _has_moved(form, row):
        form.add_error(None, _("The case has changed since you opened it. Nothing was decided; look at what is new and send again."))
        return case(request, reference, form)
    try:
        decide_application(
            row, decisions=_line_decisions(row, form), actor=request.user, at=timezone.now(), message=form.cleaned_data["message"]
        )
    except DecisionIncomplete as error:
        _say_what_is_missing(form, error)
        return case(request, reference, form)
    except (SamePersonTwice, Involved, RecordsTaken, NoRoomLeft, WrongState) as error:
        messages.error(request, _why_not(error))
        return redirect("creditbank:case", reference)
    waits = Application.objects.get(pk=row.pk).state == ApplicationState.SECOND_REVIEW
    messages.success(request, _("Your opinion is recorded. A second person has to agree.") if waits else _("Decided."))
    return _go_on(request)


def _why_not(error: Exception) -> str:
    """A refusal in words; each changed nothing."""
    if isinstance(error, JustPublished):
        return str(JUST_PUBLISHED)
    if isinstance(error, Involved):
        return str(INVOLVED)
    if isinstance(error, RecordsTaken):
        return str(TAKEN_BACK)
    if isinstance(error, NoRoomLeft):
        return str(NO_ROOM)
    return _("Nobody decides on the own application.") if isinstance(error, SamePersonTwice) else str(MOVED_ON)


def _has_moved(form: DecisionForm, row: Application) -> bool:
    """Whether the case took a step after the page was shown; the form then carries the new one, and a second look is enough."""
    last = row.steps.order_by("-id").values_list("pk", flat=True).first()
    seen = form.cleaned_data.get("seen")
    if seen is None or seen == last:
        return False
    data = cast("Any", form.data).copy()
    data["seen"] = last
    form.data = data
    form.changed_since = row.steps.filter(pk__gt=seen)
    return True


def _go_on(request: HttpRequest) -> HttpResponse:
    """The next case opens by itself; where none is left, the queue."""
    following = next_case_of(request.user)
    return redirect("creditbank:case", following.reference) if following is not None else redirect("creditbank:desk")


@desk_only
@require_POST
def confirm(request: HttpRequest, reference: str) -> HttpResponse:
    """The second person agrees."""
    row = _case(request, reference, to="confirm")
    return _step(request, reference, lambda: confirm_decision(row, actor=request.user, at=timezone.now()), goes_on=True)


@desk_only
@require_POST
def return_case(request: HttpRequest, reference: str) -> HttpResponse:
    """The second person sends the case back with a note."""
    work = lambda row, said: send_back(row, actor=request.user, at=timezone.now(), note=said["text"])  # noqa: E731
    return _said(request, reference, "confirm", MessageForm, "back", _("Please say why you send it back."), work)


@desk_only
@require_POST
def withdrawal(request: HttpRequest, reference: str) -> HttpResponse:
    """Let the learner take the application back, or go on."""
    work = lambda row, said: answer_withdrawal(  # noqa: E731
        row, grant=said["grant"], actor=request.user, at=timezone.now(), note=said["text"]
    )
    return _said(request, reference, "answer_withdrawal", WithdrawalForm, "withdrawal", _("Please say why the case goes on."), work)


@desk_only
@require_POST
def aside(request: HttpRequest, reference: str) -> HttpResponse:
    """Declare an interest in a case."""
    work = lambda row, said: stand_aside(row, actor=request.user, at=timezone.now(), reason=said["text"])  # noqa: E731
    return _said(request, reference, "stand_aside", MessageForm, "aside", _("Please say what connects you with this case."), work)


@desk_only
@require_POST
def assign(request: HttpRequest, reference: str) -> HttpResponse:
    """Give the case to an officer of this institution."""
    row = _case(request, reference, to="assign")
    officer = next((person for person in officers_for(row) if str(person.uuid) == request.POST.get("to")), None)
    if officer is None:
        messages.error(request, _("Please choose an officer of this institution."))
        return redirect("creditbank:case", reference)
    return _step(request, reference, lambda: assign_application(row, to=officer, actor=request.user, at=timezone.now()))


@desk_only
@require_POST
def rerun(request: HttpRequest, reference: str) -> HttpResponse:
    """Work it out again: because it has no room beside another award any more, or under newer rules if the learner gains."""
    row = _case(request, reference, to="decide")
    try:
        return _step(request, reference, lambda: work_out_again(row, actor=request.user, at=timezone.now()))
    except (NoGain, NoRulesInForce):
        messages.info(request, _("Under the newer rules the learner would not gain; the case keeps the rules of its submission."))
    except RecordsTaken:
        messages.error(request, _("A record was reserved elsewhere meanwhile; nothing was changed."))
    return redirect("creditbank:case", reference)


@desk_only
@require_POST
def take_case_appeal(request: HttpRequest, reference: str) -> HttpResponse:
    """Somebody new takes the appeal."""
    row = _case(request, reference, to="decide_appeal")
    appeal = row.appeals.filter(result="").first()
    if appeal is None:
        messages.error(request, MOVED_ON)
        return redirect("creditbank:case", reference)
    return _step(request, reference, lambda: take_appeal(appeal, actor=request.user, at=timezone.now()).application)


@desk_only
@require_POST
def decide_case_appeal(request: HttpRequest, reference: str) -> HttpResponse:
    """Somebody new decides the appeal; what was typed stays if something is missing."""
    row = _case(request, reference, to="decide_appeal")
    appeal = row.appeals.filter(result="").first()
    if appeal is None:
        messages.error(request, MOVED_ON)
        return redirect("creditbank:case", reference)
    form = AppealDecisionForm(row, request.POST)
    if not form.is_valid():
        return case(request, reference, form)
    data = form.cleaned_data
    decisions = _line_decisions(row, form) if data["result"] == AppealResult.GRANTED else None
    try:
        return _step(
            request, reference,
            lambda: decide_appeal(
                appeal, result=data["result"], actor=request.user, at=timezone.now(), answer=data["answer"], decisions=decisions
            ),
        )  # fmt: skip
    except DecisionIncomplete as error:
        _say_what_is_missing(form, error)
    except NothingGranted:
        form.add_error("result", _("A granted appeal gives more on some line, and less on none."))
    except RecordsTaken:
        form.add_error("result", _("The credit was used elsewhere meanwhile, so it cannot be granted any more. Nothing was changed."))
    except NoRoomLeft as error:
        form.add_error("result", lack_in_words(error.lack, row))
    return case(request, reference, form)


@desk_only
@require_POST
def reverse_case(request: HttpRequest, reference: str) -> HttpResponse:
    """The second person takes back the award that an appeal decided to take back."""
    work = lambda row, said: carry_out_reversal(row, actor=request.user, at=timezone.now(), reason=said["text"])  # noqa: E731
    return _said(request, reference, "reverse", MessageForm, "reverse", _("Please write why the award is taken back."), work)


@desk_only
def archived_file(request: HttpRequest, reference: str, file_uuid: str) -> HttpResponse:
    """A file that lies in the learner's archive with a record of this case."""
    row = _case(request, reference, to="view_case")
    used = {ident for line in row.lines.all() for ident in line.records}
    try:
        file = Evidence.objects.get(uuid=UUID(file_uuid), record__uuid__in=used)
    except (ValueError, Evidence.DoesNotExist) as error:
        raise Http404 from error
    return served(file, lambda: open_evidence(file, actor=request.user))


def _line_decisions(row: Application, form: DecisionForm) -> dict[int, LineDecision]:
    given = form.cleaned_data
    return {
        line.position: LineDecision(
            choice=given[f"choice_{line.position}"], amount=given[f"amount_{line.position}"], reason=given[f"reason_{line.position}"],
            note=given[f"note_{line.position}"],
        )
        for line in row.lines.all()
    }  # fmt: skip


def _say_what_is_missing(form: DecisionForm, error: DecisionIncomplete) -> None:
    field = {"amount": "amount", "reason": "reason"}.get(error.code, "choice")
    words = {
        "amount": _("Enter an amount on the step, at most what is proposed."),
        "reason": _("Choose a reason; another reason needs a note."),
    }
    form.add_error(f"{field}_{error.line}", words.get(error.code, _("Please decide on this line.")))


def _said(
    request: HttpRequest, reference: str, to: str, form: type[forms.Form], prefix: str, complaint: str,
    work: Callable[[Application, dict[str, Any]], Application],
) -> HttpResponse:  # fmt: skip
    """A step that needs words: taken with them, or the complaint that they are missing. The form's prefix tells it from others on the page."""
    row = _case(request, reference, to=to)
    filled = form(request.POST, prefix=prefix)
    if not filled.is_valid():
        messages.error(request, complaint)
        return redirect("creditbank:case", reference)
    return _step(request, reference, lambda: work(row, filled.cleaned_data))


def _step(request: HttpRequest, reference: str, work: Callable[[], Application], *, goes_on: bool = False) -> HttpResponse:
    try:
        work()
    except (RecordsTaken, NoRoomLeft) as error:
        if not goes_on:
            raise
        messages.error(request, _why_not(error))
    except SamePersonTwice:
        messages.error(request, _("The second person must be another one than the first officer and the learner."))
    except ExpertNeeded:
        messages.error(request, _("The last seat of this panel is for a subject expert."))
    except (Involved, WrongState) as error:
        messages.error(request, _why_not(error))
    else:
        messages.success(request, _("Done. The learner is told where it matters."))
        return _go_on(request) if goes_on else redirect("creditbank:case", reference)
    return redirect("creditbank:case", reference)
