"""What is missing, in plain words, and how to mend it."""

from meshhook_alerts.adapters.postgres.doctor.examination import examine
from meshhook_alerts.adapters.postgres.doctor.finding import Finding, Level

__all__ = ["Finding", "Level", "examine"]
