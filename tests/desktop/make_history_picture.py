"""Makes the README's picture of the history: the real command's page of sample people, in headless Chromium.

``python -m tests.desktop.make_history_picture`` from the checkout draws it anew; look at it before it is kept.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

from trayquota.cli.demo_history import write_sample_history

PICTURE = Path(__file__).parent / "screenshots" / "history.png"
SIZE = "1100,1670"
ACCOUNT = "claude-ada@example.com.json"


def main() -> None:
    """Write the picture."""
    with tempfile.TemporaryDirectory() as folder:
        home, page = Path(folder), Path(folder, "page.html")
        credentials = home / ".cli-proxy-api"
        credentials.mkdir(mode=0o700)
        expired = (datetime.now(UTC) + timedelta(days=1)).isoformat(timespec="seconds")
        content = {"type": "claude", "email": "ada@example.com", "access_token": "sample", "expired": expired}
        (credentials / ACCOUNT).write_text(json.dumps(content))
        write_sample_history(home / "data/trayquota/history.sqlite3", datetime.now(UTC))
        environment = os.environ | {"HOME": folder, "XDG_DATA_HOME": str(home / "data")}
        command = [sys.executable, "-m", "trayquota", "history", "--account", ACCOUNT, "--html", str(page)]
        subprocess.run(command, env=environment, check=True)
        browser = ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"]
        options = [f"--user-data-dir={home / 'browser'}", f"--window-size={SIZE}", f"--screenshot={PICTURE}"]
        subprocess.run([*browser, *options, page.as_uri()], check=True, capture_output=True)


if __name__ == "__main__":
    main()
