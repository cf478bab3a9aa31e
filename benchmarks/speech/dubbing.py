"""From recordings of people to a dub that is listened to: `python -m benchmarks.speech.dubbing`.

The clips of audiobooks become one video. It goes through the whole product, and Whisper hears the takes, as it does in
every task; once with the voices that are best here, once with eSpeak NG alone.
"""

import json
import os
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import soundfile

from benchmarks.measure import folder
from benchmarks.speech.hearing import models
from benchmarks.speech.recordings import clips
from benchmarks.speech.scores import Score, tell
from localclip.errors import ApiError
from localclip.stack import Stack, StackOptions
from localclip_client import Client, NewTask
from services.diarizer.clips import as_recording, whole
from services.diarizer.engines import VoiceEmbedder, create_embedder
from services.diarizer.recording import SPEECH_RATE_HZ
from services.diarizer.settings import DiarizerSettings
from shared.testing import free_port

_LANGUAGES = ("es", "fr")
_VOICES = {"the best here": {}, "eSpeak NG": {"LOCALCLIP_SYNTHESIZER": "espeak-ng"}}
_VERSE = "sonnet"
_PAUSE_S, _LONGEST_S = 0.8, 3600.0


@contextmanager
def product(data: Path, environment: dict[str, str]) -> Iterator[Client]:
    """The whole product, with the weights that are here."""
    before = dict(os.environ)
    where = {"LOCALCLIP_PROFILE": "auto", "LOCALCLIP_MODELS_DIR": str(models().models_dir.resolve())}
    os.environ |= where | environment
    try:
        with Stack(StackOptions(data=data, port=free_port(), isolated=True)) as stack, Client(stack.url) as client:
            yield client
    finally:
        os.environ.clear()
        os.environ.update(before)


def main() -> dict[str, Any]:
    """Figures of both ways."""
    with folder() as path:
        video, text = _video(path)
        return {name: _dubbed(name, video, text, path / str(at)) for at, name in enumerate(_VOICES)}


def _video(path: Path) -> tuple[Path, str]:
    """A picture, the clips one after the other, and what they say."""
    chosen = [clip for clip in clips() if (clip.language, clip.kind) == ("en", "audiobook") and clip.name != _VERSE]
    silence = np.zeros(round(_PAUSE_S * SPEECH_RATE_HZ), np.float32)
    sound = np.concatenate([silence, *(part for clip in chosen for part in (clip.samples, silence))])
    soundfile.write(path / "sound.wav", sound, SPEECH_RATE_HZ)
    picture = f"color=c=gray:size=320x180:rate=25:duration={len(sound) / SPEECH_RATE_HZ}"
    command = ["ffmpeg", "-v", "error", "-f", "lavfi", "-i", picture, "-i", str(path / "sound.wav"), "-shortest"]
    subprocess.run([*command, "-c:v", "libx264", "-preset", "ultrafast", str(path / "video.mp4")], check=True)
    return path / "video.mp4", " ".join(clip.text for clip in chosen)


def _dubbed(name: str, video: Path, text: str, data: Path) -> dict[str, Any]:
    with product(data, _VOICES[name]) as client, httpx.Client(base_url=client.server, timeout=600) as http:
        task = client.create(NewTask(video, _LANGUAGES, "en")).task_id
        _wait(client, task)
        lines = _lines(http, task, _LANGUAGES[0])
        score = Score("en")
        score.add(text, " ".join(line["source_text"] for line in lines))
        found: dict[str, Any] = {"understood": score.figures(), "lines": len(lines)}
        for code in _LANGUAGES:
            report = http.get(f"/api/tasks/{task}/languages/{code}/report").raise_for_status().json()
            voices = [one["name"] for one in report["engines"] if one["stage"] == "voice_cloning"]
            lines = _all_heard(client, http, task, code)
            found[code] = {
                "error_rate": _error_rate(lines),
                "voices": voices,
                "passed": report["gate"]["passed"],
                "similarity": _similarity(http, task, code, lines, data),
            }
            tell(f"dubbing with {name}, {code}: {found[code]}")
            for line in lines:
                if line["error_rate"]:
                    tell(f"  {line['error_rate']:.0%} of: {line['text']}\n    heard: {line['heard']}")
    return found


def _lines(http: httpx.Client, task: str, code: str) -> list[dict[str, Any]]:
    lines: list[dict[str, Any]] = http.get(f"/api/tasks/{task}/languages/{code}/lines").raise_for_status().json()
    return lines


def _all_heard(client: Client, http: httpx.Client, task: str, code: str) -> list[dict[str, Any]]:
    """The lines once all takes were listened to: by itself the product hears a part."""
    with suppress(ApiError):  # all were
        client.listen(task, code)
    deadline = time.monotonic() + _LONGEST_S
    while any(line["state"] == "dubbed" and line["error_rate"] is None for line in _lines(http, task, code)):
        if time.monotonic() > deadline:
            raise RuntimeError(f"{code}: takes are not heard")
        time.sleep(0.5)
    return _lines(http, task, code)


def _error_rate(lines: list[dict[str, Any]]) -> float | None:
    """Long lines count more, as in the report."""
    rated = [(max(1, len(line["text"])), line["error_rate"]) for line in lines if line["error_rate"] is not None]
    return round(sum(size * rate for size, rate in rated) / sum(size for size, _ in rated), 4) if rated else None


def _wait(client: Client, task: str) -> None:
    deadline = time.monotonic() + _LONGEST_S
    while (found := client.task(task)).status != "completed":
        if found.status in ("failed", "canceled") or time.monotonic() > deadline:
            raise RuntimeError(f"the dub is {found.status}: {found.error_message}")
        time.sleep(0.5)


def _similarity(http: httpx.Client, task: str, code: str, lines: list[dict[str, Any]], folder: Path) -> float | None:
    """Median cosine of takes and the clip of their speaker, by the speaker encoder that comes with the code."""
    embedder = create_embedder(DiarizerSettings(profile="embedded"), models())
    cosines, clip = [], folder / "voice.sound"
    for who in http.get(f"/api/tasks/{task}/speakers").raise_for_status().json():
        sample = http.get(f"/api/tasks/{task}/speakers/{who['speaker_id']}/sample").raise_for_status()
        clip.write_bytes(sample.content)
        own = _voice(embedder, clip)
        for line in lines:
            if line["speaker_id"] == who["speaker_id"] and line["take_key"]:
                voice = _voice(embedder, folder / "objects" / line["take_key"])
                if own is not None and voice is not None:
                    cosines.append(float(np.dot(own, voice)))
    return round(float(np.median(cosines)), 3) if cosines else None


def _voice(embedder: VoiceEmbedder, path: Path) -> tuple[float, ...] | None:
    with tempfile.TemporaryDirectory() as work:
        recording = as_recording(path, Path(work) / "voice.pcm")
        return embedder.embed(recording, [whole(recording)], lambda _: None)


if __name__ == "__main__":
    print(json.dumps(main(), indent=2))
