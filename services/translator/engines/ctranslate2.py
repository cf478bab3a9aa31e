"""Translation by NLLB-200, M2M100, MADLAD-400 or a pair of OPUS-MT on CTranslate2.

All jobs of the process pass their sentences to one batcher, whatever their languages, since the language is a token of
the sentence. One thread owns the model.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from itertools import zip_longest
from pathlib import Path
from typing import Any

from services.translator.engines._families import Family, family_of, opus_of, read_vocabulary
from services.translator.engines._pieces import open_pieces
from services.translator.engines._plausible import COPIED, fault
from services.translator.engines._sentences import split_text
from services.translator.engines.base import WRITTEN_ALIKE, Line, Passage, Traits, Translation
from shared.inference import GpuLease, MicroBatcher, Placement, place_ctranslate2
from shared.messaging import EngineInfo
from shared.models import ModelSettings, catalogued, digest_here, find_model, weights_name
from shared.observability import logger
from shared.pipeline import CancelToken, ErrorCode, PermanentError, Stage, language

_SHARD = 32
_CANDIDATES = 4
_LONGEST = 200
"""The most tokens of one input. The models accept 1024, but they were trained on sentences and omit parts of longer
texts."""
_MOST_OUT, _MORE_OUT = 3, 24
"""The output is limited to a multiple of the input's tokens, plus some for short ones: a looping model never ends."""

_MUCH_LESS_SURE = 2.0
"""Nats per token by which a candidate may be less likely than the best; superfluous beams contain noise."""

log = logger(__name__)


@dataclass(frozen=True)
class Sentence:
    """Input of the model: tokens, and those the output is forced to begin with."""

    tokens: tuple[str, ...]
    prefix: tuple[str, ...]


class Model:
    """The model of one folder and the tokenizer beside it."""

    def __init__(self, folder: Path, placement: Placement, beam: int) -> None:
        """Load it. Raises: PermanentError, `engine_unavailable`, when the folder contains no supported model."""
        import ctranslate2

        vocabulary = read_vocabulary(folder)
        self.family: Family = opus_of(folder) or family_of(folder, vocabulary)
        self.pairs = self.family.pairs(vocabulary)
        if not self.pairs:
            raise PermanentError(
                ErrorCode.ENGINE_UNAVAILABLE, f"the model in {folder} has none of the languages offered"
            )
        self.pieces = open_pieces(folder)
        self.n_best = min(_CANDIDATES, beam)
        self._beam = beam
        try:
            self._translator = ctranslate2.Translator(
                str(folder),
                device=placement.device,
                device_index=placement.index,
                compute_type=placement.compute_type,
            )
        except (RuntimeError, ValueError) as error:
            raise PermanentError(
                ErrorCode.ENGINE_UNAVAILABLE, f"the model in {folder} cannot be loaded: {error}"
            ) from error

    def sentence(self, text: str, source: str, target: str) -> Sentence:
        """What the model gets for a text."""
        tokens = self.family.source(self.pieces.encode(text), source, target)
        return Sentence(tuple(tokens), tuple(self.family.prefix(target)))

    def fits(self, text: str) -> bool:
        """Whether a text is short enough to be translated at once."""
        return len(self.pieces.encode(text)) <= _LONGEST

    def translate(self, sentences: Sequence[Sentence]) -> list[tuple[str, ...]]:
        """The candidates of each sentence, best first, all in one batch."""
        longest = max(len(sentence.tokens) for sentence in sentences)
        results = self._translator.translate_batch(
            [list(sentence.tokens) for sentence in sentences],
            target_prefix=[list(sentence.prefix) for sentence in sentences],
            beam_size=self._beam,
            num_hypotheses=self.n_best,
            max_decoding_length=_MOST_OUT * longest + _MORE_OUT,
            disable_unk=True,
            return_scores=True,
        )
        return [
            tuple(dict.fromkeys(self._text(tokens, sentence) for tokens in _worthwhile(result)))
            for sentence, result in zip(sentences, results, strict=True)
        ]

    def close(self) -> None:
        """Free its memory."""
        self._translator.unload_model()

    def _text(self, tokens: Sequence[str], sentence: Sentence) -> str:
        """A hypothesis without the prefix, which the model repeats."""
        count = len(sentence.prefix)
        return self.pieces.decode(tokens[count:] if tuple(tokens[:count]) == sentence.prefix else tokens).strip()


def _worthwhile(result: Any) -> Iterator[Sequence[str]]:
    """The best hypothesis and those that are not much less likely."""
    for tokens, score in zip(result.hypotheses, result.scores, strict=True):
        if score >= result.scores[0] - _MUCH_LESS_SURE:
            yield tokens


def load_model(name_or_path: str, models: ModelSettings, beam: int) -> Model:
    """Load the model with that name or in that folder. Raises: PermanentError, `engine_unavailable`."""
    return Model(find_model(name_or_path, models), place_ctranslate2(models), beam)


class CTranslate2Translator:
    """Batches the requests of concurrent jobs to one model."""

    def __init__(self, model: Model, name_or_path: str, models: ModelSettings, *, budget: int, jobs: int) -> None:
        """Warm `model` up; `budget` is the tokens of one batch including padding, `jobs` how many jobs may use it at a
        time."""
        placement = place_ctranslate2(models)
        self._model, self._jobs = model, jobs
        self._batcher = MicroBatcher[Sentence, tuple[str, ...]](
            lambda sentences: self._model.translate(sentences),
            cost=lambda sentence: len(sentence.tokens),
            budget=budget,
            lease=GpuLease(models.gpu_lease, placement.name).hold,
        )
        self._info = _describe(model, name_or_path, placement, digest_here(name_or_path, models))
        source, target = model.pairs[0]
        (warm,) = self._batcher.ask([model.sentence("1 2 3.", source, target)], CancelToken())
        if isinstance(warm, Exception):
            raise PermanentError(
                ErrorCode.ENGINE_UNAVAILABLE,
                f"the model '{name_or_path}' does not translate on {placement.name}: {warm}",
            ) from warm
        log.info("model_ready", model=self._info.version, device=placement.name, pairs=len(model.pairs))

    @property
    def info(self) -> EngineInfo:
        """The pairs whose language tokens the model has."""
        return self._info

    @property
    def traits(self) -> Traits:
        """A whole shard at once, from several jobs; sentences are independent."""
        return Traits(
            batch_lines=_SHARD,
            n_best=self._model.n_best,
            knows_names=True,
            stand_ins=WRITTEN_ALIKE,
            parallel_jobs=self._jobs,
        )

    def names(self, found: Collection[str], source: str, target: str, cancel: CancelToken) -> frozenset[str]:
        """Nothing: the model knows names."""
        return frozenset()

    def translate(self, passage: Passage, cancel: CancelToken) -> list[Translation]:
        """Translate together with the lines of other jobs. A line the model fails on carries its error."""
        parts = [(line, part) for line in passage.lines for part in split_text(line.text, self._model.fits)]
        answers = self._batcher.ask(
            [self._model.sentence(part, passage.source, passage.target) for _, part in parts], cancel
        )
        found: dict[int, list[tuple[str, ...] | Exception]] = {line.index: [] for line in passage.lines}
        for (line, _), answer in zip(parts, answers, strict=True):
            found[line.index].append(answer)
        return [_translation(line, found[line.index], passage.target) for line in passage.lines]

    def close(self) -> None:
        """Finish pending requests and free the model."""
        self._batcher.close()
        self._model.close()


def _translation(line: Line, parts: Sequence[tuple[str, ...] | Exception], target: str) -> Translation:
    """The line's candidates: the best of every part, the second of every part, and so on."""
    texts: list[tuple[str, ...]] = []
    for part in parts:
        if isinstance(part, Exception):
            return _failed(line, f"the model failed on the line: {part}")
        if not any(part):
            return _failed(line, "the model gave an empty translation")
        texts.append(part)
    space = " " if language(target).spaces else ""
    best = [part[0] for part in texts]
    joined = [space.join(text or first for text, first in zip(rank, best, strict=True)) for rank in zip_longest(*texts)]
    return _plausible(line, joined, target)


def _plausible(line: Line, candidates: Sequence[str], target: str) -> Translation:
    """Those that can be translations. A copy counts, since a line of names has no other, and these models do not
    refuse."""
    faults = {text: fault(text, line.text, target) for text in candidates}
    good = tuple(text for text, wrong in faults.items() if wrong in (None, COPIED))
    if not good:
        return _failed(line, f"the model gave no translation: {faults[candidates[0]]}")
    return Translation(line.index, good)


def _failed(line: Line, why: str) -> Translation:
    return Translation(line.index, error=PermanentError(ErrorCode.ENGINE_FAILED, why))


def _describe(model: Model, name_or_path: str, placement: Placement, digest: str) -> EngineInfo:
    family: Family = model.family
    known = catalogued(name_or_path)
    return EngineInfo(
        stage=Stage.TRANSLATION,
        port="translator",
        name=family.name,
        version=f"{Path(name_or_path).name}, {placement.compute_type}, CTranslate2 {version('ctranslate2')}",
        licence=known.licence if known else family.licence,
        commercial_use=known.commercial_use if known else family.commercial_use,
        pairs=model.pairs,
        model=weights_name(name_or_path),
        digest=digest,
        hint="take a model that has the language (LOCALCLIP_TRANSLATION_MODEL, see `localclip models list`), an "
        "OpenAI-compatible service (LOCALCLIP_TRANSLATOR=openai), or bring your own translation as a subtitle file",
    )
