"""Failure alerts for MeshHook: every failed run reaches a person, once, with the reason."""
