"""Every place a secret can stand in, with a password that its looks would not give away."""

from __future__ import annotations

import pytest

from meshhook_alerts.domain.redaction import redact
from tests.unit.redaction.secrets_made import hexadecimal, password, token

NOTATIONS = """
Error: connect(password={s}) failed
Error: spring.datasource.password={s} rejected
PGPASSWORD={s} psql: FATAL
MY_API_KEY={s}
FIRST_KEY={s} SECOND=2
Error: GET https://x.example/cb#access_token={s} HTTP 401
GET https://x.example/cb?code=200&sig={s}&x=1
Error: HTTP 400: {{\\"password\\":\\"{s}\\"}}
Error: HTTP 400: {{\\\\\\"password\\\\\\":\\\\\\"{s}\\\\\\"}}
Error: HTTP 400: {{"auth":{{"value":"{s}"}}}}
Error: HTTP 400: {{\\"credentials\\":{{\\"user\\":\\"x\\",\\"value\\":\\"{s}\\"}}}}
Error: password={s}
password = {s}
password := {s}
password => '{s}'
:password=>"{s}"
password: {s}
"password": "{s} with spaces"
"clientSecret" : "{s}"
env: {{TOKEN: {s}}}
passwords: ["{s}", "{s}"]
('password', '{s}')
$_ENV['SECRET_KEY'] = '{s}'
config["password"] = "{s}"
{{"name":"DB_PASSWORD","value":"{s}"}}
<password>{s}</password>
<ns:ApiKey type="x">{s}</ns:ApiKey>
<add key="Password" value="{s}"/>
&quot;token&quot;:&quot;{s}&quot;
password%3D{s}%26next
%22token%22%3A%22{s}%22
Server=db;User Id=app;Password={s};Database=x
--password {s} --yes
--db-password={s}
curl -u admin:{s} https://x.example
mysql -p{s} -h db
redis-cli -a "{s}" ping
IDENTIFIED BY '{s}'
the password is {s}
passwd {s} was refused
login with password "{s}" failed
postgres://app:{s}@db.example/x
postgres://app:a/{s}@db.example/x
https://{s}@x.example/x
DATABASE_URL=postgres://app:{s}@db/x
amqp://{s}:{s}@mq.example:5672/
X-Api-Key: {s}
--header 'X-Auth-Token: {s}'
Authorization: ApiKey {s}
Cookie: sid={s}; theme=dark
set-cookie: session={s}; HttpOnly
""".strip().splitlines()


@pytest.mark.parametrize("notation", NOTATIONS)
def test_a_secret_goes_wherever_it_stands(notation: str) -> None:
    secret = password()
    cleaned = redact(notation.format(s=secret))
    assert secret not in cleaned
    assert "removed]" in cleaned
    assert redact(cleaned) == cleaned


@pytest.mark.parametrize(
    "text",
    [
        "pass\u200bword=hunt\u200bER2secret",
        "password=hunt\u200dER2secret",
        "p\u0430ssword=huntER2secret",
        "\uff50\uff41\uff53\uff53word\uff1dhuntER2secret",
        "password\u00a0=\u00a0huntER2secret",
        "password=huntER2\u0301secret",
    ],
)
def test_characters_that_hide_or_imitate_hide_nothing(text: str) -> None:
    assert "ER2" not in redact(text)


@pytest.mark.parametrize(
    "text",
    [
        "Error: login failed for {s}",
        "Error: the request with {s} was refused",
        "ValueError: could not parse [{s}] as json",
        "TypeError: Invalid value {s}",
        "BadRequest: unexpected argument '{s}' (request 81f2)",
        "invalid {s}, paid {s}",
    ],
)
def test_a_uuid_that_nothing_calls_an_identifier_may_be_a_key(text: str) -> None:
    key = "3fa85f64-5717-4562-b3fc-2c963f66afa6"
    assert "3fa85f64" not in redact(text.format(s=key))


@pytest.mark.parametrize("number", range(10))
def test_half_a_token_is_not_left_behind_an_invisible_character(number: int) -> None:
    secret = f"{token(24)}\u200b{token(24)}" if number % 2 else f"{token(20)}\u0430{token(20)}"
    cleaned = redact(f"Error: {secret} was refused")
    left, right = secret[:20], secret[-20:]
    assert left not in cleaned
    assert right not in cleaned


@pytest.mark.parametrize(
    "text",
    [
        "Error: answered 403 for {s}",
        "unexpected argument '{s}' (request 81f2)",
        "GET https://hooks.example.com/services/T01/{s} HTTP 404",
        "could not parse [{s}] as json",
        "at line 1: {s}, {s}",
    ],
)
@pytest.mark.parametrize("form", ["mixed", "small", "hexadecimal", "prefixed", "url"])
def test_random_tokens_go_by_themselves(text: str, form: str) -> None:
    secret = {
        "mixed": token(20),
        "small": token(36).lower(),
        "hexadecimal": hexadecimal(40),
        "prefixed": f"acme_{token(24)}",
        "url": f"{token(22)}-_{token(20)}",
    }[form]
    cleaned = redact(text.format(s=secret))
    assert secret not in cleaned
    assert secret[5:15] not in cleaned


def test_what_the_reader_needs_stays_beside_it() -> None:
    text = (
        f"Error: GET https://api.shop.example/v1/items?page=2&token={token()} HTTP 401 ECONNRESET"
    )
    cleaned = redact(text)
    assert (
        cleaned
        == "Error: GET https://api.shop.example/v1/items?page=2&token=[removed] HTTP 401 ECONNRESET"
    )


def test_cards_and_numbers_of_people_go() -> None:
    digits = "4" + "1" * 15
    assert digits not in redact(f"card {digits} declined")
    assert "1111 1111" not in redact(
        f"card {digits[:4]} {digits[4:8]} {digits[8:12]} {digits[12:]} declined"
    )
    assert redact("run 4111111111111112 of 5") == "run 4111111111111112 of 5"
