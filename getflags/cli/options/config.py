"""The user's own defaults for the options of a download: a TOML file, and ``GETFLAGS_*`` variables.

An option of the command line takes precedence over the environment, and that over the file. Only
downloads from the command line use them, never the library, a bench or the servers. No file is read
from the working folder by itself, because that folder may be a stranger's.
"""

from __future__ import annotations

import argparse
import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias

from getflags.cli.options.parser import Parser
from getflags.core import accepted
from getflags.core.errors import UsageError
from getflags.core.settings import OPTIONS
from getflags.core.text import brief, closest, quoted

Field: TypeAlias = tuple[str, str]

PREFIX = "GETFLAGS_"
# What one run does; as a habit, it would surprise in every other run.
_OF_ONE_RUN = frozenset(
    {
        "all",
        "checksum",
        "checksum_file",
        "config",
        "dry_run",
        "every",
        "failed_out",
        "help",
        "help_all",
        "input_files",
        "limit",
        "location",
        "no_config",
        "out",
        "remote_name",
        "seed",
        "verify",
        "version",
    }
)
_LOUDNESS = frozenset({"verbose", "quiet", "progress"})  # one of them replaces the others
_YES = frozenset({"1", "true", "yes", "on"})
_NO = frozenset({"0", "false", "no", "off"})


class Default(NamedTuple):
    """A value, the option that it is for, and the file or variable that it comes from."""

    option: str
    value: Any
    place: str


def defaults(parser: Parser, given: argparse.Namespace) -> dict[str, Default]:
    """Return the defaults that a user has set, by their names in the namespace.

    ``given`` has what the command line says. Raises UsageError.
    """
    found: dict[str, Default] = {}
    for each in (*_from_file(given), *_from_environment(os.environ)):
        action = _action(parser, each)
        found[action.dest] = each._replace(value=_converted(action, each))
    said = {name for name in _LOUDNESS if getattr(given, name, None)}
    return {name: value for name, value in found.items() if not (said and name in _LOUDNESS)}


def merged(configured: Sequence[Field], given: Sequence[Field]) -> list[Field]:
    """Return the header fields to send: those of the command line replace configured ones."""
    names = {name.lower() for name, _ in given}
    return [*(each for each in configured if each[0].lower() not in names), *given]


def named(message: str, found: Iterable[Default]) -> str:
    """Return the message of a usage error, and where the options that it names are configured."""
    places = {
        each.place: None for each in found if re.search(rf"--{each.option}(?![\w-])", message)
    }
    return f"{message} (configured in {', '.join(places)})" if places else message


def path(given: argparse.Namespace) -> str:
    """Return the path of the configuration file; empty if none is to be read."""
    if given.no_config:
        return ""
    if given.config:
        return str(given.config)
    home = os.environ.get("XDG_CONFIG_HOME", "")
    # A relative path must be ignored (XDG Base Directory Specification); see also above.
    folder = home if os.path.isabs(home) else os.path.expanduser("~/.config")  # noqa: PTH111, PTH117 - pathlib is not imported otherwise
    return f"{folder}/getflags/config.toml" if os.path.isabs(folder) else ""  # noqa: PTH117


def _from_file(given: argparse.Namespace) -> Iterator[Default]:
    """Yield what the configuration file says. Raises UsageError if it cannot be read."""
    name = path(given)
    if not name or not (given.config or os.path.exists(name)):  # noqa: PTH110 - as above
        return
    import tomllib  # the import takes 4 ms, and most runs need it not

    place = brief(name)
    try:
        with open(name, "rb") as file:  # noqa: PTH123 - as above
            settings = tomllib.load(file)
    except OSError as error:
        raise UsageError(f"cannot read {place}: {error.strerror}") from None
    except ValueError as error:  # of TOML, or of UTF-8
        raise UsageError(f"{place} is not valid TOML: {brief(str(error))}") from None
    for option, value in settings.items():
        yield Default(option, value, place)


def _from_environment(environ: Mapping[str, str]) -> Iterable[Default]:
    """Return what the variables say. An empty one counts as not set."""
    return (
        Default(name.removeprefix(PREFIX).lower().replace("_", "-"), value, name)
        for name, value in sorted(environ.items())
        if name.startswith(PREFIX) and value
    )


def _action(parser: Parser, found: Default) -> argparse.Action:
    """Return the option that a value is for. Raises UsageError if there is none."""
    actions = {
        option.removeprefix("--"): action
        for action in parser.visible_actions
        for option in action.option_strings
        if option.startswith("--")
        # A switch has its negation as another spelling; a key is true or false.
        and not (isinstance(action, argparse.BooleanOptionalAction) and option.startswith("--no-"))
    }
    action = actions.get(found.option)
    if action is None:
        near = closest(found.option, actions)
        hint = f"; did you mean {near}?" if near else ""
        raise UsageError(f"{found.place}: there is no option {quoted(found.option)}{hint}")
    if action.dest in _OF_ONE_RUN:
        raise UsageError(f"{found.place}: {found.option} can only be given on the command line")
    return action


def _converted(action: argparse.Action, found: Default) -> Any:
    """Return the value as the option has it. Raises UsageError."""
    try:
        if isinstance(action, argparse.BooleanOptionalAction):
            return _switch(found.value)
        if isinstance(action, argparse._StoreConstAction):  # noqa: SLF001 - it has no other name
            return action.const if _switch(found.value) else None
        if isinstance(action, argparse._AppendAction):  # noqa: SLF001 - as above
            values = found.value if isinstance(found.value, list) else [found.value]
            return [_one(action, each) for each in values]
        return _one(action, found.value)
    except argparse.ArgumentTypeError as error:
        raise UsageError(f"{found.place}: {found.option}: {error}") from None


def _switch(value: object) -> bool:
    if isinstance(value, str) and value.lower() in _YES | _NO:
        return value.lower() in _YES
    if not isinstance(value, bool):
        raise argparse.ArgumentTypeError("it is neither true nor false")
    return value


def _one(action: argparse.Action, value: object) -> Any:
    """Return a single value, which an option of the command line would have as a text."""
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        raise argparse.ArgumentTypeError("it is neither a text nor a number")
    text = str(value)
    option = OPTIONS.get(action.dest)
    if option and option.range is accepted.PATH and text.startswith("~/"):
        text = os.path.expanduser(text)  # noqa: PTH111 - the shell would do this
    convert = action.type
    result = convert(text) if callable(convert) else text
    if isinstance(result, str) and not isinstance(value, str):
        raise argparse.ArgumentTypeError("it is a number; a text needs quotation marks")
    if action.choices is not None and result not in action.choices:
        # The value is not quoted, because it may be a secret in the wrong place.
        raise argparse.ArgumentTypeError(f"it is not one of {', '.join(action.choices)}")
    return result
