"""Text messages: what all providers share. Each provider is a folder of its own."""
