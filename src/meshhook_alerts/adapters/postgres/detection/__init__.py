"""Searches for failures that no trigger can see: one sweep each, one query per rule."""
