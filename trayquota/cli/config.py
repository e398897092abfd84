"""``trayquota config``: the settings in force, the commented file written, or settings changed in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trayquota.cli.common import ExitCode, load
from trayquota.core.text import printable
from trayquota.core.translation import _
from trayquota.settings.edit import format_config, format_setting, set_settings, write_template
from trayquota.settings.load import check_content
from trayquota.settings.paths import own_paths

if TYPE_CHECKING:
    from collections.abc import Sequence

    from trayquota.cli.common import Options


def run(options: Options) -> int:
    """Print the settings in force, with the file's path, as TOML; or write the file. Return the exit code."""
    if options.init:
        path = own_paths(options.config).config
        write_template(path)
        print(_("{path}: written, with every setting explained.").format(path=printable(str(path))))
    elif options.set:
        _change(options.set, options)
    else:
        print(format_config(load(options)), end="")
    return ExitCode.OK


def _change(assignments: Sequence[str], options: Options) -> None:
    """Write settings into the file, all or none, and print what is in force then."""
    from trayquota.settings.assignment import parse_assignment

    values = {key: value for text in assignments for key, value in parse_assignment(text).items()}
    paths = own_paths(options.config)
    set_settings(paths.config, values, lambda content: check_content(content, paths))
    config = load(options)
    for name in dict.fromkeys(key[0] for key in values):
        print(format_setting(config, name))
