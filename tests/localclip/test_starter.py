"""`up` and `demo` fetch the starter set, say so first, and go on without it when they cannot."""

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from localclip.starter import ensure_starter
from shared.models import STARTER, File, HubFile, Model, ModelSettings, catalogued
from tests.localclip.hub_server import HubServer, Repository

NET = b"a very small network"


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[HubServer]:
    """A hub that has all of a very small starter set, on a machine with a profile of `auto`."""
    server = HubServer()
    server.repositories["some/net"] = Repository({"net.bin": NET})
    monkeypatch.setenv("HF_ENDPOINT", server.url)
    monkeypatch.setenv("LOCALCLIP_PROFILE", "auto")
    small = {name: _small(name) for name in ("whisper-base", "kokoro")}
    monkeypatch.setattr("localclip.weights.catalogued", small.get)
    yield server
    server.stop()


def _small(name: str) -> Model:
    file = File("net.bin", len(NET), hashlib.sha256(NET).hexdigest(), (HubFile("some/net", "abc", "net.bin"),))
    return Model(
        name, "engine", "some/net", 1, "MIT", True, ("net.bin",), ("net.bin",), contents=(file,), improves="is small"
    )


@pytest.fixture
def ensure(tmp_path: Path) -> Callable[..., tuple[list[str], list[str]]]:
    def run(**more: bool) -> tuple[list[str], list[str]]:
        told: list[str] = []
        warned: list[str] = []
        ensure_starter(told.append, warned.append, ModelSettings(models_dir=tmp_path / "models", **more))
        return told, warned

    return run


Ensure = Callable[..., tuple[list[str], list[str]]]


def test_it_is_fetched_once_after_saying_so(hub: HubServer, ensure: Ensure, tmp_path: Path) -> None:
    """What, from where, how large, and how not to; the second time there is nothing to say."""
    told, warned = ensure()
    assert warned == []
    assert told[0].startswith("fetching the starter set, 2 MB, once, from the Hugging Face hub into ")
    assert "LOCALCLIP_OFFLINE=true: never" in told[0]
    assert "whisper-base, 1 MB, which is small" in told[0]
    assert (tmp_path / "models/kokoro/net.bin").read_bytes() == NET
    assert ensure() == ([], [])


def test_without_network_work_goes_on(hub: HubServer, ensure: Ensure, monkeypatch: pytest.MonkeyPatch) -> None:
    """With what is missing, and the command for later."""
    monkeypatch.setattr("localclip.hub.time.sleep", lambda _: None)
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    told, (warning,) = ensure()
    assert len(told) == 1
    assert warning.startswith("whisper-base could not be fetched: no source has net.bin")
    assert warning.endswith("going on with engines that need no weights; later: localclip models pull starter")


def test_offline_fetches_nothing_and_says_so(hub: HubServer, ensure: Ensure) -> None:
    """Whoever cut the network off knows why, but not what that costs."""
    told, (warning,) = ensure(offline=True)
    assert told == []
    assert "whisper-base, kokoro is missing" in warning
    assert hub.requests == []


@pytest.mark.parametrize("profile", ["embedded", "neural"])
def test_other_profiles_want_none(
    profile: str, hub: HubServer, ensure: Ensure, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They have engines of their own."""
    monkeypatch.setenv("LOCALCLIP_PROFILE", profile)
    assert ensure() == ([], [])
    assert hub.requests == []


def test_what_does_not_fit_is_not_fetched(hub: HubServer, ensure: Ensure, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine with little memory would not load it."""
    monkeypatch.setattr("localclip.starter.has_room", lambda model: False)
    assert ensure() == ([], [])


def test_the_real_set_is_small_and_confirmed() -> None:
    """Under 350 MB, and every byte known beforehand from more than one place."""
    models = [catalogued(name) for name in ("whisper-base", "kokoro")]
    assert sum(model.size_mb for model in models if model) <= 350
    assert all(model and all(len(file.sources) > 1 for file in model.contents) for model in models)
    assert STARTER == ("whisper-base", "kokoro")
