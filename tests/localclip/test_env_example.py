"""`.env.example` lists every setting of every service, with its default and its description."""

import importlib
import json
import pkgutil
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import SecretStr
from pydantic_settings import BaseSettings

import services
from shared.messaging import BrokerSettings, WorkerSettings
from shared.models import ModelSettings
from shared.storage import StorageSettings

ROOT = Path(__file__).parents[2]
SHARED = (BrokerSettings, WorkerSettings, StorageSettings, ModelSettings)
_SETTING = re.compile(r"^#? ?([A-Z][A-Z0-9_]*)=(.*)$")
_OF_THE_CLIENT = {"LOCALCLIP_SERVER", "LOCALCLIP_API_KEY", "HF_ENDPOINT", "HF_TOKEN", "LOCALCLIP_MODELS_FROM"}


def settings_classes() -> Iterator[type[BaseSettings]]:
    """The shared ones, then those of each service."""
    yield from SHARED
    for service in pkgutil.iter_modules(services.__path__):
        if not (Path(services.__path__[0]) / service.name / "settings.py").exists():
            continue
        module = importlib.import_module(f"services.{service.name}.settings")
        for value in vars(module).values():
            if isinstance(value, type) and issubclass(value, BaseSettings) and value.__module__ == module.__name__:
                yield value


def expected() -> dict[str, tuple[str, str]]:
    """Default and description by the name of the environment variable."""
    found = {}
    for settings in settings_classes():
        prefix = settings.model_config.get("env_prefix", "")
        for field_name, field in settings.model_fields.items():
            name = field.validation_alias if isinstance(field.validation_alias, str) else f"{prefix}{field_name}"
            found[name.upper()] = (written(field.get_default(call_default_factory=True)), field.description or "")
    return found


def written(default: Any) -> str:
    """A default as it stands in the file, where folders beside the code have no more than their name."""
    if default is None:
        return ""
    if isinstance(default, SecretStr):
        return default.get_secret_value()
    if isinstance(default, bool):
        return str(default).lower()
    if isinstance(default, tuple):
        return json.dumps(default)
    return str(default).replace(f"{ROOT}/", "").replace(tempfile.gettempdir(), "/tmp")  # noqa: S108 (a text, not a file)


def listed() -> dict[str, tuple[str, str]]:
    """The same from the file: a comment, then the setting, commented out."""
    found: dict[str, tuple[str, str]] = {}
    comment: list[str] = []
    for line in (ROOT / ".env.example").read_text(encoding="utf-8").splitlines():
        setting = _SETTING.match(line)
        if setting:
            found[setting[1]] = (setting[2], " ".join(comment))
        comment = [*comment, line.removeprefix("#").strip()] if line.startswith("#") and not setting else []
    return found


def test_every_setting_is_listed_with_its_default_and_description() -> None:
    """What is printed on a failure can be pasted into the file."""
    present = listed()
    absent = {name: value for name, value in expected().items() if present.get(name) != value}
    assert absent == {}, "\n".join(f"# {text}\n# {name}={default}" for name, (default, text) in absent.items())


def test_nothing_else_is_listed() -> None:
    """A setting that no service reads would be a promise not kept."""
    assert set(listed()) - _OF_THE_CLIENT == set(expected())


def test_a_copy_of_the_file_changes_nothing() -> None:
    """Every line is a comment: `cp .env.example .env` keeps all defaults."""
    lines = (ROOT / ".env.example").read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if line and not line.startswith("#")] == []
