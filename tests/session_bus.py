"""Private session buses: their configuration, and one that can die and come back at the same address."""

from __future__ import annotations

import signal
import subprocess
from typing import TYPE_CHECKING

from needs import need

if TYPE_CHECKING:
    from pathlib import Path

CONFIG = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:path={socket}</listen>{services}
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow user="*"/>
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
"""


def write_config(path: Path, socket: Path, *, activates: bool = False) -> None:
    """Write the configuration of a session bus that listens at ``socket``.

    It lets in every user: some compositors must not be root. Unless ``activates``, the bus starts no services, so
    that nothing is started behind the back of the test.
    """
    services = "\n  <standard_session_servicedirs/>" if activates else ""
    path.write_text(CONFIG.format(socket=socket, services=services))


class SessionBus:
    """A dbus-daemon that starts no services.

    Attributes:
        address: Where it listens, whether it runs or not.
    """

    def __init__(self, folder: Path) -> None:
        self._socket = folder / "bus"
        self._config = folder / "bus.conf"
        write_config(self._config, self._socket)
        self._daemon: subprocess.Popen[str] | None = None
        self.address = f"unix:path={self._socket}"

    def start(self) -> None:
        """Return when it accepts connections."""
        self._daemon = subprocess.Popen(
            [need("dbus-daemon"), f"--config-file={self._config}", "--nofork", "--print-address"],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert self._daemon.stdout is not None
        assert self._daemon.stdout.readline().startswith("unix:")

    def pause(self) -> None:
        """Take no messages until :meth:`go_on`."""
        self._send("SIGSTOP")

    def go_on(self) -> None:
        """Take messages again."""
        self._send("SIGCONT")

    def _send(self, name: str) -> None:
        assert self._daemon is not None
        self._daemon.send_signal(signal.Signals[name])

    def kill(self) -> None:
        """Die at once, as in a crash."""
        if self._daemon is not None:
            self._daemon.kill()
            self._daemon.communicate()
            self._daemon = None
            self._socket.unlink(missing_ok=True)
