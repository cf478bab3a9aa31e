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
OPUS = "opus"
"""A family without any: its models know one pair, by the name of their folder."""

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


@dataclass(frozen=True)
class Shape:
    """How large the model is.

    `size` is that of a token's state, `inner` that of the feed-forward layers, `tokens` the least there are. What the
    script does not need is zero, of which equal layers are kept once; with `noise` it is next to nothing, and every
    layer takes the memory and the time of a trained one.
    """

    layers: int = 1
    size: int = _CODE + _PLACE
    heads: int = 2
    inner: int = _CODE + _PLACE
    tokens: int = 0
    quantization: str | None = None
    noise: float = 0.0

    def unused(self, outputs: int, inputs: int) -> Array:
        """Weights that do nothing."""
        if not self.noise:
            return _zeros(outputs, inputs)
        return self.noise * np.random.default_rng().standard_normal((outputs, inputs), np.float32)


def build_translator(folder: Path, script: Script, shape: Shape | None = None) -> Path:
    """Write the model that knows `script` into `folder`, as `localclip models pull` would, and return the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    words = list(dict.fromkeys(piece for pair in script.pairs() for piece in pair[:2]))
    pieces = [*words, _SPACE, *(letter for letter in _LETTERS if letter not in words)]
    tags = TAGS.get(script.family, ()) if script.tags is None else script.tags
    vocabulary = ["<s>", "<pad>", "</s>", "<unk>", *tags, *pieces]
    shape = shape or Shape()
    vocabulary += [f"<unused{number}>" for number in range(shape.tokens - len(vocabulary))]
    _model(script, vocabulary, shape).save(str(folder))
    if script.family == OPUS:
        for side in ("source.spm", "target.spm"):
            (folder / side).write_bytes(_sentencepiece(words))
    elif script.sentencepiece:
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


def _model(script: Script, tokens: Sequence[str], shape: Shape) -> TransformerSpec:
    number = {token: index for index, token in enumerate(tokens)}
    codes = np.random.default_rng(0).choice(np.array([-1.0, 1.0], np.float32), (len(tokens), _CODE))
    projection = _zeros(len(tokens), shape.size)
    known = {pair[0] for pair in script.pairs()}
    copied = [(token, token, 1.0) for token in tokens if token not in known and not token.startswith("<unused")]
    for piece, translation, weight in (*script.pairs(), *copied):
        projection[number[translation], :_CODE] += _GAIN * weight * codes[number[piece]]
    spec = TransformerSpec.from_config(shape.layers, shape.heads, pre_norm=True)
    embeddings = _zeros(len(tokens), shape.size)
    embeddings[:, :_CODE] = codes
    spec.encoder.embeddings[0].weight = embeddings
    spec.decoder.embeddings.weight = _zeros(len(tokens), shape.size)
    spec.decoder.projection.weight, spec.decoder.projection.bias = projection, _zeros(len(tokens))
    # a family that has no prefix in the output begins it with the source's second token
    spec.encoder.position_encodings.encodings = _places(shape, 0)
    spec.decoder.position_encodings.encodings = _places(shape, 1 if script.family == "madlad" else 0)
    for part in (spec.encoder, spec.decoder):
        part.scale_embeddings = False
        _norm(part.layer_norm, shape)
        for layer in part.layer:
            _attention(layer.self_attention, shape, (3, 1))
            _feed_forward(layer.ffn, shape)
    for index, layer in enumerate(spec.decoder.layer):
        _attention(layer.attention, shape, (1, 2, 1))
        if index == 0:
            _look_at_places(layer.attention, shape)
    spec.register_source_vocabulary(list(tokens))
    spec.register_target_vocabulary(list(tokens))
    spec.config.decoder_start_token = "<pad>" if script.family in ("madlad", OPUS) else "</s>"
    spec.config.bos_token, spec.config.eos_token, spec.config.unk_token = "<s>", "</s>", "<unk>"
    spec.validate()
    spec.optimize(quantization=shape.quantization)
    return spec


def _zeros(*shape: int) -> Array:
    return np.zeros(shape, np.float32)


def _places(shape: Shape, shift: int) -> Array:
    """Sinusoids of many lengths: the product of two places is largest where they are the same."""
    angles = np.outer(np.arange(_POSITIONS) + shift, 2 * np.pi / np.geomspace(3, 2000, _PLACE // 2))
    places = _zeros(_POSITIONS, shape.size)
    places[:, _CODE : _CODE + _PLACE] = 2 * np.concatenate([np.cos(angles), np.sin(angles)], axis=1)
    return places


def _norm(spec: Any, shape: Shape) -> None:
    spec.gamma, spec.beta = np.ones(shape.size, np.float32), _zeros(shape.size)


def _linear(spec: Any, shape: Shape, outputs: int, inputs: int) -> None:
    spec.weight, spec.bias = shape.unused(outputs, inputs), _zeros(outputs)


def _feed_forward(spec: Any, shape: Shape) -> None:
    _norm(spec.layer_norm, shape)
    _linear(spec.linear_0, shape, shape.inner, shape.size)
    _linear(spec.linear_1, shape, shape.size, shape.inner)


def _attention(spec: Any, shape: Shape, times: Iterable[int]) -> None:
    _norm(spec.layer_norm, shape)
    for linear, count in zip(spec.linear, times, strict=True):
        _linear(linear, shape, count * shape.size, shape.size)


def _look_at_places(spec: Any, shape: Shape) -> None:
    """In every head queries and keys are places; the value is the token's code."""
    query, key_value, out = (linear.weight for linear in spec.linear)
    places = slice(_CODE, _CODE + _PLACE)
    for head in range(0, shape.size, shape.size // shape.heads):
        query[head : head + _PLACE, places] = key_value[head : head + _PLACE, places] = _SHARPNESS * np.eye(_PLACE)
    key_value[shape.size : shape.size + _CODE, :_CODE] = np.eye(_CODE)
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
