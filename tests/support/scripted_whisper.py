"""A Whisper that says what a test tells it to: a real CTranslate2 model whose weights are computed, not trained.

Attention and feed-forward weights are zero, so the decoder is a chain: the embedding of a token is a random code, and
the projection of its successor holds the same code. The other dimensions hold the position, and cross-attention looks
only at them: text token n looks at the 0.4 s of sound from 0.4 n on, so word times are exact. Built in some 20 ms.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
from ctranslate2.specs import WhisperSpec
from numpy.typing import NDArray
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers

WORD_S = 0.4
LANGUAGES = ("en", "ko", "ja", "fr", "de", "es", "id", "zh")
_END, _START, _TASK, _PLAIN = "<|endoftext|>", "<|startoftranscript|>", "<|transcribe|>", "<|notimestamps|>"
_SILENCE = "<|nospeech|>"
_MULTILINGUAL = ""  # CTranslate2 takes a model for multilingual when its vocabulary has the empty token
_CODE, _PLACE = 64, 32
_SIZE = _CODE + _PLACE
_FRAMES, _POSITIONS = 1500, 448
_FRAMES_OF_WORD = 20
_FOCUS = 1.8  # less, and few words in 30 s drift apart; more, and many in a short sound do

Array = NDArray[np.float32]


@dataclass(frozen=True)
class Script:
    """What the model says, whatever it hears; no word twice, for a word decides the next.

    "|" stands between the pieces of a word, of which the first alone has a space before it ("cold|-|blooded").

    `gain` is how sure it is: 0.4 is very sure, 0.1 is not. `loop` begins again after the last word, for ever.
    `silence` makes it sure that nobody speaks, though it says its words all the same. `mels` is 80 or 128.
    """

    text: str = "hello brave new world"
    language: str = "en"
    languages: Sequence[str] = LANGUAGES
    gain: float = 0.4
    loop: bool = False
    silence: bool = False
    mels: int = 80


def build_whisper(folder: Path, script: Script | None = None) -> Path:
    """Write a model that says `script` into `folder`, as `localclip models pull` would, and return the folder."""
    script = script or Script()
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer = _tokenizer(script)
    words = [tokenizer.id_to_token(number) for number in range(tokenizer.get_vocab_size())]
    vocabulary = [*words, *(f"<|{number * 0.02:.2f}|>" for number in range(1501))]
    _model(script, vocabulary).save(str(folder))
    tokenizer.save(str(folder / "tokenizer.json"))
    features = {
        "feature_size": script.mels,
        "sampling_rate": 16000,
        "hop_length": 160,
        "chunk_length": 30,
        "n_fft": 400,
    }
    (folder / "preprocessor_config.json").write_text(json.dumps(features))
    return folder


def _tokenizer(script: Script) -> Tokenizer:
    spoken = _pieces(script)
    if len(set(spoken)) != len(spoken):
        raise ValueError("a word decides the next, so no word may be said twice")
    several = [_MULTILINGUAL] if _is_multilingual(script) else []
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    plain = [*letters, *(piece for piece in spoken if piece not in letters), *several]
    tokenizer = Tokenizer(models.BPE(vocab={token: number for number, token in enumerate(plain)}, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tongues = [f"<|{code}|>" for code in script.languages]
    special = [_END, _START, *tongues, "<|translate|>", _TASK, "<|startoflm|>", "<|startofprev|>", _SILENCE, _PLAIN]
    tokenizer.add_special_tokens([AddedToken(token, special=True, normalized=False) for token in special])
    return tokenizer


def _pieces(script: Script) -> list[str]:
    """Its tokens."""
    return [
        ("" if number else "Ġ") + _as_bytes(piece)
        for word in script.text.split()
        for number, piece in enumerate(word.split("|"))
    ]


def _is_multilingual(script: Script) -> bool:
    return len(script.languages) > 1


def _as_bytes(word: str) -> str:
    """A word as a byte-level vocabulary writes it: other letters than English ones are several bytes."""
    ((written, _),) = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False).pre_tokenize_str(word)
    return written


def _chain(script: Script) -> Iterable[tuple[str, str]]:
    """Which token follows which."""
    said = _pieces(script)
    ends = [said[0]] if script.loop else [f"<|{WORD_S * len(said):.2f}|>", _END]
    if _is_multilingual(script):
        yield _START, f"<|{script.language}|>"
        yield from ((f"<|{code}|>", _TASK) for code in script.languages)
    yield _PLAIN, said[0]  # asked for without times
    yield from pairwise([_TASK if _is_multilingual(script) else _START, "<|0.00|>", *said, *ends])


def _codes(script: Script, ids: dict[str, int]) -> tuple[Array, Array]:
    """Embeddings and projection that make the chain."""
    random = np.random.default_rng(0)
    embeddings, projection = (np.zeros((len(ids), _SIZE), np.float32) for _ in range(2))
    codes: dict[str, Array] = {}
    for token, successor in _chain(script):
        if token not in codes:
            codes[token] = random.choice([-1.0, 1.0], _CODE).astype(np.float32)
            codes[token][-1] = 0
            embeddings[ids[token], :_CODE] = codes[token]
        projection[ids[successor], :_CODE] += script.gain * codes[token] * (4 if successor == _END else 1)
    if script.silence:
        projection[ids[_SILENCE], :_CODE] += 2 * codes[_START]
    projection[:, _CODE - 1] = 0
    # CTranslate2 stops once beam_size beams have ended, so ending must be unlikely unless the script says so; the
    # last layer norm keeps this dimension at 1.
    projection[ids[_END], _CODE - 1] = -60
    return embeddings, projection


def _places(frames: NDArray[np.int64]) -> Array:
    """Code of positions in the sound: like ones for near ones."""
    turns = np.outer(frames, 2 * np.pi / np.geomspace(24, 6000, _PLACE // 2))
    return np.hstack([np.zeros((len(frames), _CODE)), np.cos(turns), np.sin(turns)]).astype(np.float32)


def _model(script: Script, vocabulary: Sequence[str]) -> WhisperSpec:
    ids = {token: number for number, token in enumerate(vocabulary)}
    spec = WhisperSpec(1, 2, 1, 2)
    encoder, decoder = spec.encoder, spec.decoder
    for convolution, channels in ((encoder.conv1, script.mels), (encoder.conv2, _SIZE)):
        convolution.weight, convolution.bias = np.zeros((_SIZE, channels, 3), np.float32), np.zeros(_SIZE, np.float32)
    encoder.position_encodings.encodings = _places(np.arange(_FRAMES))
    before = 3 if _is_multilingual(script) else 1  # start, language and task come before the text, or the start alone
    decoder.position_encodings.encodings = _places(
        _FRAMES_OF_WORD * (np.arange(_POSITIONS) - before) + _FRAMES_OF_WORD // 2
    )
    decoder.embeddings.weight, decoder.projection.weight = _codes(script, ids)
    for part in (encoder, decoder):
        _norm(part.layer_norm)
        for layer in part.layer:
            _attention(layer.self_attention, (3 * _SIZE, _SIZE))
            _norm(layer.ffn.layer_norm)
            _linear(layer.ffn.linear_0, _SIZE)
            _linear(layer.ffn.linear_1, _SIZE)
    decoder.layer_norm.beta[_CODE - 1] = 1
    for layer in decoder.layer:
        _attention(layer.attention, (_SIZE, 2 * _SIZE, _SIZE))
        for weight in (layer.attention.linear[0].weight, layer.attention.linear[1].weight):
            for head in (0, _SIZE // 2):
                weight[head : head + _PLACE, _CODE:] = _FOCUS * np.eye(_PLACE)
    spec.register_vocabulary(list(vocabulary))
    spec.config.suppress_ids, spec.config.suppress_ids_begin = [], [ids[_END]]
    spec.config.lang_ids = [ids[f"<|{code}|>"] for code in script.languages]
    spec.config.alignment_heads = [[0, 0], [0, 1]]
    spec.validate()
    spec.optimize()
    return spec


def _norm(spec) -> None:  # type: ignore[no-untyped-def]  (a layer of CTranslate2's untyped specs)
    spec.gamma, spec.beta = np.ones(_SIZE, np.float32), np.zeros(_SIZE, np.float32)


def _linear(spec, outputs: int) -> None:  # type: ignore[no-untyped-def]
    spec.weight, spec.bias = np.zeros((outputs, _SIZE), np.float32), np.zeros(outputs, np.float32)


def _attention(spec, outputs: Sequence[int]) -> None:  # type: ignore[no-untyped-def]
    _norm(spec.layer_norm)
    for linear, size in zip(spec.linear, outputs, strict=True):
        _linear(linear, size)
