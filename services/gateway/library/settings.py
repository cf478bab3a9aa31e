"""Settings of an account: what new tasks begin with."""

from fastapi import APIRouter, Request, Response

from services.gateway.db import IntegrityError
from services.gateway.db.tables import AccountRow
from services.gateway.library.schemas import SettingsRead
from services.gateway.pipeline.parts import Parts
from services.gateway.pipeline.schemas import Settings
from services.gateway.script import rows as script_rows
from services.gateway.web.etags import check_version_sent, etag
from services.gateway.web.keys import Who
from services.gateway.web.problems import Problem

router = APIRouter(prefix="/api/settings", tags=["settings"])


@router.get("", operation_id="get_settings")
def get_settings(parts: Parts, who: Who, response: Response) -> SettingsRead:
    """The settings, the defaults included."""
    with parts.database.read() as session:
        row = script_rows.settings_of(session, who.account)
        response.headers["ETag"] = etag(row.version)
        return SettingsRead(**row.settings, version=row.version)


@router.put("", operation_id="put_settings")
def put_settings(body: Settings, request: Request, response: Response, parts: Parts, who: Who) -> SettingsRead:
    """Replace the settings; tasks that exist already keep theirs."""
    with parts.database.write() as session:
        # locked: of two changes of one version, the second sees the first
        row = session.get(AccountRow, who.account, with_for_update=True) or AccountRow(owner=who.account, version=0)
        check_version_sent(request, row.version)
        row.settings, row.version = body.model_dump(mode="json"), row.version + 1
        session.add(row)
        try:
            session.flush()
        except IntegrityError as error:
            raise Problem(409, "settings_conflict", "somebody else saved settings just now; repeat it") from error
        response.headers["ETag"] = etag(row.version)
        return SettingsRead(**row.settings, version=row.version)
