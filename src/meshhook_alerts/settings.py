"""What an operator can set: name, default, meaning. The one place; read once, at the start.

Every setting comes from the environment. A secret may instead stand in a file whose name the
variable with ``_FILE`` gives (as container platforms mount them).
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from email_validator import EmailNotValidError, validate_email
from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, NoDecode, PydanticBaseSettingsSource, SettingsConfigDict


class SettingsError(Exception):
    """Settings that cannot be used: every one of them, by name, with an example."""

    def __init__(self, *problems: str) -> None:
        super().__init__("\n".join(problems))


class Settings(BaseSettings):
    """Settings of the service. ``title`` is the variable's name where it has no prefix."""

    model_config = SettingsConfigDict(
        env_prefix="MESHHOOK_ALERTS_", extra="ignore", env_ignore_empty=True
    )

    database_url: SecretStr | None = Field(
        default=None,
        validation_alias="DATABASE_URL",
        description="MeshHook's Postgres. Without it an embedded one is started.",
        examples=["postgresql://user:password@host:5432/postgres"],
    )
    pooled: bool | None = Field(
        default=None,
        description="Whether DATABASE_URL leads through a transaction pooler (PgBouncer, Supavisor). "
        "Found out from port 6543 or pgbouncer=true when not set.",
        examples=["true"],
    )
    data: Path | None = Field(
        default=None,
        description="Folder of the embedded database and its secrets.",
        examples=["/var/lib/meshhook-alerts"],
    )
    supabase_jwt_secret: SecretStr | None = Field(
        default=None,
        validation_alias="SUPABASE_JWT_SECRET",
        description="Secret that signs the tokens of MeshHook's users (HS256).",
        examples=["the JWT secret of the Supabase project"],
    )
    supabase_url: str | None = Field(
        default=None,
        validation_alias="SUPABASE_URL",
        description="Address of the Supabase project, where its users' tokens are signed with keys of its own (ES256, "
        "RS256): the keys are fetched from there. Then no shared secret is needed.",
        examples=["https://abcdefghijkl.supabase.co"],
    )
    supabase_anon_key: SecretStr | None = Field(
        default=None,
        validation_alias="SUPABASE_ANON_KEY",
        description="The Supabase project's public key (anon or publishable). With it and SUPABASE_URL, people sign in "
        "to the dashboard with their e-mail address and password of MeshHook.",
        examples=["sb_publishable_…"],
    )
    keys: SecretStr | None = Field(
        default=None,
        description="Keys that encrypt channel secrets, the current one first. "
        "`meshhook-alerts keys generate` makes one.",
        examples=["k20261126-3fa2:…base64 of 32 bytes…"],
    )
    trigger_secret: SecretStr | None = Field(
        default=None,
        description="Secret that signs reports to `POST /api/alerts/trigger`, at least 32 characters; "
        "without it only tokens of the service role are taken. While changing it, put the new one "
        "and the old one, with a space between.",
        examples=["$(openssl rand -base64 48)"],
    )
    host: str = Field(
        default="127.0.0.1", description="Address the API listens on.", examples=["192.0.2.10"]
    )
    port: int = Field(
        default=8787, ge=0, le=65535, description="Port the API listens on.", examples=["8080"]
    )
    base_url: str | None = Field(
        default=None,
        description="Where people reach this service; messages link there.",
        examples=["https://alerts.example.org"],
    )
    meshhook_url: str | None = Field(
        default=None,
        description="Where people reach MeshHook; messages link to its run page.",
        examples=["https://meshhook.example.org"],
    )
    smtp_url: SecretStr | None = Field(
        default=None,
        description="Mail server for e-mail channels that name none of their own. "
        "Schemes: smtp (STARTTLS required), smtps (TLS), smtp+plain (neither; loopback only).",
        examples=["smtp://user:password@mail.example.org:587"],
    )
    mail_from: str = Field(
        default="MeshHook Alerts <alerts@localhost>",
        description="Sender of e-mail.",
        examples=["MeshHook Alerts <alerts@example.org>"],
    )
    outbound_allow: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(),
        description="Private networks that channels may reach, as CIDRs separated by commas.",
        examples=["10.20.0.0/16,127.0.0.0/8"],
    )
    operator_email: str | None = Field(
        default=None,
        description="Who hears of failures that belong to no project: partitions running out, "
        "silent workers, late detection. `meshhook-alerts platform set` knows more channels.",
        examples=["operators@example.org"],
    )
    requests_per_minute: int = Field(
        default=1_200,
        ge=1,
        description="Requests that one caller may make to the API in a minute, of one process; the service role, "
        "which reports failures, fifty times as many. Each answer says how the caller stands.",
        examples=["1200"],
    )
    sweep_seconds: float = Field(
        default=15,
        ge=0.1,
        le=3600,
        description="Seconds between two searches for silent runs.",
        examples=["15"],
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="What to log, from this level up.", examples=["warning"]
    )

    @model_validator(mode="before")
    @classmethod
    def _blank_is_unset(cls, values: dict[str, Any]) -> dict[str, Any]:
        return {name: each for name, each in values.items() if each != "" and not _is_blank(each)}

    @field_validator("base_url", "meshhook_url")
    @classmethod
    def _a_web_address(cls, value: str | None) -> str | None:
        return None if value is None else _web_address(value.strip())

    @field_validator("outbound_allow", mode="before")
    @classmethod
    def _split(cls, value: Any) -> Any:
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return value

    @field_validator("operator_email")
    @classmethod
    def _an_address(cls, value: str | None) -> str | None:
        if value is None:
            return None
        try:
            return validate_email(value.strip(), check_deliverability=False).normalized
        except EmailNotValidError as problem:
            raise ValueError(f"is no e-mail address: {problem}") from None

    @field_validator("trigger_secret")
    @classmethod
    def _long_enough(cls, value: SecretStr | None) -> SecretStr | None:
        secrets = value.get_secret_value().split() if value else []
        if value and (not secrets or min(map(len, secrets)) < 32):
            raise ValueError("is too short; a secret takes at least 32 characters")
        return value

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """What is handed in wins over the environment, which wins over files."""
        return init_settings, env_settings, _FileSource(settings_cls)


class _FileSource(PydanticBaseSettingsSource):
    """``NAME_FILE`` → the file's content, for secrets."""

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        path = _file(field_name)
        value = None if path is None or _unreadable(path) else path.read_text("utf-8").strip()
        return value, _key(field_name), False

    def __call__(self) -> dict[str, Any]:
        fields = self.settings_cls.model_fields.items()
        found = (self.get_field_value(field, name) for name, field in fields)
        return {key: value for value, key, _ in found if value is not None}


def _is_blank(value: object) -> bool:
    return isinstance(value, str) and not value.strip()


def _web_address(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("is no web address: it begins with https:// and a host")
    if parts.username is not None or parts.password is not None:
        raise ValueError("must not hold a user or a password: every message would show it")
    if parts.query or parts.fragment or re.search(r"[{}\s<>\x00-\x1f]", text):
        raise ValueError("is where a path is added at the end: no ?, #, braces or blanks in it")
    return text


def _file(field_name: str) -> Path | None:
    path = os.environ.get(f"{variable(field_name)}_FILE", "").strip()
    return Path(path) if path else None


def _unreadable(path: Path) -> str | None:
    try:
        path.read_text("utf-8")
    except OSError as problem:
        return problem.strerror or "cannot be read"
    except UnicodeDecodeError:
        return "holds no text"
    return None


def variable(field_name: str) -> str:
    """The environment variable of a setting."""
    alias = Settings.model_fields[field_name].validation_alias
    return str(alias) if alias else f"MESHHOOK_ALERTS_{field_name.upper()}"


def wrong(field_name: str, what: str) -> str:
    """What is wrong with a setting, with an example of a right one."""
    examples = Settings.model_fields[field_name].examples or [""]
    name = variable(field_name)
    return f"{name}: {what.rstrip('.')}. Example: {name}={examples[0]}"


def load_settings(**given: Any) -> Settings:
    """Settings from ``given``, the environment and files.

    Raises:
        SettingsError: some cannot be used.
    """
    settings, problems = read_settings(**given)
    if problems:
        raise SettingsError(*problems)
    return settings


def read_settings(**given: Any) -> tuple[Settings, list[str]]:
    """As `load_settings`, but with what is wrong instead of raising; those settings have their
    defaults, so that the others can be looked at too."""
    chosen = {name: value for name, value in given.items() if value is not None}
    problems = list(_unreadable_files())
    try:
        return Settings(**chosen), problems
    except ValidationError as problem:
        errors = {
            _field_name(error["loc"]): error["msg"].removeprefix("Value error, ")
            for error in problem.errors()
        }
    defaults = {_key(name): Settings.model_fields[name].default for name in errors}
    problems += [wrong(name, message) for name, message in errors.items()]
    return Settings(**{**chosen, **defaults}), problems


def misspelt_variables() -> list[str]:
    """Variables that begin as ours do and are none of them: each with what was perhaps meant."""
    known = {variable(name) for name in Settings.model_fields}
    known |= {f"{name}_FILE" for name in known} | _OF_SCRIPTS
    said = []
    for name in sorted(set(os.environ) - known):
        if name.startswith("MESHHOOK_ALERTS_"):
            near = get_close_matches(name, known, n=1, cutoff=0.8)
            meant = f"; did you mean {near[0]}?" if near else "; `docs/reference` lists them"
            said.append(f"{name} is no setting{meant}")
    return said


_OF_SCRIPTS = {"MESHHOOK_ALERTS_CHROMIUM", "MESHHOOK_ALERTS_URL"}
"""What scripts and examples read, and the service does not."""


def _unreadable_files() -> Iterator[str]:
    for name in Settings.model_fields:
        path = _file(name)
        if path and (reason := _unreadable(path)):
            yield f"{variable(name)}_FILE: {path}: {reason}"


def _key(field_name: str) -> str:
    return str(Settings.model_fields[field_name].validation_alias or field_name)


def _field_name(loc: tuple[int | str, ...]) -> str:
    return next(name for name in Settings.model_fields if loc[0] in (name, _key(name)))
