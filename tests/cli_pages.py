"""The examples on the pages that the AWS CLI installs, of both of its versions."""

import re
import shlex
import textwrap
from dataclasses import dataclass, field

# A line that introduces a block, two colons, and the block itself.
_BLOCK = re.compile(r"^(.*)::\n\n((?:(?:    .*)?\n)+)", re.MULTILINE)
_CONTENTS = re.compile(r"Contents of ``([^`]+)``")


@dataclass(frozen=True, slots=True)
class Example:
    """A command from a documentation page, without `aws`, and the output that the page shows.

    The output is empty if the page shows none. The files are those that the page shows, by name.
    """

    arguments: tuple[str, ...]
    output: str
    files: dict[str, str] = field(default_factory=dict)


def examples_on(page):
    """Read the examples of an operation from the text of its page."""
    examples = []
    for lead, block in _BLOCK.findall(page):
        text = textwrap.dedent(block).strip() + "\n"
        if text.startswith("aws "):
            examples.append(Example(arguments_of(text), ""))
        elif lead == "Output":
            examples[-1] = Example(examples[-1].arguments, text, examples[-1].files)
        elif contents := _CONTENTS.search(lead):
            examples[-1].files[contents[1]] = text
    return examples


def arguments_of(command):
    """Split a command that may be continued over lines, without `aws`."""
    _, *arguments = shlex.split(command.replace("\\\n", " "))
    return tuple(arguments)
