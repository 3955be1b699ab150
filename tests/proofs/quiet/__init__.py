"""Held back, never lost: a flood of 100,000 failures, and random histories under workers that are killed."""
