"""A complete MeshHook Alerts on one machine, with a sample engine to watch."""
