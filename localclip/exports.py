"""Export a dubbed task by a recipe: choose one, have it made, download its files."""

import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError
from rich.console import Console
from rich.table import Table

from localclip.errors import LocalClipError
from localclip_client import Client, Export, Status, Task

if TYPE_CHECKING:
    from shared.messaging import ExportRecipe

_POLL_S = 0.5


def choose_recipe(client: Client, name: str, languages: Sequence[str], settings: Sequence[str]) -> "ExportRecipe":
    """The recipe called `name` on the gateway, or in a JSON file, with `key=value` changes, for `languages` if any.

    Raises: LocalClipError, for an unknown recipe, language or setting.
    """
    from shared.messaging import ExportRecipe, expanded  # takes half a second, which other commands do not need

    if name.endswith(".json"):
        try:
            fields: dict[str, Any] = json.loads(Path(name).read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise LocalClipError(f"recipe {name}: {error}") from error
    else:
        presets = {preset.name: preset for preset in client.presets()}
        if name not in presets:
            raise LocalClipError(f"no recipe '{name}'; choose from {', '.join(presets)}, or name a .json file")
        fields = presets[name].recipe
    for change in settings:
        _set(fields, change)
    try:
        recipe = ExportRecipe.model_validate(fields)
        return expanded(recipe, languages) if languages else recipe
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise LocalClipError(f"the recipe is not valid: {where}: {first['msg']}".replace(": : ", ": ")) from error
    except ValueError as error:
        raise LocalClipError(f"the recipe cannot be made: {error}") from error


def named_recipe(
    client: Client, task_id: str, name: str, languages: Sequence[str], settings: Sequence[str]
) -> "ExportRecipe":
    """The same with a name for its files, if neither it nor its own file gives one."""
    chosen = choose_recipe(client, name, languages, settings)
    if chosen.name or name.endswith(".json"):
        return chosen
    told_apart = languages if chosen.kind == "video" or chosen.bundle else ()  # other files say it themselves
    return chosen.model_copy(update={"name": _file_name(client, task_id, name, told_apart)})


def _file_name(client: Client, task_id: str, recipe: str, languages: Sequence[str]) -> str:
    """The file names of a named recipe, chosen so that none replaces the video itself."""
    stem = Path(client.task(task_id).video_original_name).stem or "video"
    stem = stem.encode()[:100].decode(errors="ignore")[:50]  # as the gateway does for a recipe without a name
    return ".".join([stem, recipe, *languages])[:80]


def _set(fields: dict[str, Any], change: str) -> None:
    """Set a field by its path, as in `settings.loudness_lufs=-23` or `burn.style.size=64`."""
    path, equals, text = change.partition("=")
    *parents, last = path.split(".")
    if not equals or not last:
        raise LocalClipError(f"setting {change}: write key=value")
    try:
        value = json.loads(text)
    except ValueError:
        value = text
    for parent in parents:
        if not isinstance(fields.get(parent), dict):
            fields[parent] = {}
        fields = fields[parent]
    fields[last] = value


def export(client: Client, task_id: str, recipe: "ExportRecipe", folder: Path, console: Console) -> tuple[Path, ...]:
    """Have `recipe` made and download its files into `folder`. An interrupt removes the export.

    Raises: LocalClipError, with the reason when it fails.
    """
    made = client.start_export(task_id, recipe)
    try:
        made = _wait(client, task_id, made, console)
    except KeyboardInterrupt:
        client.delete_export(task_id, made.export_id)
        raise
    if made.status is not Status.COMPLETED:
        raise LocalClipError(f"the export {made.status}: {made.error_code}: {made.error_message}")
    folder.mkdir(parents=True, exist_ok=True)
    files = tuple(client.fetch(file.url, folder / Path(file.name).name) for file in made.files)
    console.print(_table(made, files))
    return files


def _wait(client: Client, task_id: str, made: Export, console: Console) -> Export:
    with console.status("exporting ..."):
        while made.status in (Status.PENDING, Status.PROCESSING):
            time.sleep(_POLL_S)
            made = client.export(task_id, made.export_id)
    return made


def _table(made: Export, files: Sequence[Path]) -> Table:
    passed = made.report.get("passed") if made.report else None
    grid = Table(title=f"{made.export_id}: {'passed its checks' if passed else 'done'}", title_justify="left")
    grid.add_column("file", overflow="fold")
    grid.add_column("size", justify="right")
    for path in files:
        grid.add_row(str(path), f"{path.stat().st_size / 1e6:.1f} MB")
    return grid


def speak_changed(client: Client, task_id: str, languages: Sequence[str], console: Console) -> None:
    """Have edited lines of the languages (none: all) dubbed again, and wait for the end."""
    task = client.task(task_id)
    changed = [
        code
        for code, state in task.language_status.items()
        if (not languages or code in languages) and any(one.code == "unspoken_edits" for one in state.gate_reasons)
    ]
    if not changed:
        console.print("every line is spoken as written")
        return
    console.print(f"speaking the changed lines of {', '.join(changed)} ...", markup=False)
    client.process(task_id, changed, dub_changed=True)
    for update in client.follow_task(task_id):
        if isinstance(update, Task):
            task = update
    for code in changed:
        state = task.language_status[code]
        if state.status is not Status.COMPLETED:
            raise LocalClipError(f"{code}: {state.error_message or state.status}")
