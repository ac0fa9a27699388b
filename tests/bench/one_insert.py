"""A view that makes one indexed INSERT, beside the product: what a single statement is measured against."""

from __future__ import annotations

import json
import os
from uuid import uuid4

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.test")

# isort: off
from config.wsgi import application  # noqa: E402, F401  sets Django up, so it comes first

from django.http import HttpRequest, JsonResponse  # noqa: E402
from django.urls import path  # noqa: E402
from django.views.decorators.csrf import csrf_exempt  # noqa: E402

from config import urls  # noqa: E402
from foundation.api import Job  # noqa: E402
# isort: on


@csrf_exempt
def insert(request: HttpRequest) -> JsonResponse:
    """One row with a unique and a plain index."""
    job = Job.objects.create(name=str(json.loads(request.body)["id"]), owner_uuid=uuid4())
    return JsonResponse([str(job.uuid)], safe=False)


urls.urlpatterns.insert(0, path("bench/insert", insert))
