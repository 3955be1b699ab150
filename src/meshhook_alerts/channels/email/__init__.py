"""E-mail over SMTP."""

from meshhook_alerts.channels.email.channel import EmailChannel

CHANNEL = EmailChannel()
