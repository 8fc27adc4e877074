"""`camera`: it answers, gives its video or its picture, and the picture is fit for what the camera is there for."""

from __future__ import annotations

import traceback
from pathlib import PurePath
from time import perf_counter

from probes.base import Measurement, Probe, Result, Run, Status, Target
from probes.camera import snapshot, stream
from probes.camera.book import Known, ReferenceBook
from probes.camera.darkroom import Darkroom, DarkroomError
from probes.camera.darkroom_wire import Developed
from probes.camera.held import Held
from probes.camera.settings import CameraSettings
from probes.camera.states import FAULTS, LABELS, NOT_EVALUABLE
from probes.channel import ChannelError
from probes.threshold import Verdict
from probes.units import say_duration


async def check(target: Target, settings: CameraSettings, run: Run) -> Result:
    """One look at the camera, and at its picture where that is allowed.

    A bug is told by its kind and its place alone: the words and the frames of an exception that crossed a picture may
    hold some of it, and nobody is given them.
    """
    try:
        return await _look(target, settings, run)
    except Exception as error:  # noqa: BLE001
        frame = traceback.extract_tb(error.__traceback__, -1)[-1]
        where = f"{PurePath(frame.filename).name}:{frame.lineno}"
        return Result(Status.UNKNOWN, f"erreur interne de la sonde camera : {type(error).__name__} ({where})")


async def _look(target: Target, settings: CameraSettings, run: Run) -> Result:
    verdict, lacking, started = Verdict(run), "", perf_counter()
    try:
        url = settings.location(target.address)
        if url.scheme in ("rtsp", "rtsps"):
            seen = await stream.look(settings, url, run)
            picture, measured, answer_s, said = seen.picture, seen.measurements, seen.answer_s, f"flux {seen.codec}"
            lacking = seen.lacking
        else:
            shot = await snapshot.look(target, settings, url, run)
            picture, measured, answer_s, said = shot.picture, shot.measurements, shot.answer_s, "image reçue"
            if shot.age_s is not None:
                verdict.judge(settings.age, shot.age_s, "image prise il y a", say_duration)
    except ChannelError as failure:
        verdict.find(failure.status, failure.message)
        return verdict.result("")
    verdict.measurements += measured
    verdict.judge(settings.answer, answer_s, "première réponse en", say_duration)
    said = f"en ligne, {said}, première réponse en {say_duration(answer_s)}"
    if settings.picture.on and picture is not None:
        # The silence of our own machine must be told before the deadline cuts the run and blames the camera.
        left_s = (run.timeout_s - (perf_counter() - started)) * 0.9
        said += await _shown(target, settings, run, verdict, picture, left_s)
    elif lacking:
        verdict.find(Status.UNKNOWN, f"image non examinée : {lacking}")
    return verdict.result(said)


async def _shown(
    target: Target, settings: CameraSettings, run: Run, verdict: Verdict, picture: Held, within_s: float
) -> str:
    """What the picture shows, for the message when all is well."""
    book = run.shared.use(ReferenceBook)
    known = book.of(target.sonde)
    run.stage = "examen de l'image"
    try:
        developed = await run.shared.use(Darkroom).develop(
            target.sonde, picture, known.reference if known is not None else b"", run.at, within_s
        )
    except DarkroomError as error:
        verdict.find(error.status, error.message)
        return ""
    run.note(f"picture: {developed.state} ({developed.status}), {developed.reason}")
    before = known.state if known is not None else ""
    latest = before if developed.state == NOT_EVALUABLE else developed.state
    book.learn(target.sonde, known, Known(developed.reference, latest, run.at))
    for state, label in LABELS.items():
        verdict.measurements.append(Measurement("state", float(state == developed.state), (("state", label),)))
    verdict.measurements += [Measurement("score", value, (("score", name),)) for name, value in developed.scores]
    return _judged(verdict, settings, developed, before)


def _judged(verdict: Verdict, settings: CameraSettings, developed: Developed, before: str) -> str:
    """Add what the picture is worth to the verdict.

    A picture that cannot be told (night, fog on a bare wall) raises nothing by itself. It does not end a fault that was
    seen either: that is `unknown`, which leaves an incident as it is.
    """
    faults = settings.picture.faults
    said = f"image {developed.state}" + (f" ({developed.reason})" if developed.reason else "")
    if developed.state == NOT_EVALUABLE:
        if before in FAULTS and getattr(faults, LABELS[before]) != "ignore":
            verdict.find(Status.UNKNOWN, f"{said}, {before} auparavant")
        return f", {said}"
    if developed.status is Status.OK:
        return f", image {developed.state}"
    gravity = "warning" if developed.state not in FAULTS else getattr(faults, LABELS[developed.state])
    if gravity == "ignore":
        return f", {said}"
    ambiguous = developed.status is not Status.CRITICAL
    verdict.find(Status.WARNING if ambiguous or gravity == "warning" else Status.CRITICAL, said)
    return ""


PROBE = Probe(
    type="camera",
    settings=CameraSettings,
    check=check,
    loads=("probes.http_visit",),
    measures=("answer_seconds", "picture_seconds", "age_seconds", "state", "score"),
    on_timeout=Status.CRITICAL,
)
