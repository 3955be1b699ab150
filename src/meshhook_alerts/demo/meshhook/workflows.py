"""Sample workflows: what a team might well run on MeshHook, with nodes as the editor saves them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any


@dataclass(frozen=True, slots=True)
class SampleNode:
    """One node of a definition; ``type`` as the editor writes it, in camel case."""

    id: str
    type: str
    label: str
    config: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SampleWorkflow:
    """A workflow whose nodes follow each other in one line."""

    slug: str
    name: str
    description: str
    nodes: tuple[SampleNode, ...]

    def __post_init__(self) -> None:
        """Refuse a workflow that no fault could strike."""
        if not any(node.type == "httpCall" for node in self.nodes):
            raise ValueError(f"{self.slug} needs an HTTP node: that is where faults strike")

    def definition(self) -> dict[str, Any]:
        """The definition as it is stored: nodes with their place on the canvas, and edges."""
        return {
            "nodes": [_stored(node, place) for place, node in enumerate(self.nodes)],
            "edges": [
                {"id": f"{source.id}-{target.id}", "source": source.id, "target": target.id}
                for source, target in pairwise(self.nodes)
            ],
        }


def _stored(node: SampleNode, place: int) -> dict[str, Any]:
    return {
        "id": node.id,
        "type": node.type,
        "position": {"x": 240 * place, "y": 80},
        "data": {"type": node.type, "label": node.label, "config": dict(node.config)},
    }


def _hook(label: str) -> SampleNode:
    return SampleNode("hook", "webhook", label)


def _transform(node_id: str, label: str, template: str) -> SampleNode:
    return SampleNode(node_id, "transform", label, {"template": template})


def _post(node_id: str, label: str, url: str) -> SampleNode:
    return SampleNode(node_id, "httpCall", label, {"method": "POST", "url": url})


_END = SampleNode("end", "terminate", "Done")

SAMPLE_WORKFLOWS: tuple[SampleWorkflow, ...] = (
    SampleWorkflow(
        "order-intake",
        "Order intake",
        "Takes orders from the web shop into the warehouse.",
        (
            _hook("Order placed"),
            _transform("to-warehouse", "Map order to pick list", "{order: id, lines: items}"),
            _post("reserve-stock", "Reserve stock", "https://warehouse.example/v2/picks"),
            _END,
        ),
    ),
    SampleWorkflow(
        "invoice-sync",
        "Invoice sync",
        "Copies paid invoices into the accounts.",
        (
            _hook("Invoice paid"),
            _transform("to-ledger", "Map invoice to booking", "{ref: id, amount: total}"),
            _post("book-invoice", "Book invoice", "https://ledger.example/api/bookings"),
        ),
    ),
    SampleWorkflow(
        "crm-contacts",
        "CRM contacts",
        "Creates a contact for every sign-up.",
        (
            _hook("User signed up"),
            _transform("to-contact", "Map sign-up to contact", "{email: email, name: name}"),
            _post("create-contact", "Create contact", "https://crm.example/v1/contacts"),
            _post("greet-contact", "Send welcome mail", "https://mail.example/v3/send"),
            _END,
        ),
    ),
    SampleWorkflow(
        "shipping-labels",
        "Shipping labels",
        "Orders a parcel label for every packed order.",
        (
            _hook("Order packed"),
            _transform("to-parcel", "Map order to parcel", "{to: address, weight: grams}"),
            _post("order-label", "Order label", "https://parcels.example/labels"),
            _END,
        ),
    ),
    SampleWorkflow(
        "nightly-report",
        "Nightly report",
        "Posts yesterday's figures to the team's chat.",
        (
            _hook("Report ready"),
            _transform("to-text", "Write summary", "{text: headline}"),
            _post("post-report", "Post to chat", "https://chat.example/hooks/figures"),
        ),
    ),
    SampleWorkflow(
        "refund-notify",
        "Refund notice",
        "Tells the customer that the money is on its way.",
        (
            _hook("Refund approved"),
            _transform("to-notice", "Write notice", "{to: email, amount: refund}"),
            _post("send-notice", "Send notice", "https://mail.example/v3/send"),
            _END,
        ),
    ),
)
