"""``status --json`` against all samples: exactly the expected windows, states and kinds of failure."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from provider_stand_in import CLAUDE_USAGE, CODEX_RESETS, CODEX_USAGE, Reply, StandIn
from sample_files import FACTS, fact

from .command import REFERENCE, Home, Result

if TYPE_CHECKING:
    from pathlib import Path

EXPECTED = json.loads((FACTS / "EXPECTED.json").read_text())["files"]
USAGE = sorted(name for name, each in EXPECTED.items() if each["kind"] in {"claude-usage", "codex-usage"})
CREDENTIALS = sorted(name for name in EXPECTED if name.startswith("cred_"))
FROM_ARRIVAL = {("codex_usage_no_durations.json", "Weekly")}
"""Whose reset is stated as a distance from the answer's arrival."""

STATES = {
    "cred_claude.json": ("claude", "ada@example.com", "ok", None),
    "cred_claude_disabled_expired.json": ("claude", "bob@example.org", "disabled", None),
    "cred_claude_half_written.json": ("unknown", "cred_claude_half_written.json", "error", "unreadable_file"),
    "cred_claude_setup_token.json": ("claude", "ci@example.com", "error", "scope_missing"),
    "cred_codex.json": ("codex", "carol@example.com", "ok", None),
    "cred_codex_blank_after_refresh.json": ("codex", "cred_codex_blank_after_refresh.json", "ok", None),
    "cred_antigravity.json": ("antigravity", "erin@example.com", "ok", None),
    "cred_gemini_nested_token.json": ("gemini", "gina@example.com", "expired", "login_expired"),
    "cred_github_copilot.json": ("copilot", "octo-example", "ok", None),
    "cred_grok_cli_droidproxy.json": ("grok", "grok-user", "ok", None),
    "cred_kimi.json": ("kimi", "cred_kimi.json", "ok", None),
    "cred_qwen.json": ("qwen", "hana@example.com", "unsupported", None),
    "cred_unknown_type.json": ("cursor", "cursor-user", "unsupported", None),
    "cred_vertex.json": ("vertex", "svc@example-project-789.iam.gserviceaccount.com", "unsupported", None),
    "cred_xai.json": ("grok", "frank@example.org", "ok", None),
    "cred_zero_bytes.json": ("unknown", "cred_zero_bytes.json", "error", "unreadable_file"),
}
OTHERS = {
    "fake-antigravity-access-D1": (
        "antigravity_quota_summary.json",
        "daily-cloudcode-pa.googleapis.com/v1internal:retrieveUserQuotaSummary",
    ),
    "fake-kimi-access-E1": ("kimi_usages.json", "api.kimi.com/coding/v1/usages"),
    "fake-xai-access-G1": ("grok_billing_weekly.json", "cli-chat-proxy.grok.com/v1/billing"),
    "fake-grok-access-H1": ("grok_billing_weekly.json", "cli-chat-proxy.grok.com/v1/billing"),
    "fake-copilot-token": ("copilot_user_paid.json", "api.github.com/copilot_internal/user"),
}
"""By the token of a sample file: what is answered, and where it is asked."""
KINDS = {
    "auth_expired": ("expired", "login_expired"),
    "scope_missing": ("error", "scope_missing"),
    "rate_limited": ("error", "rate_limited"),
    "server_error": ("error", "provider_down"),
    "blocked_page": ("error", "blocked"),
    "bad_payload": ("error", "bad_answer"),
    "no_windows": ("error", "no_windows"),
}

NEWER_KINDS = {"200 with HTML": ("error", "blocked")}
"""Of samples that newer facts read differently: a web page instead of data is a network's gate."""


def cases(provider: str) -> list[dict[str, Any]]:
    """Return the usage endpoint's HTTP cases."""
    found: list[dict[str, Any]] = fact(f"http_cases_{provider}.json")
    return [each for each in found if "class" in each["expect"]]


def reply_of(case: dict[str, Any]) -> Reply:
    return Reply(case.get("body_text", case.get("body")), case["status"], case["headers"])


class Run:
    """One ``status --json`` over everything there is a sample of."""

    def __init__(self, path: Path) -> None:
        self.begun = datetime.now(UTC)
        with StandIn() as stand_in:
            home = Home(path, stand_in.url)
            try:
                self._fill(home, stand_in)
                self.result: Result = home.status()
            finally:
                home.close()
            self.asked = stand_in.asked
        self.accounts = self.result.accounts

    def _fill(self, home: Home, stand_in: StandIn) -> None:
        for name in CREDENTIALS:
            home.add_sample(name)
        stand_in.answer("fake-claude-access-A1", "claude_usage_basic.json")
        for token in ("fake-codex-access-C1", "fake-codex-access-C2"):
            stand_in.answer(token, "codex_usage_plus.json")
        for token, (answer, _) in OTHERS.items():
            stand_in.answer(token, answer)
        stand_in.answer("sk-ant-oat01-FAKE-EXAMPLE", reply_of(cases("claude")[1]))
        for name in USAGE:
            home.add(name.replace("_", "-").removesuffix(".json"), refresh_token="", type=name.partition("_")[0])
            stand_in.answer(f"token-{name.replace('_', '-').removesuffix('.json')}", name)
        for provider in ("claude", "codex"):
            for number, case in enumerate(cases(provider)):
                home.add(f"{provider}-case-{number}", refresh_token="")
                stand_in.answer(f"token-{provider}-case-{number}", reply_of(case))


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return Run(tmp_path_factory.mktemp("samples"))


def test_it_is_one_document_and_nothing_else(run: Run) -> None:
    assert (run.result.code, run.result.err) == (1, "")
    document = run.result.document
    assert set(document) == {"schema", "generated_at", "lowest", "next", "accounts"}
    assert document["schema"] == 1
    generated = datetime.fromisoformat(document["generated_at"])
    assert run.begun - timedelta(seconds=1) <= generated <= datetime.now(UTC)
    assert document["generated_at"].endswith("Z")
    keys = {"id", "provider", "name", "plan", "state", "error", "updated_at", "windows"}
    keys |= {"source", "paused", "organization", "subscription_ends_at", "credits", "reset_credits"}
    assert all(set(each) == keys for each in document["accounts"])
    assert document["lowest"]["remaining_percent"] == 0
    assert document["lowest"]["account"] in run.accounts


def test_every_account_is_there_sorted(run: Run) -> None:
    listed = [each["id"] for each in run.result.document["accounts"]]
    assert listed == [
        each["id"]
        for each in sorted(
            run.result.document["accounts"], key=lambda each: (each["provider"], each["name"].casefold(), each["id"])
        )
    ]
    assert "cred_not_an_account.json" not in listed
    assert set(STATES) < set(listed)
    amount = len(STATES) + len(USAGE) + len(cases("claude")) + len(cases("codex"))
    assert len(listed) == amount


@pytest.mark.parametrize("name", STATES)
def test_a_credential_file_has_its_state(run: Run, name: str) -> None:
    account = run.accounts[name]
    error = account["error"] and account["error"]["kind"]
    assert (account["provider"], account["name"], account["state"], error) == STATES[name]
    assert account["id"] == name


@pytest.mark.parametrize("name", USAGE)
def test_an_answer_has_exactly_its_windows(run: Run, name: str) -> None:
    account = run.accounts[name.replace("_", "-")]
    expected = EXPECTED[name]["must"] + EXPECTED[name]["should"]
    if "error" in EXPECTED[name]:
        assert (account["state"], account["error"]["kind"]) == ("error", "no_windows")
        assert account["windows"] == []
        return
    assert (account["state"], account["error"]) == ("ok", None)
    assert [each["title"] for each in account["windows"]] == [each["title"] for each in expected]
    for window, wanted in zip(account["windows"], expected, strict=True):
        assert window["used_percent"] == wanted["used_percent"]
        assert window["remaining_percent"] == wanted["remaining_percent"]
        assert window["duration_seconds"] == wanted["window_seconds"]
        assert_moment(
            window["resets_at"], wanted["resets_at"], run if (name, window["title"]) in FROM_ARRIVAL else None
        )


def assert_moment(found: str | None, wanted: str | None, from_arrival: Run | None) -> None:
    if found is None or wanted is None:
        assert found == wanted
        return
    assert found.endswith("Z")
    moment, expected = datetime.fromisoformat(found), datetime.fromisoformat(wanted)
    if from_arrival is None:
        assert abs(moment - expected) <= timedelta(milliseconds=1)
    else:
        earliest = from_arrival.begun + (expected - REFERENCE)
        assert earliest <= moment <= earliest + timedelta(minutes=1)


@pytest.mark.parametrize("name", [name for name in USAGE if EXPECTED[name].get("plan")])
def test_the_plan_in_an_answer_is_shown(run: Run, name: str) -> None:
    if "error" not in EXPECTED[name]:
        assert run.accounts[name.replace("_", "-")]["plan"] == EXPECTED[name]["plan"]


@pytest.mark.parametrize(
    ("provider", "number"), [(each, number) for each in ("claude", "codex") for number in range(len(cases(each)))]
)
def test_a_failing_answer_has_its_kind(run: Run, provider: str, number: int) -> None:
    expected = cases(provider)[number]["expect"]
    account = run.accounts[f"{provider}-case-{number}.json"]
    wanted = NEWER_KINDS.get(cases(provider)[number]["name"], KINDS[expected["class"]])
    assert (account["state"], account["error"]["kind"]) == wanted
    assert account["windows"] == []
    assert account["updated_at"] is None
    if "wait_seconds_min" in expected:
        waits = datetime.fromisoformat(account["error"]["retry_at"]) - run.begun
        assert waits >= timedelta(seconds=max(300, expected["wait_seconds_min"]))
    else:
        assert account["error"]["retry_at"] is None


def test_each_account_was_asked_once_where_its_provider_is_and_no_other(run: Run) -> None:
    for_expiry = {each.token for each in run.asked if each.place == CODEX_RESETS}
    answered_with_resets = {"token-codex-usage-plus", "fake-codex-access-C1", "fake-codex-access-C2"}
    assert for_expiry == answered_with_resets, "no other account is asked when its reset credits lapse"
    asked = [each for each in run.asked if each.place != CODEX_RESETS]
    tokens = [each.token for each in asked]
    amount = 4 + len(OTHERS) + len(USAGE) + len(cases("claude")) + len(cases("codex"))
    assert len(tokens) == len(set(tokens)) == amount
    for request in asked:
        main = CODEX_USAGE if "codex" in request.token else CLAUDE_USAGE
        assert request.place == (OTHERS[request.token][1] if request.token in OTHERS else main)


def test_numbers_are_numbers(run: Run) -> None:
    for account in run.accounts.values():
        for window in account["windows"]:
            for key in ("used_percent", "remaining_percent", "duration_seconds"):
                assert window[key] is None or isinstance(window[key], int | float)
                assert not isinstance(window[key], bool)
            pace = window["pace"]
            assert pace is None or set(pace) == {"expected_used_percent", "runs_out_at"}
