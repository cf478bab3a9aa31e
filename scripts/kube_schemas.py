"""Write JSON schemas of what the chart makes, for kubeconform, from models that a package index carries.

scripts/install-tools.sh --for-deploy runs it with those packages: its checks then need no other network.
"""

import importlib
import inspect
import json
import pkgutil
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

from pydantic import BaseModel

PACKAGES = ("cloudcoil.models.kubernetes", "cloudcoil.models.keda")
KINDS = {
    ("apps/v1", "Deployment"),
    ("apps/v1", "StatefulSet"),
    ("batch/v1", "CronJob"),
    ("batch/v1", "Job"),
    ("keda.sh/v1alpha1", "ScaledObject"),
    ("networking.k8s.io/v1", "Ingress"),
    ("networking.k8s.io/v1", "NetworkPolicy"),
    ("policy/v1", "PodDisruptionBudget"),
    ("v1", "ConfigMap"),
    ("v1", "PersistentVolumeClaim"),
    ("v1", "Service"),
    ("v1", "ServiceAccount"),
}


def models(package: ModuleType) -> Iterator[tuple[str, str, type[BaseModel]]]:
    """Every model of an API object, with its version and kind."""
    modules = [info.name for info in pkgutil.walk_packages(package.__path__, package.__name__ + ".")]
    for module in map(importlib.import_module, modules):
        for value in vars(module).values():
            if inspect.isclass(value) and issubclass(value, BaseModel):
                fields = value.model_fields
                if {"api_version", "kind"} <= set(fields):
                    yield fields["api_version"].default, fields["kind"].default, value


def strict(schema: Any) -> None:
    """Refuse fields that nobody knows, in place."""
    if isinstance(schema, dict):
        if "properties" in schema:
            schema.setdefault("additionalProperties", False)
        schema.pop("default", None)
    for part in schema.values() if isinstance(schema, dict) else schema if isinstance(schema, list) else ():
        strict(part)


def main(folder: Path) -> None:
    """Write one file for each kind, named as kubeconform looks for it; the folder is there when all of them are."""
    schemas = dict(made())
    fresh = folder.with_name(f"{folder.name}.new")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    for name, schema in schemas.items():
        (fresh / name).write_text(json.dumps(schema), encoding="utf-8")
    shutil.rmtree(folder, ignore_errors=True)
    fresh.rename(folder)


def made() -> Iterator[tuple[str, Any]]:
    """Each schema with the name of its file. Raises: SystemExit, when a kind is missing."""
    missing = set(KINDS)
    for package in PACKAGES:
        for version, kind, model in models(importlib.import_module(package)):
            if (version, kind) not in missing:
                continue
            missing.remove((version, kind))
            schema = model.model_json_schema(by_alias=True)
            strict(schema)
            group, _, number = version.rpartition("/")
            name = "-".join(filter(None, [kind.lower(), group.split(".")[0], number]))
            yield f"{name}.json", schema
    if missing:
        sys.exit(f"no models of {sorted(missing)}")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
