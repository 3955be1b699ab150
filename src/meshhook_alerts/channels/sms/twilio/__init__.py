"""Text messages by Twilio."""

from meshhook_alerts.channels.sms.twilio.channel import TwilioChannel

CHANNEL = TwilioChannel()
