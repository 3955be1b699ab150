"""What an operator can set: name, default, meaning. The one place; read once, at the start.

Every setting comes from the environment. A secret may instead stand in a file whose name the
variable with ``_FILE`` gives (as container platforms mount them).
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, NoDecode, PydanticBaseSettingsSource, SettingsConfigDict


class SettingsError(Exception):
    """Settings that cannot be used: every one of them, by name, with an example."""


class Settings(BaseSettings):
    """Settings of the service. ``title`` is the variable's name where it has no prefix."""

    model_config = SettingsConfigDict(env_prefix="MESHHOOK_ALERTS_", extra="ignore")

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
    keys: SecretStr | None = Field(
        default=None,
        description="Keys that encrypt channel secrets, the current one first. "
        "`meshhook-alerts keys generate` makes one.",
        examples=["k1:…base64 of 32 bytes…"],
    )
    host: str = Field(default="127.0.0.1", description="Address the API listens on.")
    port: int = Field(default=8787, ge=0, le=65535, description="Port the API listens on.")
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
        default="MeshHook Alerts <alerts@localhost>", description="Sender of e-mail."
    )
    outbound_allow: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(),
        description="Private networks that channels may reach, as CIDRs separated by commas.",
        examples=["10.20.0.0/16,127.0.0.0/8"],
    )
    sweep_seconds: float = Field(
        default=15, ge=0.1, le=3600, description="Pause between two searches for silent runs."
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="What to log, from this level up."
    )

    @field_validator("outbound_allow", mode="before")
    @classmethod
    def _split(cls, value: Any) -> Any:
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
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
        path = os.environ.get(f"{variable(field_name)}_FILE")
        value = Path(path).read_text("utf-8").strip() if path else None
        return value, str(field.validation_alias or field_name), False

    def __call__(self) -> dict[str, Any]:
        fields = self.settings_cls.model_fields.items()
        found = (self.get_field_value(field, name) for name, field in fields)
        return {key: value for value, key, _ in found if value is not None}


def variable(field_name: str) -> str:
    """The environment variable of a setting."""
    alias = Settings.model_fields[field_name].validation_alias
    return str(alias) if alias else f"MESHHOOK_ALERTS_{field_name.upper()}"


def load_settings(**given: Any) -> Settings:
    """Settings from ``given``, the environment and files.

    Raises:
        SettingsError: some cannot be used.
    """
    try:
        return Settings(**{key: value for key, value in given.items() if value is not None})
    except ValidationError as problem:
        lines = [_line(error) for error in problem.errors()]
        raise SettingsError("\n".join(lines)) from None
    except OSError as problem:
        raise SettingsError(f"{problem.filename}: {problem.strerror}") from None


def _line(error: Any) -> str:
    key = str(error["loc"][0]) if error["loc"] else ""
    by_alias = {
        str(field.validation_alias or name): name for name, field in Settings.model_fields.items()
    }
    name = by_alias.get(key, key)
    field = Settings.model_fields.get(name)
    example = f" Example: {variable(name)}={field.examples[0]}" if field and field.examples else ""
    return f"{variable(name) if field else key}: {error['msg']}.{example}"
