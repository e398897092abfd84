"""The smallest program with an icon, a tooltip and a menu: what the desk's own tests look at.

Prints the label of each menu entry that is clicked, and leaves on ``Quit``. It speaks to the bus
by bare messages: nothing of the package is in it.
"""

from __future__ import annotations

import asyncio
from typing import Any

from dbus_fast import Message, MessageFlag, MessageType, Variant
from dbus_fast.aio import MessageBus

WATCHER = "org.kde.StatusNotifierWatcher"
LABELS = (
    "Claude · ada@example.com · Max 20x",
    "  ▰▰▰▰▱▱▱▱▱▱  42%  5-hour · resets in 2h 13m (16:40) · runs out in 1h 20m",
    "  ▰▰▰▰▰▰▰▰▱▱  80%  Weekly · resets in 3d 4h (Thu 09:00)",
    "",
    "Refresh now",
    "Updated 2 min ago",
    "",
    "Open credentials folder",
    "Quit",
)
TOOLTIP_TITLE = "42% left: Claude ada@example.com, 5-hour"
TOOLTIP_TEXT = """\
Claude ada@example.com: 5-hour 42% (2h 13m), Weekly 80% (3d 4h)
Codex bob@example.org: 5-hour 70% (1h 50m), Weekly 37% (4d)
Claude ci@example.com: login expired
Updated 2 min ago"""
SIZE = 22
ORANGE = (240, 140, 20)

ITEM: dict[str, Variant] = {
    "Id": Variant("s", "tiny"),
    "Category": Variant("s", "ApplicationStatus"),
    "Status": Variant("s", "Active"),
    "Title": Variant("s", "Tiny"),
    "IconName": Variant("s", ""),
    "IconPixmap": Variant("a(iiay)", [[SIZE, SIZE, bytes((255, *ORANGE)) * SIZE * SIZE]]),
    "ToolTip": Variant("(sa(iiay)ss)", ["", [], TOOLTIP_TITLE, TOOLTIP_TEXT]),
    "ItemIsMenu": Variant("b", True),
    "Menu": Variant("o", "/MenuBar"),
}


def _entry(number: int) -> list[Any]:
    label = LABELS[number - 1]
    kind = {"label": Variant("s", label)} if label else {"type": Variant("s", "separator")}
    return [number, kind, []]


def _layout() -> list[Any]:
    entries = [Variant("(ia{sv}av)", _entry(number)) for number in range(1, len(LABELS) + 1)]
    return [0, {"children-display": Variant("s", "submenu")}, entries]


def _answer(call: Message, leave: asyncio.Event) -> Message | None:
    match call.member:
        case "GetAll":
            return Message.new_method_return(call, "a{sv}", [ITEM])
        case "Get" if call.body[1] in ITEM:
            return Message.new_method_return(call, "v", [ITEM[call.body[1]]])
        case "GetLayout":
            return Message.new_method_return(call, "u(ia{sv}av)", [1, _layout()])
        case "GetGroupProperties":
            entries = [_entry(number)[:2] for number in range(1, len(LABELS) + 1)]
            return Message.new_method_return(call, "a(ia{sv})", [entries])
        case "AboutToShow":
            return Message.new_method_return(call, "b", [False])
        case "Event":
            number, kind = call.body[:2]
            if kind == "clicked":
                print(LABELS[number - 1], flush=True)
                if LABELS[number - 1] == "Quit":
                    leave.set()
            return Message.new_method_return(call)
    return None


async def main() -> None:
    leave = asyncio.Event()
    bus = await MessageBus().connect()

    def handle(message: Message) -> Message | bool | None:
        if message.message_type is not MessageType.METHOD_CALL:
            return None
        answer = _answer(message, leave)
        return answer is not None if message.flags & MessageFlag.NO_REPLY_EXPECTED else answer

    bus.add_message_handler(handle)
    await bus.call(
        Message(
            WATCHER,
            "/StatusNotifierWatcher",
            WATCHER,
            "RegisterStatusNotifierItem",
            signature="s",
            body=[bus.unique_name],
        )
    )
    await leave.wait()
    bus.disconnect()
    await bus.wait_for_disconnect()  # type: ignore[no-untyped-call]


if __name__ == "__main__":
    asyncio.run(main())
