"""Words and decisions of alerting, free of I/O: no clock, no environment, no network, no tool."""
