"""How another program's database is opened."""

from __future__ import annotations

import sqlite3
from pathlib import PurePath, PurePosixPath, PureWindowsPath

import pytest

from trayquota.sources.native_database import database_uri


@pytest.mark.parametrize(
    ("path", "uri"),
    [
        (PurePosixPath("/home/ada/a b?.sqlite3"), "file:///home/ada/a%20b%3F.sqlite3"),
        (PureWindowsPath(r"C:\Users\Ada\data.sqlite3"), "file:///C:/Users/Ada/data.sqlite3"),
        (PureWindowsPath(r"\\files\people\Ada #1\data.sqlite3"), "file:////files/people/Ada%20%231/data.sqlite3"),
    ],
)
def test_a_database_is_not_found_where_it_is_a_share_too(path: PurePath, uri: str) -> None:
    assert database_uri(path) == uri


def test_sqlite_refuses_the_address_of_a_share() -> None:
    uri = database_uri(PureWindowsPath(r"\\files\people\none.sqlite3"))
    with pytest.raises(sqlite3.OperationalError, match="unable to open"):
        sqlite3.connect(f"{uri}?mode=ro", uri=True)
