"""What a user sets for a gateway of text messages; the form is drawn from this."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import orjson
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from meshhook_alerts.channels.fields import Headers, Url
from meshhook_alerts.channels.sms.fields import Number, most_segments, once, recipients

PLACES = ("{to}", "{text}", "{id}")


def _a_template(text: str) -> str:
    try:
        document = orjson.loads(text)
    except orjson.JSONDecodeError as problem:
        raise ValueError(f"The body must be a JSON object: {problem}") from None
    if not isinstance(document, dict):
        raise ValueError("The body must be a JSON object")
    missing = [place for place in PLACES[:2] if place not in text]
    if missing:
        raise ValueError(f"The body must have {' and '.join(missing)} somewhere")
    return text


class GatewayConfig(BaseModel):
    """Where it is posted, and what."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True, title="SMS (gateway)")

    url: Url = Field(
        title="Address",
        description="Where a message is posted, once for each recipient.",
        examples=["https://sms.example.com/send"],
        max_length=2_048,
        json_schema_extra={"format": "uri", "destination": True},
    )
    body: Annotated[str, AfterValidator(_a_template)] = Field(
        title="Body",
        description="A JSON object with {to}, {text} and, if wanted, {id} in its texts: the number, the message, and an "
        "id that is the same for every try.",
        examples=['{"recipient": "{to}", "message": "{text}", "reference": "{id}"}'],
        max_length=4_000,
    )
    form: Literal["json", "form"] = Field(
        default="json", title="Sent as", description="JSON, or a form of the object's first level."
    )
    headers: Headers = Field(
        default=None,
        title="Headers",
        description="Sent with every request, such as Authorization. At most 20.",
        repr=False,
        json_schema_extra={"secret": True},
    )
    accepted_if: str | None = Field(
        default=None,
        title="Accepted if the answer has",
        description="A text that only a good answer holds, for a gateway that answers 200 whatever happened.",
        max_length=200,
    )
    plus: bool = Field(
        default=True, title="Numbers with a plus", description="Whether {to} begins with a plus."
    )
    to: Annotated[list[Number], AfterValidator(once)] = recipients()
    max_segments: int = most_segments()

    def document(self) -> dict[str, Any]:
        """The body's template."""
        found: dict[str, Any] = orjson.loads(self.body)
        return found
