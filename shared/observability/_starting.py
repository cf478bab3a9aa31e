"""How a service exits if it cannot start with its settings."""

import functools
from collections.abc import Callable, Iterator

from pydantic import ValidationError
from pydantic_settings import BaseSettings


def ends_with_a_sentence(service: str) -> Callable[[Callable[[], None]], Callable[[], None]]:
    """A `main` whose settings may be wrong: it then exits with one sentence for each and exit code 1, without a
    traceback."""

    def around(main: Callable[[], None]) -> Callable[[], None]:
        @functools.wraps(main)
        def guarded() -> None:
            try:
                main()
            except ValidationError as error:
                settings = next((found for found in _below(BaseSettings) if found.__name__ == error.title), None)
                if settings is None:  # not a setting: a defect
                    raise
                raise SystemExit("\n".join(f"{service}: {line}" for line in _sentences(error, settings))) from None

        return guarded

    return around


def _below(base: type[BaseSettings]) -> Iterator[type[BaseSettings]]:
    for found in base.__subclasses__():
        yield found
        yield from _below(found)


def _sentences(error: ValidationError, settings: type[BaseSettings]) -> Iterator[str]:
    """Without the values: they may be secrets."""
    prefix = str(settings.model_config.get("env_prefix", ""))
    for wrong in error.errors():
        name = str(wrong["loc"][0]) if wrong["loc"] else ""
        variable = f"{prefix}{name}" if name in settings.model_fields else name
        yield f"{variable.upper()}: {wrong['msg'].removeprefix('Value error, ')}".removeprefix(": ")
