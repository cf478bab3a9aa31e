"""What docker-compose.yml and deploy/Dockerfile say, read without Docker."""

import ast
import importlib
import json
import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from pydantic_settings import BaseSettings

from shared.messaging import BrokerSettings, WorkerSettings
from shared.storage import StorageSettings

ROOT = Path(__file__).parents[2]
COMPOSE, DOCKERFILE = ROOT / "docker-compose.yml", ROOT / "deploy" / "Dockerfile"
_VARIABLE = re.compile(r"\$\{(?P<name>\w+)(?:(?P<rule>:[-?])(?P<word>[^}]*))?\}")


class MissingVariableError(Exception):
    """A variable that must be set is not."""


@dataclass(frozen=True)
class Image:
    """What a target of the Dockerfile says of the process that runs in it."""

    command: tuple[str, ...]
    environment: Mapping[str, str]
    user: str
    health: tuple[str, ...]


@dataclass(frozen=True)
class Composed:
    """A service of docker-compose.yml with its variables filled in; `raw` is its entry."""

    name: str
    environment: Mapping[str, str]
    raw: Mapping[str, Any]

    @property
    def target(self) -> str | None:
        """The target of the Dockerfile it is built from, if it is ours."""
        found: str | None = self.raw.get("build", {}).get("target")
        return found


def compose(variables: Mapping[str, str]) -> dict[str, Composed]:
    """Every service, filled in with `variables`. Raises: MissingVariableError."""
    filled = _fill(yaml.safe_load(COMPOSE.read_text(encoding="utf-8")), variables)
    return {name: Composed(name, _environment(entry, variables), entry) for name, entry in filled["services"].items()}


def _fill(value: Any, variables: Mapping[str, str]) -> Any:
    if isinstance(value, dict):
        return {name: _fill(item, variables) for name, item in value.items()}
    if isinstance(value, list):
        return [_fill(item, variables) for item in value]
    if not isinstance(value, str):
        return value

    def one(found: re.Match[str]) -> str:
        known = variables.get(found["name"], "")
        if found["rule"] == ":?" and not known:
            raise MissingVariableError(found["name"])
        return known or (found["word"] if found["rule"] == ":-" else "")

    return _VARIABLE.sub(one, value)


def _environment(entry: Mapping[str, Any], variables: Mapping[str, str]) -> dict[str, str]:
    """A name without a value is handed on where it is set."""
    asked = entry.get("environment", {})
    handed_on = {name: variables[name] for name, value in asked.items() if value is None and name in variables}
    return handed_on | {name: str(value) for name, value in asked.items() if value is not None}


def names(service: str) -> set[str]:
    """The variables the file mentions for a service, set or not."""
    return set(yaml.safe_load(COMPOSE.read_text(encoding="utf-8"))["services"][service].get("environment", {}))


def image(target: str) -> Image:
    """A target of the Dockerfile, with what it has from the stages below it."""
    stages = _stages()
    below, instructions = stages[target]
    base = image(below) if below in stages else Image((), {}, "root", ())
    command, environment, user, health = base.command, dict(base.environment), base.user, base.health
    for word, rest in instructions:
        if word == "CMD":
            command = tuple(json.loads(rest))
        elif word == "ENV":
            environment |= dict(pair.split("=", 1) for pair in shlex.split(rest))
        elif word == "USER":
            user = rest
        elif word == "HEALTHCHECK":
            health = tuple(json.loads(rest.split("CMD", 1)[1])) if "CMD" in rest else ()
    return Image(command, environment, user, health)


def _stages() -> dict[str, tuple[str, list[tuple[str, str]]]]:
    """By name: the stage below, and the instructions."""
    text = DOCKERFILE.read_text(encoding="utf-8")
    lines = [line for line in text.replace("\\\n", " ").splitlines() if line.strip() and not line.startswith("#")]
    found: dict[str, tuple[str, list[tuple[str, str]]]] = {}
    current = ""
    for line in lines:
        word, _, rest = line.strip().partition(" ")
        if word == "FROM":
            below, _, current = rest.partition(" AS ")
            found[current] = (below, [])
        elif current:
            found[current][1].append((word, rest.strip()))
    return found


def extras_of(target: str) -> str:
    """The extras that go into the image of a target when nothing else is asked for."""
    instructions = _stages()[f"{target}-packages"][1]
    arguments = next(shlex.split(rest) for word, rest in instructions if word == "ARG")
    return dict(pair.split("=", 1) for pair in arguments)["EXTRAS"]


def known_settings(service: str) -> set[str]:
    """Every environment variable that a service reads, by the settings classes its modules name."""
    found: set[str] = set()
    for settings in _settings_classes(service):
        prefix = str(settings.model_config.get("env_prefix", ""))
        for name, field in settings.model_fields.items():
            alias = field.validation_alias
            found.add((alias if isinstance(alias, str) else prefix + name).upper())
    return found


def _settings_classes(service: str) -> Iterator[type[BaseSettings]]:
    for path in sorted((ROOT / "services" / service).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.ImportFrom) or not node.module:
                continue
            for alias in node.names:
                if (node.module, alias.name) == ("shared.messaging", "serve"):  # it reads these for the stage workers
                    yield from (BrokerSettings, StorageSettings, WorkerSettings)
                if alias.name.endswith("Settings") and node.module.startswith(("shared.", f"services.{service}.")):
                    found = getattr(importlib.import_module(node.module), alias.name)
                    if isinstance(found, type) and issubclass(found, BaseSettings):
                        yield found
