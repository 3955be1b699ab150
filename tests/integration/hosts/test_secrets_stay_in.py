"""No secret shows in a log of any form, a representation or a traceback."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
import textwrap

import pytest
from pydantic import SecretStr

from meshhook_alerts.application.ports import MailServer
from meshhook_alerts.bootstrap import open_service
from meshhook_alerts.channels import installed_channels
from meshhook_alerts.entrypoints.api.identity import TokenReader
from meshhook_alerts.entrypoints.api.signatures import SignatureCheck
from tests.line import KEY, test_settings

SECRET = "hunter2-very-secret-hunter2-very-secret"
WHSEC = "whsec_" + "QUJD" * 12

PROGRAM = textwrap.dedent(
    """
    import logging, sys
    from meshhook_alerts.entrypoints.logs import set_up_logs
    set_up_logs("info")
    def sign(secret, url="https://x.example"):
        password = secret
        raise RuntimeError("it broke")
    try:
        sign("SECRET")
    except RuntimeError:
        logging.getLogger("x").exception("could not sign")
    logging.getLogger("x").error("a header: Authorization: Bearer SECRET")
    logging.getLogger("x").error("dsn postgresql://user:SECRET@host/db password=SECRET")
    """
).replace("SECRET", SECRET)


def on_a_terminal() -> str:
    main, other = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM], stdin=other, stdout=other, stderr=other
    ) as process:
        os.close(other)
        seen = b""
        try:
            while chunk := os.read(main, 65536):
                seen += chunk
        except OSError:
            pass
        process.wait(20)
    os.close(main)
    return seen.decode()


def in_a_pipe() -> str:
    ended = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, timeout=20, check=True
    )
    return ended.stdout + ended.stderr


@pytest.mark.parametrize("where", [on_a_terminal, in_a_pipe])
def test_a_log_shows_no_secret_of_its_frames_nor_of_its_text(where: object) -> None:
    seen = where()  # type: ignore[operator]
    assert "could not sign" in seen
    assert "it broke" in seen
    assert SECRET not in seen.replace("\n", "")


@pytest.mark.postgres
async def test_no_object_shows_its_secret(line_url: str) -> None:
    settings = test_settings(
        smtp_url=SecretStr(f"smtp://user:{SECRET}@mail.example:587"),
        trigger_secret=SecretStr(SECRET),
        supabase_jwt_secret=SecretStr(SECRET),
    )
    secrets = (SECRET, KEY.split(":")[1], line_url.split(":")[2].split("@")[0])
    async with open_service(settings, line_url) as service:
        objects = [
            settings, service, service.tools, service.tools.mail, service.database,
            service.database.address, service.secrets, service.change_settings, service.worker(),
            TokenReader(SECRET), SignatureCheck.of(SECRET), service.worker().sender,
        ]  # fmt: skip
        for each in objects:
            shown = f"{each!r} {each} {getattr(each, '__dict__', '')!r}"
            for secret in secrets:
                assert secret not in shown, type(each)


def test_a_channels_settings_do_not_show_theirs() -> None:
    webhook = installed_channels()["webhook"].config_model.model_validate(
        {"url": "https://x.example/path", "secret": WHSEC, "headers": {"x-key": SECRET}}
    )
    shown = f"{webhook!r} {webhook}"
    assert WHSEC not in shown
    assert SECRET not in shown


def test_a_mail_server_does_not_show_its_password() -> None:
    server = MailServer(
        host="x", port=25, security="none", sender="a@b.c", username="u", password=SECRET
    )
    assert SECRET not in f"{server!r} {server}"
