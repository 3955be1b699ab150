"""Webhooks after Standard Webhooks 1.0.0."""

from meshhook_alerts.channels.webhook.channel import WebhookChannel

CHANNEL = WebhookChannel()
