"""Slack, in two ways: an incoming webhook, or a bot with a thread for each alert."""
