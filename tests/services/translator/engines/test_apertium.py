"""The installed Apertium: which pairs it gives, and how its kept processes live and die."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator

import psutil
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.translator.engines import Line, Passage
from services.translator.engines._modes import Mode
from services.translator.engines._pipeline import KeptPipeline
from services.translator.engines.apertium import ApertiumTranslator
from shared.pipeline import Canceled, CancelToken, TransientError
from shared.testing import wait_until

TEXTS = ["He saw it", "the dog barks", "She bought 25 apples for $3.50.", "Where are you?", "\\[odd] ^/$ <text>", "…"]


def ask(engine: ApertiumTranslator, texts: list[str], source: str = "en", to: str = "es") -> list[str]:
    lines = tuple(Line(index, text, 80) for index, text in enumerate(texts))
    answers = engine.translate(Passage(source, to, lines), CancelToken())
    assert [answer.index for answer in answers] == list(range(len(texts)))
    return [answer.candidates[0] for answer in answers]


def leader(engine: ApertiumTranslator, source: str = "en", target: str = "es") -> psutil.Process:
    """The shell of the kept pipeline of one direction."""
    (pid,) = [kept.pid for mode, kept in engine._pipelines.items() if (mode.source, mode.target) == (source, target)]
    return psutil.Process(pid)


def is_alive(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:  # it went between the two questions
        return False


@pytest.fixture
def fresh() -> Iterator[ApertiumTranslator]:
    """An engine of its own for tests that do harm."""
    engine = ApertiumTranslator()
    yield engine
    engine.close()


@pytest.mark.parametrize(
    ("source", "to", "text", "expected"),
    [
        ("en", "es", "The house is big.", "La casa es grande."),
        ("es", "en", "La casa es grande.", "The house is big."),
        ("en", "fr", "The house is big.", "La maison est grande."),
        ("fr", "en", "La maison est grande.", "The home is big."),
    ],
)
def test_every_announced_pair_translates(
    apertium: ApertiumTranslator, source: str, to: str, text: str, expected: str
) -> None:
    """Directly, or over Catalan."""
    assert apertium.info.pairs == (("en", "es"), ("en", "fr"), ("es", "en"), ("fr", "en"))
    assert ask(apertium, [text], source, to)[0].lower() == expected.lower()


@pytest.mark.parametrize(("source", "to"), [("en", "es"), ("en", "fr"), ("es", "en"), ("fr", "en")])
def test_a_line_is_translated_alike_whatever_came_before_it(apertium: ApertiumTranslator, source: str, to: str) -> None:
    """The kept process remembers nothing, so a job that is done again gives the same result."""
    assert ask(apertium, TEXTS, source, to) == ask(apertium, TEXTS[::-1], source, to)[::-1]


@settings(max_examples=60, deadline=None)
@given(texts=st.lists(st.text(max_size=80), min_size=1, max_size=4))
def test_no_text_ends_the_process_or_shifts_the_answers(apertium: ApertiumTranslator, texts: list[str]) -> None:
    """Special characters of the stream format, control characters, any script."""
    assert ask(apertium, [*texts, "The house is big."])[-1] == "La casa es grande."


def test_a_very_long_line_does_not_block(apertium: ApertiumTranslator) -> None:
    """More than the pipes hold, in both directions."""
    text = "the house is big and " * 4_000
    assert ask(apertium, [text])[0].count("casa") == 4_000


def test_known_names_are_told_from_places_and_words(apertium: ApertiumTranslator) -> None:
    """By the dictionary's own readings."""
    found = {"Smith", "John Baker", "Zorblax", "London", "Monday", "English", "President", "New York", "Google"}
    assert apertium.names(found, "en", "es", CancelToken()) == {"Smith", "John Baker", "Zorblax", "Google"}


def test_a_process_that_died_is_replaced(fresh: ApertiumTranslator) -> None:
    """The next line does not notice."""
    ask(fresh, ["The door is open."])
    died = leader(fresh)
    os.killpg(died.pid, signal.SIGKILL)
    assert ask(fresh, ["The house is big."]) == ["La casa es grande."]
    assert leader(fresh) != died


def test_one_member_that_died_is_replaced_with_all_others(fresh: ApertiumTranslator) -> None:
    """A pipeline with a gap ends. Which programs it has differs by version of the data."""
    ask(fresh, ["The door is open."])
    everyone = [leader(fresh), *leader(fresh).children()]
    everyone[len(everyone) // 2].kill()
    assert ask(fresh, ["The house is big."]) == ["La casa es grande."]
    wait_until(lambda: not any(is_alive(process) for process in everyone), 60, "the pipeline with a gap to end")


def test_a_process_that_hangs_is_given_up_and_replaced(
    fresh: ApertiumTranslator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stopped process answers never."""
    patient_s, start = fresh._timeout_s, fresh._start

    def start_patiently(mode: Mode) -> KeptPipeline:
        fresh._timeout_s = patient_s  # a dozen programs start: only the stopped ones are given up soon
        return start(mode)

    ask(fresh, ["The door is open."])
    everyone = [leader(fresh), *leader(fresh).children()]
    os.killpg(everyone[0].pid, signal.SIGSTOP)
    fresh._timeout_s = 0.5
    monkeypatch.setattr(fresh, "_start", start_patiently)
    assert ask(fresh, ["The house is big."]) == ["La casa es grande."]
    wait_until(lambda: not any(is_alive(process) for process in everyone), 60, "the stopped pipeline to end")


def test_cancel_reaches_a_process_that_hangs(fresh: ApertiumTranslator) -> None:
    """And the answer that was under way is not taken for the next one's."""
    ask(fresh, ["The door is open."])
    os.killpg(leader(fresh).pid, signal.SIGSTOP)
    token = CancelToken()
    threading.Timer(0.1, token.cancel, ("enough",)).start()
    with pytest.raises(Canceled):
        fresh.translate(Passage("en", "es", (Line(0, "the dog", 80),)), token)
    assert ask(fresh, ["The house is big."]) == ["La casa es grande."]


def test_a_line_too_slow_for_a_new_process_fails(apertium: ApertiumTranslator) -> None:
    """It is not tried for ever."""
    hurried = ApertiumTranslator(timeout_s=0.0)
    with pytest.raises(TransientError, match="in time"):
        ask(hurried, ["The door is open."])
    hurried.close()


def test_pipelines_are_kept_few_and_end_with_their_engine() -> None:
    """The one that was used longest ago makes room."""
    engine = ApertiumTranslator()
    before = set(psutil.Process().children())
    for source, to in (("en", "es"), ("es", "en"), ("en", "fr"), ("en", "fr")):
        ask(engine, ["a"], source, to)
    assert len(set(psutil.Process().children()) - before) == 3
    engine.close()
    wait_until(lambda: not set(psutil.Process().children()) - before, 60, "all pipelines to end")


def test_pipelines_outlive_the_thread_that_started_them(fresh: ApertiumTranslator) -> None:
    """Every job is a thread of its own."""
    worker = threading.Thread(target=ask, args=(fresh, ["The door is open."]))
    worker.start()
    worker.join()
    kept = leader(fresh)
    assert ask(fresh, ["The house is big."]) == ["La casa es grande."]
    assert leader(fresh) == kept


def test_pipelines_end_when_their_owner_is_killed() -> None:
    """They are no child of anybody then, and would stay for ever."""
    script = (
        "import time\n"
        "from services.translator.engines import Line, Passage\n"
        "from services.translator.engines.apertium import ApertiumTranslator\n"
        "from shared.pipeline import CancelToken\n"
        "engine = ApertiumTranslator()\n"
        "engine.translate(Passage('en', 'es', (Line(0, 'The door is open.', 80),)), CancelToken())\n"
        "print('ready', flush=True)\n"
        "time.sleep(60)\n"
    )
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE) as owner:
        assert owner.stdout is not None
        assert owner.stdout.readline() == b"ready\n"
        kept = psutil.Process(owner.pid).children(recursive=True)
        owner.kill()
    assert len(kept) > 10
    wait_until(lambda: not any(is_alive(process) for process in kept), 60, "the pipeline to end")
