"""YAML that a person can read and edit, and that cannot hurt when it comes back from a stranger."""

from __future__ import annotations

import re
from typing import Any

import yaml

from core.pipeline.problems import ProjectError


class _Writer(yaml.SafeDumper):
    """Long texts as blocks, lists indented below their key."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        return super().increase_indent(flow, False)


# Line ends that YAML 1.1 folds or normalises in every style but the double-quoted one.
_FOLDED = re.compile("[\r\x85\u2028\u2029]")


def _write_text(writer: yaml.SafeDumper, text: str) -> yaml.Node:
    style = '"' if _FOLDED.search(text) else "|" if "\n" in text else None
    return writer.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Writer.add_representer(str, _write_text)


class _Reader(yaml.SafeLoader):
    """Without anchors: a few lines of aliases of aliases unfold to gigabytes."""

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        if self.check_event(yaml.events.AliasEvent):
            mark = self.peek_event().start_mark
            raise yaml.composer.ComposerError(None, None, "anchors and aliases are not allowed here", mark)
        return super().compose_node(parent, index)


def write(data: Any) -> str:
    """Block style, keys in their given order, any script readable."""
    return yaml.dump(data, Dumper=_Writer, sort_keys=False, allow_unicode=True, width=110)


def read(text: str, name: str) -> Any:
    """Raises ProjectError with the line where the text stops being YAML."""
    try:
        return yaml.load(text, Loader=_Reader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        what = getattr(error, "problem", None) or str(getattr(error, "reason", "")) or "it is not YAML"
        where = f", line {mark.line + 1}" if mark else ""
        raise ProjectError([f"{name}{where}: {what}."]) from error
    except (RecursionError, ValueError) as error:
        raise ProjectError([f"{name} cannot be read as YAML: {error}."]) from error
