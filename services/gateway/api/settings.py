"""Settings of an account: what new tasks begin with."""

from fastapi import APIRouter, Request, Response
from sqlalchemy.exc import IntegrityError

from services.gateway.api.account_schemas import Settings, SettingsRead
from services.gateway.api.context import Parts, Who, check_version_sent, etag
from services.gateway.api.problems import Problem
from services.gateway.api.schemas import TaskConfig
from services.gateway.database import account
from services.gateway.database.engine import Database

router = APIRouter(prefix="/api/settings", tags=["settings"])


@router.get("", operation_id="get_settings")
def get_settings(parts: Parts, who: Who, response: Response) -> SettingsRead:
    """The settings, the defaults included."""
    with parts.database.read() as session:
        row = account.settings_of(session, who.account)
        response.headers["ETag"] = etag(row.version)
        return SettingsRead(**row.settings, version=row.version)


@router.put("", operation_id="put_settings")
def put_settings(body: Settings, request: Request, response: Response, parts: Parts, who: Who) -> SettingsRead:
    """Replace the settings; tasks that exist already keep theirs."""
    with parts.database.write() as session:
        row = account.settings_of(session, who.account)
        check_version_sent(request, row.version)
        row.settings, row.version = body.model_dump(mode="json"), row.version + 1
        session.add(row)
        try:
            session.flush()
        except IntegrityError as error:
            raise Problem(409, "settings_conflict", "somebody else saved settings just now; repeat it") from error
        response.headers["ETag"] = etag(row.version)
        return SettingsRead(**row.settings, version=row.version)


def with_defaults(database: Database, owner: str, config: TaskConfig) -> TaskConfig:
    """`config` of a new task, where the account's settings stand for fields that were not sent."""
    with database.read() as session:
        settings = Settings.model_validate(account.settings_of(session, owner).settings)
    defaults = {
        "target_languages": list(settings.default_languages),
        "num_speakers": settings.num_speakers,
        "chinese": settings.chinese,
        "brief": settings.brief,
        "export_settings": settings.export_settings,
        "gate": settings.gate,
    }
    return config.model_copy(update={name: v for name, v in defaults.items() if name not in config.model_fields_set})
