"""What every recognizer here makes of recordings of people: `python -m benchmarks.speech.hearing [engine ...]`.

Each runs in a process of its own, so that its time and memory are its own.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections import defaultdict
from pathlib import Path
from typing import Any

from benchmarks.speech.recordings import Clip, clips
from benchmarks.speech.scores import Score, cpu_s, joints, passages, peak_mb, tell
from localclip import weights
from services.diarizer.engines import Recognizer, create_diarizer, create_embedder, create_recognizer
from services.diarizer.engines.silero import SileroActivity
from services.diarizer.recording import Recording
from services.diarizer.settings import DiarizerSettings
from shared.models import CATALOGUE, ModelSettings
from shared.pipeline import PermanentError
from shared.transcript import join_words

_CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "localclip" / "models"
_LISTENERS = ("silero", "clustering", "ge2e")


def models() -> ModelSettings:
    """Where weights lie: the folder of the settings, or the one that tests keep them in; on a CPU unless one says."""
    asked = ModelSettings()
    folder = asked.models_dir if asked.models_dir.is_dir() else _CACHE
    return asked.model_copy(update={"models_dir": folder, "device": os.environ.get("LOCALCLIP_DEVICE", "cpu")})


def here() -> list[str]:
    """Recognizers that can be tried: pocketsphinx, and every Whisper whose weights are here."""
    found = [model.name for model in CATALOGUE if model.name.startswith("whisper-")]
    return ["pocketsphinx", *(name for name in found if weights.state(weights.find(name), models()) == "here")]


def main(names: list[str] | None = None) -> dict[str, Any]:
    """Figures of all recognizers, and what the other engines that listen cost."""
    found: dict[str, Any] = {}
    for name in [*here(), *_LISTENERS] if names is None else names:
        tell(f"hearing: {name}")
        command = [sys.executable, "-m", "benchmarks.speech.hearing", "--one", name]
        done = subprocess.run(command, stdout=subprocess.PIPE, check=True)
        found[name] = json.loads(done.stdout.splitlines()[-1])
    return found


def one(name: str) -> dict[str, Any]:
    """Figures of one engine, in this process."""
    everything = clips()
    with tempfile.TemporaryDirectory() as work:
        sounds = [(clip, clip.recording(Path(work))) for clip in everything]
        return _cost(name, sounds) if name in _LISTENERS else _recognized(name, sounds)


def _recognized(name: str, sounds: list[tuple[Clip, Recording]]) -> dict[str, Any]:
    settings = DiarizerSettings(recognizer=name)
    if name != "pocketsphinx":
        settings = DiarizerSettings(recognizer="faster-whisper", recognizer_model=name)
    recognizer = create_recognizer(settings, models())
    known = set(recognizer.info.languages)
    sounds = [(clip, recording) for clip, recording in sounds if clip.language in known]
    speech = [SileroActivity().speech(recording, _ignore) for _, recording in sounds]
    scores: dict[tuple[str, str], Score] = defaultdict(lambda: Score("en"))
    told: list[bool] = []
    began = cpu_s()
    with passages() as heard:
        for (clip, recording), spans in zip(sounds, speech, strict=True):
            text, right = _text(recognizer, clip, recording, spans, several=len(known) > 1)
            told.append(right)
            if clip.text:
                score = scores.setdefault((clip.language, clip.kind), Score(clip.language))
                wrong = score.add(clip.text, text)
                if wrong:
                    tell(f"  {clip.language} {clip.name}: {wrong} wrong: {text}")
    seconds = sum(clip.duration_s for clip, _ in sounds)
    met = [joints(code, passage) for code, passage in heard]
    return {
        "scores": [{"language": code, "kind": kind, **score.figures()} for (code, kind), score in scores.items()],
        "language_told": [sum(told), len(told)] if len(known) > 1 else None,
        "joints": [sum(wrong for _, wrong in met), sum(places for places, _ in met)],
        "cpu_per_s": round((cpu_s() - began) / seconds, 3),
        "peak_mb": peak_mb(),
        "seconds": round(seconds, 1),
    }


def _text(recognizer: Recognizer, clip: Clip, recording: Recording, spans: Any, *, several: bool) -> tuple[str, bool]:
    """What is heard in the right language, and whether that was told without being said."""
    try:
        found = recognizer.recognize(recording, spans, None if several else clip.language, _ignore)
        told = found.language
    except PermanentError as refused:  # it sounds like a language that is not offered
        told = refused.message
    right = told == clip.language
    if not right:
        tell(f"  {clip.language} {clip.name} taken for {told}")
        found = recognizer.recognize(recording, spans, clip.language, _ignore)
    return join_words((word.text for word in found.words), spaces=clip.language not in ("ja", "zh")), right


def _cost(name: str, sounds: list[tuple[Clip, Recording]]) -> dict[str, Any]:
    """What an engine takes that finds speech, speakers or voices."""
    activity, settings = SileroActivity(), DiarizerSettings(profile="embedded")
    speech = [activity.speech(recording, _ignore) for _, recording in sounds]
    diarizer, embedder = create_diarizer(settings, models()), create_embedder(settings, models())
    began = cpu_s()
    for (_, recording), spans in zip(sounds, speech, strict=True):
        if name == "silero":
            activity.speech(recording, _ignore)
        elif name == "clustering":
            diarizer.turns(recording, spans, None, _ignore)
        else:
            embedder.embed(recording, spans, _ignore)
    seconds = sum(clip.duration_s for clip, _ in sounds)
    return {"cpu_per_s": round((cpu_s() - began) / seconds, 3), "peak_mb": peak_mb(), "seconds": round(seconds, 1)}


def _ignore(part: float) -> None:
    """Nobody watches."""


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        print(json.dumps(one(sys.argv[2])))
    else:
        print(json.dumps(main(sys.argv[1:] or None), indent=2))
