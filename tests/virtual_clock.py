"""A database whose clock the test moves: hours pass for the whole line while it runs.

Everything that is decided goes by the database's clock, so it is the one place where time can be moved for
triggers, sweeps, workers, API and queue alike. The functions that tell the time are replaced, in this
database alone, by the real ones and a shift. (Replacing their bodies would do nothing: the server finds its own
functions by number.)
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from tests.databases import execute, rows

_INSTALL = """
create schema virtual_clock;
create table virtual_clock.shift (by interval not null);
insert into virtual_clock.shift values ('0');
grant usage on schema virtual_clock to public;
grant select on virtual_clock.shift to public;
create function virtual_clock.began() returns timestamptz language internal stable as 'now';
create function virtual_clock.present() returns timestamptz language internal volatile as 'clock_timestamp';
"""
_REPLACED = {
    "now": ("stable", "began"),
    "transaction_timestamp": ("stable", "began"),
    "statement_timestamp": ("stable", "began"),
    "clock_timestamp": ("volatile", "present"),
}


_DEFAULTS = """
select format('alter table %s alter column %I set default %s',
              adrelid::regclass, attname, pg_get_expr(adbin, adrelid))
from pg_attrdef join pg_attribute on attrelid = adrelid and attnum = adnum
where pg_get_expr(adbin, adrelid) ~ '(now|_timestamp)\\(' and attgenerated = ''
"""
"""Defaults mean the function that was there when they were set."""


class VirtualClock:
    """The clock of one database."""

    def __init__(self, url: str) -> None:
        self._url = url

    async def install(self) -> None:
        """To be called before anything connects that is to see it."""
        defaults = await rows(self._url, _DEFAULTS)
        await execute(self._url, *filter(str.strip, _INSTALL.split(";")))
        for name, (kind, real) in _REPLACED.items():
            await execute(
                self._url,
                f"alter function pg_catalog.{name}() rename to {name}_really",
                f"create function pg_catalog.{name}() returns timestamptz language sql {kind}"
                f" as 'select virtual_clock.{real}() + shift.by from virtual_clock.shift'",
            )
        await execute(self._url, *defaults)

    async def now(self) -> datetime:
        """The present moment there."""
        now: datetime = (await rows(self._url, "select clock_timestamp()"))[0]
        return now.astimezone(UTC)

    async def pass_(self, length: timedelta) -> None:
        """Lets time pass."""
        await execute(
            self._url,
            f"update virtual_clock.shift set by = by + interval '{length.total_seconds()} s'",
        )

    async def set(self, moment: datetime) -> None:
        """Makes it ``moment``, which may lie in the past."""
        await self.pass_(moment - await self.now())
