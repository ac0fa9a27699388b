"""What the catalogue refuses."""

from __future__ import annotations


class MovedOn(Exception):
    """The file was stored or put aside already; ``state`` says which."""

    def __init__(self, state: str) -> None:
        super().__init__(state)
        self.state = state
