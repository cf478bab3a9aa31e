"""The VoxCPM2 network as the engine uses it: one text at a time, each from its own seed."""

from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch
from voxcpm import VoxCPM
from voxcpm.model import voxcpm2

from services.cloner.engines._torch import fingerprint
from services.cloner.engines.base import Audio, Voice
from shared.pipeline import ErrorCode, PermanentError

_SPEAKERS_KEPT = 64


def _unseen(steps: Iterable[int]) -> Iterable[int]:
    return steps


voxcpm2.tqdm = _unseen  # VoxCPM 2.0.3 writes a progress bar to the log for every line


@dataclass(frozen=True)
class Draw:
    """A text to be spoken in at least `shortest_s` and at most `longest_s` seconds."""

    text: str
    voice: Voice
    shortest_s: float
    longest_s: float
    seed: int


@dataclass(frozen=True)
class Said:
    """The result of a draw; `ended`: the network stopped by itself."""

    samples: Audio
    length_s: float
    ended: bool


class VoxCpmModel:
    """A VoxCPM2 network; used by one thread only. Its caches of keys and values hold one text."""

    def __init__(self, folder: Path, device: str) -> None:
        # The denoiser would be fetched from ModelScope; `optimize` means torch.compile, which needs a complete "cuda".
        voice = VoxCPM(str(folder), enable_denoiser=False, optimize=device == "cuda", device=device)
        self._net: Any = voice.tts_model
        self._speakers: OrderedDict[str, Any] = OrderedDict()
        weights = sorted(path for path in folder.iterdir() if path.suffix in (".safetensors", ".pth", ".bin"))
        self.version = f"{version('voxcpm')} {fingerprint(*weights, folder / 'config.json')}"
        self.rate_hz = int(self._net.sample_rate)
        self._patch_s = self._net.patch_size * self._net.chunk_size / self._net.audio_vae.sample_rate

    def run(self, batch: Sequence[Draw]) -> list[Said]:
        """Speak each text."""
        return [self._speak(draw) for draw in batch]

    def _speak(self, draw: Draw) -> Said:
        most = max(1, int(draw.longest_s / self._patch_s))
        torch.manual_seed(draw.seed)
        sound, _, patches = self._net.generate_with_prompt_cache(
            target_text=draw.text,
            prompt_cache=self._speaker(draw.voice),
            min_len=int(draw.shortest_s / self._patch_s),
            max_len=most,
            retry_badcase_ratio_threshold=float(most),  # a limit by tokens of text, above ours by time
        )
        samples: Audio = sound.squeeze().float().cpu().numpy()
        return Said(samples, len(samples) / self.rate_hz, ended=len(patches) < most)

    def _speaker(self, voice: Voice) -> Any:
        if voice.key in self._speakers:
            self._speakers.move_to_end(voice.key)
            return self._speakers[voice.key]
        if voice.reference is None:
            raise PermanentError(ErrorCode.ENGINE_FAILED, "VoxCPM2 needs a clip of the speaker to speak like")
        with torch.inference_mode():
            self._speakers[voice.key] = self._net.build_prompt_cache(reference_wav_path=str(voice.reference))
        if len(self._speakers) > _SPEAKERS_KEPT:
            self._speakers.popitem(last=False)
        return self._speakers[voice.key]
