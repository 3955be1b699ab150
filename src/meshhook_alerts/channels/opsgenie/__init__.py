"""Opsgenie, and Jira Service Management: one alert there for each alert here."""

from meshhook_alerts.channels.opsgenie.channel import OpsgenieChannel

CHANNEL = OpsgenieChannel()
