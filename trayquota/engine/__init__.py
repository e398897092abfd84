"""The engine: which accounts there are, who is asked when, and what is published of it."""
