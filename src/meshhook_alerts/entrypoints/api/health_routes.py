"""Whether the service lives and can work."""

from __future__ import annotations

from fastapi import APIRouter, Request

from meshhook_alerts.bootstrap import Service

router = APIRouter(prefix="/api/alerts/health", tags=["health"])


@router.head("/live", include_in_schema=False)
@router.get("/live", summary="The process answers")
async def live() -> dict[str, str]:
    """Always ``ok``: a process that cannot say so is dead."""
    return {"status": "ok"}


@router.head("/ready", include_in_schema=False)
@router.get("/ready", summary="The database answers")
async def ready(request: Request) -> dict[str, str]:
    """``ok`` if the database can be used, otherwise 503 with the reason."""
    service: Service = request.app.state.service
    await service.database.ping()
    return {"status": "ok"}
