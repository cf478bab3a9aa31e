"""The Kokoro network on onnxruntime: sounds and a voice in, 24 kHz speech out."""

import os
import threading
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from onnxruntime.capi import onnxruntime_pybind11_state as state

from services.cloner.engines.base import Audio

_REFUSALS = (state.Fail, state.InvalidProtobuf, state.InvalidGraph, state.InvalidArgument, state.NoSuchFile)
NETWORK = "kokoro-v1.0.int8.onnx"
RATE_HZ = 24_000
MOST_SOUNDS = 500  # of 510 it was trained on
_STYLES, _WIDTH = 510, 256  # rows of a voice: one for every number of sounds
_VOICES_KEPT = 8

# The index of each symbol in the network's table (config.json of hexgrad/Kokoro-82M).
_SIGN_TABLE = """
    1=; 2=: 3=, 4=. 5=! 6=? 9=— 10=… 17=\u0303 18=ʣ 19=ʥ 20=ʦ 21=ʨ 22=ᵝ 23=\uab67 24=A 25=I 31=O 33=Q 35=S 36=T 39=W
    41=Y 42=ᵊ 43=a 44=b 45=c 46=d 47=e 48=f 50=h 51=i 52=j 53=k 54=l 55=m 56=n 57=o 58=p 59=q 60=r 61=s 62=t 63=u 64=v
    65=w 66=x 67=y 68=z 69=ɑ 70=ɐ 71=ɒ 72=æ 75=β 76=ɔ 77=ɕ 78=ç 80=ɖ 81=ð 82=ʤ 83=ə 85=ɚ 86=ɛ 87=ɜ 90=ɟ 92=ɡ 99=ɥ
    101=ɨ 102=ɪ 103=ʝ 110=ɯ 111=ɰ 112=ŋ 113=ɳ 114=ɲ 115=ɴ 116=ø 118=ɸ 119=θ 120=œ 123=ɹ 125=ɾ 126=ɻ 128=ʁ 129=ɽ
    130=ʂ 131=ʃ 132=ʈ 133=ʧ 135=ʊ 136=ʋ 138=ʌ 139=ɣ 140=ɤ 142=χ 143=ʎ 147=ʒ 148=ʔ 156=ˈ 157=ˌ 158=ː 162=ʰ 164=ʲ
    169=↓ 171=→ 172=↗ 173=↘ 177=ᵻ
"""
_SIGNS = {sign: int(place) for place, _, sign in (pair.partition("=") for pair in _SIGN_TABLE.split())} | {" ": 16}


def cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class KokoroModel:
    """A network in memory; one text at a time, on as many cores as `threads` says."""

    def __init__(self, folder: Path, threads: int | None = None) -> None:
        options: Any = onnxruntime.SessionOptions()
        options.intra_op_num_threads = (
            threads or len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 0
        )
        options.log_severity_level = 3
        path = folder / NETWORK
        try:
            self._net: Any = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        except _REFUSALS as error:
            raise ValueError(str(error)) from error
        self._folder, self._lock = folder, threading.Lock()
        self.style_of = lru_cache(_VOICES_KEPT)(self._read_voice)

    def speak(self, sounds: str, voice: str, speed: float) -> Audio:
        """Say `sounds`, without symbols it does not know. Raises: ValueError, when none is left."""
        tokens = [_SIGNS[sign] for sign in sounds if sign in _SIGNS]
        if not tokens:
            raise ValueError(f"'{sounds[:40]}' has no sound that the network knows")
        styles = self.style_of(voice)
        given = {
            "tokens": np.array([[0, *tokens, 0]], np.int64),
            "style": styles[min(len(tokens), _STYLES) - 1][None],
            "speed": np.array([speed], np.float32),
        }
        with self._lock:
            (samples,) = self._net.run(None, given)
        return np.asarray(samples, np.float32).reshape(-1)

    def _read_voice(self, name: str) -> NDArray[np.float32]:
        """A voice, or `name:share+name:share`: a mixture of several."""
        parts = [part.partition(":") for part in name.split("+")]
        styles = [
            np.fromfile(self._folder / "voices" / f"{file}.bin", "<f4") * float(share or 1) for file, _, share in parts
        ]
        mixed: NDArray[np.float32] = np.sum(styles, axis=0, dtype=np.float32).reshape(_STYLES, _WIDTH)
        return mixed
