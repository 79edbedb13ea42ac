"""Mapping profiles: another core system's layout as a YAML file. The vocabulary is small and closed; nothing is run.

`docs/extracts.md` describes every word. A profile that says something else is refused when it is read.
"""

from __future__ import annotations

import codecs
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import yaml

from core.staging.shapes import Kind
from core.staging.text_files import Layout

READABLE = (".csv", ".xlsx", ".txt", ".tsv", ".asc", ".dat")
Spec = Any  # a column name, or a mapping in the vocabulary below

_VALUE_WORDS = {
    "column": set(),
    "const": set(),
    "template": None,  # any further word names a part of the template
    "lookup": {"in", "match", "where"},
    "months_after": {"months"},
    "bands": {"of"},
}
_DERIVED_WORDS = {
    "day_end": {"from", "key", "day", "amount", "balance", "credit"},
    "installments": {"from", "starts", "months", "total", "amount", "day"},
    "loan_days": {"from", "key", "starts", "installments", "payments"},
}
_DATE_FORMATS = ("YYYY-MM-DD", "YYYYMMDD", "YYMMDD", "DD.MM.YYYY")


class ProfileError(ValueError):
    """A profile says something that the vocabulary does not know; the message says where."""


@dataclass(frozen=True)
class FileSpec:
    """A file of the foreign layout: the names it may have and how it is written."""

    name: str
    names: tuple[str, ...]
    layout: Layout


@dataclass(frozen=True)
class Derived:
    """Rows worked out from a file: `rule` is one of day_end, installments, loan_days."""

    name: str
    rule: str
    words: Mapping[str, Any]


@dataclass(frozen=True)
class Target:
    """How a kind is fed: from which rows, filtered how, each column from what, dated by what."""

    kind: Kind
    source: str
    where: Mapping[str, Any]
    columns: Mapping[str, Spec] | None  # None: the file's headers are the kind's own labels
    dated_by: Spec | None


@dataclass(frozen=True)
class Profile:
    """A whole layout."""

    name: str
    title: str
    files: Mapping[str, FileSpec]
    ignored: tuple[str, ...]
    derived: Mapping[str, Derived]
    targets: tuple[Target, ...]
    date_format: str = "YYYY-MM-DD"
    century_from: int = 1950  # YYMMDD: the hundred years beginning here
    permit_overdraft: bool = False
    cutoff_on: date | None = None
    replay_from: date | None = None  # one book with its history, fed day by day from here

    def file_of(self, name: str) -> FileSpec | None:
        """The file that a name belongs to."""
        lowered = name.lower()
        return next(
            (
                spec
                for spec in self.files.values()
                if any(fnmatch(lowered, pattern.lower()) for pattern in spec.names)
            ),
            None,
        )

    def ignores(self, name: str) -> bool:
        """Whether a file is none of ours: named so by the profile, or not a table at all."""
        lowered = name.lower()
        return (
            lowered.startswith((".", "~$"))
            or not lowered.endswith(READABLE)
            or any(fnmatch(lowered, pattern.lower()) for pattern in self.ignored)
        )

    def source_of(self, name: str) -> str:
        """The file that rows come from, through what is derived from it."""
        seen = name
        while seen in self.derived:
            seen = self.derived[seen].words["from"]
        return seen


def load_profile(path: Path, kinds: Mapping[str, Kind]) -> Profile:
    """Read a profile; raises ProfileError on anything outside the vocabulary."""
    raw = yaml.safe_load(path.read_text(encoding="utf-8"))
    _only(raw, {"name", "title", "defaults", "files", "ignore", "derived", "targets", "dates", "permit_overdraft",
                "cutoff_on", "replay"}, "方案")  # fmt: skip
    dates = raw.get("dates", {})
    _only(dates, {"format", "century_from"}, "dates")
    date_format = dates.get("format", "YYYY-MM-DD")
    if date_format not in _DATE_FORMATS:
        raise ProfileError(f"dates.format 须为 {'、'.join(_DATE_FORMATS)} 之一：{date_format}")
    files = {
        name: _file(name, {**raw.get("defaults", {}), **(spec or {})}) for name, spec in raw["files"].items()
    }
    derived = {name: _derived(name, spec, files) for name, spec in raw.get("derived", {}).items()}
    targets = tuple(
        _target(kinds[name], spec or {}, {**files, **derived})
        for name, spec in _known_kinds(raw["targets"], kinds)
    )
    replay = raw.get("replay", {})
    _only(replay, {"mode", "opens_on"}, "replay")
    if replay and (replay.get("mode") != "daily" or not isinstance(replay.get("opens_on"), date)):
        raise ProfileError("replay 须写明 mode: daily 与 opens_on（日期）")
    return Profile(
        name=raw["name"],
        title=raw["title"],
        files=files,
        ignored=tuple(raw.get("ignore", ())),
        derived=derived,
        targets=targets,
        date_format=date_format,
        century_from=int(dates.get("century_from", 1950)),
        permit_overdraft=bool(raw.get("permit_overdraft", False)),
        cutoff_on=raw.get("cutoff_on"),
        replay_from=replay.get("opens_on"),
    )


def _only(words: Mapping[str, Any], allowed: set[str], where: str) -> None:
    unknown = sorted(str(word) for word in set(words) - allowed)
    if unknown:
        raise ProfileError(
            f"{where} 中有不认识的词：{'、'.join(unknown)}；可用：{'、'.join(sorted(allowed))}"
        )


def _file(name: str, spec: Mapping[str, Any]) -> FileSpec:
    _only(spec, {"names", "delimiter", "quote", "encoding", "header", "columns"}, f"files.{name}")
    encoding = spec.get("encoding", "auto")
    if encoding != "auto":
        codecs.lookup(encoding)
    layout = Layout(
        delimiter=spec.get("delimiter", ","),
        quote=spec.get("quote", '"') or "",
        encoding=encoding,
        header=int(spec.get("header", 1)),
        columns=tuple(spec.get("columns", ())),
    )
    return FileSpec(name, tuple(spec["names"]), layout)


def _derived(name: str, spec: Mapping[str, Any], files: Mapping[str, FileSpec]) -> Derived:
    if len(spec) != 1 or next(iter(spec)) not in _DERIVED_WORDS:
        raise ProfileError(f"derived.{name} 须为 {'、'.join(_DERIVED_WORDS)} 之一")
    rule, words = next(iter(spec.items()))
    _only(words, _DERIVED_WORDS[rule], f"derived.{name}.{rule}")
    missing = _DERIVED_WORDS[rule] - set(words)
    if missing:
        raise ProfileError(f"derived.{name}.{rule} 缺少：{'、'.join(sorted(missing))}")
    if rule == "loan_days":
        payments = words["payments"]
        _only(payments, {"from", "where", "owner", "key", "day"}, f"derived.{name}.loan_days.payments")
    if words["from"] not in files:
        raise ProfileError(f"derived.{name} 的来源文件不存在：{words['from']}")
    return Derived(name, rule, words)


def _known_kinds(targets: Mapping[str, Any], kinds: Mapping[str, Kind]) -> list[tuple[str, Any]]:
    unknown = sorted(set(targets) - set(kinds))
    if unknown:
        raise ProfileError(f"targets 中有不认识的内容：{'、'.join(unknown)}；可用：{'、'.join(kinds)}")
    return [(name, targets[name]) for name in kinds if name in targets]  # in the order of dependence


def _target(kind: Kind, spec: Mapping[str, Any], sources: Mapping[str, Any]) -> Target:
    _only(spec, {"from", "where", "columns", "dated_by"}, f"targets.{kind.name}")
    source = spec.get("from", kind.name)
    if source not in sources:
        raise ProfileError(f"targets.{kind.name}.from 不存在：{source}")
    columns = spec.get("columns")
    if columns is not None:
        _only(columns, {column.name for column in kind.columns}, f"targets.{kind.name}.columns")
        missing = [column.name for column in kind.columns if column.required and column.name not in columns]
        if missing:
            raise ProfileError(f"targets.{kind.name} 没有给出：{'、'.join(missing)}")
        for name, value in columns.items():
            check_spec(value, f"targets.{kind.name}.columns.{name}")
    if "dated_by" in spec:
        check_spec(spec["dated_by"], f"targets.{kind.name}.dated_by")
    return Target(kind, source, spec.get("where", {}), columns, spec.get("dated_by"))


def check_spec(spec: Spec, where: str) -> None:
    """Raise ProfileError unless a value is written in the vocabulary."""
    if isinstance(spec, str):
        return
    if not isinstance(spec, Mapping):
        raise ProfileError(f"{where} 须为列名或规则：{spec!r}")
    words = [word for word in _VALUE_WORDS if word in spec]
    if len(words) != 1:
        raise ProfileError(f"{where} 须恰好用 {'、'.join(_VALUE_WORDS)} 之一")
    word = words[0]
    further = _VALUE_WORDS[word]
    if further is not None:
        _only(spec, {word, "map", "default", *further}, where)
        missing = further - {"where"} - set(spec)
        if missing:
            raise ProfileError(f"{where} 缺少：{'、'.join(sorted(missing))}")
    else:
        for name in set(spec) - {word, "map", "default"}:
            check_spec(spec[name], f"{where}.{name}")
    if word == "lookup":
        for their, ours in spec["match"].items():
            check_spec(ours, f"{where}.match.{their}")
    elif word == "months_after":
        check_spec(spec["months_after"], where)
        check_spec(spec["months"], where)
    elif word == "bands":
        check_spec(spec["bands"], where)
