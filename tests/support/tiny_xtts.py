"""A small XTTS in the files of the real one, with weights that are computed instead of learnt.

Its speech is noise, but as long as its text: one attention head carries the position of the end of the text to every
audio code, and the stop code outweighs the others where the codes have passed it by `CODES_PER_TOKEN`.
"""

from pathlib import Path
from typing import Any

import torch
from tokenizers import AddedToken, Tokenizer, models, pre_tokenizers
from TTS.tts.configs.xtts_config import XttsArgs, XttsConfig
from TTS.tts.layers.xtts.tokenizer import VoiceBpeTokenizer
from TTS.tts.models.xtts import Xtts

CODES_PER_TOKEN = 1.25  # of ordinary speech: 21.5 codes and about 17.5 letters a second

_LANGUAGES = ("en", "es", "fr", "de", "zh-cn", "ko", "ja")
_WIDTH, _START, _STOP = 64, 64, 65
_ONE, _IS_END, _TEXT_AT, _END_AT, _CODE_AT = range(5)  # channels with a meaning
_LOUD = 8.0  # what dominates every layer norm, so that the rest passes through it in proportion
_STEP = 0.005  # of a position
_SHARPNESS = 150.0  # of the end: chance moves it by some codes


def build_xtts(folder: Path, *, stops: bool = True, languages: tuple[str, ...] = _LANGUAGES) -> Path:
    """Write the model into `folder`; without `stops` it never finds the end of a text."""
    folder.mkdir(parents=True)
    _write_vocabulary(folder / "vocab.json", languages)
    args = XttsArgs(
        gpt_layers=2,
        gpt_n_model_channels=_WIDTH,
        gpt_n_heads=2,
        gpt_num_audio_tokens=66,
        gpt_start_audio_token=_START,
        gpt_stop_audio_token=_STOP,
        gpt_use_perceiver_resampler=True,
        decoder_input_dim=_WIDTH,
        tokenizer_file=str(folder / "vocab.json"),
    )
    config = XttsConfig(model_args=args, languages=list(_LANGUAGES))
    torch.manual_seed(0)
    net = Xtts(config)
    net.tokenizer = VoiceBpeTokenizer(folder / "vocab.json")
    net.init_models()
    with torch.no_grad():
        _script(net.gpt, _SHARPNESS if stops else 0.0)
    torch.save({"model": net.state_dict(), "config": config.to_dict()}, folder / "model.pth")
    config.save_json(str(folder / "config.json"))
    return folder


def _write_vocabulary(path: Path, languages: tuple[str, ...]) -> None:
    special = ["[STOP]", "[UNK]", "[SPACE]", *(f"[{name}]" for name in languages), "[START]"]
    letters = [*"abcdefghijklmnopqrstuvwxyz0123456789.,!?'-;:", *map(chr, range(0xE0, 0x100))]
    vocabulary = {token: index for index, token in enumerate([*special, *letters])}
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=[], unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.add_special_tokens([AddedToken(token, special=True, normalized=False) for token in special])
    tokenizer.save(str(path))


def _script(gpt: Any, sharpness: float) -> None:
    gpt.conditioning_perceiver.norm.gamma.zero_()  # the speaker is heard in the timbre only
    for table in (gpt.text_embedding, gpt.mel_embedding):
        table.weight.normal_(0.0, 0.3)
        table.weight[:, :8] = 0.0
        table.weight[:, _ONE] = _LOUD
    gpt.text_embedding.weight[gpt.stop_text_token, _IS_END] = _LOUD
    for table, channel in ((gpt.text_pos_embedding.emb, _TEXT_AT), (gpt.mel_pos_embedding.emb, _CODE_AT)):
        table.weight.zero_()
        table.weight[:, channel] = _STEP * torch.arange(len(table.weight))
    for block in gpt.gpt.h:
        for part in (block.attn.c_attn, block.attn.c_proj, block.mlp.c_proj):
            part.weight.zero_()
            part.bias.zero_()
    look = gpt.gpt.h[0].attn
    look.c_attn.weight[_ONE, 0] = 1.0  # query: anything
    look.c_attn.weight[_IS_END, _WIDTH] = 8.0  # key: the end of the text
    look.c_attn.weight[_TEXT_AT, 2 * _WIDTH] = 1.0  # value: where it is
    # The layer norm has taken the mean off that value and divided it by the spread, which `_LOUD` in two channels sets.
    mean, spread = 2 * _LOUD / _WIDTH, _LOUD * (2 / _WIDTH) ** 0.5
    look.c_proj.weight[0, _END_AT] = spread
    look.c_proj.bias[_END_AT] = mean
    gpt.mel_head.weight.normal_(0.0, 0.3)
    gpt.mel_head.bias.zero_()
    stop = gpt.mel_head.weight[_STOP]
    stop.zero_()
    stop[_CODE_AT], stop[_END_AT] = sharpness, -sharpness * CODES_PER_TOKEN
    if not sharpness:
        gpt.mel_head.bias[_STOP] = -1e4
