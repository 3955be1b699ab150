"""PagerDuty: one incident for each alert."""

from meshhook_alerts.channels.pagerduty.channel import PagerDutyChannel

CHANNEL = PagerDutyChannel()
