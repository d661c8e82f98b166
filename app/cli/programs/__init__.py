"""Commands for programs' data, over the API like any program: submit a file, export decisions."""

from app.cli.programs.exporting import export
from app.cli.programs.submitting import submit

__all__ = ["export", "submit"]
