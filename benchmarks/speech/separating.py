"""How much of the background is kept under speech: `python -m benchmarks.speech.separating`.

Clips of audiobooks over music, both known: SDR of what is left when the voices are taken out, and of the original
itself, which is what is heard, lowered, where there is no separator. Each runs in a process of its own, so that its
time and memory are its own.
"""

import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import numpy as np
from scipy.signal import resample_poly

from benchmarks.speech.conversations import music
from benchmarks.speech.hearing import models
from benchmarks.speech.recordings import Samples, clips
from benchmarks.speech.scores import cpu_s, peak_mb, tell
from services.diarizer.recording import SPEECH_RATE_HZ
from services.exporter.engines import Separator, create_separator
from services.exporter.settings import SeparatorSettings
from shared.pipeline import CancelToken, PermanentError

_SEPARATORS = ("demucs", "deepfilternet")
_SPEECH_DB, _MUSIC_DB = -20.0, -26.0


def main() -> dict[str, Any]:
    """Figures of every separator that is here, and of doing without."""
    speech, bed = _mixed()
    if not len(speech):
        return {}
    found: dict[str, Any] = {"none": {"sdr_db": _sdr(bed, speech + bed)}}
    missing = []
    for name in _SEPARATORS:
        tell(f"separating: {name}")
        command = [sys.executable, "-m", "benchmarks.speech.separating", "--one", name]
        done = json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout.splitlines()[-1])
        if "missing" in done:
            missing.append(done["missing"])
        else:
            found[name] = done
    return found | ({"missing": "; ".join(missing)} if missing else {})


def one(name: str) -> dict[str, Any]:
    """Figures of one separator, in this process."""
    try:
        separator = create_separator(SeparatorSettings(separator=name), models())
    except PermanentError as reason:
        return {"missing": reason.message}
    if separator is None:
        return {"missing": f"there is no separator '{name}'"}
    speech, bed = _mixed()
    began = cpu_s()
    left = _without_voices(separator, speech + bed)
    used = (cpu_s() - began) / (len(speech) / SPEECH_RATE_HZ)
    return {"sdr_db": _sdr(bed, left), "cpu_per_s": round(used, 3), "peak_mb": peak_mb()}


def _mixed() -> tuple[Samples, Samples]:
    """Speech and what lies under it; empty where no recording can be had."""
    chosen = [clip.samples for clip in clips() if clip.kind == "audiobook" and clip.language == "en"]
    speech = np.concatenate(chosen) if chosen else np.zeros(0, np.float32)
    loud = speech * 10 ** (_SPEECH_DB / 20) / np.sqrt(np.mean(speech**2)) if chosen else speech
    return loud, music(len(loud), _MUSIC_DB) if chosen else speech


def _without_voices(separator: Separator, mix: Samples) -> Samples:
    def resampled(samples: Samples, from_hz: int, to_hz: int) -> Samples:
        common = int(np.gcd(from_hz, to_hz))
        return np.asarray(resample_poly(samples, to_hz // common, from_hz // common), np.float32)

    stereo = np.repeat(resampled(mix, SPEECH_RATE_HZ, separator.rate_hz)[:, None], 2, axis=1)
    parts: Iterator[Samples] = separator.background(stereo, CancelToken(), lambda _: None)
    return resampled(np.concatenate(list(parts)).mean(axis=1), separator.rate_hz, SPEECH_RATE_HZ)[: len(mix)]


def _sdr(wanted: Samples, found: Samples) -> float:
    """Energy of `wanted` over what differs from it, in dB."""
    wrong = found[: len(wanted)] - wanted
    return round(10 * float(np.log10((wanted @ wanted) / (wrong @ wrong))), 2)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        print(json.dumps(one(sys.argv[2])))
    else:
        result = main()
        tell(str(result.get("missing", "")))
        json.dump(result, sys.stdout)
