"""The command line: finds commands, turns errors into a line and an exit status, and does nothing else.

A command is a file in `commands/`; its modules import what they need when they run, so that `--help` stays instant.
"""

from __future__ import annotations

import importlib
import os
import sys
from pathlib import Path
from typing import IO, Any

import click

from forensics import __version__
from forensics.errors import ForensicsError

_COMMANDS = Path(__file__).parent / "commands"


class Failure(click.ClickException):
    """An error as the user sees it: what happened, what to do, and the exit status."""

    def __init__(self, message: str, remedy: str, status: int) -> None:
        super().__init__(message)
        self.remedy = remedy
        self.exit_code = status  # type: ignore[misc]  # click reads it from the instance

    def show(self, file: IO[Any] | None = None) -> None:
        """Print the error to standard error on one line, control characters made harmless."""
        from forensics.hostile import terminal

        click.echo(terminal(f"error: {self.message} {self.remedy}".rstrip()), file=file or sys.stderr)


class Commands(click.Group):
    """All commands, by the names of their files."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Name the commands without importing them."""
        return sorted(_public(path.stem) for path in _COMMANDS.glob("*.py") if path.stem != "__init__")

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import one command."""
        if cmd_name not in self.list_commands(ctx):
            return None
        module = "import_" if cmd_name == "import" else cmd_name.replace("-", "_")
        command: click.Command = importlib.import_module(f"forensics.commands.{module}").command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command; an unknown one is answered with the nearest known."""
        if args and not args[0].startswith("-") and args[0] not in self.list_commands(ctx):
            from forensics.errors import UnknownName

            raise _failure(UnknownName("command", args[0], self.list_commands(ctx)))
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command; every error that was raised on purpose becomes a line and its exit status."""
        try:
            return super().invoke(ctx)
        except ForensicsError as error:
            raise _failure(error) from error
        except (click.ClickException, click.exceptions.Exit, click.Abort, BrokenPipeError):
            raise  # click itself ends quietly where nobody reads on
        except KeyboardInterrupt as error:
            raise Failure("Interrupted.", "", 130) from error
        except OSError as error:
            raise Failure(_os_error(error), "Check the path, its permissions and the free space.", 2) from error
        except Exception as error:
            if os.environ.get("FORENSICS_DEBUG"):
                raise
            raise Failure(
                f"internal fault: {type(error).__name__}: {error}",
                "This is our mistake. Set FORENSICS_DEBUG=1 for the traceback, and report it.",
                1,
            ) from error


def _public(stem: str) -> str:
    return stem.rstrip("_").replace("_", "-")


def _failure(error: ForensicsError) -> Failure:
    return Failure(error.message, error.remedy, error.exit_status)


def _os_error(error: OSError) -> str:
    return f"{error.strerror or error}{f': {error.filename}' if error.filename else ''}"


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(__version__, prog_name="forensics")
def main() -> None:
    r"""Calibrated evidence on whether one language model was made from another.

    \b
    Example:
      forensics compare demo:alder demo:alder-tuned --cohort demo: --probes demo -o reports/demo
    """
