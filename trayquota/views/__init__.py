"""Snapshot → what people and scripts see, as plain data or text; no toolkit, no clock, no files."""
