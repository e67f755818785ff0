"""`python -m artbench`, and the command `artbench`."""

from typing import NoReturn

from artbench.cli import signals


def main() -> NoReturn:
    """Run the command line as a process of its own, which an interrupt ends in order at any moment."""
    signals.end_at_once()
    from artbench.cli.main import main as command

    try:
        command()  # It exits.
    except SystemExit as ended:
        status = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
        signals.leave(status, waiting=not isinstance(ended.__context__, KeyboardInterrupt))


if __name__ == "__main__":
    main()
