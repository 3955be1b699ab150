"""Texts that look as if they held a secret, and hold none: what a reader needs stays."""

from __future__ import annotations

import pytest

from meshhook_alerts.domain.redaction import redact, redact_name

HARMLESS = """
signal: SIGKILL
author: Jane Doe <x>
passed: 12, failed: 3
Basic authentication is required
Bearer authentication is required
max_tokens: 4096
max_tokens=4096, prompt_tokens: 812
UnreadableSecret: the channel's secrets are sealed by key k2
UnreadableSecret: [removed] is sealed
Error: HTTP 401 Unauthorized: Basic realm="orders"
Invalid token: expected string at position 12
SyntaxError: Unexpected token < in JSON at position 0
SyntaxError: Unexpected token 'o', "oops" is not valid JSON
password: must be at least 8 characters
password authentication failed for user "app"
token: missing
invalid csrf token
authentication: failed
auth: none
session: closed
Error: secret "db-prod" not found
Error: connect ECONNREFUSED 127.0.0.1:59999
at Object.<anonymous> (/srv/app/node_modules/undici/lib/client.js:42:13)
at processTicksAndRejections (node:internal/process/task_queues:95:5)
duplicate key value violates unique constraint "orders_pkey" (SQLSTATE 23505)
Key (id)=(4711) already exists.
Key (email)=(x) is not present in table "customers".
null value in column "token" of relation "sessions" violates not-null constraint
commit 3f2a9b1c4d5e6f708192a3b4c5d6e7f8091a2b3c broke the build
image sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08 not found
run 0190c3f2-7d5e-4d5b-8f0e-3f6f6f6f6f6f timed out
pod web-7d9f8b6c5d-x2x4z evicted
order 3fa85f64-5717-4562-b3fc-2c963f66afa6 not found
3fa85f64-5717-4562-b3fc-2c963f66afa6
3fa85f64-5717-4562-b3fc-2c963f66afa6 does not exist
Key (order_id)=(3fa85f64-5717-4562-b3fc-2c963f66afa6) is not present in table "orders"
GET https://api.example/v1/items/3fa85f64-5717-4562-b3fc-2c963f66afa6 HTTP 404
no such user: '3fa85f64-5717-4562-b3fc-2c963f66afa6'
{"orderId": "3fa85f64-5717-4562-b3fc-2c963f66afa6", "status": 404}
jobs 3fa85f64-5717-4562-b3fc-2c963f66afa6, 9b2d7c10-1111-4c2e-9a55-0d2f3b4c5d6e are stuck
x-request-id: 3fa85f64-5717-4562-b3fc-2c963f66afa6
java.lang.IllegalStateException: org.springframework.beans.factory.BeanCreationException
com.amazonaws.services.dynamodbv2.model.ProvisionedThroughputExceededException: Rate exceeded (Request ID: 9B7C1M2N3B4V5C6X)
ProvisionedThroughputExceededException
ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION
x86_64-unknown-linux-gnu
trace_id=4bf92f3577b34da6a3ce929d0e0e4736
traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01
order 01ARZ3NDEKTSV4RRFFQ69G5FAV not found
req_1a2B3c4D5e6F7g8H failed
https://api.example.com/v1/customers/4711/orders?page=2&sort=created_at
redis://cache.internal:6379/0 is not reachable
https://registry.npmjs.org/@scope/package/-/package-1.2.3.tgz HTTP 404
https://host.example:8443/a/@b/c
git@github.com:org/repo.git: Permission denied
KeyError: 'access_token'
TypeError: Cannot read properties of undefined (reading 'token')
the key was not found
secret_name=prod-db, token_type=bearer, auth_method=oauth2
Content-Type: application/json; charset=utf-8
ETag: "33a64df551425fcc55e4d42a148795d9f25f89d4"
timeout=30000ms retries=3 status=503
2026-11-26T04:01:40.123456Z ERROR worker-17 job failed
ENOENT: no such file or directory, open '/var/lib/app/uploads/2026-11-26/report-final-v2.pdf'
OperationalError: (psycopg.errors.UndefinedColumn) column orders.customer_reference_number does not exist
maximum context length is 8192 tokens
Pinned certificate mismatch
sign: invalid
pin: not set
expected 16 characters but got 12
Cookie consent banner failed to load
session timed out
meta key: value pairs
error code: 1020
login failed for user app
code=ECONNRESET errno=-104 syscall=read
arn:aws:lambda:eu-west-1:123456789012:function:orders-import
projects/my-project-1234/locations/europe-west1/services/orders
Missing required parameter: 'messages[0].content'
""".strip().splitlines()


@pytest.mark.parametrize("text", HARMLESS)
def test_it_stays_as_it_is(text: str) -> None:
    assert redact(text) == text


@pytest.mark.parametrize(
    "name", ["fetch[0]", "http_call", "V1StGXR8_Z5jdHi6B-myT", "Orders → ERP (nightly)", "node-17"]
)
def test_names_that_editors_give_stay(name: str) -> None:
    assert redact_name(name) == name
