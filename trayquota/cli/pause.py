"""``trayquota pause`` and ``resume``: an account out of its proxy's rotation, and back."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from trayquota.cli.common import ExitCode, load, say
from trayquota.core.account_state import account_usage, restore
from trayquota.core.errors import Interrupted, PauseError
from trayquota.core.model import NATIVE, Snapshot
from trayquota.core.pausing import GUARD_S, PauseRecord
from trayquota.core.rotation import last_in_rotation
from trayquota.core.text import printable
from trayquota.core.translation import _, shown
from trayquota.engine.discoverer import discover_once
from trayquota.engine.pauser import Pauser
from trayquota.services import build_services
from trayquota.settings.display import display_options
from trayquota.store.pause_records import PauseRecords
from trayquota.system.changes import changes_of
from trayquota.system.clock import utc_now
from trayquota.system.keyboard import has_keyboard
from trayquota.system.log import set_up_logging
from trayquota.system.single_instance import SingleInstance
from trayquota.views.display_names import named_usages
from trayquota.views.labels import account_label

if TYPE_CHECKING:
    from collections.abc import Sequence

    from trayquota.cli.common import Options
    from trayquota.core.credential import Credential
    from trayquota.services import Services
    from trayquota.settings.load import Config


class _Subject(Struct, frozen=True):
    """An account that a person means.

    Attributes:
        credential: It.
        label: What it is called.
        is_last: Its proxy has no other one of its provider that is not paused.
    """

    credential: Credential
    label: str
    is_last: bool


def run(options: Options) -> int:
    """Pause or resume an account; return the exit code."""
    set_up_logging(None, verbose=options.verbose)
    config = load(options)
    services = build_services(config)
    try:
        found = _subjects(services, config, str(options.account))
        if len(found) != 1:
            return _say_which(found, options, config)
        return _set_paused(found[0], services, config, options)
    except PauseError as error:
        form = _("{account} was not paused. {reason}")
        if options.command == "resume":
            form = _("{account} was not resumed. {reason}")
        say(form.format(account=options.account, reason=shown(error)))
        return ExitCode.PROBLEM
    finally:
        services.closing.set()
        services.token_manager.wait_idle(0)
        services.transport.close()


def _subjects(services: Services, config: Config, wanted: str) -> list[_Subject]:
    """Return the accounts that a name can mean."""
    credentials, records = discover_once(services.engine.sources), services.store.load()
    usages = [
        account_usage(credential, restore(records.get(credential.account.id), credential), is_confirmed=True)
        for credential in credentials
    ]
    by_id = {credential.account.id: credential for credential in credentials}
    options, last = display_options(config), last_in_rotation(usages)
    return [
        _Subject(by_id[account.id], account_label(usage.account, options), account.id in last)
        for account, usage in named_usages(wanted, Snapshot(tuple(usages)), options)
    ]


def _say_which(found: Sequence[_Subject], options: Options, config: Config) -> int:
    if found:
        ids = ", ".join(subject.credential.account.id for subject in found)
        say(_("{name} are several accounts. Name one by its id: {ids}.").format(name=options.account, ids=ids))
    else:
        folders = ", ".join(map(str, config.folders))
        form = _("there is no account {name}, neither in {folders} nor at a connected proxy.")
        say(form.format(name=options.account, folders=folders))
    return ExitCode.BAD_OPTION


def _set_paused(subject: _Subject, services: Services, config: Config, options: Options) -> int:
    paused, credential = options.command == "pause", subject.credential
    is_native = credential.account.source == NATIVE  # which is refused in any case
    if paused and subject.is_last and not is_native and not options.force and not _is_confirmed(subject.label):
        return ExitCode.PROBLEM
    account, pauses = credential.account, PauseRecords(config.paths.pauses)
    before = pauses.read().get(account.id)
    until = before.until if before is not None and before.is_of(account) else None
    # Who pauses what the program has paused by itself means it to stay so.
    record = pauses.put(account.id, PauseRecord(paused, utc_now(), until=until, person=account.person))
    pauser = Pauser(services.proxies, services.token_manager)
    try:
        is_written = pauser.set_paused(credential, paused=paused)
    except PauseError:
        pauses.replace(account.id, record, before)
        raise
    # Whoever reads it need not wait for the end of the watch.
    print(printable(_state_text(subject, is_paused=paused, is_new=account.paused is not paused)), flush=True)
    if is_written:
        try:
            _watch(credential, record, pauses, pauser, config)
        except Interrupted as interrupted:
            if not interrupted.is_by_keyboard:
                raise
            say(_("the watch has ended; what was done stays done."))
    return ExitCode.OK


def _state_text(subject: _Subject, *, is_paused: bool, is_new: bool) -> str:
    if is_new:
        form = _("{account} is paused.") if is_paused else _("{account} is not paused.")
    else:
        form = _("{account} is already paused.") if is_paused else _("{account} is already not paused.")
    return form.format(account=subject.label)


def _is_confirmed(label: str) -> bool:
    """Ask whether the last account is to be paused; without a terminal say how that is done."""
    if not has_keyboard():
        form = _(
            "{account} is the last account of its provider that is not paused there. Nothing was changed; --force "
            "pauses it all the same."
        )
        say(form.format(account=label))
        return False
    # Translators: the letters y and N stay, for they are what is typed
    form = _("{account} is the last account of its provider that is not paused there. Pause it all the same? [y/N] ")
    print(printable(form.format(account=label)), end="", file=sys.stderr, flush=True)
    if sys.stdin.readline().strip().lower() in {"y", "yes"}:
        return True
    say(_("nothing was changed."))
    return False


def _watch(credential: Credential, record: PauseRecord, pauses: PauseRecords, pauser: Pauser, config: Config) -> None:
    """For a minute write the file again when a proxy has written an old copy back, unless something else is done.

    A running applet does that by itself.
    """
    if SingleInstance(config.paths.state_dir).is_taken():
        say(_("for a minute the running applet sees to it that no proxy writes an old copy of the file back."))
        return
    end_s, account_id = time.monotonic() + GUARD_S, credential.account.id
    with changes_of(Path(credential.path)) as changed:
        say(_("watching its file for a minute: a proxy may write an old copy back. Ctrl-C ends that."))
        is_over = False
        while pauses.read().get(account_id) == record:
            changed.clear()
            if pauser.write(credential, paused=record.paused):
                say(_("an old copy was written back; that is undone."))
            if is_over:
                break
            is_over = not changed.wait(max(0.0, end_s - time.monotonic())) or time.monotonic() >= end_s
