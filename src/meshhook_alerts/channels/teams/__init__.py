"""Microsoft Teams, by the webhook of a workflow."""

from meshhook_alerts.channels.teams.channel import TeamsChannel

CHANNEL = TeamsChannel()
