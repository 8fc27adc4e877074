"""docs/templates.md, written from the shipped profiles: `make docs`. A test holds the file against them."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from typing import Any

import yaml

from supervisor.config.share import share_dir

_COMMON = "commun"
_HEAD = """# Templates and catalogues

A template makes the sondes of a machine or a service in one line of `equipment`:

```yaml
- {id: parapheur, template: parapheur, service: parapheur, with: {domaine: parapheur.exemple.fr, texte: Connexion}}
```

Each looks at whether the thing *works*: a page that shows something else, a relay that takes no mail, a disk that is
full are critical although the port answers. `address` is always the equipment's. A sonde marked with a parameter exists
only with it. Templates of the main file come beside these, and win over one of the same name.

Not looked at, for want of a client that would prove it: calls of a telephone exchange (a SIP answer is), queries of a
database (the opening of a session is).

This page is made from `config/profiles/` by `make docs`.
"""


def catalogue() -> str:
    """The whole page."""
    directory = share_dir() / "config" / "profiles"
    written = {path.stem: yaml.safe_load(path.read_text(encoding="utf-8")) for path in sorted(directory.glob("*.yaml"))}
    common = written.pop(_COMMON)
    parts = [_HEAD, "\n## Of every profile\n", *_templates(common)]
    for name, profile in written.items():
        parts += [f"\n## {profile['title']} (`{name}`)\n\n{profile['source']}.\n\n", *_services(profile)]
        parts += _templates(profile)
    return "".join(parts)


def _templates(profile: dict[str, Any]) -> Iterator[str]:
    for name, template in profile.get("templates", {}).items():
        yield f"\n### `{name}`\n\n{template['description']}.\n\n"
        yield f"Sondes: {', '.join(map(_sonde, template['sondes']))}.\n"
        if parameters := template.get("parameters"):
            yield "\n| parameter | default | |\n|---|---|---|\n"
            for parameter, entry in parameters.items():
                yield f"| `{parameter}` | {_default(entry)} | {entry['description']} |\n"


def _sonde(sonde: dict[str, Any]) -> str:
    only = f", with `{sonde['when']}`" if "when" in sonde else ""
    return f"`{sonde['id']}` ([{sonde['type']}](sondes/{sonde['type']}.md){only})"


def _default(entry: dict[str, Any]) -> str:
    default = entry.get("default")
    if default is None:
        return "required" if entry.get("required", True) else ""
    text = default if isinstance(default, str) else json.dumps(default, ensure_ascii=False)
    return f"`{text}`".replace("|", "¦")


def _services(profile: dict[str, Any]) -> Iterator[str]:
    yield "| service | | article | template |\n|---|---|---|---|\n"
    for service in profile["services"]:
        template = f"[{service['template']}](#{service['template']})" if "template" in service else ""
        yield f"| `{service['id']}` | {service['name']} | {service['article']} | {template} |\n"


if __name__ == "__main__":
    sys.stdout.write(catalogue())
