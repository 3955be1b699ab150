"""Text messages by any gateway that takes an HTTP request."""

from meshhook_alerts.channels.sms.gateway.channel import GatewayChannel

CHANNEL = GatewayChannel()
