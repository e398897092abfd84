"""Quotas of AI-coding accounts, in the tray."""

__version__ = "0.1.0"
