"""How well every voice here is understood, by a recognizer: `python -m benchmarks.speech.speaking [engine ...]`.

Each voice engine speaks ten sentences of every language in a process of its own, a woman and a man; with a language
behind it (`kokoro/zh`) all voices that it has for that. Whisper base, or the largest Whisper that is here, writes down
what it hears.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections import defaultdict
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

from benchmarks.speech.hearing import models
from benchmarks.speech.recordings import clips
from benchmarks.speech.scores import Score, cpu_s, joints, passages, peak_mb, tell
from localclip import weights
from services.cloner.engines import Sound, Speech, StockVoice, Synthesizer, Voice, create_synthesizers
from services.cloner.settings import ClonerSettings
from services.diarizer.clips import as_recording, whole
from services.diarizer.engines import create_embedder, create_recognizer
from services.diarizer.recording import SPEECH_RATE_HZ
from services.diarizer.settings import DiarizerSettings
from shared.pipeline import CancelToken
from shared.pipeline import language as known_language
from shared.transcript import join_words

_SENTENCES = Path(__file__).with_name("sentences.json")
_EARS = "whisper-base"
_WOMAN_HZ, _MAN_HZ = 200.0, 110.0


def here() -> list[str]:
    """Voice engines that need no clip to speak like."""
    kokoro = weights.state(weights.find("kokoro"), models()) == "here"
    return [*(["kokoro"] if kokoro else []), "flite", "open-jtalk", "espeak-ng"]


def main(names: list[str] | None = None) -> dict[str, Any]:
    """Figures of all voices, and the joints of what was heard of them by language."""
    chosen, engines, spoken = here() if names is None else names, {}, []
    with tempfile.TemporaryDirectory() as folder:
        for name in chosen:
            tell(f"speaking: {name}")
            command = [sys.executable, "-m", "benchmarks.speech.speaking", "--one", name, folder]
            done = json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout.splitlines()[-1])
            spoken += done.pop("spoken")
            engines[name] = done
        return {"engines": engines, **_listened(spoken, Path(folder))}


def one(name: str, folder: Path) -> dict[str, Any]:
    """Let one engine speak; say what that took and where its sounds are."""
    name, _, only = name.partition("/")
    engine = create_synthesizers(ClonerSettings(synthesizer=name), models())[0]
    texts: dict[str, list[str]] = json.loads(_SENTENCES.read_text(encoding="utf-8"))
    spoken, seconds, began = [], 0.0, cpu_s()
    for code in (code for code in texts if code in engine.abilities.languages and only in ("", code)):
        for voice in _voices(engine, code, every=bool(only)):
            for number, text in enumerate(texts[code]):
                path = folder / f"{name}-{code}-{voice.name}-{number}.wav"
                seconds += _speak(engine, Speech(text, code, _voice(engine, voice, folder)), path)
                entry = {"engine": name, "language": code, "voice": voice.name, "text": text, "path": str(path)}
                spoken.append(entry)
    used = cpu_s() - began
    return {"spoken": spoken, "cpu_per_s": round(used / seconds, 4), "peak_mb": peak_mb(), "seconds": round(seconds, 1)}


def _voices(engine: Synthesizer, code: str, *, every: bool) -> list[StockVoice]:
    """A woman's and a man's voice for a language, as far as there are two, or every one."""
    if engine.abilities.clones:
        return [StockVoice("like an audiobook", 0.0, 0.0, 0.0)]
    able = [voice for voice in engine.abilities.voices if voice.speaks(code)]
    if every:
        return able
    chosen = {min(able, key=lambda voice: abs(voice.f0_hz - hz)).name for hz in (_WOMAN_HZ, _MAN_HZ)}
    return [voice for voice in able if voice.name in chosen]


def _voice(engine: Synthesizer, voice: StockVoice, folder: Path) -> Voice:
    if not engine.abilities.clones:
        return Voice(voice.name, voice.name, voice.f0_hz)
    clip = next(clip for clip in clips() if clip.kind == "audiobook" and clip.language == "en")
    soundfile.write(folder / "reference.wav", clip.samples, SPEECH_RATE_HZ)
    return Voice(voice.name, reference=folder / "reference.wav")


def _speak(engine: Synthesizer, speech: Speech, path: Path) -> float:
    for _, sound in engine.synthesize([speech], CancelToken()):
        if isinstance(sound, Sound):
            soundfile.write(path, sound.samples, sound.sample_rate_hz)
            return len(sound.samples) / sound.sample_rate_hz
        tell(f"  {speech.voice.name}: {sound.message}")
    soundfile.write(path, np.zeros(8000, np.float32), 16_000)
    return 0.5


def _listened(spoken: list[dict[str, Any]], folder: Path) -> dict[str, Any]:
    """What is understood of every voice, and how alike takes of the same and of different voices are."""
    settings = DiarizerSettings(recognizer="faster-whisper", recognizer_model=os.environ.get("LOCALCLIP_EARS", _EARS))
    recognizer = create_recognizer(settings, models())
    embedder = create_embedder(DiarizerSettings(profile="embedded"), models())
    groups: dict[tuple[str, str, str], list[dict[str, Any]]] = defaultdict(list)
    for entry in spoken:
        groups[entry["language"], entry["engine"], entry["voice"]].append(entry)
    rows, vectors = [], {}
    with passages() as heard:
        for (code, engine, voice), entries in groups.items():
            recordings = [as_recording(Path(one["path"]), Path(one["path"]).with_suffix(".pcm")) for one in entries]
            texts, score = recognizer.recognize_each(recordings, code, _ignore), Score(code)
            for entry, words in zip(entries, texts, strict=True):
                text = join_words((word.text for word in words), spaces=known_language(code).spaces)
                score.add(entry["text"], text)
            rows.append({"language": code, "engine": engine, "voice": voice, **score.figures()})
            tell(f"  {rows[-1]}")
            found = (embedder.embed(one, [whole(one)], _ignore) for one in recordings)
            vectors[code, engine, voice] = [np.array(one) for one in found if one is not None]
    return {"voices": rows, "joints": _joints(heard), "similarity": _similarity(vectors)}


def _joints(heard: list[tuple[str, Any]]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for code, passage in heard:
        places, wrong = joints(code, passage)
        found[code][0] += wrong
        found[code][1] += places
    return dict(found)


def _similarity(vectors: dict[Any, list[Any]]) -> dict[str, float]:
    """Cosines of the speaker encoder: between takes of one voice, and of two voices of an engine and language."""
    same = [float(a @ b) for own in vectors.values() for a, b in combinations(own, 2)]
    pairs = [(one, other) for one, other in combinations(vectors, 2) if one[:2] == other[:2]]
    different = [float(a @ b) for one, other in pairs for a in vectors[one] for b in vectors[other]]
    return {"same_voice": round(float(np.median(same)), 3), "different_voices": round(float(np.median(different)), 3)}


def _ignore(part: float) -> None:
    """Nobody watches."""


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        print(json.dumps(one(sys.argv[2], Path(sys.argv[3]))))
    else:
        print(json.dumps(main(sys.argv[1:] or None), indent=2))
