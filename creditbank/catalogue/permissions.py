"""Who may do what with the catalogue."""

from __future__ import annotations

from typing import Any

from creditbank.catalogue.models import Programme
from foundation.api import permission


@permission(Programme, "view")
def can_view(user: Any, programme: Programme) -> bool:
    return True
