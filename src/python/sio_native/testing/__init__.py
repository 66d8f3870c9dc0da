"""Clients for the tests of an application: in process, without a port, at a time tests move."""

from .client import TestClient
from .event import Event

__all__ = ["Event", "TestClient"]
