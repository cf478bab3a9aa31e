"""One clip made, read, covered and localised, and what of it was right."""

import resource
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from statistics import fmean
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.picture.clips import FPS, Clip, Line, make
from benchmarks.picture.scores import character_errors, is_same, matched
from services.diarizer.engines import PictureText
from services.diarizer.ffmpeg import Video
from services.diarizer.picture.frames import WHOLE, frames
from services.diarizer.picture.reading import PictureReading
from services.exporter.engines import create_mixer
from services.exporter.engines.base import MuxPlan
from services.exporter.picture import Patch, Setting, draw, patches, wanted
from services.exporter.settings import ExporterSettings
from services.exporter.source import inspect
from shared.media import probe
from shared.messaging import TimelineLine
from shared.pipeline import CancelToken, LineState, language
from shared.transcript import PictureEdits, PictureMode, PictureWords

SPANISH = (
    "Hoy vamos a la montaña",
    "¿Cuánto dinero traes?",
    "Dice que mañana llueve",
    "No importa, hay tren",
)
_SOON_S = 0.1
Pixels = NDArray[np.uint8]


def measure(clip: Clip, folder: Path, engine: PictureText) -> dict[str, Any]:
    """Everything about one clip."""
    video = opened(make(clip, folder / f"{clip.name}.mp4"))
    reading = PictureReading(engine, video, CancelToken())
    before = cpu_s()
    found = reading.look(lambda _: None)
    looked_s = cpu_s() - before
    words = reading.read(found, _spoken(clip), lambda _: None)
    spent = {"look_cpu_s": looked_s, "read_cpu_s": cpu_s() - before - looked_s, "length_s": video.facts.duration_s}
    told = {"name": clip.name, "language": clip.language, "kind": clip.kind, "background": clip.background}
    said = [(cue.start_s, cue.end_s, cue.text.replace("\n", "")) for cue in words.cues or ()]
    result = told | spent | compared(clip.said, said, two=clip.kind == "two")
    if words.cues:
        result |= _covered(video.path, words, folder, engine) | _localised(video.path, words, folder, engine)
    return result


def plainly(clip: Clip, folder: Path, engine: PictureText) -> dict[str, Any]:
    """The same without looking for a band or for changes: every frame is read, the same text in a row is one cue."""
    video = opened(make(clip, folder / f"{clip.name}.mp4"))
    before, texts = cpu_s(), list[tuple[float, str]]()
    for frame in frames(video, FPS, WHOLE, CancelToken()):
        lower = frame.pixels[frame.pixels.shape[0] * 2 // 3 :]
        texts.append((frame.at_s, read_in(engine, lower)))
    said = list(_runs(texts))
    spent = {"read_cpu_s": cpu_s() - before, "length_s": video.facts.duration_s}
    return spent | compared(clip.said, said, two=clip.kind == "two")


def compared(truth: Sequence[Line], said: Sequence[tuple[float, float, str]], *, two: bool) -> dict[str, Any]:
    """Wrong letters, cues that are none, and how many starts and ends are off."""
    lines = [replace(one, text=one.text + one.second) if two else one for one in truth]
    pairs, invented = matched(lines, said)
    wrong = sum(character_errors(line.text, cue[2] if cue else "") for line, cue in pairs)
    edges = [abs(a - b) for line, cue in pairs if cue for a, b in ((line.start_s, cue[0]), (line.end_s, cue[1]))]
    return {
        "letters": sum(len(line.text.replace(" ", "")) for line in lines),
        "wrong": wrong,
        "cues": len(lines),
        "missed": sum(cue is None for _, cue in pairs),
        "invented": invented,
        "edges": len(edges),
        "edges_off": sum(edge > _SOON_S + 1e-6 for edge in edges),
    }


def _covered(path: Path, words: PictureWords, folder: Path, engine: PictureText) -> dict[str, Any]:
    """How often the old text can still be read, and by how much the picture differs outside of what is covered."""
    target, found = _exported(path, words, folder, "covered")
    readable, frames_seen, outside = 0, 0, list[float]()
    for old, new in zip(_every(path, 10), _every(target, 10), strict=False):
        shown = [cue for cue in words.cues or () if cue.start_s <= old[0] < cue.end_s]
        for cue in shown:
            frames_seen += 1
            strip = new[1][int(max(0.0, cue.box.y - 0.05) * new[1].shape[0]) :]
            readable += is_same(read_in(engine, strip), cue.text.replace("\n", "") + cue.second)
        outside.append(_outside(old, new, found))
    return {"frames": frames_seen, "readable": readable, "outside": round(fmean(outside), 3)}


def _localised(path: Path, words: PictureWords, folder: Path, engine: PictureText) -> dict[str, Any]:
    """How the new text is read back, once for each cue."""
    target, _ = _exported(path, words, folder, "localised")
    pixels = dict(_every(target, 1))
    wrong = letters = 0
    for cue, text in zip(words.cues or (), SPANISH, strict=False):
        middle = min(pixels, key=lambda at: abs(at - (cue.start_s + cue.end_s) / 2))
        strip = pixels[middle][int(max(0.0, cue.box.y - 0.2) * pixels[middle].shape[0]) :]
        wrong += character_errors(text, read_in(engine, strip, text))
        letters += len(text.replace(" ", ""))
    return {"set_letters": letters, "set_wrong": wrong}


def _exported(path: Path, words: PictureWords, folder: Path, mode: PictureMode) -> tuple[Path, list[Patch]]:
    source, cancel = inspect(path, CancelToken()), CancelToken()
    asked = wanted(words, mode, "blur", PictureEdits())
    if asked is None:
        raise ValueError("nothing is written in this picture")
    lines = [_line(number, cue.start_s, cue.end_s) for number, cue in enumerate(words.cues or ())]
    work = folder / mode
    work.mkdir(exist_ok=True)
    drawn = draw(asked, Setting(lines, language("es")), source, work, cancel)
    plan = MuxPlan(work / "made.mp4", "mp4", (), burn=drawn.text, cover=drawn.cover)
    create_mixer(ExporterSettings()).mux(source, plan, cancel, lambda _: None)
    return plan.target, patches(asked, source)


def _line(number: int, start_s: float, end_s: float) -> TimelineLine:
    return TimelineLine(
        segment_id=f"s{number:04d}",
        speaker_id="spk_1",
        start_s=start_s,
        end_s=end_s,
        source_text="",
        text=SPANISH[number % len(SPANISH)],
        state=LineState.DUBBED,
    )


def _outside(old: tuple[float, Pixels], new: tuple[float, Pixels], found: Sequence[Patch]) -> float:
    """The mean difference of a frame, of 255, without the parts that are covered in it."""
    difference = np.abs(old[1].astype(int) - new[1].astype(int)).mean(axis=2)
    kept = np.ones(difference.shape, bool)
    for patch in found:
        if patch.start_s - 0.1 <= old[0] <= patch.end_s + 0.1:
            kept[patch.top : patch.top + patch.height, patch.left : patch.left + patch.width] = False
    return float(difference[kept].mean())


def _every(path: Path, step: int) -> Iterator[tuple[float, Pixels]]:
    for number, frame in enumerate(frames(opened(path), FPS, WHOLE, CancelToken())):
        if number % step == 0:
            yield frame.at_s, frame.pixels


def read_in(engine: PictureText, picture: Pixels, like: str = "") -> str:
    """All that can be read in a picture; of several rows those that are most `like` a text, if one is named."""
    places = engine.find(picture)
    rows = engine.read([picture[at.top : at.bottom, at.left : at.right] for at in places])
    sure = [row.text for row in rows if row.confidence > 0.6]
    if not like:
        return "".join(sure)
    parts = [row for row in sure if is_same(row, like) or row.replace(" ", "") in like.replace(" ", "")]
    return "".join(parts) or "".join(sure)


def _runs(texts: Sequence[tuple[float, str]]) -> Iterator[tuple[float, float, str]]:
    start, last = 0.0, ""
    for at_s, text in [*texts, (len(texts) / FPS, "")]:
        if text != last:
            if last:
                yield start, at_s, last
            start, last = at_s, text


def opened(path: Path) -> Video:
    """A clip that was made."""
    container, facts = probe(path, CancelToken())
    return Video(path, container, facts)


def cpu_s() -> float:
    """Processor time of this process and of the tools it ran."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


def _spoken(clip: Clip) -> str:
    return clip.language.partition("-")[0]
