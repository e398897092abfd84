"""The engine: which accounts there are, when they are polled, and what is published of it."""
