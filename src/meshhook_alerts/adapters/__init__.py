"""The outside world behind the application's ports: Postgres, HTTP, clock, secrets."""
