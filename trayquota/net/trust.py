"""Whom HTTPS connections trust: the system's certificates, or those that the environment names instead.

On Windows and macOS truststore has the system itself judge a certificate. Elsewhere the system's certificates are
files, and OpenSSL reads them once: truststore would read them anew for each connection (46 ms and 0.8 MiB, measured
with 144 of them) and let one handshake wait for the other.
"""

from __future__ import annotations

import os
import re
import ssl
import stat
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import urllib3
from msgspec import Struct

from trayquota.core.errors import fetch_error
from trayquota.core.model import FailureKind
from trayquota.core.translation import Message, marked
from trayquota.net.requests_import import requests
from trayquota.system.files import signature

if TYPE_CHECKING:
    from collections.abc import Mapping

    from trayquota.core.errors import FetchError

HAS_NATIVE_STORE = sys.platform in {"win32", "darwin"}
_BUNDLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
"""What they name takes the place of all other certificates, as with requests and curl."""
_FILE, _FOLDER = "SSL_CERT_FILE", "SSL_CERT_DIR"
"""OpenSSL's own: each takes the place of the system's file or folder."""
_KNOWN_FILES = (
    "/etc/ssl/certs/ca-certificates.crt",  # Debian and its relatives, Arch
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",  # Fedora, RHEL
    "/etc/pki/tls/certs/ca-bundle.crt",  # older ones
    "/etc/ssl/ca-bundle.pem",  # SUSE
    "/etc/ssl/cert.pem",  # Alpine, BSD
)
"""Where a Python that was built elsewhere does not look by itself."""
_HASHED_NAME = re.compile(r"[0-9a-f]{8}\.\d+", re.IGNORECASE)


class Trust(Struct, frozen=True):
    """Where the trusted certificates are.

    Attributes:
        file: All in one, or a folder in the place of one.
        folder: With one file each, named by OpenSSL's hash. Without either the system judges.
        name: What names them, for people.
    """

    file: str | None
    folder: str | None
    name: str = ""

    @property
    def is_native(self) -> bool:
        """Whether the system itself judges certificates."""
        return self.file is None and self.folder is None

    def state(self) -> tuple[int, ...]:
        """Return what changes when the certificates do.

        Raises:
            FetchError: They cannot be read.
        """
        # Of a list of folders OpenSSL passes over those that are not there.
        folders = (self.folder or "").split(os.pathsep)
        places = [place for place in (self.file, *folders) if place and (len(folders) == 1 or Path(place).exists())]
        return tuple(number for place in places for number in signature(self._status(place)))

    def context(self) -> ssl.SSLContext:
        """Return what connections are encrypted with.

        Raises:
            FetchError: The certificates cannot be read.
        """
        if self.is_native:
            import truststore

            return truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context = urllib3.util.ssl_.create_urllib3_context()
        # Python 3.13 refuses certificates that browsers and curl accept; many a company's own are among them.
        context.verify_flags &= ~ssl.VERIFY_X509_STRICT
        file, folder = self.file, self.folder
        if file is not None and Path(file).is_dir():
            file, folder = None, file
        try:
            context.load_verify_locations(file, folder)
        except OSError as error:
            raise self._unreadable(error.strerror) from None
        return context

    def _status(self, place: str) -> os.stat_result:
        try:
            status = Path(place).stat()
        except (OSError, ValueError) as error:
            raise self._unreadable(getattr(error, "strerror", None)) from None
        # Reading a pipe or a device would never end.
        if not (stat.S_ISREG(status.st_mode) or stat.S_ISDIR(status.st_mode)):
            reason = Message("not a regular file")
            raise self._unreadable(reason)
        return status

    def _unreadable(self, reason: str | None) -> FetchError:
        why = reason or Message("not what they should be")
        if not self.name:
            text = marked("The trusted certificates that the system has cannot be read ({reason}).")
            return fetch_error(FailureKind.NETWORK, text, reason=why)
        text = marked("The trusted certificates that {variable} names cannot be read ({reason}).")
        return fetch_error(FailureKind.NETWORK, text, variable=self.name, reason=why)


def find_trust(environment: Mapping[str, str]) -> Trust:
    """Return where the trusted certificates are, by the environment's conventions."""
    for variable in _BUNDLES:
        if environment.get(variable):
            return Trust(environment[variable], None, variable)
    file, folder = environment.get(_FILE) or None, environment.get(_FOLDER) or None
    name = " and ".join(variable for variable, value in ((_FILE, file), (_FOLDER, folder)) if value)
    if HAS_NATIVE_STORE:
        return Trust(file, folder, name)
    defaults = ssl.get_default_verify_paths()
    file = file or next(filter(_is_file, (defaults.openssl_cafile, *_KNOWN_FILES)), None)
    folder = folder or defaults.capath or None
    if file is None and (folder is None or not _has_certificates(folder)):
        file = requests.utils.DEFAULT_CA_BUNDLE_PATH
    return Trust(file, folder, name)


def _is_file(path: str) -> bool:
    return Path(path).is_file()


def _has_certificates(folder: str) -> bool:
    """Whether OpenSSL finds certificates in a folder."""
    try:
        return any(_HASHED_NAME.fullmatch(path.name) for path in Path(folder).iterdir())
    except OSError:
        return False
