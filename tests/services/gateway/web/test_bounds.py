"""However much is wrong with a request, little of it is looked at and told: the loop makes a dict of every error."""

from collections.abc import Iterator
from typing import Annotated, Any, get_args, get_origin

import pytest
from annotated_types import MaxLen
from fastapi.routing import APIRoute
from pydantic import BaseModel, Field, TypeAdapter, ValidationError
from pydantic.fields import FieldInfo

from services.gateway.app import _MODULES
from services.gateway.batches.schemas import ManifestRow
from services.gateway.commands import schemas as commands
from services.gateway.pipeline.schemas import CancelTask, ProcessTask
from services.gateway.uploads.schemas import TaskOfSource
from services.gateway.web.bodies import Written
from shared.bounds import MOST_ERRORS, MOST_FIELDS
from shared.pipeline import TARGET_LANGUAGES

MANY = 50_000
ROUTES = [route for module in _MODULES for route in module.router.routes if isinstance(route, APIRoute)]
READ_BY_HAND = (TaskOfSource, ManifestRow)
"""Of a request that is JSON or a form, and of a list whose rows are judged one by one."""
COMMANDS = tuple(
    kind
    for kind in vars(commands).values()
    if isinstance(kind, type) and issubclass(kind, commands.Command) and kind is not commands.Command
)


def models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    """The models that an annotation names anywhere."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from models_in(part)


def with_parts(model: type[BaseModel], found: dict[type[BaseModel], None]) -> None:
    """Add a model and all that its fields are made of."""
    if model not in found:
        found[model] = None
        for field in model.model_fields.values():
            for part in models_in(field.annotation):
                with_parts(part, found)


def everything_sent() -> list[type[BaseModel]]:
    found: dict[type[BaseModel], None] = {}
    bodies = [route.body_field.field_info.annotation for route in ROUTES if route.body_field is not None]
    for annotation in (*bodies, *READ_BY_HAND, *COMMANDS):
        for model in models_in(annotation):
            with_parts(model, found)
    return list(found)


def container_of(annotation: Any) -> type | None:
    """`dict` or `list` where a field takes one; the first that an annotation names from outside."""
    if get_origin(annotation) in (dict, list, tuple):
        return dict if get_origin(annotation) is dict else list
    return next((kind for part in get_args(annotation) if (kind := container_of(part))), None)


CONTAINERS = [
    (model, name, field, kind)
    for model in everything_sent()
    for name, field in model.model_fields.items()
    if (kind := container_of(field.annotation))
]


def wrong(kind: type) -> Any:
    """As many entries as a short body may have, none of which any field takes."""
    entries = [{"no": "such"}] * MANY
    return {f"no such {number}": entry for number, entry in enumerate(entries)} if kind is dict else entries


def refusal(model: Any, sent: Any) -> ValidationError:
    with pytest.raises(ValidationError) as found:
        TypeAdapter(model).validate_python(sent)
    return found.value


def test_models_with_lists_and_dicts_are_found() -> None:
    """Of routes, of requests that are read by hand, of commands, and those inside of others."""
    names = {f"{model.__name__}.{name}" for model, name, _, _ in CONTAINERS}
    assert {"CancelTask.languages", "TaskOfSource.translations", "ManifestRow.glossary"} <= names
    assert {"Brief.languages", "LanguageBrief.terms", "Publication.texts", "PlacedText.texts"} <= names
    assert {"ExportRecipe.audio", "CancelWork.languages", "SpeakerMerge.from_"} <= names


@pytest.mark.parametrize(
    ("model", "name", "field", "kind"), CONTAINERS, ids=[f"{model.__name__}-{name}" for model, name, _, _ in CONTAINERS]
)
def test_a_long_list_or_dict_is_few_errors(model: type[BaseModel], name: str, field: FieldInfo, kind: type) -> None:
    """Alone and inside another model; what has a limit is measured before any entry is read."""
    sent = {field.alias or name: wrong(kind)}
    error = refusal(model, sent)
    assert error.error_count() <= MOST_ERRORS
    limits = [limit.max_length for limit in field.metadata if isinstance(limit, MaxLen)]
    if limits and limits[0] < MANY:
        [found] = error.errors()
        assert (found["type"], found["loc"][0]) == ("too_long", field.alias or name)


def test_every_list_and_dict_has_a_limit() -> None:
    """Which stands in the description of the API; that of metadata is one in bytes."""
    without = []
    for model, name, field, _ in CONTAINERS:
        schema = str(model.model_json_schema()["properties"][field.alias or name])
        if "maxItems" not in schema and "maxProperties" not in schema:
            without.append(f"{model.__name__}.{name}")
    assert [where for where in without if not where.endswith(".metadata")] == []


class Part(Written):
    numbers: dict[str, int] = Field(default={}, max_length=3)


class Whole(Written):
    parts: list[Part] = Field(default=[], max_length=5000)
    free: dict[str, Annotated[int, Field(ge=0)]] = Field(default={})


def test_many_small_errors_are_one() -> None:
    """Each part below the limit, all together above: one error instead of all."""
    unknown = {f"f{number}": 1 for number in range(MOST_FIELDS)}
    [found] = refusal(Whole, {"parts": [unknown] * 1000}).errors()
    assert (found["type"], found["msg"]) == ("too_many_errors", f"more than {MOST_ERRORS} things are wrong with it")
    assert refusal(Whole, {"free": {str(number): -1 for number in range(MANY)}}).error_count() == 1
    assert refusal(Whole, {"free": {str(number): -1 for number in range(MOST_ERRORS)}}).error_count() == MOST_ERRORS


def test_a_limit_is_told_where_it_is() -> None:
    """As pydantic words it, at the field, also inside a list."""
    [found] = refusal(Whole, {"parts": [{}, {"numbers": dict.fromkeys("abcd", 1)}]}).errors()
    assert found["loc"] == ("parts", 1, "numbers")
    assert found["msg"].startswith("Dictionary should have at most 3 items after validation")
    assert Whole.model_validate({"parts": [{"numbers": dict.fromkeys("abc", 1)}]}).parts[0].numbers["c"] == 1
    assert refusal(CancelTask, {"languages": ["es"] * MANY}).errors()[0]["loc"] == ("languages",)


def test_a_language_that_is_named_twice_counts_once() -> None:
    """What a validator makes shorter is measured after it."""
    sent = {"languages": [*TARGET_LANGUAGES, "es", "zh-Hant"]}
    assert ProcessTask.model_validate(sent).languages == list(TARGET_LANGUAGES)
