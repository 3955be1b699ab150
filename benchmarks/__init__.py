"""Benchmarks: what MeshHook Alerts costs, as ratios to bare yardsticks measured in the same run.

``python -m benchmarks`` runs all; the method is described in ``docs/explanation/benchmarks.md``.
"""
