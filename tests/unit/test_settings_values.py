"""Settings whose values have a form of their own: addresses, locales, times of the day."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from trayquota.core.day_hours import DayHours
from trayquota.core.errors import ConfigError
from trayquota.core.work_time import WorkTime
from trayquota.settings.load import environment_locale, load_config

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

from .settings_files import configured, refused

pytestmark = pytest.mark.usefixtures("home")


@pytest.mark.parametrize(
    "address",
    [
        "https://127.0.0.1:8080",
        "http://example.com",
        "http://127.0.0.1.example.com",
        "http://127.0.0.1@example.com",
        "http://user@127.0.0.1",
        "http://user:word@127.0.0.1",
        "http://127.0.0.1:8080\\@example.com",
        "http://10.0.0.1:8080",
        "http://0.0.0.0:8080",
        "http://[::]:8080",
        "http://127.0.0.1:0",
        "http://127.0.0.1:99999",
        "http://127.0.0.1:port",
        "http://127.0.0.1:80/path",
        "http://127.0.0.1:80?query",
        "http://127.0.0.1:80#part",
        "http://127.0.0.1:80\n80",
        " http://127.0.0.1:80",
        "http://127.0.0.1:80\0",
        "http://①27.0.0.1",
        "http://[::1",
        "127.0.0.1:8080",
        "unix:/run/socket",
        "http:",
    ],
)
def test_any_other_gateway_is_refused(address: str) -> None:
    with pytest.raises(
        ConfigError, match=r"TRAYQUOTA_GATEWAY: gateway: expected http://127\.0\.0\.1:PORT.*Nothing was sent"
    ):
        load_config(environment={"TRAYQUOTA_GATEWAY": address})


@pytest.mark.parametrize(
    "address",
    ["", "direct", "none", "http://example.com:3128", "socks5h://user:word@10.0.0.1:1080", "https://[::1]:1"],
)
def test_a_proxy_is_taken_as_it_is(tmp_path: Path, address: str) -> None:
    assert configured(tmp_path, f"proxy = '{address}'").settings.proxy == address


@pytest.mark.parametrize(
    "address", ["example.com:3128", "http://", "http://user:secret@", "http://a b:1", "http://x:0"]
)
def test_an_invalid_proxy_is_refused_without_repeating_its_login(tmp_path: Path, address: str) -> None:
    message = refused(tmp_path, f"proxy = '{address}'")
    assert "proxy: expected http://HOST:PORT" in message
    assert "secret" not in message


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, "en_GB"),
        ({"LANG": "de_DE.UTF-8"}, "de_DE"),
        ({"LANG": "de_DE", "LC_TIME": "fr_FR"}, "fr_FR"),
        ({"LANG": "de_DE", "LC_TIME": "fr_FR", "LC_ALL": "C.UTF-8"}, "en_GB"),
        ({"LANG": "POSIX"}, "en_GB"),
        ({"LANG": "en_US.UTF-8", "LC_ALL": ""}, "en_US"),
    ],
)
def test_the_locale_is_found_in_posix_order(environment: Mapping[str, str], expected: str) -> None:
    assert environment_locale(environment) == expected
    assert load_config(environment=environment).locale == expected


def test_the_setting_of_the_locale_beats_the_environment(tmp_path: Path) -> None:
    assert configured(tmp_path, "locale = 'sv_SE'", LC_ALL="de_DE").locale == "sv_SE"


@pytest.mark.parametrize("text", ["22:00", "22:00-22:00", "tonight"])
def test_quiet_hours_that_are_no_span_of_the_day_are_refused(tmp_path: Path, text: str) -> None:
    assert "quiet_hours: expected a span of the day" in refused(tmp_path, f'quiet_hours = "{text}"')


def test_quiet_hours_that_are_a_span_of_the_day_are_in_force(tmp_path: Path) -> None:
    assert configured(tmp_path, 'quiet_hours = "22:00-08:00"').settings.quiet_hours == "22:00-08:00"


@pytest.mark.parametrize("address", ["http://ntfy.sh/quota", "https://user:word@ntfy.sh/quota", "https://ntfy.sh"])
def test_an_ntfy_address_that_is_no_safe_topic_is_refused_and_not_repeated(tmp_path: Path, address: str) -> None:
    error = refused(tmp_path, f'ntfy = "{address}"')
    assert "ntfy: expected the https address of a topic" in error
    assert address not in error


def test_a_command_for_notifications_is_a_list(tmp_path: Path) -> None:
    assert "notify_command: expected a list" in refused(tmp_path, 'notify_command = "beep"')
    settings = configured(tmp_path, 'notify_command = ["beep", "-f", "440"]').settings
    assert settings.notify_command == ("beep", "-f", "440")


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ('work_days = "weekdays"', "work_days: expected days of the week"),
        ('work_hours = "9-5"', "work_hours: expected a span of the day"),
    ],
)
def test_work_time_that_cannot_be_read_is_refused(tmp_path: Path, text: str, complaint: str) -> None:
    assert complaint in refused(tmp_path, text)


def test_work_time_is_in_force_as_far_as_it_is_given(tmp_path: Path) -> None:
    assert configured(tmp_path, "").work_time is None
    assert configured(tmp_path, 'work_days = "mon-fri"').work_time == WorkTime(frozenset(range(5)))
    every_day = WorkTime(frozenset(range(7)), DayHours(540, 1020))
    assert configured(tmp_path, 'work_hours = "09:00-17:00"').work_time == every_day
