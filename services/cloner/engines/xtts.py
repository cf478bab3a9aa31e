"""Coqui XTTS v2: seven languages in the voice of a clip (code MPL-2.0, weights under the CPML, non-commercial)."""

import threading
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any

import numpy as np

from services.cloner.engines._drawing import ROUNDS, expected_s, longest_s, nearest, seed_of
from services.cloner.engines._gluing import glue
from services.cloner.engines._wording import closed, pieces
from services.cloner.engines._xtts_model import CODES_PER_S, Codes, Draw, Render, XttsModel
from services.cloner.engines.base import Abilities, Audio, Fault, Sound, Speech
from services.cloner.settings import ClonerSettings
from shared.inference import GpuLease, MicroBatcher, memory_release, torch_device
from shared.messaging import EngineInfo
from shared.models import ModelSettings, digest_here, find_model, weights_name
from shared.pipeline import CancelToken, PipelineError, Stage

NAME = "coqui-xtts"

# Characters up to which the network was trained, per language, less a tenth: beyond them it cuts the speech off.
_MOST_CHARS = {"en": 225, "ko": 85, "ja": 63, "fr": 245, "de": 227, "es": 215, "zh": 73}
_LONGEST_PIECE_S = 24.0  # of the 28 s that the network can speak at once
# One text each that makes the tokenizer load everything it needs for a language.
_SAMPLES = {
    "en": "Two trains at 7.",
    "ko": "기차 두 대.",
    "ja": "電車は七時です。",
    "fr": "Deux trains à 7 h.",
    "de": "Zwei Züge um 7.",
    "es": "Dos trenes a las 7.",
    "zh": "七点的火车。",
}
_GPU_POSITIONS = 8192  # 2 GB of keys and values at full size
_LINES_KEPT = 1024


@dataclass
class _Piece:
    """A part of a speech and what has been drawn of it."""

    speech: Speech
    text: str
    expected_s: float
    target_s: float | None
    codes: Codes | None = None
    error: Exception | None = None

    @property
    def key(self) -> tuple[str, str, str, float | None, int]:
        """Everything that determines its codes."""
        speech = self.speech
        return speech.voice.key, speech.language, self.text, self.target_s, speech.rendition

    def draws(self, round_: int, candidates: int, most_codes: int) -> list[Draw]:
        """The requests to the network in a round."""
        longest = min(most_codes, ceil(longest_s(self.expected_s) * CODES_PER_S))
        seeds = [seed_of(self.speech, self.text, round_ * candidates + number) for number in range(candidates)]
        return [Draw(self.text, self.speech.language, self.speech.voice, longest, seed) for seed in seeds]


class XttsSynthesizer:
    """XTTS behind the port; batches are filled across all jobs of the process."""

    def __init__(self, settings: ClonerSettings, models: ModelSettings) -> None:
        device = torch_device(models.device)
        on_gpu = device != "cpu"
        self._model = XttsModel(find_model(settings.xtts_model, models), device)
        self._name, self._digest = weights_name(settings.xtts_model), digest_here(settings.xtts_model, models)
        self._languages = self._model.languages(_SAMPLES)
        self._candidates = settings.voice_candidates or (3 if on_gpu else 1)
        self._codes, self._codes_lock = OrderedDict[Any, Codes](), threading.Lock()
        # On a CPU, decoding is limited by arithmetic and batches gain nothing (0.73 of the speed, measured with 8
        # lines).
        self._batcher: MicroBatcher[Draw | Render, Any] = MicroBatcher(
            self._model.run,
            cost=lambda item: item.cost,
            budget=settings.voice_batch or (_GPU_POSITIONS if on_gpu else 1),
            group=type,
            lease=GpuLease(models.gpu_lease, device).hold,
            release=memory_release(device),
        )

    @property
    def info(self) -> EngineInfo:
        """XTTS and its weights; the number of candidates that a take is chosen from affects the sound."""
        chosen = f" best of {self._candidates}" if self._candidates > 1 else ""
        missing = [code for code in _SAMPLES if code not in self._languages]
        hint = (
            "for id: pip install 'localclip[voxcpm]' and `localclip models pull voxcpm2`, or set "
            f"LOCALCLIP_SYNTHESIZER={NAME},espeak-ng"
        )
        return EngineInfo(
            stage=Stage.CLONING,
            port="voice",
            name=NAME,
            version=f"{self._model.version}{chosen}",
            licence="CPML (non-commercial)",
            commercial_use=False,
            languages=self._languages,
            model=self._name,
            digest=self._digest,
            hint=f"{hint}; for {', '.join(missing)}: pip install 'localclip[xtts]'" if missing else hint,
        )

    @property
    def abilities(self) -> Abilities:
        """Beyond 0.8 and 1.25 the sound suffers more than from stretching."""
        return Abilities(
            languages=self._languages,
            sample_rate_hz=self._model.rate_hz,
            max_chars=1500,
            slowest=0.8,
            fastest=1.25,
            max_batch=16,
            clones=True,
            joins_short_lines=True,
            aims=self._candidates > 1,
            varies=True,
        )

    def synthesize(self, batch: Sequence[Speech], cancel: CancelToken) -> Iterator[tuple[int, Sound | Fault]]:
        """Draw the codes of all pieces, failed ones again from other seeds, then render them as sound."""
        cut = [self._cut(speech) for speech in batch]
        self._draw([piece for parts in cut for piece in parts], cancel)
        for index, (speech, parts) in enumerate(zip(batch, cut, strict=True)):
            yield index, self._render(speech, parts, cancel)

    def _cut(self, speech: Speech) -> list[_Piece]:
        text, code = closed(speech.text, speech.language), speech.language
        pace_chars = int(_LONGEST_PIECE_S / max(0.01, expected_s("a" * 100, code, speech.voice.pace)) * 100)
        parts = pieces(text, min(_MOST_CHARS[code], pace_chars))
        expected = [expected_s(part, code, speech.voice.pace) for part in parts]
        share = (speech.target_s or 0.0) / sum(expected)
        return [
            _Piece(speech, part, seconds, seconds * share if speech.target_s else None)
            for part, seconds in zip(parts, expected, strict=True)
        ]

    def _draw(self, parts: Sequence[_Piece], cancel: CancelToken) -> None:
        with self._codes_lock:
            for part in parts:
                part.codes = self._codes.get(part.key)
        for round_ in range(ROUNDS):
            todo = [part for part in parts if part.codes is None and part.error is None]
            asked = [part.draws(round_, self._candidates, self._model.most_codes) for part in todo]
            answers = iter(self._batcher.ask([draw for draws in asked for draw in draws], cancel))
            for part, draws in zip(todo, asked, strict=True):
                found = [next(answers) for _ in draws]
                codes = [one for one in found if isinstance(one, Codes)]
                part.codes = nearest(codes, part.expected_s, part.target_s)
                part.error = next((one for one in found if isinstance(one, Exception)), None)
        self._keep(parts)

    def _keep(self, parts: Sequence[_Piece]) -> None:
        """Remember codes, so that a line that is requested again at another tempo is only rendered."""
        with self._codes_lock:
            self._codes.update((part.key, part.codes) for part in parts if part.codes is not None)
            while len(self._codes) > _LINES_KEPT:
                self._codes.popitem(last=False)

    def _render(self, speech: Speech, parts: Sequence[_Piece], cancel: CancelToken) -> Sound | Fault:
        renders: list[Draw | Render] = []
        for part in parts:
            if part.codes is None:
                return _fault(part)
            renders.append(Render(part.text, speech.language, speech.voice, part.codes.codes, speech.rate))
        sounds: list[Audio] = []
        for answer in self._batcher.ask(renders, cancel):
            if isinstance(answer, Exception):
                return Fault(_words(answer))
            sounds.append(np.asarray(answer, np.float32))
        texts = [part.text for part in parts]
        return Sound(glue(sounds, texts, self._model.rate_hz, speech.rate), self._model.rate_hz)


def _fault(part: _Piece) -> Fault:
    if part.error is not None:
        return Fault(_words(part.error))
    return Fault(
        f"{NAME} did not find the end of '{part.text[:40]}' in {ROUNDS} tries: reword the line or join it with the next"
    )


def _words(error: Exception) -> str:
    said = error.message if isinstance(error, PipelineError) else f"{type(error).__name__}: {error}"
    return f"{NAME} failed on this line: {said}"
