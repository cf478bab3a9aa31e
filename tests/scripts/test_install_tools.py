"""scripts/install-tools.sh on systems that lack this and that: what there is gets installed, what is lost is said."""

import hashlib
import io
import platform
import re
import shutil
import subprocess
import tarfile
from dataclasses import dataclass
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "scripts" / "install-tools.sh"
ORDINARY = (
    *("bash", "cat", "chmod", "cp", "cut", "dirname", "env", "grep", "gzip", "id", "install", "mkdir", "mktemp", "rm"),
    *("sha256sum", "tail", "tar", "uname"),
)
BESIDE = "$PATH:/usr/sbin:/usr/local/sbin:$HOME/go/bin"
"""Where the script looks beside PATH: folders of the real machine."""
GIVES = {
    "apertium-eng-spa": "eng-spa",
    "apertium-en-es": "en-es",
    "apertium-eng-cat": "eng-cat",
    "apertium-fra-cat": "cat-fra",
}
"""The packages that bring no program of their name, and the direction of translation they bring instead."""


on_linux = pytest.mark.skipif(platform.system() != "Linux", reason="releases are fetched on Linux; macOS has a package")


@dataclass(frozen=True)
class System:
    """A system with apt whose programs, packages and broken packages are known."""

    root: Path

    def program(self, name: str, text: str = "exit 0") -> None:
        """Put a shell script named `name` on its PATH."""
        file = self.root / "bin" / name
        file.write_text(f"#!/bin/bash\n{text}\n")
        file.chmod(0o755)

    def install_tools(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run the script there."""
        return subprocess.run(
            ["bash", str(self.root / "scripts" / SCRIPT.name), *arguments],
            env={"PATH": str(self.root / "bin"), "HOME": str(self.root)},
            capture_output=True,
            text=True,
            timeout=60,
        )

    @property
    def installed(self) -> list[str]:
        """The packages that apt installed, in order."""
        return (self.root / "installed").read_text().split()


def make(root: Path, packages: tuple[str, ...], broken: str = "-") -> System:
    """A system whose apt has `packages`; an installation with `broken` in it fails."""
    (root / "bin").mkdir()
    (root / "scripts").mkdir()
    (root / "installed").touch()
    text = SCRIPT.read_text(encoding="utf-8")
    assert BESIDE in text
    (root / "scripts" / SCRIPT.name).write_text(text.replace(BESIDE, "$PATH"), encoding="utf-8")
    for name in ORDINARY:
        (root / "bin" / name).symlink_to(str(shutil.which(name)))
    system = System(root)
    for name in ("python3", "nats-server"):
        system.program(name)
    system.program("sudo", '"$@"')
    system.program("apt-cache", f'case " {" ".join(packages)} " in *" $2 "*) echo "$2 | 1.0" ;; esac')
    brings = " ".join(f'{package}) echo "  {mode}" >>{root}/modes ;;' for package, mode in GIVES.items())
    system.program("apertium", f"cat {root}/modes 2>/dev/null")
    system.program(
        "apt-get",
        f"""[ "$1" = install ] || exit 0
case " $* " in *" {broken} "*) echo "E: {broken} is broken"; exit 100 ;; esac
for word in "$@"; do
    case $word in install | -*) continue ;; esac
    echo "$word" >>{root}/installed
    case $word in {brings} *) echo '#!/bin/bash' >{root}/bin/$word; chmod +x {root}/bin/$word ;; esac
done""",
    )
    return system


EVERYTHING = ("ffmpeg", "espeak-ng", "flite", *GIVES, "python3-venv")


def without(*names: str) -> tuple[str, ...]:
    return tuple(package for package in EVERYTHING if package not in names)


def test_the_newer_package_is_taken_where_there_are_two(tmp_path):
    """`apertium-en-es` is the old name of `apertium-eng-spa`."""
    system = make(tmp_path, EVERYTHING)
    done = system.install_tools()
    assert (done.returncode, done.stderr) == (0, "")
    assert system.installed == [
        "ffmpeg",
        "espeak-ng",
        "flite",
        "apertium-eng-spa",
        "apertium-eng-cat",
        "apertium-fra-cat",
    ]
    assert system.install_tools().stdout == ""  # all is there


def test_an_older_system_gets_what_it_has(tmp_path):
    """Ubuntu 22.04 has no `apertium-eng-spa`, at which apt stopped."""
    system = make(tmp_path, without("apertium-eng-spa"))
    done = system.install_tools()
    assert (done.returncode, done.stderr) == (0, "")
    assert "apertium-en-es" in system.installed


def test_what_a_system_does_not_have_is_told_with_what_is_lost(tmp_path):
    """And everything else is installed."""
    system = make(tmp_path, without("flite", "apertium-eng-cat"))
    done = system.install_tools()
    assert done.returncode == 0
    assert "without flite: English is spoken by eSpeak NG" in done.stderr
    assert "without apertium-eng-cat: no translation between English and French" in done.stderr
    assert "ffmpeg" in system.installed


def test_one_broken_package_costs_only_itself(tmp_path):
    """apt installs all or nothing."""
    system = make(tmp_path, EVERYTHING, broken="flite")
    done = system.install_tools()
    assert done.returncode == 0
    assert "flite could not be installed:\nE: flite is broken" in done.stderr
    assert {"ffmpeg", "espeak-ng", "apertium-fra-cat"} <= set(system.installed)


def release_of_nats(system: System, digest: str | None = None) -> None:
    """Take the broker away, and have its release fetched; the script knows its digest, or `digest`."""
    (system.root / "bin" / "nats-server").unlink()
    name = f"nats-server-v2.10.29-linux-{'amd64' if platform.machine() == 'x86_64' else 'arm64'}"
    program = io.BytesIO(b"#!/bin/bash\necho it works\n")
    archive = system.root / "release.tar.gz"
    with tarfile.open(archive, "w:gz") as tar:
        member = tarfile.TarInfo(f"{name}/nats-server")
        member.size = len(program.getvalue())
        tar.addfile(member, program)
    system.program("python3", f'[ "$1" != - ] || cp {archive} "$3"')
    script = system.root / "scripts" / SCRIPT.name
    known = digest or hashlib.sha256(archive.read_bytes()).hexdigest()
    script.write_text(re.sub(r"(NATS_SHA256_\w+)=\w+", rf"\1={known}", script.read_text()))


@on_linux
def test_the_broker_comes_as_a_release_where_there_is_no_package(tmp_path):
    """Ubuntu 22.04 has none."""
    system = make(tmp_path, EVERYTHING)
    release_of_nats(system)
    done = system.install_tools()
    assert (done.returncode, done.stderr) == (0, "")
    broker = tmp_path / ".tools" / "bin" / "nats-server"
    assert subprocess.run([broker], capture_output=True, text=True).stdout == "it works\n"
    assert system.install_tools().stdout == ""  # it is found there


@on_linux
def test_a_release_that_is_another_file_is_not_taken(tmp_path):
    """Whoever sent it."""
    system = make(tmp_path, EVERYTHING)
    release_of_nats(system, digest="0" * 64)
    done = system.install_tools()
    assert done.returncode == 1
    assert "did NOT match" in done.stderr
    assert "without nats-server: nothing runs" in done.stderr
    assert not (tmp_path / ".tools" / "bin" / "nats-server").exists()


def test_nothing_runs_without_ffmpeg(tmp_path):
    """Which is an error, unlike the rest."""
    done = make(tmp_path, without("ffmpeg")).install_tools()
    assert done.returncode == 1
    assert "without ffmpeg: nothing runs" in done.stderr


def test_a_system_without_a_browser_skips_its_tests(tmp_path):
    """Ubuntu has Chromium as a snap only."""
    done = make(tmp_path, ("postgresql", "rclone", "fonts-noto-cjk")).install_tools("--for-tests")
    assert done.returncode == 0
    assert "without chromium: the browser's tests are skipped" in done.stderr


@pytest.mark.parametrize("argument", [[], ["--for-tests"]])
def test_without_a_package_manager_the_names_are_told(tmp_path, argument):
    """No traceback of a shell, and the way out."""
    system = make(tmp_path, EVERYTHING)
    (tmp_path / "bin" / "apt-get").unlink()
    assert "this system has neither apt nor brew" in system.install_tools(*argument).stderr
