"""Addresses of people and institutions; sign-in itself is allauth's, below /accounts/."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from identity.institutions import views as institutions
from identity.people import civil_views as civil
from identity.people import data_views as data
from identity.people import views as people
from identity.signin import views as signin

app_name = "identity"

urlpatterns: list[URLPattern | URLResolver] = [
    path("my/settings/", signin.settings_page, name="settings"),
    path("my/settings/act-as/", signin.act_as, name="act_as"),
    path("my/settings/numbers/<str:number_uuid>/unlink/", signin.unlink_number, name="unlink_number"),
    path("my/settings/identity-card/", civil.civil_number, name="civil_number"),
    path("my/settings/identity-card/remove/", civil.remove_civil_number, name="remove_civil_number"),
    path("my/settings/data/", data.own_data, name="own_data"),
    path("my/settings/data/<str:export_uuid>/", data.own_data_file, name="own_data_file"),
    path("my/settings/erasure/", people.erasure, name="erasure"),
    path("my/settings/erasure/withdraw/", people.withdraw, name="withdraw_erasure"),
    path("erasures/<str:code>/", people.receipt, name="erasure_receipt"),
    path("ops/erasures/", people.erasures, name="erasures"),
    path("ops/erasures/<str:wish_uuid>/", people.answer_erasure, name="answer_erasure"),
    path("institutions/", institutions.institutions, name="institutions"),
    path("institutions/<str:code>/", institutions.institution, name="institution"),
    path("institutions/<str:code>/members/", institutions.members, name="members"),
    path("institutions/<str:code>/members/grant/", institutions.grant, name="grant"),
    path("institutions/<str:code>/members/<str:membership_uuid>/end/", institutions.end, name="end_membership"),
    path("institutions/<str:code>/tokens/", institutions.tokens, name="tokens"),
    path("institutions/<str:code>/tokens/<str:token_uuid>/revoke/", institutions.revoke, name="revoke_token"),
    path("ops/institutions/", institutions.onboard, name="onboard"),
]
root_urlpatterns: list[URLPattern | URLResolver] = [
    path("cms/login/", signin.to_sign_in),
    path("cms/password_reset/", signin.to_password_reset),
    path("cms/account/", signin.to_settings),
]
