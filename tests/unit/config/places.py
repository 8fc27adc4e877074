"""Where the config files of the tests are, and how one of them becomes a whole installation to load."""

from __future__ import annotations

import shutil
from pathlib import Path

FILES = Path(__file__).parents[2] / "config"
GOOD = FILES / "good"
BAD = FILES / "bad"
ROOT = FILES.parents[1]

MAIN = """\
organisation: Syndicat d'essai
profile: moselle-fibre
include: [collectivites/*.yaml]
"""
OPERATOR = """\
collectivite: syndicat
operator: true
name: Syndicat d'essai
contacts:
  - {name: Alice, email: alice@syndicat.fr}
equipment:
  - id: zimbra
    address: 192.0.2.100
    sondes:
      - {id: lien, type: link}
      - {id: imap, type: tcp, port: 143, expect: OK}
"""
COMMUNE = """\
collectivite: voisine
name: Commune voisine
equipment:
  - id: routeur
    address: 192.0.2.50
    sondes:
      - {id: lien, type: link}
"""


def install(directory: Path, *, main: str = MAIN, **collectivites: str) -> Path:
    """An installation of that main file and those collectivités, beside an operator; gives its main file."""
    (directory / "collectivites").mkdir(parents=True, exist_ok=True)
    for name, text in {"syndicat": OPERATOR, **collectivites}.items():
        (directory / "collectivites" / f"{name}.yaml").write_text(text, encoding="utf-8")
    path = directory / "vigie.yaml"
    path.write_text(main, encoding="utf-8")
    return path


def install_bad(directory: Path, bad: Path) -> tuple[Path, Path]:
    """An installation whose only bad file is a copy of `bad`; gives its main file and the copy."""
    main = install(directory, voisine=COMMUNE)
    if bad.parent.name == "main":
        copy = main
    elif bad.parent.name == "profile":
        copy = directory / "profiles" / "essai.yaml"
        copy.parent.mkdir()
        main.write_text(MAIN.replace("moselle-fibre", "essai"), encoding="utf-8")
    else:
        copy = directory / "collectivites" / "exemple.yaml"
    shutil.copyfile(bad, copy)
    return main, copy
