"""Push messages over ntfy (https://ntfy.sh, or a server of your own)."""

from meshhook_alerts_ntfy.channel import NtfyChannel

CHANNEL = NtfyChannel()
