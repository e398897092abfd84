"""The tree of all exceptions that this program raises for itself.

::

    TrayquotaError
    └── UnusableFileError (OSError too)   no regular file, or larger than its reader takes
"""

from __future__ import annotations


class TrayquotaError(Exception):
    """What this program raises for itself, and catches."""


class UnusableFileError(TrayquotaError, OSError):
    """A path leads to something that is not read or written: no regular file, or a larger one than its reader takes.

    An ``OSError`` with ``errno`` and a ``strerror`` fit to show, so that who handles a missing file or a failing disk
    handles this as well.
    """
