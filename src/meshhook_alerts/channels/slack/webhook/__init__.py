"""Slack's incoming webhooks, and whatever else takes them."""

from meshhook_alerts.channels.slack.webhook.channel import SlackWebhookChannel

CHANNEL = SlackWebhookChannel()
