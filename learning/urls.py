"""Addresses of learning: the learner's own pages, the player, the archive, the teacher's desk, and permanent ids."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from learning.archive import views as archive
from learning.study.views import ids, learner, player, teaching
from learning.xapi import pages as store
from learning.xapi import views as xapi

app_name = "learning"

urlpatterns: list[URLPattern | URLResolver] = [
    path("my/", learner.my_learning, name="my_learning"),
    path("my/archive/", archive.archive, name="archive"),
    path("my/archive/print/", archive.archive_print, name="archive_print"),
    path("my/archive/export.csv", archive.archive_export, name="archive_export"),
    path("my/archive/activity/", archive.activity, name="activity"),
    path("my/archive/activity/export.csv", archive.activity_export, {"form": "csv"}, name="activity_csv"),
    path("my/archive/activity/export.json", archive.activity_export, {"form": "json"}, name="activity_json"),
    path("my/archive/new/", archive.record_new, name="record_new"),
    path("my/archive/<str:record_uuid>/", archive.record, name="record"),
    path("my/archive/<str:record_uuid>/evidence/<str:evidence_uuid>/", archive.evidence_file, name="evidence"),
    path("learn/<str:run_uuid>/", learner.run_page, name="run"),
    path("learn/<str:run_uuid>/enrol/", learner.enrol_view, name="enrol"),
    path("learn/<str:run_uuid>/leave/", learner.leave_view, name="leave"),
    path("learn/<str:run_uuid>/quiz/<str:block_id>/", player.quiz_submit, name="quiz"),
    path("learn/<str:run_uuid>/<str:unit_id>/", player.unit_page, name="unit"),
    path("learn/<str:run_uuid>/<str:unit_id>/open/", player.unit_open, name="unit_open"),
    path("learn/<str:run_uuid>/<str:unit_id>/time/", player.unit_time, name="unit_time"),
    path("learn/<str:run_uuid>/<str:unit_id>/complete/", player.unit_complete, name="unit_complete"),
    path("institutions/<str:code>/store/", store.store, name="store"),
    path("institutions/<str:code>/store/keys/", store.key_create, name="store_key_create"),
    path("institutions/<str:code>/store/keys/<str:key>/revoke/", store.key_revoke, name="store_key_revoke"),
    path("institutions/<str:code>/store/systems/", store.home_register, name="store_home"),
    path("institutions/<str:code>/store/learners/", store.learner_link, name="store_link"),
    path("institutions/<str:code>/store/test/", store.test_statement, name="store_test"),
    path("institutions/<str:code>/store/forwarding/", store.forwarding, name="store_forwarding"),
    path("institutions/<str:code>/store/forwarding/stop/", store.forwarding_stop, name="store_forwarding_stop"),
    path("teach/", teaching.teach, name="teach"),
    path("teach/courses/", teaching.adoptable, name="adoptable"),
    path("teach/courses/<str:course_uuid>/open/", teaching.open_run_view, name="open_run"),
    path("teach/<str:run_uuid>/", teaching.teach_run, name="teach_run"),
    path("teach/<str:run_uuid>/close/", teaching.run_close, name="run_close"),
    path("teach/<str:run_uuid>/approve/", teaching.run_approve, name="run_approve"),
    path("teach/<str:run_uuid>/list/", teaching.run_list, name="run_list"),
]
root_urlpatterns: list[URLPattern | URLResolver] = [
    path("id/profile", xapi.profile, name="xapi_profile"),
    path("id/profile/v1", xapi.profile, name="xapi_profile_v1"),
    *(
        path(f"xapi/{base}/{address}", view, {"base": base}, name=f"xapi_{base}_{name}")
        for base in ("1.0", "2.0")
        for address, view, name in (
            ("statements", xapi.statements, "statements"),
            ("statements/more/<str:token>", xapi.more, "more"),
            ("activities/state", xapi.state, "state"),
            ("activities/profile", xapi.activity_profile, "activity_profile"),
            ("activities", xapi.activities, "activities"),
            ("agents/profile", xapi.agent_profile, "agent_profile"),
            ("agents", xapi.agents, "agents"),
            ("about", xapi.about, "about"),
            ("tokens", xapi.tokens, "tokens"),
        )
    ),
    path("id/course/<str:course_uuid>", ids.course, name="id_course"),
    path("id/course/<str:course_uuid>/<path:rest>", ids.course, name="id_course_part"),
    path("id/run/<str:run_uuid>", ids.run, name="id_run"),
]
