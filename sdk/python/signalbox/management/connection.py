"""The connection to the server."""

from __future__ import annotations

from signalbox.management import client

__all__ = ["reload_api_connection", "test_api_connection"]


def test_api_connection() -> None:
    """Ask the server who we are; raises what is wrong with the address or the key, and returns nothing if all is well.

    GET /me.
    """
    client.api().get("/me")


def reload_api_connection() -> None:
    """Read the address and the key from the environment again, with the next call."""
    client.reload()
