"""Files, logs, signals, processes and what else the platform gives."""
