"""What engines on torch read from files."""

import hashlib
from pathlib import Path
from typing import Any


def fingerprint(*files: Path) -> str:
    """A digest of weights: others under the same name sound different."""
    digest = hashlib.sha256()
    for path in files:
        with path.open("rb") as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()[:12]


def load_clip(path: Path, rate_hz: int, longest_s: float) -> Any:
    """A reference clip as a tensor (1, samples), mono at `rate_hz`."""
    import soundfile
    import torch
    from torchaudio.functional import resample

    samples, own_hz = soundfile.read(path, dtype="float32", always_2d=True, frames=-1)
    mono = torch.from_numpy(samples[: round(longest_s * own_hz)].mean(axis=1))[None]
    return resample(mono, own_hz, rate_hz) if own_hz != rate_hz else mono
