"""The policy that comes with the software: one YAML file per scheme, read and checked."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import yaml

from core.errors import Invalid

_KEYS = {"scheme", "name", "parent", "document", "effective_on", "parameters"}


def read(directory: Path) -> list[dict[str, Any]]:
    """Every scheme of a folder, each parameter with its source; Invalid where a file is not what it should be."""
    files = sorted(directory.glob("*.yaml"))
    if not files:
        raise Invalid(f"{directory} 里没有方案文件（*.yaml）。")
    contents = []
    for path in files:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
        if not isinstance(content, dict) or set(content) != _KEYS:
            raise Invalid(f"{path.name} 须恰有这些项：{'、'.join(sorted(_KEYS))}。")
        if content["scheme"] != path.stem:
            raise Invalid(f"{path.name} 里写的是方案 {content['scheme']}，与文件名不符。")
        for entry in content["parameters"].values():
            entry.setdefault("source", content["document"])
        contents.append(content)
    _give_titles(contents)
    return contents


def _give_titles(contents: list[dict[str, Any]]) -> None:
    """Each entry its title, which stands once for all schemes that speak of the parameter."""
    found: dict[str, str] = {}
    each = [(one["scheme"], *item) for one in contents for item in one["parameters"].items()]
    for scheme, name, entry in each:
        if title := entry.get("title"):
            if name in found:
                raise Invalid(f"{scheme}.yaml 的参数 {name} 的名称（title）已写在别的文件里，只写一处。")
            found[name] = title
    for scheme, name, entry in each:
        if name not in found:
            raise Invalid(f"{scheme}.yaml 的参数 {name} 没有名称（title）。")
        entry["title"] = found[name]


@cache
def shipped(directory: Path) -> dict[str, dict[str, dict[str, Any]]]:
    """What the software came with: {scheme: {parameter: entry}}."""
    return {content["scheme"]: content["parameters"] for content in read(directory)}


def titles(directory: Path) -> dict[str, str]:
    """What the software calls each parameter."""
    entries = (item for parameters in shipped(directory).values() for item in parameters.items())
    return {name: entry["title"] for name, entry in entries}
