"""A translator that knows the phrases of the dialogues by heart, each in a natural, a shorter and a longer form.

It stands where an engine with n-best candidates would: what is measured is what the product makes of alternatives,
not how well a model translates. Loaded like any engine of another package, by its entry point.
"""

from collections.abc import Collection
from pathlib import Path

from benchmarks.quality.dialogues import phrases
from services.translator.engines import Passage, Traits, Translation
from services.translator.settings import TranslatorSettings
from shared.messaging import EngineInfo
from shared.pipeline import CancelToken, Stage


class Phrasebook:
    """See `services.translator.engines.Translator`."""

    info = EngineInfo(
        stage=Stage.TRANSLATION,
        port="translator",
        name="phrasebook",
        version="1",
        licence="Apache-2.0",
        commercial_use=True,
        pairs=(("en", "es"), ("en", "fr")),
    )
    traits = Traits(batch_lines=32, n_best=3)

    def names(self, found: Collection[str], source: str, target: str, cancel: CancelToken) -> frozenset[str]:
        """None: whole phrases are known."""
        return frozenset()

    def translate(self, passage: Passage, cancel: CancelToken) -> list[Translation]:
        """Look the lines up."""
        return [Translation(line.index, tuple(phrases()[line.text][passage.target])) for line in passage.lines]

    def close(self) -> None:
        """Nothing to let go of."""


def create(settings: TranslatorSettings) -> Phrasebook:
    """The entry point."""
    return Phrasebook()


def install(folder: Path) -> Path:
    """Write the metadata of a distribution that offers the phrasebook; `folder` belongs on PYTHONPATH."""
    info = folder / "localclip_phrasebook-1.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: localclip-phrasebook\nVersion: 1\n", encoding="utf-8")
    entry = "[localclip.engines.translator]\nphrasebook = benchmarks.quality.phrasebook:create\n"
    (info / "entry_points.txt").write_text(entry, encoding="utf-8")
    return folder
