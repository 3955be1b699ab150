"""What the use cases need of the world, as protocols; ``adapters``, ``channels`` and ``sources``
provide them, ``bootstrap`` puts them together."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Collection, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, ClassVar, Protocol
from uuid import UUID

from pydantic import BaseModel

from meshhook_alerts.domain.decision import Decisions, State
from meshhook_alerts.domain.delivery import Outcome
from meshhook_alerts.domain.failure import SignalGroup
from meshhook_alerts.domain.folding import Folded, Placed
from meshhook_alerts.domain.life import Act
from meshhook_alerts.domain.message import Content
from meshhook_alerts.domain.policy import ProjectPolicy
from meshhook_alerts.domain.storm import Pace
from meshhook_alerts.domain.timers import Timer


@dataclass(frozen=True, slots=True)
class Destination:
    """A channel as a sender needs it."""

    id: UUID
    project_id: UUID
    name: str
    kind: str
    enabled: bool
    config: Mapping[str, Any]
    secrets: bytes | None
    """Encrypted, bound to the channel."""


@dataclass(frozen=True, slots=True)
class DueNotification:
    """A leased notification with all that is needed to send it."""

    id: UUID
    queue_id: int
    content: Content
    template_version: int
    created_at: datetime
    deadline_at: datetime
    attempts: int
    """Tries so far."""
    destination: Destination | None
    """None if the channel has been deleted."""
    done: tuple[str, ...] = ()
    """Parts (recipients) that earlier tries delivered."""
    thread: str | None = None
    """What the channel called its first message about the same alert, if it said."""


@dataclass(frozen=True, slots=True)
class ProjectSettings:
    """What a project wants, and where its channels lead."""

    policy: ProjectPolicy
    destinations: Mapping[UUID, Destination]
    """By channel id."""


# ---------------------------------------------------------------- deciding


@dataclass(frozen=True, slots=True)
class Part:
    """Some signals of a batch, the oldest first."""

    groups: Sequence[SignalGroup]
    seen: Sequence[str]
    """Members of groups that had been recorded before; to be dropped."""
    signals: int
    """How many there are."""
    last_id: int
    """The newest one's."""

    def first(self, number: int) -> Part:
        """As if only so many groups had been waiting."""
        if number >= len(self.groups):
            return self
        left = sum(group.count for group in self.groups[number:])
        return replace(self, groups=self.groups[:number], signals=self.signals - left)


@dataclass(frozen=True, slots=True)
class Batch:
    """Signals of one project, taken by one worker for the length of a transaction."""

    project_id: UUID
    settings_version: int
    now: datetime
    """The database's clock when the batch was taken."""
    limit: int
    """How many signals it may have."""
    first: Part
    timers: Sequence[Timer] = ()
    """Of the project, due."""
    pace: Pace = field(default_factory=Pace)
    """How fast its messages come."""
    acts: Sequence[Act] = ()
    """What people want of its alerts."""


@dataclass(frozen=True, slots=True)
class Message:
    """A notification's content, ready to be stored and sent."""

    notification_id: UUID
    channel_id: UUID
    content: dict[str, Any]
    deadline_seconds: float


class DecidingTransaction(Protocol):
    """One transaction in which a batch is decided; leaving it without ``commit`` undoes all."""

    async def take(self, limit: int, only: UUID | None = None) -> Batch | None:
        """The next batch of a project nobody else is deciding for, or ``only`` of that one; None if there
        is none."""

    def parts(self, batch: Batch) -> AsyncGenerator[Part, None]:
        """The batch, part by part; the next one is read while its reader is busy with the last.
        To be closed before anything else is asked of the transaction."""

    def settle(self, part: Part, placed: Iterable[Placed]) -> None:
        """Remembers what a part's signals came to. It is written beside the next part, or by
        ``commit``."""

    async def settings(self, batch: Batch) -> ProjectSettings:
        """What the batch's project wants, and where its channels lead."""

    async def state(
        self,
        project_id: UUID,
        fingerprints: Sequence[str],
        alert_ids: Sequence[UUID],
        *,
        explaining: bool,
        recent: tuple[datetime, int] | None = None,
    ) -> State:
        """What is known of the alerts with these fingerprints or ids, and what explains others;
        ``explaining``: also of those that something in the batch may explain. ``recent``: also when
        they last failed, from a moment on and so many times at most."""

    async def commit(
        self,
        batch: Batch,
        folded: Folded,
        decisions: Decisions,
        leased: Sequence[Message],
        others: Iterable[Message],
    ) -> Sequence[tuple[int, str | None]]:
        """Writes everything and commits. The ``leased`` messages, the first, are leased to this
        worker; returns their queue ids, in order, each with what the channel called its first message about
        the same alert. The ``others`` are composed as they are written."""

    async def postpone(self, batch: Batch, seconds: float) -> None:
        """Undoes all and leaves the batch's project alone for a while, so others get their turn."""


class DecisionStore(Protocol):
    """Where signals wait and decisions are kept."""

    def transaction(self) -> AbstractAsyncContextManager[DecidingTransaction]:
        """A new deciding transaction."""


# ---------------------------------------------------------------- delivering


@dataclass(frozen=True, slots=True)
class AttemptResult:
    """A try and what follows: the notification's new state and, if pending, the wait."""

    notification_id: UUID
    queue_id: int
    started_at: datetime
    finished_at: datetime
    outcome: str
    detail: str
    state: str
    wait_seconds: float
    reason: str | None
    done: tuple[str, ...] = ()
    """Parts of the notification delivered by now, in this try or before."""
    connected: bool | None = None
    """Whether the other side was reached; None where that is not known."""
    channel: str | None = None
    """Its name, redacted."""
    reference: str | None = None
    """What the channel calls the message."""


@dataclass(frozen=True, slots=True)
class DeliveryNews:
    """What an operator wants to hear of a channel."""

    project_id: UUID
    channel: str | None
    """Its name; None if it has been deleted."""
    kind: str | None
    notification_id: UUID
    state: str
    """Of the notification."""
    detail: str
    """The other side's answer, redacted."""
    starts_failing: bool
    takes_again: bool


class DeliveryStore(Protocol):
    """The queue of notifications and the record of tries."""

    async def take_due(self, limit: int, lease_seconds: int) -> Sequence[DueNotification]:
        """Leases due notifications."""

    async def record(self, results: Sequence[AttemptResult]) -> Sequence[DeliveryNews]:
        """Writes tries and their consequences in one transaction; tells what has come of it that
        somebody should know."""

    async def extend(self, queue_ids: Sequence[int], lease_seconds: int) -> None:
        """Renews the lease on notifications still being sent."""


class ChannelPlugin(Protocol):
    """A kind of channel: how notifications leave.

    One that keeps an incident of its own for each alert also has ``mirrors: ClassVar[bool] = True``: it is told
    when somebody takes the alert in hand, too. Two more methods may be there: ``preview(content, config) -> Preview``
    says what would be sent and what it costs, and ``receipt(request, config) -> Receipt | None`` reads what the other
    side says later (None: nothing of interest), raising ``UnsignedReceipt``.
    """

    kind: ClassVar[str]
    title: ClassVar[str]
    config_model: ClassVar[type[BaseModel]]
    """What a user configures. Fields marked ``json_schema_extra={"secret": True}`` are stored
    encrypted and never returned."""

    async def check(self, config: BaseModel, tools: ChannelTools) -> None:
        """Raises ``ForbiddenDestination`` where the guard would refuse to send; asked when saving."""

    async def send(
        self, notification_id: UUID, content: Content, config: BaseModel, tools: ChannelTools
    ) -> Outcome:
        """Sends once. Raises nothing for what the other side does: the outcome says it."""


@dataclass(frozen=True, slots=True)
class Preview:
    """What a channel would send, before anything is sent."""

    text: str
    """As its reader would see it, or the most telling part of it."""
    size: int
    """What it costs: of text messages, segments for all recipients; of others 1."""
    note: str
    """The size in words."""


@dataclass(frozen=True, slots=True)
class ReceiptRequest:
    """What the other side says later about a message; nobody has vouched for it yet."""

    url: str
    """The address it was told to call."""
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of a message, or of the part of it that is for one recipient."""

    part: str
    """As the channel calls the part in ``TryAgain.done``."""
    state: str
    """``delivered`` or ``undelivered``."""
    detail: str
    """The other side's own words."""


class UnsignedReceipt(Exception):  # noqa: N818
    """The signature is missing or wrong; the text says which."""


class ChannelTools(Protocol):
    """What the service lends to every channel."""

    @property
    def guard(self) -> OutboundGuard: ...

    @property
    def http(self) -> HttpClient: ...

    @property
    def mail(self) -> MailServer | None:
        """The operator's own mail server, for channels that name none."""

    @property
    def mail_elsewhere(self) -> bool:
        """Whether another worker that is alive has the operator's mail server; known when saving."""

    @property
    def done(self) -> Collection[str]:
        """Parts of this notification, such as recipients, that earlier tries delivered: as the channel
        named them in ``TryAgain.done``. They must not get it again."""

    @property
    def thread(self) -> str | None:
        """What the channel called its first message about the same alert (``Delivered.reference``): where
        this one belongs."""

    @property
    def receipt_url(self) -> str | None:
        """Where the other side may say later what became of this message; None if nobody can call us."""

    def now(self) -> datetime:
        """The present moment, UTC."""


class OutboundGuard(Protocol):
    """Decides which addresses may be reached; asked when saving and at the very dial."""

    def check_url(self, url: str) -> None:
        """Raises ``ForbiddenDestination`` for a URL that may not be called, by its form alone."""

    async def resolve(self, host: str, port: int) -> Sequence[tuple[str, int]]:
        """Addresses of a host, all of them allowed; raises ``ForbiddenDestination`` otherwise,
        ``OSError`` where it has none."""


class ForbiddenDestination(Exception):  # noqa: N818 - a verdict, not an error of ours
    """Nothing can be sent there: the outbound guard does not let it through, or there is no way; the
    text says why, for people."""


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """What an HTTP server answered, cut to what is worth keeping."""

    status: int
    headers: Mapping[str, str]
    """Names in lower case."""
    body: str


class HttpClient(Protocol):
    """Guarded HTTP: no redirects, no proxy from the environment, bounded time and size."""

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> HttpAnswer:
        """Raises ``ForbiddenDestination``, ``HttpUnreachable`` or ``HttpSilent``."""


class HttpUnreachable(Exception):  # noqa: N818
    """The request cannot have been acted on: no connection, or it broke before all was sent."""


class HttpSilent(Exception):  # noqa: N818
    """The request went out and no (whole) answer came back in time."""


@dataclass(frozen=True, slots=True)
class MailServer:
    """An SMTP server and how to speak to it."""

    host: str
    port: int
    security: str
    """``starttls``, ``tls`` or ``none``."""
    sender: str
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    trusted: bool = False
    """The operator's own: the outbound guard lets it through."""
    ca_file: str | None = None
    """Path of a PEM file with the certificate authorities to trust instead of the system's."""


class Waker(Protocol):
    """Tells when there may be something to decide."""

    async def until_signals(self, limit: float) -> None:
        """Returns as soon as signals may be waiting, or after ``limit`` seconds."""

    def busy(self) -> None:
        """Says that this worker is awake, so that nobody needs to wake it."""


@dataclass(frozen=True, slots=True)
class SweepTurn:
    """What one turn of a sweep came to."""

    added: int
    """Signals added."""
    wait_seconds: float
    """How long there is nothing to do; 0: there is more at once."""
    read: int = 0
    """Rows looked at."""


class Sweep(Protocol):
    """One periodic search for what triggers cannot see. All workers take turns at it."""

    @property
    def name(self) -> str: ...

    async def turn(self) -> SweepTurn:
        """Does what is due, within bounds; its own troubles are noted, and tried again later.
        Raises ``StoreUnavailable`` where there is no database."""


class Sweeps(Protocol):
    """All the searches, each of which stands alone."""

    @property
    def each(self) -> Sequence[Sweep]: ...

    async def attribute(self) -> int:
        """Finds the projects of signals whose trigger could not see them; returns how many."""


class Health(Protocol):
    """Where a worker says that it is alive."""

    async def beat(self, state: str, detail: Mapping[str, Any]) -> None:
        """Writes the worker's own row."""

    async def tidy(self) -> None:
        """Gets our own tables ready for the months to come."""

    async def say(self, part: str, trouble: str | None) -> None:
        """Writes the row of a part of the worker: what it cannot do, or that it works."""


class StoreUnavailable(Exception):  # noqa: N818
    """The database cannot be reached or is not set up; the text says what to do."""


class StatementRefused(StoreUnavailable):
    """The database is there, and refuses this very statement; another one may well succeed."""


class SecretBox(Protocol):
    """Encrypts channel secrets with a key from outside the database."""

    def seal(self, secrets: Mapping[str, str], bound_to: str) -> bytes:
        """Encrypts; the result opens only with the same ``bound_to``."""

    @property
    def key_ids(self) -> frozenset[str]:
        """Names of the keys that open."""

    def open(self, sealed: bytes, bound_to: str) -> dict[str, str]:
        """Decrypts; raises ``UnreadableSecret``."""


class UnreadableSecret(Exception):  # noqa: N818
    """A stored secret that cannot be opened: another key, another row, or damage."""


class Clock(Protocol):
    """The present moment, UTC."""

    def now(self) -> datetime: ...
