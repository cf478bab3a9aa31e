"""The XTTS network as the engine uses it: many texts decoded at once, each from its own seed.

Coqui TTS 0.28.0 decodes one text at a time (coqui-ai/TTS#4140). Here the prefixes of a batch (speaker, text) are padded
on the left and masked, which gives each text the codes it has alone.
"""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch
from torch.nn import functional
from transformers import (
    LogitsProcessor,
    LogitsProcessorList,
    RepetitionPenaltyLogitsProcessor,
    StoppingCriteria,
    StoppingCriteriaList,
    TemperatureLogitsWarper,
    TopKLogitsWarper,
    TopPLogitsWarper,
)
from TTS.tts.configs.xtts_config import XttsConfig
from TTS.tts.models import xtts as coqui

from services.cloner.engines._torch import fingerprint, load_clip
from services.cloner.engines.base import Audio, Voice
from shared.pipeline import ErrorCode, PermanentError

CODES_PER_S = 22_050 / 1024
_SPEAKERS_KEPT = 256  # 133 kB each at full size
_CLIP_RATE_HZ = 22_050


@dataclass(frozen=True)
class Draw:
    """A text to be decoded into at most `longest` audio codes."""

    text: str
    language: str
    voice: Voice
    longest: int
    seed: int

    @property
    def cost(self) -> int:
        """About how many positions of the network it may take."""
        return len(self.text) + self.longest


@dataclass(frozen=True)
class Codes:
    """The result of a draw; the stop code is the last one if it `ended` by itself."""

    codes: tuple[int, ...]
    ended: bool

    @property
    def length_s(self) -> float:
        """Its length at natural tempo."""
        return len(self.codes) / CODES_PER_S


@dataclass(frozen=True)
class Render:
    """Codes to be rendered as sound, `tempo` times as fast."""

    text: str
    language: str
    voice: Voice
    codes: tuple[int, ...]
    tempo: float

    @property
    def cost(self) -> int:
        """The same as for a draw."""
        return len(self.text) + len(self.codes)


class XttsModel:
    """An XTTS v2 network; used by one thread only."""

    def __init__(self, folder: Path, device: str, *, sample: bool = True) -> None:
        config = XttsConfig()
        config.load_json(str(folder / "config.json"))
        self._net: Any = _Xtts(config)
        self._net.load_checkpoint(config, checkpoint_dir=folder, eval=True)
        self._net.to(device)
        self._config, self._device, self._sample = config, device, sample
        self._speakers: OrderedDict[str, tuple[torch.Tensor, torch.Tensor]] = OrderedDict()
        self.version = f"{version('coqui-tts')} {fingerprint(folder / 'model.pth', folder / 'config.json')}"
        self.rate_hz = int(config.model_args.output_sample_rate)
        self.most_codes = int(self._net.gpt.max_gen_mel_tokens)

    def languages(self, samples: dict[str, str]) -> tuple[str, ...]:
        """The languages of `samples` (a text each) that the network knows; loads what the tokenizer needs for them."""
        return tuple(code for code, text in samples.items() if self._reads(text, code))

    def run(self, batch: Sequence[Draw | Render]) -> list[Any]:
        """Answer a batch of one kind: `Codes` for draws, sounds for renders."""
        with torch.inference_mode():
            draws = [item for item in batch if isinstance(item, Draw)]
            renders = [item for item in batch if isinstance(item, Render)]
            return [*(self._decode(draws) if draws else ()), *map(self._render, renders)]

    def _reads(self, text: str, code: str) -> bool:
        name = "zh-cn" if code == "zh" else code
        known = self._net.tokenizer.tokenizer.token_to_id(f"[{name}]") is not None
        if name not in self._config.languages or not known:
            return False
        try:
            return bool(self._net.tokenizer.encode(text, lang=code))
        except ImportError:
            return False

    def _decode(self, draws: Sequence[Draw]) -> list[Codes]:
        gpt = self._net.gpt
        prefixes = [self._prefix(draw) for draw in draws]
        width = max(len(prefix) for prefix in prefixes)
        embedded = prefixes[0].new_zeros(len(draws), width, prefixes[0].shape[1])
        mask = torch.zeros(len(draws), width + 1, dtype=torch.long, device=self._device)
        for row, prefix in enumerate(prefixes):
            embedded[row, width - len(prefix) :] = prefix
            mask[row, width - len(prefix) :] = 1
        ids = torch.ones_like(mask)
        ids[:, -1] = gpt.start_audio_token
        limits = [min(draw.longest, self.most_codes) for draw in draws]
        gpt.gpt_inference.store_prefix_emb(embedded)
        found = gpt.gpt_inference.generate(
            ids,
            attention_mask=mask,
            bos_token_id=gpt.start_audio_token,
            pad_token_id=gpt.stop_audio_token,
            eos_token_id=gpt.stop_audio_token,
            max_length=width + 1 + max(limits),
            do_sample=False,
            logits_processor=self._processors([draw.seed for draw in draws]),
            stopping_criteria=StoppingCriteriaList([_RowLimits(limits, width + 1, self._device)]),
        )[:, width + 1 :].tolist()
        return [_until(gpt.stop_audio_token, row[:limit]) for row, limit in zip(found, limits, strict=True)]

    def _prefix(self, draw: Draw) -> torch.Tensor:
        """Embeddings of speaker and text, (positions, channels)."""
        gpt = self._net.gpt
        tokens = functional.pad(self._tokens(draw.text, draw.language), (0, 1), value=gpt.stop_text_token)
        tokens = functional.pad(tokens, (1, 0), value=gpt.start_text_token)
        latents, _ = self._speaker(draw.voice)
        embedded: torch.Tensor = torch.cat([latents, gpt.text_embedding(tokens) + gpt.text_pos_embedding(tokens)], 1)[0]
        return embedded

    def _tokens(self, text: str, code: str) -> torch.Tensor:
        ids = self._net.tokenizer.encode(text.lower(), lang=code)
        if len(ids) >= self._net.args.gpt_max_text_tokens:
            raise PermanentError(
                ErrorCode.ENGINE_FAILED,
                "the line is too long when numbers and signs are spoken out: shorten it or write it as two lines",
            )
        return torch.tensor(ids, dtype=torch.int, device=self._device)[None]

    def _processors(self, seeds: Sequence[int]) -> LogitsProcessorList:
        config = self._config
        found = [RepetitionPenaltyLogitsProcessor(float(config.repetition_penalty))]
        if self._sample:
            found += [
                TemperatureLogitsWarper(float(config.temperature)),
                TopKLogitsWarper(config.top_k),
                TopPLogitsWarper(float(config.top_p)),
                _RowNoise(seeds),
            ]
        return LogitsProcessorList(found)

    def _render(self, item: Render) -> Audio:
        gpt, tokens = self._net.gpt, self._tokens(item.text, item.language)
        codes = torch.tensor(item.codes, device=self._device)[None]
        latents, timbre = self._speaker(item.voice)
        hidden = gpt(
            tokens,
            torch.tensor([tokens.shape[-1]], device=self._device),
            codes,
            torch.tensor([codes.shape[-1] * gpt.code_stride_len], device=self._device),
            cond_latents=latents,
            return_latent=True,
        )
        if item.tempo != 1.0:
            stretched = functional.interpolate(hidden.transpose(1, 2), scale_factor=1 / item.tempo, mode="linear")
            hidden = stretched.transpose(1, 2)
        sound: Audio = self._net.hifigan_decoder(hidden, g=timbre).squeeze().float().cpu().numpy()
        return sound

    def _speaker(self, voice: Voice) -> tuple[torch.Tensor, torch.Tensor]:
        """The network's representation of a speaker: latents for the code decoder, a timbre for the sound decoder."""
        if voice.key in self._speakers:
            self._speakers.move_to_end(voice.key)
            return self._speakers[voice.key]
        if voice.reference is None:
            raise PermanentError(ErrorCode.ENGINE_FAILED, "XTTS needs a clip of the speaker to speak like")
        config = self._config
        clip = load_clip(voice.reference, _CLIP_RATE_HZ, config.max_ref_len)
        timbre = self._net.get_speaker_embedding(clip, _CLIP_RATE_HZ)
        latents = self._net.get_gpt_cond_latents(
            clip, _CLIP_RATE_HZ, length=config.gpt_cond_len, chunk_length=config.gpt_cond_chunk_len
        )
        self._speakers[voice.key] = (latents.to(self._device), timbre)
        if len(self._speakers) > _SPEAKERS_KEPT:
            self._speakers.popitem(last=False)
        return self._speakers[voice.key]


class _Xtts(coqui.Xtts):  # type: ignore[misc]
    """XTTS from a folder that is only read: upstream (0.28.0) writes the published checkpoint back as a plain one."""

    def _load_checkpoint(self, model_path: Path) -> Any:
        with coqui._legacy_safe_globals():  # noqa: SLF001
            return torch.load(model_path, map_location="cpu", weights_only=True)["model"]


class _RowNoise(LogitsProcessor):  # type: ignore[misc]
    """Gumbel noise from one generator per row: the maximum is then a sample by the scores, independent of the batch."""

    def __init__(self, seeds: Sequence[int]) -> None:
        self._generators = [torch.Generator().manual_seed(seed) for seed in seeds]

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        drawn = [torch.empty(scores.shape[1]).exponential_(generator=own) for own in self._generators]
        return scores - torch.stack(drawn).log().to(scores.device)


class _RowLimits(StoppingCriteria):  # type: ignore[misc]
    """The number of codes at which each row ends."""

    def __init__(self, limits: Sequence[int], prefix: int, device: str) -> None:
        self._limits, self._prefix = torch.tensor(limits, device=device), prefix

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor, **_: Any) -> torch.Tensor:
        return input_ids.shape[1] - self._prefix >= self._limits


def _until(stop: int, row: list[int]) -> Codes:
    if stop not in row:
        return Codes(tuple(row), ended=False)
    return Codes(tuple(row[: row.index(stop) + 1]), ended=True)
