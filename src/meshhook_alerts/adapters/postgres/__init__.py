"""Postgres: the stores, the queries they run (``queries/*.sql``), migrations, and waking up."""
