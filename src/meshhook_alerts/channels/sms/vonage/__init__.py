"""Text messages by Vonage."""

from meshhook_alerts.channels.sms.vonage.channel import VonageChannel

CHANNEL = VonageChannel()
