"""What forms of all text message providers have in common."""

from __future__ import annotations

from typing import Annotated, Any

from phonenumbers import (
    NumberParseException,
    PhoneNumberFormat,
    PhoneNumberType,
    format_number,
    is_valid_number,
    number_type,
    parse,
)
from pydantic import AfterValidator, Field

_NO_TEXTS = {
    PhoneNumberType.FIXED_LINE: "a landline",
    PhoneNumberType.PREMIUM_RATE: "a premium rate number",
    PhoneNumberType.TOLL_FREE: "a toll-free number",
    PhoneNumberType.SHARED_COST: "a shared cost number",
    PhoneNumberType.UAN: "a company's central number",
    PhoneNumberType.VOICEMAIL: "a voice mailbox",
}


def checked_number(text: str) -> str:
    """A number that can take a text message, as E.164 writes it: ``+4915112345678``."""
    try:
        number = parse(text, None)
    except NumberParseException:
        raise ValueError(
            "This is no phone number in the international form: +, the country's code, and the number"
        ) from None
    if not is_valid_number(number):
        raise ValueError("There is no such phone number: digits are missing, too many, or wrong")
    if what := _NO_TEXTS.get(number_type(number)):
        raise ValueError(f"This is {what}, which takes no text messages")
    return format_number(number, PhoneNumberFormat.E164)


Number = Annotated[str, AfterValidator(checked_number)]


def recipients() -> Any:
    """Whom the messages go to."""
    return Field(
        title="Phone numbers",
        description="Whom it goes to, in the international form. At most 20.",
        examples=[["+4915112345678"]],
        min_length=1,
        max_length=20,
    )


def most_segments() -> Any:
    """What one message may cost."""
    return Field(
        default=2,
        title="Segments at most",
        description="What one message may cost each recipient: a segment is 160 plain characters, or 70 with others. "
        "Longer messages are shortened, never in the link.",
        ge=1,
        le=6,
    )


def once(numbers: list[str]) -> list[str]:
    """Each number once."""
    return list(dict.fromkeys(numbers))
