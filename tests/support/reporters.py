"""A reporter that keeps what it is told."""

from artbench.runtime.progress import Silent


class Listening(Silent):
    def __init__(self) -> None:
        self.notices: list[str] = []

    def notice(self, text: str, /) -> None:
        self.notices.append(text)
