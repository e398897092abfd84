"""``trayquota config``: the settings in force, or the commented file written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trayquota.cli.common import ExitCode, load
from trayquota.core.text import printable
from trayquota.core.translation import _
from trayquota.settings.edit import format_config, write_template
from trayquota.settings.paths import own_paths

if TYPE_CHECKING:
    from trayquota.cli.common import Options


def run(options: Options) -> int:
    """Print the settings in force, with the file's path, as TOML; or write the commented file. Return the exit code."""
    if options.init:
        path = own_paths(options.config).config
        write_template(path)
        print(_("{path}: written, with every setting explained.").format(path=printable(str(path))))
    else:
        print(format_config(load(options)), end="")
    return ExitCode.OK
