"""What a user sets for a Teams channel; the form is drawn from this."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict

from meshhook_alerts.channels.fields import Url, address


def _of_a_workflow(url: str) -> str:
    if ".webhook.office.com/" in url or "outlook.office.com/webhook" in url:
        raise ValueError(
            "This is an Office 365 connector, which Microsoft has ended; make a workflow: channel, Workflows, "
            '"Send webhook alerts to a channel"'
        )
    if url.startswith("https://teams.microsoft.com/"):
        raise ValueError(
            "This leads to a channel; the workflow shows the address to post to when it is made"
        )
    return url


class TeamsConfig(BaseModel):
    """Where the messages go."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True, title="Microsoft Teams")

    url: Annotated[Url, AfterValidator(_of_a_workflow)] = address(
        "Workflow address",
        'The address that the workflow "Send webhook alerts to a channel" shows. Whoever knows it can write there.',
        "https://prod-00.westeurope.logic.azure.com/workflows/…/triggers/manual/paths/invoke?…",
    )
