"""Weights on the command line."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn
from rich.table import Table

from localclip import weights
from localclip.errors import LocalClipError
from localclip.hub import Hub, Tell
from localclip.terminal import AsJson, console, print_json
from shared.models import CATALOGUE, STARTER, Model, ModelSettings

_HUB = "https://huggingface.co"
models = typer.Typer(help="Weights of the neural engines: what there is, fetch it, check it.", no_args_is_help=True)


@models.command("list")
def list_models(as_json: AsJson = False) -> None:
    """List the models LocalClip knows: who needs them, size, terms, whether they are here."""
    settings = ModelSettings()
    if as_json:
        print_json([_as_json(model, settings) for model in CATALOGUE])
        return
    grid = Table(title=f"models in {settings.models_dir.absolute()}", title_justify="left")
    for heading in ("model", "engine", "size", "licence", "commercial use", "state", "good for", "from", "note"):
        grid.add_column(heading, overflow="fold")
    for model in CATALOGUE:
        grid.add_row(
            model.name,
            model.engine,
            _size(model.size_mb * 1e6),
            model.licence,
            "yes" if model.commercial_use else "no",
            weights.state(model, settings),
            model.improves,
            ", ".join(model.sources),
            _note(model),
        )
    console.print(grid)
    if any(weights.state(model, settings) != "here" for model in CATALOGUE if model.name in STARTER):
        _say(f"recommended ({', '.join(STARTER)}): localclip models pull starter")


@models.command("pull")
def pull_models(
    names: Annotated[
        list[str], typer.Argument(help="names from `localclip models list`; starter: the recommended set")
    ],
) -> None:
    """Fetch models; what broke off goes on where it stopped, what is here and whole is left alone.

    One that cannot be fetched keeps none of the others from it; the exit code is 1 then.
    """
    settings = ModelSettings()
    chosen = dict.fromkeys(weights.find(each) for name in names for each in (STARTER if name == "starter" else (name,)))
    failed = []
    for model in chosen:
        try:
            _tell_pulled(model, pull(model, settings))
        except LocalClipError as error:
            if len(chosen) == 1:
                raise
            _say(f"{model.name}: {error}")
            failed.append(model.name)
    if failed:
        raise LocalClipError(f"not fetched; try it again with: localclip models pull {' '.join(failed)}")


def _tell_pulled(model: Model, pulled: weights.Pulled) -> None:
    total = _size(sum(kept.size for kept in pulled.manifest.files.values()))
    did = f"fetched {pulled.fetched} files" if pulled.fetched else "nothing to fetch"
    version = f"{'digest' if model.contents else 'revision'} {pulled.manifest.revision[:12]}"
    _say(f"{model.name}: {did}; {total} in {pulled.folder}, {version}")
    if pulled.outdated:
        _say(f"{model.name}: it works, but a newer one is known and could not be fetched: {pulled.outdated}")
    if not model.commercial_use:
        _say(f"{model.name}: its licence ({model.licence}) does not allow commercial use")


def pull(model: Model, settings: ModelSettings) -> weights.Pulled:
    """Fetch one model with a progress bar for every step, if somebody sees it. Raises: LocalClipError."""
    endpoint, token = os.environ.get("HF_ENDPOINT") or _HUB, os.environ.get("HF_TOKEN", "")
    # a token is only for the hub's gated models: other hosts must not see it
    with Hub(endpoint, "" if model.links or model.contents else token) as hub, _progress() as begin:
        return weights.pull(model, settings, hub, begin, os.environ.get("LOCALCLIP_MODELS_FROM", ""))


@models.command("check")
def check_models(
    name: Annotated[str | None, typer.Argument(help="one model [default: all that are here]")] = None,
) -> None:
    """Compare every byte with what was fetched; names the files that are broken. Needs no network."""
    settings = ModelSettings()
    chosen = [weights.find(name)] if name else [m for m in CATALOGUE if weights.state(m, settings) != "absent"]
    broken = []
    for model in chosen:
        with _progress() as begin:
            faults = weights.check(model, settings, begin)
        for file, fault in faults.items():
            _say(f"{model.name}: {file} {fault}")
        if faults:
            broken.append(model.name)
        else:
            _say(f"{model.name}: whole")
    if not chosen:
        _say(f"no model is in {settings.models_dir.absolute()}")
    if broken:
        raise LocalClipError(f"mend it with: localclip models pull {' '.join(broken)}")


@contextmanager
def _progress() -> Iterator[weights.Begin]:
    """A progress bar per file; nothing if the output is not a terminal."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bars:

        def begin(words: str, total: int, have: int) -> Tell:
            task = bars.add_task(words, total=total, completed=have)
            return lambda count: bars.advance(task, count)

        yield begin


def _as_json(model: Model, settings: ModelSettings) -> dict[str, object]:
    return {
        "name": model.name,
        "engine": model.engine,
        "repository": model.repository,
        "size_mb": model.size_mb,
        "licence": model.licence,
        "commercial_use": model.commercial_use,
        "gated": model.gated,
        "digest": model.digest,
        "sources": list(model.sources),
        "good_for": model.improves,
        "starter": model.name in STARTER,
        "folder": str(settings.models_dir.absolute() / model.name),
        "state": weights.state(model, settings),
    }


def _note(model: Model) -> str:
    gated = "accept its terms on its page, then set HF_TOKEN" if model.gated else ""
    if model.name in STARTER:
        chosen = "in the starter set"
    else:
        chosen = "" if model.contents else "on request: its bytes are not confirmed by a second source"
    return "; ".join(filter(None, (chosen, gated, model.note)))


def _size(count: float) -> str:
    return f"{count / 1e9:.1f} GB" if count >= 1e9 else f"{count / 1e6:.0f} MB"


def _say(text: str) -> None:
    console.print(text, markup=False, highlight=False, soft_wrap=True)
