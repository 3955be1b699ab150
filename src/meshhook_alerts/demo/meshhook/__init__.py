"""A sample MeshHook: its database and an engine that writes to it as MeshHook does."""

from meshhook_alerts.demo.meshhook.connections import Connections, shared
from meshhook_alerts.demo.meshhook.engine import SampleEngine
from meshhook_alerts.demo.meshhook.install import install_meshhook
from meshhook_alerts.demo.meshhook.plots import Plot
from meshhook_alerts.demo.meshhook.seeding import SeededProject
from meshhook_alerts.demo.meshhook.steps import NodeIds
from meshhook_alerts.demo.meshhook.traffic import USUAL_MIX, Traffic
from meshhook_alerts.demo.meshhook.workflows import SAMPLE_WORKFLOWS, SampleNode, SampleWorkflow

__all__ = [
    "SAMPLE_WORKFLOWS",
    "USUAL_MIX",
    "Connections",
    "NodeIds",
    "Plot",
    "SampleEngine",
    "SampleNode",
    "SampleWorkflow",
    "SeededProject",
    "Traffic",
    "install_meshhook",
    "shared",
]
