"""How often one caller may ask: said in each answer, refused beyond, and nobody pays for another."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import httpx
import pytest

from meshhook_alerts.bootstrap import Service
from meshhook_alerts.entrypoints.api.rates import SIGN_INS
from tests.api_client import SERVICE, a_client, bearing, owner_of, problem, token
from tests.line import World, a_service

pytestmark = pytest.mark.postgres

LIMIT = 5
POLICY = re.compile(r'"(\w+)";q=(\d+);w=60')
STANDING = re.compile(r'"(\w+)";r=(\d+);t=(\d+)')


@pytest.fixture
async def client(world: World) -> AsyncIterator[httpx.AsyncClient]:
    """A server that takes five requests a minute."""
    async with (
        a_service(world.url, requests_per_minute=LIMIT) as service,
        a_client(service) as made,
    ):
        yield made


def standing(answer: httpx.Response) -> tuple[str, int, int]:
    """Of which policy, how many it takes, and how many are left."""
    policy = POLICY.fullmatch(answer.headers["ratelimit-policy"])
    left = STANDING.fullmatch(answer.headers["ratelimit"])
    assert policy
    assert left
    assert policy[1] == left[1]
    assert 1 <= int(left[3]) <= 120
    return policy[1], int(policy[2]), int(left[2])


async def test_each_answer_says_how_the_caller_stands_and_too_many_are_refused(
    client: httpx.AsyncClient, world: World
) -> None:
    left = [
        standing(await client.get("/api/alerts", headers=owner_of(world))) for _ in range(LIMIT)
    ]
    assert left == [("caller", LIMIT, LIMIT - 1 - each) for each in range(LIMIT)]
    refused = await client.get("/api/alerts", headers=owner_of(world))
    assert problem(refused, 429)["code"] == "too_many_requests"
    assert standing(refused) == ("caller", LIMIT, 0)
    assert 1 <= int(refused.headers["retry-after"]) <= 120


async def test_a_caller_is_counted_whatever_token_is_sent_and_others_are_not_touched(
    client: httpx.AsyncClient, world: World
) -> None:
    for number in range(LIMIT):
        fresh = bearing(token(world.owner, session=number))
        assert (await client.get("/api/alerts", headers=fresh)).status_code == 200
    assert (await client.get("/api/alerts", headers=owner_of(world))).status_code == 429
    other = "6f1d9ad2-4a9c-4f0e-9d6c-0c9f3d7a1b2c"
    assert (await client.get("/api/alerts", headers=bearing(token(other)))).status_code == 200
    assert standing(await client.get("/api/alerts", headers=SERVICE))[:2] == ("service", LIMIT * 50)


async def test_guesses_at_tokens_are_counted_by_address(client: httpx.AsyncClient) -> None:
    for number in range(LIMIT):
        answer = await client.get("/api/alerts", headers=bearing(f"guess-{number}"))
        assert (answer.status_code, standing(answer)[0]) == (401, "address")
    assert (await client.get("/api/alerts", headers=bearing("another"))).status_code == 429
    assert (await client.get("/api/alerts/session")).status_code == 429
    assert (await client.get("/alerts/")).status_code in (200, 404)  # pages are not counted


async def test_signing_in_may_be_tried_only_so_often(service: Service) -> None:
    async with a_client(service) as client:
        for _ in range(SIGN_INS):
            body = {"access_token": "guess"}
            answer = await client.post(
                "/api/alerts/session", json=body, headers={"origin": "http://alerts"}
            )
            assert answer.status_code == 401
        refused = await client.post(
            "/api/alerts/session", json=body, headers={"origin": "http://alerts"}
        )
        assert problem(refused, 429)["code"] == "too_many_requests"
        assert '"sign-in";q=10;w=60' in refused.headers["ratelimit-policy"]
