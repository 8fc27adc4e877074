"""The directory a demo lives in: its config, certificates and database."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Mapping
from pathlib import Path
from string import Template

from supervisor.config.share import share_dir
from supervisor.control import ask
from supervisor.demo.letters import DIRECTORY
from supervisor.errors import VigieError

# Says that everything in the directory is the demo's own, which may overwrite and remove it.
_MARK = ".vigie-demo"


class Home:
    """The directory, once it is known to be a demo's."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory.absolute()
        self.config = self.directory / "vigie.yaml"
        self.control = self.directory / "stage.sock"
        self.authority = self.directory / "ca.pem"

    def prepare(self, *, fresh: bool) -> None:
        """Make it ready for one more run; with `fresh`, without anything of the earlier ones."""
        directory = self.directory
        mark = directory / _MARK
        try:
            if directory.exists() and not mark.exists() and any(directory.iterdir()):
                raise VigieError(f"{directory} holds other things than a demo; give an empty or a new directory")
            if ask(directory / "vigie.sock", {"command": "status"}) is not None:
                raise VigieError(f"a demo runs in {directory} already; stop it, or give another directory")
            if fresh and mark.exists():
                shutil.rmtree(directory)
            directory.mkdir(parents=True, exist_ok=True)
            mark.touch()
        except OSError as error:
            raise VigieError(f"{directory} cannot hold the demo: {error.strerror or error}") from None

    def write_config(self, ports: Mapping[str, int]) -> None:
        """The config of the demo, with these ports for what begins with a dollar sign."""
        origin = share_dir() / "config" / "demo"
        for old in self.directory.glob("collectivites/*.yaml"):  # of a commune that the demo no longer has
            old.unlink()
        for old in self.directory.glob(f"{DIRECTORY}/*"):  # what an earlier run told
            old.unlink()
        for name in (origin / "vigie.yaml", *sorted(origin.glob("collectivites/*.yaml"))):
            text = Template(name.read_text(encoding="utf-8")).substitute({k: str(p) for k, p in ports.items()})
            self.write(str(name.relative_to(origin)), text.encode())
        # The account of the test mails. Its server lets everybody in; the config shows how a secret is named.
        self.write("secrets/boite-d-essai", secrets.token_hex(16).encode(), secret=True)

    def put(self, name: str, content: bytes) -> None:
        """One file that is not secret."""
        self.write(name, content)

    def remove(self, name: str) -> None:
        """Without that file."""
        (self.directory / name).unlink(missing_ok=True)

    def write(self, name: str, content: bytes, *, secret: bool = False) -> Path:
        """One file of the directory."""
        path = self.directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600 if secret else 0o644)
        path.write_bytes(content)
        return path


def script_path() -> Path:
    """Where the demo's own script is."""
    return share_dir() / "config" / "demo" / "stage.yaml"
