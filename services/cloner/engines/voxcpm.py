"""VoxCPM2: all languages in the voice of a clip (code and weights Apache-2.0, github.com/OpenBMB/VoxCPM)."""

from collections.abc import Iterator, Sequence

from services.cloner.engines._drawing import ROUNDS, SHORTEST, expected_s, longest_s, nearest, seed_of
from services.cloner.engines._gluing import glue
from services.cloner.engines._voxcpm_model import Draw, Said, VoxCpmModel
from services.cloner.engines._wording import closed, pieces
from services.cloner.engines.base import Abilities, Audio, Fault, Sound, Speech
from services.cloner.settings import ClonerSettings
from shared.inference import GpuLease, MicroBatcher, memory_release, torch_device
from shared.messaging import EngineInfo
from shared.models import ModelSettings, digest_here, find_model, weights_name
from shared.pipeline import SOURCE_LANGUAGES, CancelToken, PipelineError, Stage

NAME = "voxcpm"

_LONGEST_PIECE_S = 30.0


class VoxCpmSynthesizer:
    """VoxCPM2 behind the port. It cannot set a tempo and speaks one text at a time."""

    def __init__(self, settings: ClonerSettings, models: ModelSettings) -> None:
        device = torch_device(models.device)
        self._model = VoxCpmModel(find_model(settings.voxcpm_model, models), device)
        self._name, self._digest = weights_name(settings.voxcpm_model), digest_here(settings.voxcpm_model, models)
        self._candidates = settings.voice_candidates or (3 if device != "cpu" else 1)
        self._batcher: MicroBatcher[Draw, Said] = MicroBatcher(
            self._model.run,
            cost=lambda draw: len(draw.text),
            budget=1,
            wait_s=0.0,
            lease=GpuLease(models.gpu_lease, device).hold,
            release=memory_release(device),
        )

    @property
    def info(self) -> EngineInfo:
        """VoxCPM2 and its weights; the number of candidates that a take is chosen from affects the sound."""
        chosen = f" best of {self._candidates}" if self._candidates > 1 else ""
        return EngineInfo(
            stage=Stage.CLONING,
            port="voice",
            name=NAME,
            version=f"{self._model.version}{chosen}",
            licence="Apache-2.0",
            commercial_use=True,
            languages=self.abilities.languages,
            model=self._name,
            digest=self._digest,
        )

    @property
    def abilities(self) -> Abilities:
        """It recognizes the language from the text."""
        return Abilities(
            languages=SOURCE_LANGUAGES,
            sample_rate_hz=self._model.rate_hz,
            max_chars=1500,
            max_batch=4,
            clones=True,
            joins_short_lines=True,
            aims=self._candidates > 1,
            varies=True,
        )

    def synthesize(self, batch: Sequence[Speech], cancel: CancelToken) -> Iterator[tuple[int, Sound | Fault]]:
        """Speak one text after the other, long ones in parts."""
        for index, speech in enumerate(batch):
            yield index, self._speak(speech, cancel)

    def _speak(self, speech: Speech, cancel: CancelToken) -> Sound | Fault:
        text = closed(speech.text, speech.language)
        whole_s = expected_s(text, speech.language, speech.voice.pace)
        parts = pieces(text, max(1, int(len(text) * _LONGEST_PIECE_S / whole_s)))
        sounds: list[Audio] = []
        for part in parts:
            answer = self._draw(speech, part, whole_s, cancel)
            if isinstance(answer, Fault):
                return answer
            sounds.append(answer.samples)
        return Sound(glue(sounds, parts, self._model.rate_hz), self._model.rate_hz)

    def _draw(self, speech: Speech, text: str, whole_s: float, cancel: CancelToken) -> Said | Fault:
        expected = expected_s(text, speech.language, speech.voice.pace)
        target_s = speech.target_s * expected / whole_s if speech.target_s else None
        for round_ in range(ROUNDS):
            seeds = [seed_of(speech, text, round_ * self._candidates + number) for number in range(self._candidates)]
            draws = [Draw(text, speech.voice, SHORTEST * expected, longest_s(expected), seed) for seed in seeds]
            answers = self._batcher.ask(draws, cancel)
            said = nearest([one for one in answers if isinstance(one, Said)], expected, target_s)
            if said is not None:
                return said
            if error := next((one for one in answers if isinstance(one, Exception)), None):
                return Fault(f"{NAME} failed on this line: {_words(error)}")
        return Fault(f"{NAME} did not find the end of '{text[:40]}' in {ROUNDS} tries: reword the line")


def _words(error: Exception) -> str:
    return error.message if isinstance(error, PipelineError) else f"{type(error).__name__}: {error}"
