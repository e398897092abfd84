"""``python -m trayquota``."""

from trayquota.cli import run

if __name__ == "__main__":
    run()
