"""A task keeps to the voice it began with, on real engines: what is better today is asked for by nobody."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from services.cloner.dubbing import Dubbing
from services.cloner.engines import Synthesizer, create_synthesizers, open_synthesizer
from services.cloner.settings import ClonerSettings
from shared.messaging import CloneLines, EngineChoice, JobContext, LineToSpeak
from shared.models import ModelSettings
from shared.pipeline import ErrorCode, PermanentError
from tests.support.real_weights import real_weights

Job = Callable[..., CloneLines]
Line = Callable[..., LineToSpeak]
ESPEAK = EngineChoice(port="voice", engine="espeak-ng")


def test_kokoro_comes_and_the_line_keeps_its_voice(job: Job, line: Line, context: JobContext) -> None:
    """A task begun without weights says its line in the same take; one that is upgraded has another voice."""
    models = real_weights("kokoro")
    embedded = create_synthesizers(ClonerSettings(profile="embedded"))
    asked = job("es", line("Buenos días.", 2.0))
    began = Dubbing(embedded).run(asked, context)
    assert began.chosen == ESPEAK
    with_kokoro = create_synthesizers(ClonerSettings(synthesizer="kokoro,espeak-ng"), models)
    after = Dubbing(with_kokoro)
    again = after.run(asked.model_copy(update={"kept": began.chosen}), context)
    assert [take.take_key for take in again.lines] == [take.take_key for take in began.lines]
    assert [engine.name for engine in again.engines] == ["espeak-ng"]
    new = after.run(asked, context)
    assert (new.chosen.engine, new.chosen.model, len(new.chosen.digest)) == ("kokoro", "kokoro", 40)
    assert new.lines[0].take_key != began.lines[0].take_key


def test_a_worker_without_it_opens_the_voice_a_task_keeps_to(job: Job, line: Line, context: JobContext) -> None:
    """Its weights lie there, and this worker speaks by others."""
    models = real_weights("kokoro")
    settings = ClonerSettings(profile="embedded")
    (kokoro,) = create_synthesizers(ClonerSettings(synthesizer="kokoro"), models)
    dubbing = Dubbing(create_synthesizers(settings), open_=lambda kept: open_synthesizer(kept, settings, models))
    asked = job("es", line("Buenos días.", 2.0)).model_copy(update={"kept": kokoro.info.choice()})
    assert [engine.name for engine in dubbing.run(asked, context).engines] == ["kokoro"]


@pytest.mark.parametrize(
    ("kept", "told"),
    [
        (EngineChoice(port="voice", engine="kokoro", model="kokoro"), "localclip models pull kokoro"),
        (EngineChoice(port="voice", engine="no-such"), "is not part of this build"),
        (EngineChoice(port="voice", engine="flite"), "does not speak Spanish"),
    ],
)
def test_a_voice_that_is_gone_is_told_with_the_way_out(
    kept: EngineChoice,
    told: str,
    job: Job,
    line: Line,
    context: JobContext,
    installed: dict[str, Synthesizer],
    tmp_path: Path,
) -> None:
    """No other voice takes its place."""
    settings, models = ClonerSettings(profile="embedded"), ModelSettings(models_dir=tmp_path)
    dubbing = Dubbing(list(installed.values()), open_=lambda one: open_synthesizer(one, settings, models))
    with pytest.raises(PermanentError, match=told) as raised:
        dubbing.run(job("es", line("Buenos días.")).model_copy(update={"kept": kept}), context)
    assert raised.value.code is ErrorCode.ENGINE_GONE
    assert "localclip engines" in raised.value.message


def test_other_weights_of_the_same_name_are_not_the_same(job: Job, line: Line, context: JobContext) -> None:
    """A digest that is known decides."""
    models = real_weights("kokoro")
    settings = ClonerSettings(synthesizer="kokoro")
    engines: Any = create_synthesizers(settings, models)
    kept = engines[0].info.choice().model_copy(update={"digest": "0" * 40})
    dubbing = Dubbing(engines, open_=lambda one: open_synthesizer(one, settings, models))
    with pytest.raises(PermanentError, match="other weights lie in its place"):
        dubbing.run(job("es", line("Hola.")).model_copy(update={"kept": kept}), context)
