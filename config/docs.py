"""The API's documentation page: our own shell around the schema, drawn on the server, without any outside script."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from ninja.openapi.docs import DocsBase

if TYPE_CHECKING:
    from ninja import NinjaAPI


class OfflineDocs(DocsBase):
    """Lists every operation with its parameters and answers, and links the OpenAPI file itself."""

    def render_page(self, request: HttpRequest, api: NinjaAPI, **kwargs: Any) -> HttpResponse:
        schema = json.loads(json.dumps(api.get_openapi_schema(), default=str))
        for methods in schema["paths"].values():
            for details in methods.values():
                for parameter in details.get("parameters", []):
                    parameter["meaning"] = parameter.get("description") or parameter.get("schema", {}).get("description") or "—"
        operations = [
            {"path": path, "method": method.upper(), **details}
            for path, methods in schema["paths"].items()
            for method, details in methods.items()
        ]
        return render(
            request, "config/api_docs.html", {"schema": schema, "operations": operations, "schema_url": self.get_openapi_url(api, kwargs)}
        )
