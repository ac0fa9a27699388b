"""Addresses of the credit bank."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from creditbank.agreements import views as agreements
from creditbank.ledger import views as ledger
from creditbank.pathways import views as pathways
from creditbank.recognition import views as recognition
from creditbank.results import views as results
from creditbank.statements import views as statements

app_name = "creditbank"

urlpatterns: list[URLPattern | URLResolver] = [
    path("my/credits/", statements.account, name="account"),
    path("my/credits/entries/<str:transaction_uuid>/", statements.entry, name="entry"),
    path("my/credits/statement/", statements.statement, name="statement"),
    path("my/credits/statement.csv", statements.statement_csv, name="statement_csv"),
    path("my/applications/", recognition.my_applications, name="applications"),
    path("my/applications/new/", recognition.choose_programme, name="application_new"),
    path("my/applications/new/<str:code>/", recognition.apply_for, name="apply"),
    path("my/applications/<str:reference>/", recognition.application, name="application"),
    path("my/applications/<str:reference>/withdraw/", recognition.withdraw, name="withdraw"),
    path("my/applications/<str:reference>/ask-to-withdraw/", recognition.ask_to_withdraw, name="ask_to_withdraw"),
    path("my/applications/<str:reference>/answer/", recognition.answer, name="answer"),
    path("my/applications/<str:reference>/accept/", recognition.accept, name="accept"),
    path("my/transcript/", statements.transcripts, name="transcripts"),
    path("my/transcript/issue/", statements.issue, name="issue_transcript"),
    path("my/transcript/<str:transcript_uuid>/", statements.transcript, name="transcript"),
    path("my/transcript/<str:transcript_uuid>/pdf/", statements.transcript_pdf, name="transcript_pdf"),
    path("my/transcript/<str:transcript_uuid>/document/", statements.transcript_document, name="transcript_document"),
    path("my/transcript/<str:transcript_uuid>/revoke/", statements.take_back, name="revoke_transcript"),
    path("my/certificates/", statements.certificates, name="certificates"),
    path("my/certificates/of/<str:reference>/", statements.fetch_certificate, name="fetch_certificate"),
    path("my/certificates/<str:certificate_uuid>/", statements.certificate, name="certificate"),
    path("my/certificates/<str:certificate_uuid>/pdf/", statements.certificate_pdf, name="certificate_pdf"),
    path("my/certificates/<str:certificate_uuid>/document/", statements.certificate_document, name="certificate_document"),
    path("ops/books/", ledger.books, name="books"),
    path("convert/", recognition.explorer, name="explorer"),
    path("my/plan/", pathways.plan, name="plan"),
    path("convert/towards/", recognition.counts_towards, name="counts_towards"),
    path("rules/", agreements.rule_books, name="rules"),
    path("rules/<str:book>/v<int:number>/", agreements.rule_version, name="rule_version"),
    path("rules/<str:book>/v<int:number>/ctdl.json", statements.rules_ctdl, name="rules_ctdl"),
    path("verify/", statements.verify, name="verify"),
    path("verify/file/", statements.verify_file, name="verify_file"),
    path("desk/", recognition.desk, name="desk"),
    path("desk/cases/<str:reference>/", recognition.case, name="case"),
    path("desk/cases/<str:reference>/claim/", recognition.claim, name="claim"),
    path("desk/cases/<str:reference>/ask/", recognition.ask, name="ask"),
    path("desk/cases/<str:reference>/decide/", recognition.decide_case, name="decide"),
    path("desk/cases/<str:reference>/confirm/", recognition.confirm, name="confirm"),
    path("desk/cases/<str:reference>/send-back/", recognition.return_case, name="send_back"),
    path("desk/cases/<str:reference>/withdrawal/", recognition.withdrawal, name="withdrawal"),
    path("desk/cases/<str:reference>/stand-aside/", recognition.aside, name="stand_aside"),
    path("desk/cases/<str:reference>/case-file/", statements.case_file, name="case_file"),
    path("desk/submissions/", statements.submissions, name="submissions"),
    path("desk/submissions/<str:code>/", statements.submission, name="submission"),
    path("desk/certificates/", statements.desk_certificates, name="desk_certificates"),
    path("desk/certificates/<str:certificate_uuid>/", statements.desk_certificate, name="desk_certificate"),
    path("desk/certificates/<str:certificate_uuid>/revoke/", statements.revoke, name="revoke_certificate"),
    path("desk/certificates/<str:certificate_uuid>/renew/", statements.renew, name="renew_certificate"),
    path("desk/cases/<str:reference>/reverse/", recognition.propose_to_reverse, name="propose_to_reverse"),
    path("desk/corrections/", recognition.corrections, name="corrections"),
    path("desk/corrections/<str:correction_uuid>/decide/", recognition.decide_correction, name="decide_correction"),
    path("desk/reviews/<int:review_id>/keep/", recognition.keep, name="keep"),
    path("desk/issued/", recognition.issued, name="issued"),
    path("desk/issued/<str:record_uuid>/take-back/", recognition.take_back, name="take_back"),
    path("desk/deposits/", recognition.deposits, name="deposits"),
    path("desk/deposits/<str:record_uuid>/confirm/", recognition.confirm_deposit, name="confirm_deposit"),
    path("desk/results/", results.results, name="results"),
    path("desk/results/template.csv", results.template, {"kind": "csv"}, name="results_template_csv"),
    path("desk/results/template.xlsx", results.template, {"kind": "xlsx"}, name="results_template_xlsx"),
    path("desk/results/<str:batch_uuid>/", results.batch, name="result_batch"),
    path("desk/results/<str:batch_uuid>/errors.xlsx", results.errors, name="result_errors"),
    path("desk/results/<str:batch_uuid>/submit/", results.submit, name="result_submit"),
    path("desk/results/<str:batch_uuid>/discard/", results.discard, name="result_discard"),
    path("desk/results/<str:batch_uuid>/release/", results.release, name="result_release"),
    path("desk/results/<str:batch_uuid>/ask-undo/", results.ask_undo, name="result_ask_undo"),
    path("desk/results/<str:batch_uuid>/undo/", results.agree_undo, name="result_undo"),
    path("desk/results/<str:batch_uuid>/keep/", results.refuse_undo, name="result_keep"),
    path("desk/rulebooks/", agreements.desk_rule_books, name="rulebooks"),
]
root_urlpatterns: list[URLPattern | URLResolver] = [path("v/<str:code>/", statements.verify_short, name="v")]
