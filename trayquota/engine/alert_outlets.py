"""Alerts beyond the desktop: to a command of the person's own, and to an ntfy topic."""

from __future__ import annotations

import logging
import threading
from collections import deque
from functools import partial
from typing import TYPE_CHECKING

from trayquota.net.cancellation import CancelToken
from trayquota.system.log import LoggedErrors, redacted

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from trayquota.net.transport import Transport
    from trayquota.system.limited_command import LimitedCommand
    from trayquota.views.alert import Alert

COMMAND_S = 10.0
"""What a command has before it is killed."""
_MAX_WAITING = 20
"""Deliveries; the oldest are left out where others hang."""
_END_S = 0.3
_log = logging.getLogger(__name__)


class AlertOutlets:
    """Delivers alerts, one after the other, on a thread that lives while there is something to deliver.

    Called and closed by the engine's thread or after it; the two threads share what waits, and what is
    under way, under a lock.
    """

    def __init__(self, transport: Transport, clock: Callable[[], datetime]) -> None:
        """Deliver to nobody yet."""
        self._transport = transport
        self._clock = clock
        self._lock = threading.Lock()
        self._waiting: deque[Callable[[], None]] = deque(maxlen=_MAX_WAITING)
        self._thread: threading.Thread | None = None
        self._under_way: LimitedCommand | None = None
        self._cancel_token = CancelToken()

    def __call__(self, alert: Alert, command: Sequence[str], topic: str) -> None:
        """Have an alert delivered.

        Args:
            alert: What has happened.
            command: Gets it as JSON on its standard input; empty for none.
            topic: An ntfy topic's address, which gets it without names; empty for none.
        """
        deliveries: list[Callable[[], None]] = []
        if command:
            from trayquota.views.alert_event import alert_event

            given = alert_event(alert, self._clock()).encode(errors="replace")
            deliveries.append(partial(self._run_command, tuple(command), given))
        if topic:
            deliveries.append(partial(self._publish, topic, alert.anonymous or alert))
        if deliveries:
            self._deliver(deliveries)

    def close(self, timeout_s: float) -> None:
        """Wait until all is delivered, at most so long, then end what is under way; nothing is delivered any more."""
        thread = self._thread
        if thread is None:
            return
        thread.join(timeout_s)
        with self._lock:
            self._waiting.clear()
            self._cancel_token.cancel()
            command = self._under_way
        if command is not None:
            command.kill()
        thread.join(_END_S)

    def _deliver(self, deliveries: Sequence[Callable[[], None]]) -> None:
        with self._lock:
            self._waiting += deliveries
            if self._thread is not None:
                return
            self._thread = threading.Thread(target=self._work, name="alerts", daemon=True)
        try:
            self._thread.start()
        except RuntimeError:
            # No thread is to be had: with the next alert, then.
            self._thread = None

    def _work(self) -> None:
        while True:
            with self._lock:
                if not self._waiting:
                    self._thread = None
                    return
                deliver = self._waiting.popleft()
            with LoggedErrors(_log, "delivering an alert"):
                deliver()

    def _run_command(self, arguments: Sequence[str], given: bytes) -> None:
        from trayquota.system.limited_command import LimitedCommand

        command = LimitedCommand(arguments, given)
        with self._lock:
            if self._cancel_token.is_cancelled:
                return
            self._under_way = command
        try:
            code = command.run(COMMAND_S)
        except (OSError, ValueError) as error:
            _log.warning("notify_command cannot be started (%s)", type(error).__name__)
            return
        finally:
            with self._lock:
                self._under_way = None
        ended = "was killed" if code is None else f"ended with {code}"
        said = "".join(f"\n  {redacted(line)}" for line in command.output.splitlines())
        _log.log(logging.INFO if code == 0 else logging.WARNING, "notify_command %s%s", ended, said)

    def _publish(self, topic: str, alert: Alert) -> None:
        """Send an alert to an ntfy topic: https://docs.ntfy.sh/publish/."""
        from trayquota.core.errors import FetchError
        from trayquota.providers.base import Request

        headers = {"Title": _header(alert.title), "Priority": "high" if alert.needs_user else "default"}
        request = Request("POST", topic, headers, (alert.body or alert.title).encode(errors="replace"))
        try:
            status = self._transport.send_to_server(request, cancel_token=self._cancel_token).status
        except FetchError as error:
            _log.warning("ntfy was not reached (%s)", error.failure.kind)
        else:
            if status >= 300:
                _log.warning("ntfy answered HTTP %d", status)


def _header(text: str) -> str:
    """Return a header's value, encoded as in mails (RFC 2047) where it is more than ASCII."""
    if text.isascii():
        return text
    from base64 import b64encode  # only where names need it

    return f"=?UTF-8?B?{b64encode(text.encode(errors='replace')).decode('ascii')}?="
