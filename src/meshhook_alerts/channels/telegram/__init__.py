"""A bot in Telegram."""

from meshhook_alerts.channels.telegram.channel import TelegramChannel

CHANNEL = TelegramChannel()
