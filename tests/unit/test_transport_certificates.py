"""Whom the transport trusts."""

from __future__ import annotations

import os
import ssl
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import requests.utils
import truststore
import urllib3
from msgspec.structs import replace

from trayquota.core.errors import FetchError
from trayquota.core.model import FailureKind
from trayquota.net import trust
from trayquota.net.trust import Trust, find_trust

from .loopback_servers import CERTIFICATE, Server, answer, get, post, transport_to

if TYPE_CHECKING:
    from trayquota.core.model import Failure
    from trayquota.net.transport import Transport

    from .loopback_servers import Visit

HASHED_NAME = "ce275665.0"
"""What OpenSSL looks for in a folder of certificates, to find the one of the fixtures."""
VARIABLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR")


pytestmark = pytest.mark.usefixtures("nothing_is_left")


@pytest.fixture(autouse=True)
def _nothing_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("NO_PROXY", "*")


@pytest.fixture
def _trusting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(CERTIFICATE))


@pytest.fixture
def _native(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trust, "HAS_NATIVE_STORE", True)


def failure_of(transport: Transport, url: str) -> Failure:
    with pytest.raises(FetchError) as caught:
        transport.send(get(url))
    return caught.value.failure


def folder_of_certificates(folder: Path) -> Path:
    folder.mkdir()
    (folder / HASHED_NAME).write_bytes(CERTIFICATE.read_bytes())
    return folder


def test_an_untrusted_certificate_is_refused() -> None:
    with Server(answer(), tls=True) as server, transport_to() as transport:
        failure = failure_of(transport, f"https://localhost:{server.port}/")
    assert failure.kind is FailureKind.NETWORK
    assert "certificate" in failure.message
    assert server.requests == []


@pytest.mark.usefixtures("_trusting")
def test_a_trusted_certificate_is_accepted() -> None:
    with Server(answer(b"fine"), tls=True) as server, transport_to() as transport:
        assert transport.send(get(f"https://localhost:{server.port}/")).body == b"fine"


@pytest.mark.usefixtures("_trusting")
def test_a_trusted_certificate_of_another_host_is_refused() -> None:
    with Server(answer(), tls=True) as server, transport_to() as transport:
        failure = failure_of(transport, f"https://127.0.0.1:{server.port}/")
    assert "certificate" in failure.message
    assert server.requests == []


def test_a_server_without_tls_is_a_network_failure() -> None:
    with Server(raw=lambda visit: visit.send(answer()) and visit.wait()) as server, transport_to() as transport:
        failure = failure_of(transport, f"https://localhost:{server.port}/")
    assert failure.kind is FailureKind.NETWORK
    assert "secure connection" in failure.message


def test_a_handshake_that_is_reset_is_a_network_failure() -> None:
    with Server(raw=lambda visit: visit.hear() and visit.reset()) as server, transport_to() as transport:
        assert failure_of(transport, f"https://localhost:{server.port}/").kind is FailureKind.NETWORK


def test_a_missing_certificate_file_is_named_by_its_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/nowhere/bundle.pem")
    with Server(answer(), tls=True) as server, transport_to() as transport:
        failure = failure_of(transport, f"https://localhost:{server.port}/")
    assert failure.kind is FailureKind.NETWORK
    assert "REQUESTS_CA_BUNDLE" in failure.message


@pytest.mark.usefixtures("_trusting")
def test_certificates_are_read_once_for_all_connections(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[ssl.SSLContext] = []
    real = urllib3.util.ssl_.create_urllib3_context

    def counted() -> ssl.SSLContext:
        made.append(real())
        return made[-1]

    monkeypatch.setattr(urllib3.util.ssl_, "create_urllib3_context", counted)
    with transport_to() as transport:
        for _ in range(2):
            with Server(answer(b"fine"), tls=True) as server:
                assert transport.send(get(f"https://localhost:{server.port}/")).body == b"fine"
            with Server(answer(b"fine"), tls=True) as server:
                assert transport.send(replace(post(), url=f"https://localhost:{server.port}/")).body == b"fine"
    assert len(made) == 1
    assert made[0].verify_mode is ssl.CERT_REQUIRED
    assert made[0].check_hostname


def test_certificates_that_were_exchanged_are_read_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bundle = tmp_path / "bundle.pem"
    bundle.write_bytes(Path(requests.utils.DEFAULT_CA_BUNDLE_PATH).read_bytes())
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(bundle))
    with Server(answer(b"fine"), tls=True) as server, transport_to() as transport:
        url = f"https://localhost:{server.port}/"
        assert "certificate" in failure_of(transport, url).message
        bundle.write_bytes(CERTIFICATE.read_bytes())
        assert transport.send(get(url)).body == b"fine"
        bundle.unlink()
        assert "REQUESTS_CA_BUNDLE" in failure_of(transport, url).message


# Of the system, or of the environment.


def make_pipe(path: Path) -> None:
    if sys.platform == "win32":
        pytest.skip("no pipes among files")
    else:
        os.mkfifo(path)


@pytest.mark.parametrize("variable", VARIABLES)
def test_what_a_variable_of_the_environment_names_is_trusted(
    variable: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = folder_of_certificates(tmp_path / "certs") if variable == "SSL_CERT_DIR" else CERTIFICATE
    monkeypatch.setenv(variable, str(place))
    with Server(answer(b"fine"), tls=True) as server, transport_to() as transport:
        assert transport.send(get(f"https://localhost:{server.port}/")).body == b"fine"


@pytest.mark.usefixtures("_native")
@pytest.mark.parametrize("variable", VARIABLES)
def test_a_variable_counts_before_the_system_s_own_judgement(
    variable: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    test_what_a_variable_of_the_environment_names_is_trusted(variable, tmp_path, monkeypatch)


def test_a_bundle_for_requests_comes_before_openssl_s_variables() -> None:
    found = find_trust({"SSL_CERT_FILE": "/system.pem", "REQUESTS_CA_BUNDLE": "/company.pem"})
    assert found == Trust("/company.pem", None, "REQUESTS_CA_BUNDLE")


def test_a_bundle_may_be_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(folder_of_certificates(tmp_path / "certs")))
    with Server(answer(b"fine"), tls=True) as server, transport_to() as transport:
        assert transport.send(get(f"https://localhost:{server.port}/")).body == b"fine"


@pytest.mark.parametrize("variable", VARIABLES)
@pytest.mark.parametrize("kind", ["missing", "empty", "pipe"])
def test_a_variable_that_names_nothing_usable_is_named(
    variable: str, kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if variable == "SSL_CERT_DIR" and kind == "empty":
        pytest.skip("OpenSSL takes any file for a folder without certificates")
    place = tmp_path / "bundle.pem"
    if kind == "empty":
        place.touch()
    elif kind == "pipe":
        make_pipe(place)
    monkeypatch.setenv(variable, str(place))
    with transport_to() as transport:
        failure = failure_of(transport, "https://localhost:1/")
    assert failure.kind is FailureKind.NETWORK
    assert variable in failure.message


@pytest.mark.skipif(trust.HAS_NATIVE_STORE, reason="the system judges certificates")
def test_the_system_s_own_certificates_are_trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = folder_of_certificates(tmp_path / "certs")
    for file, path in ((str(CERTIFICATE), "/nowhere"), ("/nowhere", str(folder))):
        defaults = ssl.DefaultVerifyPaths("", path if path != "/nowhere" else "", "", file, "", path)
        monkeypatch.setattr(ssl, "get_default_verify_paths", lambda defaults=defaults: defaults)
        monkeypatch.setattr(trust, "_KNOWN_FILES", ())
        with Server(answer(b"fine"), tls=True) as server, transport_to() as transport:
            assert transport.send(get(f"https://localhost:{server.port}/")).body == b"fine"


@pytest.mark.skipif(trust.HAS_NATIVE_STORE, reason="the system judges certificates")
def test_where_the_system_has_none_certifi_s_are_trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trust, "_KNOWN_FILES", (str(tmp_path / "none.pem"),))
    for capath in ("", str(tmp_path)):
        defaults = ssl.DefaultVerifyPaths("", capath, "", str(tmp_path / "cert.pem"), "", str(tmp_path))
        monkeypatch.setattr(ssl, "get_default_verify_paths", lambda defaults=defaults: defaults)
        assert find_trust({}).file == requests.utils.DEFAULT_CA_BUNDLE_PATH


@pytest.mark.skipif(trust.HAS_NATIVE_STORE, reason="the system judges certificates")
def test_a_python_built_elsewhere_finds_the_distribution_s_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trust, "_KNOWN_FILES", (str(tmp_path / "none.pem"), str(CERTIFICATE)))
    defaults = ssl.DefaultVerifyPaths("", "", "", "/nowhere", "", "/nowhere")
    monkeypatch.setattr(ssl, "get_default_verify_paths", lambda: defaults)
    assert find_trust({}).file == str(CERTIFICATE)


# By the system itself.


@pytest.mark.usefixtures("_native")
def test_where_the_system_judges_certificates_it_is_asked() -> None:
    assert find_trust({}).is_native
    assert isinstance(find_trust({}).context(), truststore.SSLContext)
    with Server(answer(), tls=True) as server, transport_to() as transport:
        failure = failure_of(transport, f"https://localhost:{server.port}/")
    assert "certificate" in failure.message
    assert server.requests == []


def never_shake_hands(visit: Visit) -> None:
    visit.hear()
    visit.server.arrived.set()
    visit.wait()


@pytest.mark.usefixtures("_native")
def test_a_host_that_never_ends_its_handshake_does_not_hold_up_the_others() -> None:
    failures: list[Failure] = []
    with (
        Server(raw=never_shake_hands) as deaf,
        Server(answer(), tls=True) as server,
        transport_to() as transport,
    ):
        first = threading.Thread(
            target=lambda: failures.append(failure_of(transport, f"https://localhost:{deaf.port}/"))
        )
        first.start()
        deaf.arrived.wait()
        assert "certificate" in failure_of(transport, f"https://localhost:{server.port}/").message
        assert failures == []
        deaf.hang_up()
        first.join()
    assert failures[0].kind is FailureKind.NETWORK
