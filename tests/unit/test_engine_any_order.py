"""The engine under anything in any order: what must hold, holds after every step."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from insides import fetch_tasks, records
from msgspec.structs import replace

from trayquota.core.model import AccountState, FailureKind
from trayquota.core.refresh_policy import Reason

from .engine_rig import Rig, answer, credential, failure, pause

if TYPE_CHECKING:
    from trayquota.core.account_state import FetchResult
    from trayquota.core.credential import Credential

NAMES = ("ada", "bob", "codex-carol")
SOME_SECONDS = st.sampled_from([0.05, 0.3, 1.0, 31.0, 290.0, 310.0, 4000.0])


class AnyOrder(RuleBasedStateMachine):
    """People click, files change, providers answer or do not, clocks are set, machines sleep."""

    def __init__(self) -> None:
        super().__init__()
        self.files: dict[str, Credential] = {}
        self.rig = Rig()
        self.begun: list[object] = []
        self.tokens = 0
        self.rig.begin_run()

    def folder(self) -> None:
        self.rig.change(*self.files.values())

    @rule(name=st.sampled_from(NAMES), disabled=st.booleans())
    def write(self, name: str, *, disabled: bool) -> None:
        self.tokens += 1
        provider = "codex" if name.startswith("codex") else "claude"
        self.files[name] = credential(name, provider, token=f"token-{self.tokens}", disabled=disabled)
        self.folder()

    @rule(name=st.sampled_from(NAMES))
    def remove(self, name: str) -> None:
        self.files.pop(name, None)
        self.folder()

    @rule(name=st.sampled_from(NAMES))
    def somebody_else_logs_in(self, name: str) -> None:
        if name in self.files:
            self.tokens += 1
            before = self.files[name]
            account = replace(before.account, name=f"person-{self.tokens}")
            self.files[name] = replace(before, account=account)
            self.folder()

    @rule(reason=st.sampled_from(list(Reason)))
    def refresh(self, reason: Reason) -> None:
        self.rig.refresh(reason)

    @precondition(lambda self: self.rig.pending())
    @rule(data=st.data())
    def begin(self, data: st.DataObject) -> None:
        waiting = [each for each in self.rig.pending() if not each.future.running()]
        if waiting:
            data.draw(st.sampled_from(waiting)).begin()

    @precondition(lambda self: any(each.future.running() for each in self.rig.pending()))
    @rule(
        data=st.data(),
        result=st.one_of(
            st.floats(0, 100).map(answer),
            st.sampled_from(list(FailureKind)).filter(lambda kind: kind is not FailureKind.RATE_LIMITED).map(failure),
            st.sampled_from([0.0, 60.0, 5000.0]).map(pause),
        ),
    )
    def finish(self, data: st.DataObject, result: FetchResult) -> None:
        work = data.draw(st.sampled_from([each for each in self.rig.pending() if each.future.running()]))
        self.rig.finish(work, replace(result, access_token=work.credential.login.access_token))

    @rule(seconds=SOME_SECONDS)
    def pass_time(self, seconds: float) -> None:
        self.rig.pass_time(seconds)

    @rule(seconds=st.sampled_from([-4000.0, -31.0, 31.0, 4000.0]))
    def set_clock(self, seconds: float) -> None:
        self.rig.sleep(seconds)

    @invariant()
    def no_account_is_fetched_twice_at_once(self) -> None:
        live = fetch_tasks(self.rig.engine)
        waiting = [each.credential.account.id for each in self.rig.pending() if not each.future.running()]
        assert len(waiting) == len(set(waiting))
        assert set(waiting) <= set(live)

    @invariant()
    def no_disabled_account_is_fetched(self) -> None:
        live = fetch_tasks(self.rig.engine)
        pollable = {each.account.id for each in self.files.values() if not each.disabled}
        assert set(live) <= pollable

    @invariant()
    def a_waiting_fetch_was_submitted_before_its_gate_closed(self) -> None:
        for key, task in fetch_tasks(self.rig.engine).items():
            if task.future is not None and not task.future.running():
                record = records(self.rig.engine)[key]
                assert record.gate is None or record.gate is not task.gate or not record.gate.is_closed(self.rig.now)

    @invariant()
    def the_snapshot_has_the_discovered_accounts(self) -> None:
        self.rig.pass_time(0.6)
        shown = self.rig.snapshot
        assert {each.account.id for each in shown.accounts} == {each.account.id for each in self.files.values()}
        assert list(shown.accounts) == sorted(shown.accounts, key=lambda each: each.account.sort_key)
        assert shown.refreshing == bool(fetch_tasks(self.rig.engine))
        for usage in shown.accounts:
            credential_now = next(each for each in self.files.values() if each.account.id == usage.account.id)
            assert (usage.state is AccountState.DISABLED) == credential_now.disabled
            assert usage.state is not AccountState.OK or usage.windows
            assert usage.state is not AccountState.ERROR or usage.failure is not None

    @invariant()
    def an_account_that_waits_for_nothing_is_planned(self) -> None:
        engine = self.rig.engine
        idle = [
            each for each in self.files.values() if not each.disabled and each.account.id not in fetch_tasks(engine)
        ]
        assert not idle or engine.scheduler.get_jobs("due") or engine.scheduler.get_jobs("plan")


AnyOrder.TestCase.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
TestAnyOrder = AnyOrder.TestCase
