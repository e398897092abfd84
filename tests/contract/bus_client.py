"""A connection to a bus with a loop on a thread of its own, driven from the test's thread."""

from __future__ import annotations

import asyncio
import threading
from copy import copy
from typing import TYPE_CHECKING, Any, NamedTuple

from dbus_fast import Message, MessageType, NameFlag, RequestNameReply, unpack_variants
from dbus_fast.aio import MessageBus
from insides import disconnected

from .recorder import PATIENCE_S, Recorder

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

BUS = "org.freedesktop.DBus"


class RemoteError(Exception):
    """A call was answered with an error; its text is the error's name."""


class Signal(NamedTuple):
    """A signal as it arrived, variants unpacked."""

    sender: str
    member: str
    body: list[Any]


def plain(body: list[Any]) -> list[Any]:
    """A message's body with variants unpacked and structures as lists."""

    def listed(value: Any) -> Any:
        if isinstance(value, list | tuple):
            return [listed(each) for each in value]
        return {key: listed(each) for key, each in value.items()} if isinstance(value, dict) else value

    return [listed(each) for each in unpack_variants(body)]


class BusClient:
    """Calls and is called. Everything public may be used from any thread but its own.

    Attributes:
        signals: Every signal that went over the bus.
    """

    def __init__(self, address: str) -> None:
        self.signals: Recorder[Signal] = Recorder()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name=type(self).__name__)
        self._thread.start()
        try:
            self._bus = self._do(self._connect(address))
        except BaseException:
            self._end_loop()
            raise
        self.watch("type='signal'")

    @property
    def unique_name(self) -> str:
        name = self._bus.unique_name
        assert isinstance(name, str)
        return name

    def close(self) -> None:
        self._do(self._disconnect())
        self._end_loop()

    def call(
        self, destination: str, path: str, interface: str, member: str, signature: str = "", *body: object
    ) -> list[Any]:
        """The reply's body, variants unpacked.

        Raises:
            RemoteError: The reply was an error.
        """
        reply: list[Any] = self._do(
            self._call(Message(destination, path, interface, member, signature=signature, body=[*body]))
        )
        return reply

    def ping(self, destination: str) -> None:
        """Return when ``destination`` has done all that it was asked before, and its signals have arrived."""
        self.call(destination, "/", "org.freedesktop.DBus.Peer", "Ping")

    def watch(self, rule: str) -> None:
        self.call(BUS, "/org/freedesktop/DBus", BUS, "AddMatch", "s", rule)

    def own(self, name: str) -> None:
        """Take ``name``, from whoever has it; others may take it likewise."""
        flags = NameFlag.ALLOW_REPLACEMENT | NameFlag.REPLACE_EXISTING | NameFlag.DO_NOT_QUEUE
        assert self._do(self._bus.request_name(name, flags)) is RequestNameReply.PRIMARY_OWNER

    def disown(self, name: str) -> None:
        self._do(self._bus.release_name(name))

    def emit(self, path: str, interface: str, member: str, signature: str, *body: object) -> None:
        async def send() -> None:
            await self._bus.send(Message.new_signal(path, interface, member, signature, [*body]))

        self._do(send())

    def call_at_once(self, count: int, message: Message) -> Callable[[], list[Message]]:
        """Make the same call many times without waiting; returns what waits for the replies."""

        async def send() -> list[asyncio.Future[Message]]:
            calls = [asyncio.ensure_future(self._bus.call(copy(message))) for _ in range(count)]
            # A reply from the bus itself means that it has passed on all that came before.
            await self._call(Message(BUS, "/org/freedesktop/DBus", BUS, "GetId"))
            return calls

        calls = self._do(send())

        async def gather() -> list[Message]:
            return list(await asyncio.gather(*calls))

        def wait() -> list[Message]:
            replies: list[Message] = self._do(gather())
            return replies

        return wait

    def answer(self, _call: Message) -> Message | bool | None:
        """Reply to a call, leave it to the library, or let it wait for ever; on the client's own thread."""
        return None

    async def _connect(self, address: str) -> MessageBus:
        bus = await MessageBus(address).connect()
        bus.add_message_handler(self._on_message)
        return bus

    async def _disconnect(self) -> None:
        if self._bus.connected:
            self._bus.disconnect()
        await asyncio.wait([asyncio.ensure_future(disconnected(self._bus))])

    async def _call(self, message: Message) -> list[Any]:
        async with asyncio.timeout(PATIENCE_S):
            reply = await self._bus.call(message)
        if reply.message_type is MessageType.ERROR:
            raise RemoteError(reply.error_name)
        return plain(reply.body)

    def _on_message(self, message: Message) -> Message | bool | None:
        if message.message_type is MessageType.SIGNAL:
            sender, member = message.sender, message.member
            assert sender is not None
            assert member is not None
            self.signals.add(Signal(sender, member, plain(message.body)))
        elif message.message_type is MessageType.METHOD_CALL:
            return self.answer(message)
        return None

    def _do(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(2 * PATIENCE_S)

    def _end_loop(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
