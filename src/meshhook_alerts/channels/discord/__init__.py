"""Discord's webhooks."""

from meshhook_alerts.channels.discord.channel import DiscordChannel

CHANNEL = DiscordChannel()
