"""What an erasure is refused for."""

from __future__ import annotations


class ErasureBlocked(Exception):
    """Something has to end before: ``obstacles`` says what, in words."""

    def __init__(self, obstacles: list[str]) -> None:
        super().__init__("; ".join(map(str, obstacles)))
        self.obstacles = obstacles


class WrongErasureState(Exception):
    """The wish was answered, carried out or taken back before."""


class OwnErasure(Exception):
    """Nobody decides on the own wish."""


class ExportEnded(Exception):
    """The file of somebody's own data is gone: its time is over, or a newer one is there."""
