"""A volume that will be full: which one, where, about when."""

from __future__ import annotations

from collections.abc import Sequence

from supervisor.alerts.facts import News
from supervisor.alerts.plain import plain
from supervisor.alerts.said import Said
from supervisor.alerts.spans import day_of_month
from supervisor.alerts.standing import State
from supervisor.alerts.telling import NAME, Voice
from supervisor.french import quoted

EXPECTED = State("Disque bientôt plein", "▲", "#8a5a00")
NEAR = State("Disque plein sous peu", "◆", "#b3261e")


def say(lines: Sequence[News], voice: Voice) -> Said:
    """When it is expected to be."""
    latest = lines[-1]
    facts = latest.facts
    state = NEAR if latest.word == "near" else EXPECTED
    mount, machine = (plain(str(facts[name]), NAME) for name in ("mount", "machine"))
    full, first, last = (
        day_of_month(int(facts[name]), voice.now, voice.zone) for name in ("full", "earliest", "latest")
    )
    place = plain("".join(latest.places[:1]), NAME)
    where, placed = (f", {place}", f" ({place})") if place else ("", "")
    between = "" if first == last else f" (entre le {first} et le {last})"
    return Said(
        state=state,
        heading=f"{mount} de {machine}{where}, vers le {full}",
        paragraphs=(
            f"Au rythme actuel, le volume {quoted(mount)} de l’équipement {quoted(machine)}{placed} sera plein vers "
            f"le {full}{between}.",
        ),
        brief=f"{state.word} : {plain(mount, 40)} de {plain(machine, 40)}, vers le {full}",
        counted=("disque bientôt plein", "disques bientôt pleins"),
        details=(("Sonde", plain(str(facts["sonde"]), NAME)),) if voice.reader.operator else (),
        asked="Libérez de la place ou agrandissez le volume d’ici là." if voice.reader.operator else "",
    )
