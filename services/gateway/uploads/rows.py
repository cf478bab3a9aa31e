"""The SQL of uploads in parts."""

from sqlmodel import Session, select

from services.gateway.db.tables import Task, UploadRow


def upload(session: Session, upload_id: str, owner: str | None) -> UploadRow | None:
    """An upload in parts; `owner` None sees all."""
    found = session.exec(select(UploadRow).where(UploadRow.upload_id == upload_id)).first()
    return found if found is not None and owner in (None, found.owner) else None


def arriving(session: Session, task_id: str) -> Task | None:
    """A task, also one whose video is still arriving."""
    return session.exec(select(Task).where(Task.task_id == task_id)).first()
