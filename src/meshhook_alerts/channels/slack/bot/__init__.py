"""A bot in Slack: one thread for each alert."""

from meshhook_alerts.channels.slack.bot.channel import SlackBotChannel

CHANNEL = SlackBotChannel()
