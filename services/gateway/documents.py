"""Write or check what is made from code: OpenAPI 3.1 and AsyncAPI 3.0 in `docs/reference`, and the broker's accounts.

`python -m services.gateway.documents` writes them; `--check` fails when they are out of date or not valid.
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, cast

from fastapi import FastAPI
from faststream.specification.asyncapi.v3_0_0.schema import ApplicationSchema
from openapi_spec_validator import OpenAPIV31SpecValidator

from services.gateway.app import create_app
from services.gateway.db.engine import Database
from services.gateway.pipeline.parts import Gateway
from services.gateway.settings import GatewaySettings
from shared.messaging import BrokerSettings, deployed_config
from shared.storage import DirectoryStore

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "docs" / "reference"

# Helm wants a copy inside of the chart.
BROKER_FILES = (ROOT / "deploy" / "nats.conf", ROOT / "deploy" / "helm" / "localclip" / "files" / "nats.conf")


def _app() -> FastAPI:
    """The application as it is now, of which nothing runs."""
    with TemporaryDirectory() as folder:
        return create_app(GatewaySettings(), Database("sqlite://"), DirectoryStore(Path(folder)), BrokerSettings())


def openapi() -> dict[str, Any]:
    """What it serves over HTTP."""
    return _app().openapi()


def asyncapi() -> dict[str, Any]:
    """What it says and hears on the broker."""
    return cast("Gateway", _app().state.gateway).asyncapi()


def _references(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        for name, value in node.items():
            if name == "$ref" and isinstance(value, str):
                yield value
            else:
                yield from _references(value)
    elif isinstance(node, list):
        for item in node:
            yield from _references(item)


def dangling(spec: dict[str, Any]) -> list[str]:
    """References of `spec` that lead nowhere."""
    missing = []
    for reference in sorted(set(_references(spec))):
        node: Any = spec
        for part in reference.removeprefix("#/").split("/"):
            node = node.get(part.replace("~1", "/").replace("~0", "~"), None) if isinstance(node, dict) else None
        if node is None:
            missing.append(reference)
    return missing


def validate(name: str, spec: dict[str, Any]) -> None:
    """Raises: ValueError and its kin, when the document breaks its own specification."""
    if missing := dangling(spec):
        raise ValueError(f"{name}: references lead nowhere: {', '.join(missing)}")
    if name.startswith("openapi"):
        OpenAPIV31SpecValidator(spec).validate()
    else:
        ApplicationSchema.model_validate(spec)


def main() -> None:
    """Write, or compare with `--check`."""
    check = "--check" in sys.argv[1:]
    FOLDER.mkdir(parents=True, exist_ok=True)
    wanted = dict.fromkeys(BROKER_FILES, deployed_config())
    for name, spec in (("openapi.json", openapi()), ("asyncapi.json", asyncapi())):
        validate(name, spec)
        wanted[FOLDER / name] = json.dumps(spec, indent=2, ensure_ascii=False, sort_keys=True) + "\n"
    outdated = []
    for path, text in wanted.items():
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            outdated.append(path.relative_to(ROOT).as_posix())
            if not check:
                path.write_text(text, encoding="utf-8")
    if check and outdated:
        sys.exit(f"out of date: {', '.join(outdated)}; run `make generate`")
    sys.stdout.write(f"interface documents are valid{' and current' if check else ''}\n")


if __name__ == "__main__":
    main()
