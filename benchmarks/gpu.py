"""The benchmark of real speech with the large models on a GPU; prints JSON, with what is missing where that is so.

Nothing is fetched: `localclip models pull` brings the weights, `localclip[cuda]` and the other extras the packages.
"""

import json
import os
import subprocess
import sys
from typing import Any

import ctranslate2

from benchmarks.speech import hearing, speaking, translating
from benchmarks.speech.scores import tell
from localclip import weights
from shared.models import CATALOGUE

_LARGE = ("whisper-large-v3-turbo", "whisper-large-v3", "nllb-200-1.3b", "madlad400-3b", "xtts-v2", "voxcpm2")
_CLONING = {"xtts-v2": "coqui-xtts", "voxcpm2": "voxcpm"}


def main() -> dict[str, Any]:
    """Measure what can be measured here."""
    absent = [name for name in _LARGE if weights.state(weights.find(name), hearing.models()) != "here"]
    missing = [f"weights of {name} (localclip models pull {name})" for name in absent]
    if not ctranslate2.get_cuda_device_count():
        missing.insert(0, "an NVIDIA GPU that CTranslate2 can use (pip install 'localclip[cuda]')")
        return _told({"missing": missing})
    os.environ["LOCALCLIP_DEVICE"] = "cuda"
    found: dict[str, Any] = {"missing": missing, "gpu": _gpu()}
    here = [model.name for model in CATALOGUE if model.name not in absent]
    found["hearing"] = hearing.main([name for name in hearing.here() if name.startswith("whisper-large")])
    found["translating"] = translating.main([name for name in translating.here() if name != "apertium"])
    if voices := [_CLONING[name] for name in _CLONING if name in here]:
        found["speaking"] = speaking.main(voices)
    return _told(found)


def _gpu() -> str:
    asked = ["nvidia-smi", "--query-gpu=name", "--format=csv,noheader"]
    return subprocess.run(asked, check=True, capture_output=True, text=True).stdout.strip()


def _told(found: dict[str, Any]) -> dict[str, Any]:
    for what in found["missing"]:
        tell(f"missing: {what}")
    return found


if __name__ == "__main__":
    json.dump(main(), sys.stdout)
