"""A person's messages."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST

from foundation.access.policy import access, visible_to
from foundation.notices.actions import mark_read
from foundation.notices.models import Notice

PAGE_SIZE = 20


@login_required
def notice_list(request: HttpRequest) -> HttpResponse:
    """All messages of the reader, newest first. Three queries besides the session."""
    page = Paginator(visible_to(request.user, Notice), PAGE_SIZE).get_page(request.GET.get("page"))
    return render(
        request, "foundation/notices.html", {"page": page, "unread": visible_to(request.user, Notice).filter(read_at=None).count()}
    )


@login_required
@require_POST
def notice_open(request: HttpRequest, notice_uuid: str) -> HttpResponse:
    """Mark a message as read and go where it points."""
    notice = access(Notice, notice_uuid, user=request.user, to="mark_read")
    mark_read(Notice.objects.filter(pk=notice.pk), at=timezone.now())
    return redirect(notice.url or "foundation:notices")


@login_required
@require_POST
def notice_read_all(request: HttpRequest) -> HttpResponse:
    """Mark every message as read."""
    mark_read(visible_to(request.user, Notice), at=timezone.now())
    return redirect("foundation:notices")
