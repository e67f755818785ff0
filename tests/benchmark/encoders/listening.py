"""A reporter that keeps what it is told."""

from artbench.reporting import Silent


class Listening(Silent):
    def __init__(self) -> None:
        self.notices: list[str] = []

    def notice(self, text: str, /) -> None:
        self.notices.append(text)
