"""A sheet or a letter as a tagged PDF that a screen reader can read (PDF/UA-1) and an archive can keep (PDF/A-2a)."""

from __future__ import annotations

import json
from dataclasses import asdict
from importlib.resources import files

from supervisor.errors import VigieError
from supervisor.reports.sheet import Letter, Sheet


class Press:
    """Sets any number of them in one form; loads its fonts once. The same sheet at the same instant: the same bytes."""

    def __init__(self, form: str = "report") -> None:
        import typst  # here: 7 MB that the daemon, which only shares the command line with it, never needs

        self._compile = typst.compile
        templates = files("supervisor.reports") / "templates"
        self._template = b"".join((templates / f"{name}.typ").read_bytes() for name in ("style", form))
        # Those that the library brings: the PDF does not depend on the machine.
        self._fonts = typst.Fonts(include_system_fonts=False)

    def pdf(self, sheet: Sheet | Letter, produced_at: int) -> bytes:
        """The file."""
        try:
            made = self._compile(
                self._template,
                font_paths=self._fonts,
                sys_inputs={"sheet": json.dumps(asdict(sheet), ensure_ascii=False)},
                pdf_standards=["ua-1", "a-2a"],
                timestamp=produced_at,
            )
        except RuntimeError as error:
            raise VigieError(f"the PDF of {sheet.subject} cannot be made: {error}") from error
        if not isinstance(made, bytes):
            raise VigieError(f"the PDF of {sheet.subject} cannot be made: typst gave no single file")
        return made
