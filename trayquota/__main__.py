"""``python -m trayquota``."""

from trayquota.cli.main import run

if __name__ == "__main__":
    run()
