"""Sweeps over the queue, the platform and workflows, on a real database."""
