"""A channel that posts to somebody's HTTP API: what all of them have in common."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import ClassVar, Generic, TypeVar, cast
from uuid import UUID

import orjson
from pydantic import BaseModel

from meshhook_alerts.application.ports import ChannelTools, HttpAnswer
from meshhook_alerts.channels.http.answers import outcome_of
from meshhook_alerts.channels.http.posting import check_address, post, secret_parts
from meshhook_alerts.channels.masking import detail
from meshhook_alerts.domain.delivery import Ambiguous, Delivered, Outcome, Rejected, TryAgain
from meshhook_alerts.domain.message import Content

Config = TypeVar("Config", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Post:
    """One request. ``body`` is the same for every try of a message."""

    url: str
    body: bytes
    headers: Mapping[str, str]
    part: str = ""
    """Of a message that takes several requests, which this is, in words that are no secret: what has arrived is
    not sent again."""

    @classmethod
    def of_json(
        cls, url: str, document: object, headers: Mapping[str, str] | None = None, part: str = ""
    ) -> Post:
        """A request with a JSON body, keys sorted."""
        body = orjson.dumps(document, option=orjson.OPT_SORT_KEYS)
        return cls(url, body, {"content-type": "application/json", **(headers or {})}, part)


class HttpChannel(Generic[Config]):
    """Subclasses say what is posted and how answers are to be read; sending parts, retries and masking are done."""

    kind: ClassVar[str]
    title: ClassVar[str]
    config_model: ClassVar[type[BaseModel]]

    def addresses(self, config: Config) -> Sequence[str]:
        """Whom it calls: asked of the guard when the channel is saved."""
        raise NotImplementedError

    def posts(
        self, notification_id: UUID, content: Content, config: Config, tools: ChannelTools
    ) -> Sequence[Post]:
        """The requests that make up the message, in order."""
        raise NotImplementedError

    def judge(self, answer: HttpAnswer, now: datetime, config: Config) -> Outcome:
        """What an answer stands for."""
        return outcome_of(answer, now)

    def hidden(self, config: Config) -> Sequence[str]:
        """What must not be shown, beside the config's secrets and what is secret in its addresses."""
        return ()

    async def check(self, config: BaseModel, tools: ChannelTools) -> None:
        """Raises ``ForbiddenDestination`` for an address the guard would refuse to call."""
        for address in self.addresses(cast(Config, config)):
            await check_address(address, tools)

    async def send(
        self, notification_id: UUID, content: Content, config: BaseModel, tools: ChannelTools
    ) -> Outcome:
        """Sends what has not arrived yet, one request after the other."""
        settings = cast(Config, config)
        posts = self.posts(notification_id, content, settings, tools)
        judge = partial(self.judge, config=settings)
        done = [each.part for each in posts if each.part and each.part in tools.done]
        waiting = [each for each in posts if each.part not in done]
        outcomes: list[tuple[Post, Outcome]] = []
        for each in waiting:
            outcome = await post(each.url, each.body, each.headers, tools, judge)
            outcomes.append((each, outcome))
            if isinstance(outcome, TryAgain | Ambiguous):
                break  # the next request would fare no better, and order counts
        outcome = in_all(done, outcomes)
        if isinstance(outcome, Delivered) and content.get("digest"):
            outcome = replace(
                outcome, reference=None
            )  # it is about many, and no alert's first message
        hidden = [
            *self.hidden(settings),
            *(part for each in posts for part in secret_parts(each.url)),
        ]
        return replace(outcome, detail=detail(outcome.detail, settings, *hidden))


def in_all(done: Sequence[str], outcomes: Sequence[tuple[Post, Outcome]]) -> Outcome:
    """How a message of several requests ended: a later try is for what is left; what was refused for good does not
    keep the others from counting."""
    if not outcomes:
        return Delivered("Accepted in earlier tries")
    arrived = [
        *done,
        *(each.part for each, one in outcomes if isinstance(one, Delivered) and each.part),
    ]
    last = outcomes[-1][1]
    if isinstance(last, TryAgain | Ambiguous):
        return replace(last, done=tuple(arrived))
    refused = [one for _, one in outcomes if isinstance(one, Rejected)]
    taken = [one for _, one in outcomes if isinstance(one, Delivered)]
    if not refused:
        return replace(_first_reference(taken), done=tuple(arrived))
    if not taken and not done:
        return refused[0]
    count = f"Accepted {len(taken) + len(done)} of {len(outcomes) + len(done)}"
    return Delivered(f"{count}; refused: {refused[0].detail}", done=tuple(arrived))


def _first_reference(taken: Sequence[Delivered]) -> Delivered:
    reference = next((one.reference for one in taken if one.reference), None)
    return replace(taken[-1], reference=reference)


def json_of(answer: HttpAnswer) -> Mapping[str, object]:
    """The answer's JSON object; empty for whatever else it is."""
    try:
        found = orjson.loads(answer.body)
    except orjson.JSONDecodeError:
        return {}
    return found if isinstance(found, dict) else {}


def alerts_in(content: Content) -> Iterator[Mapping[str, object]]:
    """The alerts a digest lists, each as it stands; nothing for a message about one."""
    yield from (content.get("digest") or {}).get("alerts", ())
