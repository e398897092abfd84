"""The credentials folder: what is in it, when it changes, and the safe renewal of a login."""
