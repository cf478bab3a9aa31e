"""A translation model that knows the words a test gives it: a real CTranslate2 model whose weights are computed.

Every token has a random code, every position a place code beside it. Attention within a text and the feed-forward
layers are zero; cross-attention looks only at places, so output n reads source token n, and the projection of a word's
translation holds the word's code. What is no word of the lexicon is written letter by letter as it stands. Built in
some 50 ms, with the tokenizer that goes with it.
"""

import io
import json
import string
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import sentencepiece
from ctranslate2.specs import TransformerSpec
from numpy.typing import NDArray
from tokenizers import Tokenizer, decoders, models, pre_tokenizers

_CODE, _PLACE = 128, 32
_SIZE = _CODE + _PLACE
_POSITIONS = 512
_GAIN, _SHARPNESS, _VOLUME = 0.6, 3.0, 20.0
_LETTERS = string.ascii_letters + string.digits + string.punctuation + "áéíóúñ¿¡üöäßàèçêî가나다라。、"
_SPACE = "▁"
_NLLB = ("eng_Latn", "kor_Hang", "jpn_Jpan", "fra_Latn", "deu_Latn", "spa_Latn", "ind_Latn", "zho_Hans")
_CODES = ("en", "ko", "ja", "fr", "de", "es", "id", "zh")
TAGS = {
    "nllb": _NLLB,
    "m2m100": tuple(f"__{code}__" for code in _CODES),
    "madlad": tuple(f"<2{code}>" for code in _CODES),
}
"""The language tokens of each family."""

Array = NDArray[np.float32]


@dataclass(frozen=True)
class Script:
    """What the model knows: `words` by their translation, `others` less likely ones with a weight below 1.

    A word matches with a small or a capital first letter. `tags`: the language tokens it has; None: its family's.
    """

    words: Mapping[str, str] = field(default_factory=dict)
    others: Mapping[str, Sequence[tuple[str, float]]] = field(default_factory=dict)
    family: str = "nllb"
    tags: Sequence[str] | None = None
    sentencepiece: bool = True

    def pairs(self) -> list[tuple[str, str, float]]:
        """Piece, translation, weight."""
        best = [(word, translation, 1.0) for word, translation in self.words.items()]
        rest = [(word, *other) for word, others in self.others.items() for other in others]
        return [
            (_SPACE + case(word), _SPACE + case(translation), weight)
            for word, translation, weight in (*best, *rest)
            for case in (str, _capitalized)
        ]


def build_translator(folder: Path, script: Script) -> Path:
    """Write the model that knows `script` into `folder`, as `localclip models pull` would, and return the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    words = list(dict.fromkeys(piece for pair in script.pairs() for piece in pair[:2]))
    pieces = [*words, _SPACE, *(letter for letter in _LETTERS if letter not in words)]
    tags = TAGS[script.family] if script.tags is None else script.tags
    vocabulary = ["<s>", "<pad>", "</s>", "<unk>", *tags, *pieces]
    _model(script, vocabulary).save(str(folder))
    if script.sentencepiece:
        (folder / "sentencepiece.bpe.model").write_bytes(_sentencepiece(words))
    else:
        _tokenizer(vocabulary).save(str(folder / "tokenizer.json"))
    return folder


def vocabulary(folder: Path) -> list[str]:
    """The tokens of a built model."""
    tokens: list[str] = json.loads((folder / "shared_vocabulary.json").read_text(encoding="utf-8"))
    return tokens


def _capitalized(word: str) -> str:
    return word[:1].upper() + word[1:]


def _model(script: Script, tokens: Sequence[str]) -> TransformerSpec:
    number = {token: index for index, token in enumerate(tokens)}
    codes = np.random.default_rng(0).choice([-1.0, 1.0], (len(tokens), _CODE)).astype(np.float32)
    projection = _zeros(len(tokens), _SIZE)
    copied = [(token, token, 1.0) for token in tokens if not any(token == pair[0] for pair in script.pairs())]
    for piece, translation, weight in (*script.pairs(), *copied):
        projection[number[translation], :_CODE] += _GAIN * weight * codes[number[piece]]
    spec = TransformerSpec.from_config(1, 2, pre_norm=True)
    spec.encoder.embeddings[0].weight = np.hstack([codes, _zeros(len(tokens), _PLACE)])
    spec.decoder.embeddings.weight = _zeros(len(tokens), _SIZE)
    spec.decoder.projection.weight, spec.decoder.projection.bias = projection, _zeros(len(tokens))
    # a family that has no prefix in the output begins it with the source's second token
    spec.encoder.position_encodings.encodings = _places(0)
    spec.decoder.position_encodings.encodings = _places(1 if script.family == "madlad" else 0)
    for part in (spec.encoder, spec.decoder):
        part.scale_embeddings = False
        _norm(part.layer_norm)
        for layer in part.layer:
            _attention(layer.self_attention, (3 * _SIZE, _SIZE))
            _feed_forward(layer.ffn)
    for layer in spec.decoder.layer:
        _look_at_places(layer.attention)
    spec.register_source_vocabulary(list(tokens))
    spec.register_target_vocabulary(list(tokens))
    spec.config.decoder_start_token = "<pad>" if script.family == "madlad" else "</s>"
    spec.config.bos_token, spec.config.eos_token, spec.config.unk_token = "<s>", "</s>", "<unk>"
    spec.validate()
    spec.optimize()
    return spec


def _zeros(*shape: int) -> Array:
    return np.zeros(shape, np.float32)


def _places(shift: int) -> Array:
    """Sinusoids of many lengths: the product of two places is largest where they are the same."""
    angles = np.outer(np.arange(_POSITIONS) + shift, 2 * np.pi / np.geomspace(3, 2000, _PLACE // 2))
    place = 2 * np.concatenate([np.cos(angles), np.sin(angles)], axis=1)
    return np.hstack([_zeros(_POSITIONS, _CODE), place.astype(np.float32)])


def _norm(spec: Any) -> None:
    spec.gamma, spec.beta = np.ones(_SIZE, np.float32), _zeros(_SIZE)


def _linear(spec: Any, rows: int) -> None:
    spec.weight, spec.bias = _zeros(rows, _SIZE), _zeros(rows)


def _feed_forward(spec: Any) -> None:
    _norm(spec.layer_norm)
    _linear(spec.linear_0, _SIZE)
    _linear(spec.linear_1, _SIZE)


def _attention(spec: Any, rows: Iterable[int]) -> None:
    _norm(spec.layer_norm)
    for linear, count in zip(spec.linear, rows, strict=True):
        _linear(linear, count)


def _look_at_places(spec: Any) -> None:
    """Queries and keys are places, the value is the token's code."""
    _attention(spec, (_SIZE, 2 * _SIZE, _SIZE))
    query, key_value, out = (linear.weight for linear in spec.linear)
    for head in (0, _SIZE // 2):
        query[head : head + _PLACE, _CODE:] = key_value[head : head + _PLACE, _CODE:] = _SHARPNESS * np.eye(_PLACE)
    key_value[_SIZE : _SIZE + _CODE, :_CODE] = np.eye(_CODE)
    out[:_CODE, :_CODE] = _VOLUME * np.eye(_CODE)


def _sentencepiece(words: Sequence[str]) -> bytes:
    """Splits off known words, the rest into letters."""
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter([_LETTERS]),
        model_writer=model,
        model_type="char",
        vocab_size=len(words) + len(_LETTERS) + 8,
        hard_vocab_limit=False,
        user_defined_symbols=list(words),
        character_coverage=1.0,
        normalization_rule_name="identity",
        minloglevel=2,
    )
    return model.getvalue()


def _tokenizer(tokens: Sequence[str]) -> Tokenizer:
    """The same as a tokenizer file: whole words and else nothing, as far as the tests of this form need."""
    made = Tokenizer(models.WordLevel({token: index for index, token in enumerate(tokens)}, unk_token="<unk>"))
    made.pre_tokenizer = pre_tokenizers.Metaspace()
    made.decoder = decoders.Metaspace()
    return made
