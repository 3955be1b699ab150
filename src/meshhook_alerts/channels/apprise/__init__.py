"""Everything that Apprise knows, as an optional extra: ``pip install 'meshhook-alerts[apprise]'``."""

from importlib.util import find_spec

from meshhook_alerts.channels.unavailable import NotInstalled

if find_spec("apprise") is None:
    raise NotInstalled("pip install 'meshhook-alerts[apprise]'")

from meshhook_alerts.channels.apprise.channel import AppriseChannel

CHANNEL = AppriseChannel()
