"""The API's documentation page: our own shell around the schema, drawn on the server, without any outside script."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from ninja.openapi.docs import DocsBase

if TYPE_CHECKING:
    from ninja import NinjaAPI


class OfflineDocs(DocsBase):
    """Lists every operation with its parameters and answers, and links the OpenAPI file itself."""

    def __init__(self) -> None:
        self._drawn: dict[str | None, SafeString] = {}

    def render_page(self, request: HttpRequest, api: NinjaAPI, **kwargs: Any) -> HttpResponse:
        schema = api.get_openapi_schema()
        facts = {"schema": schema, "operations": self._operations(schema), "schema_url": self.get_openapi_url(api, kwargs)}
        return render(request, "config/api_docs.html", facts)

    def _operations(self, schema: Any) -> SafeString:
        """Three hundred operations as they are listed: the same for everybody, so they are drawn once a language."""
        language = get_language()
        if language not in self._drawn:
            described = json.loads(json.dumps(schema, default=str))
            for methods in described["paths"].values():
                for details in methods.values():
                    for parameter in details.get("parameters", []):
                        parameter["meaning"] = parameter.get("description") or parameter.get("schema", {}).get("description") or "—"
            operations = [
                {"path": path, "method": method.upper(), **details}
                for path, methods in described["paths"].items()
                for method, details in methods.items()
            ]
            self._drawn[language] = render_to_string("config/api_docs_operations.html", {"operations": operations})
        return self._drawn[language]
