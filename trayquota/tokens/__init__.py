"""Refreshing logins without losing one."""
