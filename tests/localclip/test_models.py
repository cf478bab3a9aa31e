"""Weights are fetched from a hub, continued, checked, and never broken in their place."""

import hashlib
import json
import os
import random
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from filelock import FileLock

from localclip import weights
from localclip.errors import LocalClipError
from localclip.hub import Hub, Tell
from shared.models import CATALOGUE, Link, Model, ModelSettings, catalogued, find_model
from tests.localclip.hub_server import (
    REVISION,
    HubServer,
    Repository,
    busy,
    cut_after,
    send,
    send_all,
    send_changed,
)

WEIGHTS = random.Random(1).randbytes(50_000)
NAME = "nllb-200-600m"
FILES = {
    "config.json": b"{}",
    "model.bin": WEIGHTS,
    "shared_vocabulary.json": b'["<s>"]',
    "sentencepiece.bpe.model": random.Random(2).randbytes(2_000),
    "README.md": b"not wanted",
}


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[HubServer]:
    """A hub with one model on it."""
    server = HubServer()
    server.repositories[model().repository] = Repository(dict(FILES))
    yield server
    server.stop()


@pytest.fixture
def settings(tmp_path: Path) -> ModelSettings:
    return ModelSettings(models_dir=tmp_path / "models")


def model() -> Model:
    found = catalogued(NAME)
    assert found is not None
    return found


def nowhere() -> Hub:
    """A hub that cannot be reached."""
    return Hub("http://127.0.0.1:9", pause_s=0.0)


class Bars:
    """Keeps what progress was told."""

    def __init__(self) -> None:
        self.steps: dict[str, list[int]] = {}

    def begin(self, words: str, total: int, have: int) -> Tell:
        step = self.steps.setdefault(words, [total, have])

        def tell(count: int) -> None:
            step[1] += count

        return tell


def pull(server: HubServer, settings: ModelSettings, token: str = "", bars: Bars | None = None) -> weights.Pulled:
    with Hub(server.url, token, pause_s=0.0) as hub:
        return weights.pull(model(), settings, hub, (bars or Bars()).begin)


def check(settings: ModelSettings) -> dict[str, str]:
    return weights.check(model(), settings, Bars().begin)


def test_a_model_arrives_whole(hub: HubServer, settings: ModelSettings) -> None:
    """Only the files it needs, with a manifest beside them; then it is found by the services."""
    assert weights.state(model(), settings) == "absent"
    bars = Bars()
    pulled = pull(hub, settings, bars=bars)
    assert (pulled.fetched, pulled.manifest.revision) == (4, model().revision)
    folder = find_model(NAME, settings)
    assert folder == pulled.folder
    assert {path.name for path in folder.iterdir()} == {*FILES, weights.MANIFEST} - {"README.md"}
    assert (folder / "model.bin").read_bytes() == WEIGHTS
    assert json.loads((folder / weights.MANIFEST).read_text())["files"]["model.bin"]["size"] == len(WEIGHTS)
    assert weights.state(model(), settings) == "here"
    assert check(settings) == {}
    assert bars.steps["fetching model.bin"] == [len(WEIGHTS), len(WEIGHTS)]
    assert hub.downloads()[-1] == ("model.bin", None)  # the weights last: what is not whole is not taken for whole


def test_a_model_that_is_whole_is_done_at_once(hub: HubServer, settings: ModelSettings) -> None:
    """Without network, without reading its bytes, in a folder that cannot be written."""
    folder = pull(hub, settings).folder
    bars = Bars()
    for place in (folder, folder.parent):
        place.chmod(0o555)
    for offline in (False, True):
        with nowhere() as away:
            done = weights.pull(model(), settings.model_copy(update={"offline": offline}), away, bars.begin)
        assert (done.fetched, done.outdated) == (0, "")
    assert bars.steps == {}
    for place in (folder, folder.parent):
        place.chmod(0o755)


def test_a_copy_is_compared_once(hub: HubServer, settings: ModelSettings) -> None:
    """Files of another time are read, without network; a copy that went wrong is not taken for whole."""
    folder = pull(hub, settings).folder
    os.utime(folder / "model.bin", (1, 1))
    bars = Bars()
    with nowhere() as away:
        assert weights.pull(model(), settings, away, bars.begin).fetched == 0
        assert weights.pull(model(), settings, away, bars.begin).fetched == 0
        assert bars.steps == {"checking model.bin": [len(WEIGHTS), len(WEIGHTS)]}
        (folder / "model.bin").write_bytes(WEIGHTS[:-1] + b"x")
        with pytest.raises(LocalClipError, match="cannot be reached"):
            weights.pull(model(), settings, away, bars.begin)
    assert pull(hub, settings).fetched == 1


def test_what_changed_stays_until_its_replacement_is_there(hub: HubServer, settings: ModelSettings) -> None:
    """Another commit arrives whole beside the old one, which works till then; untouched files are not read."""
    folder = pull(hub, settings).folder
    newer = replace(model(), revision="f" * 40)
    repository = hub.repositories[model().repository]
    repository.files |= {"config.json": b"[1]", "model.bin": WEIGHTS[::-1]}
    repository.acts = [send, cut_after(30_000), *[cut_after(0)] * 5]
    bars = Bars()
    with Hub(hub.url, pause_s=0.0) as reached:
        kept = weights.pull(newer, settings, reached, bars.begin)
        assert "does not come through" in kept.outdated
        assert ((folder / "config.json").read_bytes(), check(settings)) == (b"{}", {})
        renewed = weights.pull(newer, settings, reached, bars.begin)
    assert (renewed.outdated, renewed.manifest.revision) == ("", newer.revision)
    assert (folder / "model.bin").read_bytes() == WEIGHTS[::-1]
    assert "checking sentencepiece.bpe.model" not in bars.steps
    assert check(settings) == {}


def test_the_commit_of_the_catalogue_is_fetched(hub: HubServer) -> None:
    """Not whatever is newest; every model of a hub has one."""
    assert all(len(entry.revision or entry.digest) == 40 or entry.links for entry in CATALOGUE)
    with Hub(hub.url) as reached:
        assert reached.repository(model().repository, "abc").revision == "abc"
        assert reached.repository(model().repository, "").revision == REVISION


def test_a_folder_that_cannot_be_written_is_said(hub: HubServer, settings: ModelSettings) -> None:
    """A sentence with the way out, and exit code 1."""
    settings.models_dir.mkdir()
    settings.models_dir.chmod(0o555)
    refused = command(settings, "pull", NAME, HF_ENDPOINT=hub.url)
    settings.models_dir.chmod(0o755)
    assert refused.returncode == 1
    assert "cannot be written (Permission denied): give it to the user that runs this (uid" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_a_cut_connection_is_continued(hub: HubServer, settings: ModelSettings) -> None:
    """Several times in one pull; only what is missing is asked for."""
    repository = hub.repositories[model().repository]
    repository.files = {name: data for name, data in FILES.items() if name in ("config.json", "model.bin")}
    repository.acts = [cut_after(0), cut_after(100), cut_after(20_000), busy, cut_after(10_000)]
    bars = Bars()
    pull(hub, settings, bars=bars)
    ranges = [wanted for name, wanted in hub.downloads() if name == "model.bin"]
    assert ranges == [None, "bytes=20000-", "bytes=20000-", "bytes=30000-"]
    assert check(settings) == {}
    assert bars.steps["fetching model.bin"] == [len(WEIGHTS), len(WEIGHTS)]


def test_the_next_pull_goes_on_where_the_last_broke_off(hub: HubServer, settings: ModelSettings) -> None:
    """After a failure, with the model not taken for whole in between."""
    repository = hub.repositories[model().repository]
    repository.files = {"model.bin": WEIGHTS}
    repository.acts = [cut_after(30_000), *[cut_after(0)] * 5]
    with pytest.raises(LocalClipError, match=r"model.bin of .* does not come through .* kept, run it again"):
        pull(hub, settings)
    assert weights.state(model(), settings) == "incomplete"
    assert not (settings.models_dir / NAME / "model.bin").exists()
    asked = len(hub.downloads())
    pull(hub, settings)
    assert hub.downloads()[asked:] == [("model.bin", "bytes=30000-")]
    assert check(settings) == {}


def test_a_server_without_ranges_begins_anew(hub: HubServer, settings: ModelSettings) -> None:
    """Nothing is appended to what it does not continue."""
    repository = hub.repositories[model().repository]
    repository.files = {"model.bin": WEIGHTS}
    repository.acts = [cut_after(30_000), send_all]
    bars = Bars()
    pull(hub, settings, bars=bars)
    assert (settings.models_dir / NAME / "model.bin").read_bytes() == WEIGHTS
    assert bars.steps["fetching model.bin"] == [len(WEIGHTS), len(WEIGHTS)]


def test_a_wrong_checksum_is_fetched_once_more(hub: HubServer, settings: ModelSettings) -> None:
    """From its beginning; a hub that has another file is given up, and nothing broken is left in place."""
    repository = hub.repositories[model().repository]
    repository.files = {"model.bin": WEIGHTS}
    repository.acts = [send_changed]
    pull(hub, settings)
    assert hub.downloads() == [("model.bin", None), ("model.bin", None)]
    assert check(settings) == {}
    (settings.models_dir / NAME / "model.bin").unlink()
    repository.acts = [send_changed, send_changed]
    with pytest.raises(LocalClipError, match=r"came broken twice .another SHA-256 than it should have"):
        pull(hub, settings)
    assert not (settings.models_dir / NAME / "model.bin").exists()


def test_a_small_file_is_checked_by_git(hub: HubServer, settings: ModelSettings) -> None:
    """The hub has no SHA-256 of those."""
    repository = hub.repositories[model().repository]
    repository.files = {"config.json": b"[1]", "model.bin": WEIGHTS}
    repository.acts = [send_changed]
    pull(hub, settings)
    assert (settings.models_dir / NAME / "config.json").read_bytes() == b"[1]"
    assert [name for name, _ in hub.downloads()] == ["config.json", "config.json", "model.bin"]


def test_broken_files_are_named_and_mended(hub: HubServer, settings: ModelSettings) -> None:
    """One changed, one short, one gone; a pull fetches just those."""
    folder = pull(hub, settings).folder
    (folder / "model.bin").write_bytes(WEIGHTS[:-1] + b"x")
    os.utime(folder / "model.bin", (1, 1))  # both writes may fall into one tick of the clock that stamps files
    (folder / "config.json").write_bytes(b"{} ")
    (folder / "shared_vocabulary.json").unlink()
    assert weights.state(model(), settings) == "incomplete"
    assert check(settings) == {
        "config.json": "has 3 bytes instead of 2",
        "model.bin": "has another checksum than when it was fetched",
        "shared_vocabulary.json": "is missing",
    }
    assert pull(hub, settings).fetched == 3
    assert check(settings) == {}


def test_a_folder_that_was_copied_by_hand_is_taken_over(hub: HubServer, settings: ModelSettings) -> None:
    """It has no manifest, so it cannot be checked; a pull compares it with the hub and fetches what is not right."""
    folder = settings.models_dir / NAME
    folder.mkdir(parents=True)
    (folder / "model.bin").write_bytes(WEIGHTS)
    assert check(settings) == {weights.MANIFEST: "is missing, so only names could be checked"}
    assert pull(hub, settings).fetched == 3
    assert ("model.bin", None) not in hub.downloads()
    assert check(settings) == {}


def test_a_gated_model_needs_its_terms_accepted(hub: HubServer, settings: ModelSettings) -> None:
    """Without a token, with a wrong one, with a good one; the host of the large files never sees it."""
    hub.repositories[model().repository].gated = True
    with pytest.raises(LocalClipError, match=r"is gated: accept its terms at http.* set HF_TOKEN to a token"):
        pull(hub, settings)
    with pytest.raises(LocalClipError, match="with the account of your HF_TOKEN"):
        pull(hub, settings, token="bad")
    pull(hub, settings, token="good")
    assert check(settings) == {}
    assert hub.large is not None
    assert all("Authorization" not in headers for _, headers in hub.large.requests)


def test_what_is_not_there_is_said(hub: HubServer, settings: ModelSettings) -> None:
    """No such repository, a required file gone, no such name."""
    files = hub.repositories[model().repository].files
    del files["model.bin"]
    with pytest.raises(LocalClipError, match=r"no longer has model\.bin"):
        pull(hub, settings)
    del hub.repositories[model().repository]
    with pytest.raises(LocalClipError, match=r"is not there, or not for you .401.; if it is private or gated"):
        pull(hub, settings)
    with pytest.raises(LocalClipError, match="no model 'nllb' is known; there are: whisper-base"):
        weights.find("nllb")


def test_no_network_is_said(settings: ModelSettings) -> None:
    """With the address and the way round."""
    with (
        nowhere() as away,
        pytest.raises(LocalClipError, match=r"127.0.0.1:9 cannot be reached; .* set HF_ENDPOINT to a mirror"),
    ):
        weights.pull(model(), settings, away, Bars().begin)


def test_a_full_disk_is_said_before_anything_is_fetched(hub: HubServer, settings: ModelSettings) -> None:
    """With what is needed and what is free."""
    hub.repositories[model().repository].files["model.bin"] = b""
    enormous = Hub(hub.url, pause_s=0.0)
    repository = enormous.repository(model().repository, "")
    sizes = {"model.bin": 10**18}
    changed = type(repository)(
        repository.name,
        repository.revision,
        tuple(type(f)(f.name, sizes.get(f.name, f.size), f.sha256, f.git_sha1) for f in repository.files),
    )

    class Promising(Hub):
        def repository(self, name: str, revision: str):  # type: ignore[no-untyped-def]
            return changed

    with (
        Promising(hub.url, pause_s=0.0) as promising,
        pytest.raises(LocalClipError, match=r"1000000000.0 GB are needed .* LOCALCLIP_MODELS_DIR"),
    ):
        weights.pull(model(), settings, promising, Bars().begin)
    assert hub.downloads() == []
    enormous.__exit__()


def test_a_mirror_cannot_write_elsewhere(hub: HubServer, settings: ModelSettings) -> None:
    """Names are taken for names inside the model's folder only."""
    hub.repositories[model().repository].files["../tokenizer.json"] = b"{}"
    with pytest.raises(LocalClipError, match=r"'../tokenizer.json', which is no name inside a folder"):
        pull(hub, settings)


def test_one_pull_at_a_time(hub: HubServer, settings: ModelSettings) -> None:
    """The second says so instead of writing into the same files."""
    settings.models_dir.mkdir(parents=True)
    with FileLock(settings.models_dir / f".{NAME}.lock"), pytest.raises(LocalClipError, match="by another process"):
        pull(hub, settings)


def bound_by_permissions() -> list[str]:
    """What makes root heed the permissions of its own files, as everybody else has to."""
    is_root = hasattr(os, "getuid") and os.getuid() == 0
    return ["setpriv", "--bounding-set=-dac_override"] if is_root and shutil.which("setpriv") else []


def command(settings: ModelSettings, *arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    """`localclip models ...` as a process."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("HF_", "LOCALCLIP_"))}
    return subprocess.run(
        [*bound_by_permissions(), sys.executable, "-m", "localclip", "models", *arguments],
        env={**clean, "LOCALCLIP_MODELS_DIR": str(settings.models_dir), "NO_COLOR": "1", **environment},
        cwd=settings.models_dir.parent,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_the_commands(hub: HubServer, settings: ModelSettings) -> None:
    """List, pull from a mirror, check, break, check, mend."""
    listed = command(settings, "list")
    assert listed.returncode == 0, listed.stderr
    row = next(line for line in listed.stdout.splitlines() if NAME in line)
    assert all(cell in row for cell in ("ctranslate2", "650 MB", "CC-BY-NC-4.0", "no", "absent"))
    pulled = command(settings, "pull", NAME, HF_ENDPOINT=hub.url)
    assert pulled.returncode == 0, pulled.stderr
    assert f"{NAME}: fetched 4 files" in pulled.stdout
    assert "does not allow commercial use" in pulled.stdout
    assert command(settings, "check").stdout.strip() == f"{NAME}: whole"
    states = {entry["name"]: entry["state"] for entry in json.loads(command(settings, "list", "--json").stdout)}
    assert (states[NAME], states["xtts-v2"]) == ("here", "absent")
    (settings.models_dir / NAME / "config.json").write_text("[]")
    checked = command(settings, "check", NAME)
    assert (checked.returncode, checked.stdout.strip()) == (
        1,
        f"{NAME}: config.json has another checksum than when it was fetched",
    )
    assert f"localclip models pull {NAME}" in checked.stderr
    assert "fetched 1 files" in command(settings, "pull", NAME, HF_ENDPOINT=hub.url).stdout


def test_one_that_fails_keeps_no_other_back(hub: HubServer, settings: ModelSettings) -> None:
    """The rest is fetched, and the exit code and the last words tell what is not."""
    pulled = command(settings, "pull", "xtts-v2", NAME, HF_ENDPOINT=hub.url)
    assert pulled.returncode == 1
    assert f"{NAME}: fetched 4 files" in pulled.stdout
    assert "xtts-v2: " in pulled.stdout
    assert pulled.stderr.strip().endswith("localclip models pull xtts-v2")


def test_offline_means_offline(hub: HubServer, settings: ModelSettings) -> None:
    """Not one request; checking and listing need none."""
    refused = command(settings, "pull", NAME, HF_ENDPOINT=hub.url, LOCALCLIP_OFFLINE="true")
    assert refused.returncode == 1
    assert "LOCALCLIP_OFFLINE is set" in refused.stderr
    assert str(settings.models_dir / NAME) in refused.stderr
    assert command(settings, "check", HF_ENDPOINT=hub.url, LOCALCLIP_OFFLINE="true").returncode == 0
    assert command(settings, "list", HF_ENDPOINT=hub.url, LOCALCLIP_OFFLINE="true").returncode == 0
    assert hub.requests == []
    missing = command(settings, "check", NAME)
    assert (missing.returncode, "model.bin is missing" in missing.stdout) == (1, True)


def test_a_model_that_lies_on_no_hub_comes_from_its_links(settings: ModelSettings) -> None:
    """Continued and checked like any other, without the token of the hub."""
    data = b"demucs" * 5000
    digest = hashlib.sha256(data).hexdigest()
    server = HubServer()
    server.repositories["some/place"] = Repository({"aaaa.th": data}, acts=[cut_after(9000), send_all])
    link = Link("aaaa.th", f"{server.url}/some/place/resolve/x/aaaa.th", digest[:8])
    linked = Model("tiny", "demucs", "a place", 1, "MIT", True, ("*.th",), ("aaaa.th",), links=(link,))
    with Hub(server.url, pause_s=0.0) as hub:
        pulled = weights.pull(linked, settings, hub, Bars().begin)
        assert pulled.manifest.files["aaaa.th"].sha256 == digest
        assert (pulled.folder / "aaaa.th").read_bytes() == data
        assert weights.pull(linked, settings, hub, Bars().begin).fetched == 0
        wrong = replace(linked, links=(replace(link, sha256="00000000"),))
        assert "came broken twice" in weights.pull(wrong, settings, hub, Bars().begin).outdated
        (pulled.folder / "aaaa.th").unlink()
        with pytest.raises(LocalClipError, match="came broken twice"):
            weights.pull(wrong, settings, hub, Bars().begin)
    server.stop()
