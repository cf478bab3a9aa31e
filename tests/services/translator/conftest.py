"""Engines and jobs for the translator's tests."""

from collections.abc import Callable, Collection, Iterator
from pathlib import Path

import pytest

from services.translator.engines import Passage, Traits, Translation
from services.translator.engines.apertium import ApertiumTranslator
from shared.messaging import EngineInfo, JobContext, SourceLine, TranslateLines
from shared.pipeline import CancelToken, ErrorCode, PermanentError, Stage
from shared.storage import DirectoryStore


class ShoutingTranslator:
    """An engine in memory: answers in capitals, in reverse order, and fails on passages that hold a bad word."""

    def __init__(self, bad: str = "\0", batch_lines: int = 4, pairs: tuple[tuple[str, str], ...] = ()) -> None:
        self.info = EngineInfo(
            stage=Stage.TRANSLATION,
            port="translator",
            name="Shouting",
            version="1",
            licence="Apache-2.0",
            commercial_use=True,
            pairs=pairs,
            hint="shout louder",
        )
        self.traits = Traits(batch_lines=batch_lines, uses_context=True)
        self.passages: list[Passage] = []
        self._bad = bad

    def names(self, found: Collection[str], source: str, target: str, cancel: CancelToken) -> frozenset[str]:
        return frozenset()

    def translate(self, passage: Passage, cancel: CancelToken) -> list[Translation]:
        self.passages.append(passage)
        if any(self._bad in line.text for line in passage.lines):
            raise PermanentError(ErrorCode.ENGINE_FAILED, "a bad word")
        return [Translation(line.index, (line.text.upper(),)) for line in reversed(passage.lines)]

    def close(self) -> None:
        pass


class VerboseTranslator(ShoutingTranslator):
    """An engine with several answers for every line: `forms`, into which the line's text is put."""

    def __init__(self, *forms: str, rewrites: bool = False) -> None:
        super().__init__()
        self.forms = forms
        self.traits = Traits(batch_lines=4, n_best=len(forms), stand_ins=("Kennedy", "Clinton"))
        self.info = self.info.model_copy(update={"rewrites": rewrites})

    def translate(self, passage: Passage, cancel: CancelToken) -> list[Translation]:
        self.passages.append(passage)
        if any("bad" in line.text for line in passage.lines):
            raise PermanentError(ErrorCode.ENGINE_FAILED, "a bad word")
        return [Translation(line.index, tuple(form.format(line.text) for form in self.forms)) for line in passage.lines]


@pytest.fixture(scope="session")
def apertium() -> Iterator[ApertiumTranslator]:
    """The installed Apertium."""
    engine = ApertiumTranslator()
    yield engine
    engine.close()


@pytest.fixture
def context(tmp_path: Path) -> JobContext:
    """The surroundings of one job."""
    return JobContext(DirectoryStore(tmp_path / "store"), tmp_path)


@pytest.fixture
def job() -> Callable[..., TranslateLines]:
    """Make a job of texts; a pair (text, provided) is a line that a person translated."""

    def make(*texts: str | tuple[str, str], source: str = "en", to: str = "es", **fields: object) -> TranslateLines:
        pairs = [(text, None) if isinstance(text, str) else text for text in texts]
        lines = [
            SourceLine(segment_id=f"s{number:04}", text=text, speaker_id="A", slot_s=3, max_chars=80, provided=provided)
            for number, (text, provided) in enumerate(pairs, 1)
        ]
        document = {"task_id": "t", "language": to, "attempt": 1, "source_language": source, "lines": lines, **fields}
        return TranslateLines.model_validate(document)

    return make
