"""How every stage starts: parameters are checked before any work, and bad input ends in one sentence."""

import sys
from collections.abc import Callable
from typing import Any

import typer

from refield.errors import UserError


def run(main: Callable[..., Any]) -> None:
    """Run a stage's `main` as a typer command; a `UserError` becomes one line and exit status 1."""
    try:
        typer.run(main)
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        raise SystemExit(1) from None
