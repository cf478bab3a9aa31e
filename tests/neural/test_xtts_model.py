"""The XTTS network behind the engine: many texts at once give what each gives alone."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from services.cloner.engines import Voice
from shared.pipeline import PermanentError

if TYPE_CHECKING:
    from services.cloner.engines._xtts_model import Draw, XttsModel

TEXTS = [
    ("en", "Good morning."),
    ("en", "The quick brown fox jumps over the lazy dog near the river."),
    ("fr", "Le conseil a voté."),
    ("ko", "오늘은 서울에 가요."),
    ("ja", "東京へ行きます。"),
    ("es", "No."),
    ("zh", "今天天气很好。"),
]


@pytest.fixture(scope="module")
def draws(clip: Callable[[str], Path]) -> "list[Draw]":
    """Texts of different length and language, of two speakers."""
    from services.cloner.engines._xtts_model import Draw

    voices = [Voice(key=name, reference=clip(name)) for name in ("anna", "bert")]
    return [Draw(text, code, voices[n % 2], longest=300, seed=n) for n, (code, text) in enumerate(TEXTS)]


def network(folder: Path, *, sample: bool = True) -> "XttsModel":
    from services.cloner.engines._xtts_model import XttsModel

    return XttsModel(folder, "cpu", sample=sample)


@pytest.mark.parametrize("sample", [False, True], ids=["greedy", "sampled"])
def test_a_batch_gives_each_text_what_it_has_alone(xtts_folder: Path, draws: "list[Draw]", *, sample: bool) -> None:
    """Bit for bit, in any order and company; sampling too, as each row has a generator of its own."""
    model = network(xtts_folder, sample=sample)
    alone = [model.run([draw])[0] for draw in draws]
    assert model.run(draws) == alone
    assert model.run(draws[::-1]) == alone[::-1]
    assert model.run(draws[2:5]) == alone[2:5]
    assert all(one.ended for one in alone)


def test_greedy_codes_are_those_of_the_library(xtts_folder: Path, draws: "list[Draw]") -> None:
    """Coqui's own decoder, one text at a time, is the reference; codes and sound."""
    import torch

    from services.cloner.engines._xtts_model import Render

    model = network(xtts_folder, sample=False)
    net = model._net
    for draw, found in zip(draws, model.run(draws), strict=True):
        latents, timbre = model._speaker(draw.voice)
        with torch.inference_mode():
            tokens = model._tokens(draw.text, draw.language)
            codes = net.gpt.generate(latents, tokens, do_sample=False, repetition_penalty=2.0)
        assert found.codes == tuple(codes[0].tolist())
        if draw.language in ("en", "es"):  # the vocoder takes a second for each
            theirs = net.inference(
                draw.text, draw.language, latents, timbre, do_sample=False, repetition_penalty=2.0, speed=1.25
            )["wav"]
            (ours,) = model.run([Render(draw.text, draw.language, draw.voice, found.codes, 1.25)])
            np.testing.assert_array_equal(ours, theirs)


def test_another_seed_is_another_draw(xtts_folder: Path, draws: "list[Draw]") -> None:
    """The same one the same draw."""
    from dataclasses import replace

    model = network(xtts_folder)
    seeds = [replace(draws[1], seed=seed) for seed in (1, 2, 3, 1)]
    found = model.run(seeds)
    assert found[0] == found[3]
    assert len({one.codes for one in found}) == 3


def test_each_text_ends_at_its_own_limit(xtts_folder: Path, draws: "list[Draw]") -> None:
    """A row that is stopped is not taken for one that ended, whatever the others do."""
    from dataclasses import replace

    model = network(xtts_folder, sample=False)
    whole, short = model.run([draws[1], replace(draws[1], longest=20)])
    assert (short.codes, short.ended) == (whole.codes[:20], False)
    assert whole.ended
    assert len(whole.codes) > 20


def test_a_text_is_refused_before_it_breaks_the_network(xtts_folder: Path, draws: "list[Draw]") -> None:
    """Few characters may be many tokens: numbers are spoken out."""
    from dataclasses import replace

    with pytest.raises(PermanentError, match="too long when numbers and signs are spoken out"):
        network(xtts_folder).run([replace(draws[0], text="9876543210987654321 " * 8)])


def test_a_checkpoint_as_published_is_only_read(xtts_folder: Path, draws: "list[Draw]", tmp_path: Path) -> None:
    """The original carries a pickled configuration, which upstream writes back without it: a mount may be read-only."""
    import torch
    from TTS.tts.configs.xtts_config import XttsConfig
    from TTS.tts.models import xtts

    folder = tmp_path / "published"
    folder.mkdir()
    for name in ("config.json", "vocab.json"):
        (folder / name).write_bytes((xtts_folder / name).read_bytes())
    config = XttsConfig()
    config.load_json(str(folder / "config.json"))
    checkpoint = torch.load(xtts_folder / "model.pth", weights_only=True)
    with xtts._legacy_safe_globals():  # under the names that the classes had then
        torch.save({"model": checkpoint["model"], "config": config}, folder / "model.pth")
    before = hashlib.sha256((folder / "model.pth").read_bytes()).digest()
    assert network(folder).run(draws[:2]) == network(xtts_folder).run(draws[:2])
    assert hashlib.sha256((folder / "model.pth").read_bytes()).digest() == before


def test_a_language_without_a_token_is_not_offered(tmp_path: Path) -> None:
    """An unknown token would become [UNK], and the network would speak anyway."""
    from tests.support.tiny_xtts import build_xtts

    folder = build_xtts(tmp_path / "two", languages=("en", "fr"))
    assert network(folder).languages({"en": "One.", "fr": "Un.", "de": "Eins.", "id": "Satu."}) == ("en", "fr")
