"""Small changes of a rule: a boundary, a number, a role, a filter, a refusal. What is only said is left alone.

A change is an edit of the source between two places, so that everything around it stays as it was written. The
operators are our own: those of cosmic-ray and mutmut know no filters, lookups, members and refusals, and change
annotations and messages instead.
"""

from __future__ import annotations

import ast
import builtins
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

# What stands between two operands, and what takes its place.
OPERATORS = {
    ast.Lt: ("<", "<="), ast.LtE: ("<=", "<"), ast.Gt: (">", ">="), ast.GtE: (">=", ">"),
    ast.Eq: ("==", "!="), ast.NotEq: ("!=", "=="), ast.In: (r"\bin\b", "not in"), ast.NotIn: (r"\bnot\s+in\b", "in"),
    ast.Is: (r"\bis\b", "is not"), ast.IsNot: (r"\bis\s+not\b", "is"), ast.And: (r"\band\b", "or"),
    ast.Or: (r"\bor\b", "and"), ast.Add: (r"\+", "-"), ast.Sub: ("-", "+"), ast.BitAnd: ("&", "|"),
    ast.BitOr: (r"\|", "&"),
}  # fmt: skip
LOOKUPS = {"lt": "lte", "lte": "lt", "gt": "gte", "gte": "gt"}
SWAPPED = {"min": "max", "any": "all", "Min": "Max", "Greatest": "Least", "first": "last"}
SWAPPED |= {other: one for one, other in SWAPPED.items()}
# Methods that narrow a set of rows down; without one of them there are all.
NARROWING = {
    "filter",
    "exclude",
    "known",
    "standing",
    "current",
    "in_force",
    "planned",
    "short",
    "open",
    "visible_to",
}
SPEECH = {"_", "gettext", "ngettext", "pgettext", "format_html", "cast"}
RECORDS = {"audit", "logger", "log", "messages"}  # what is written down of it is not the rule
LABELS = {"verbose_name", "help_text", "label", "max_length", "error_messages", "reason", "why", "note"}

Edit = tuple[int, int, bytes]  # from where to where, and what takes its place


@dataclass(frozen=True)
class Change:
    """An edit of a file. `before` and `after` are the lines that it touches, each as one."""

    file: str
    line: int
    function: str
    edit: Edit
    before: str
    after: str

    def applied(self, source: bytes) -> bytes:
        start, end, text = self.edit
        return source[:start] + text + source[end:]

    def __str__(self) -> str:
        return f"{self.file}:{self.line} {self.function}"


def changes_of(
    node: ast.AST, source: bytes, names: Mapping[str, Any], *, file: str, function: str
) -> Iterator[Change]:
    """Every change of one function, or of one statement of a class; `names` is the namespace of its module."""
    for edit in dict.fromkeys(Finder(source, names).edits(node)):
        start, end, text = edit
        first, last = source.rfind(b"\n", 0, start) + 1, source.find(b"\n", end)
        lines = (source[first:last], source[first:start] + text + source[end:last])
        before, after = (" ".join(line.decode().split()) for line in lines)
        yield Change(file, source.count(b"\n", 0, start) + 1, function, edit, before, after)


class Finder:
    """Finds the edits of a source."""

    def __init__(self, source: bytes, names: Mapping[str, Any]) -> None:
        self.source, self.names = source, names
        self.starts = [0, *(match.end() for match in re.finditer(rb"\n", source))]

    def edits(self, node: ast.AST) -> Iterator[Edit]:
        """Those of a node and of everything below it."""
        match node:
            case ast.Raise():
                yield self.instead(node, b"pass")
            case ast.Expr(value=ast.Call(func=called)) if (
                _name(getattr(called, "value", called)) not in RECORDS
            ):
                yield self.instead(node, b"pass")
            case ast.If(test=test):
                yield self.instead(test, b"False")
            case ast.comprehension(ifs=tests):
                yield from (self.instead(test, b"True") for test in tests)
            case ast.Return(value=ast.IfExp() as choice):  # a sentence that is returned refuses something
                yield from self.branches(choice)
            case ast.IfExp(body=one, orelse=other) if not (_is_sentence(one) or _is_sentence(other)):
                yield from self.branches(node)
            case ast.Compare(left=left, ops=operators, comparators=others):
                for pair, operator in zip(pairwise([left, *others]), operators, strict=True):
                    yield from self.between(*pair, operator)
            case ast.BoolOp(op=operator, values=values):
                for pair in pairwise(values):
                    yield from self.between(*pair, operator)
            case ast.BinOp(left=left, op=operator, right=right) if not _is_sentence(node):
                yield from self.between(left, right, operator)
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                yield self.instead(node, b"(" + self.text(operand) + b")")
            case ast.Constant(value=bool(value)):
                yield self.instead(node, str(not value).encode())
            case ast.Constant(value=int(value)):
                yield from (self.instead(node, str(other).encode()) for other in (value + 1, value - 1))
            case ast.Attribute(value=owner, attr=name) if members := self.members(node):
                other = members[(members.index(name) + 1) % len(members)]
                yield self.instead(node, self.text(owner) + b"." + other.encode())
            case ast.Tuple(elts=items) | ast.List(elts=items) | ast.Set(elts=items) if all(
                map(self.members, items)
            ):
                yield from self.without_each(items, alone=b"," * isinstance(node, ast.Tuple))
            case ast.Call():
                yield from self.of_call(node)
            case ast.keyword(arg=str(name)):
                stem, _, lookup = name.rpartition("__")
                if stem and lookup in LOOKUPS:
                    start = self.span(node)[0]
                    yield start, start + len(name), f"{stem}__{LOOKUPS[lookup]}".encode()
        for child in _below(node):
            yield from self.edits(child)

    def of_call(self, node: ast.Call) -> Iterator[Edit]:
        name, by_method = _name(node.func), isinstance(node.func, ast.Attribute)
        if by_method and name in NARROWING and _name(node.func.value) != "self":
            yield self.instead(node, self.text(node.func.value) + b".all()")
        if name in ("filter", "exclude", "Q"):
            yield from self.without_each([*node.args, *node.keywords])
        match node.args:
            case [ast.Constant(value=str(key)) as first, *_] if name == "order_by" and key != "pk":
                yield self.instead(first, f'"{key[1:] if key[0] == "-" else "-" + key}"'.encode())
        other = SWAPPED.get(name, "")
        if other and (by_method or other in self.names or hasattr(builtins, other)):
            end = self.span(node.func)[1]
            yield end - len(name), end, other.encode()

    def branches(self, node: ast.IfExp) -> Iterator[Edit]:
        return (self.instead(node, b"(" + self.text(part) + b")") for part in (node.body, node.orelse))

    def between(self, left: ast.AST, right: ast.AST, operator: ast.AST) -> Iterator[Edit]:
        old, new = OPERATORS.get(type(operator), ("$.", ""))
        start, end = self.span(left)[1], self.span(right)[0]
        if found := re.search(old.encode(), self.source[start:end]):
            yield start + found.start(), start + found.end(), new.encode()

    def without_each(self, items: Sequence[ast.AST], *, alone: bytes = b"") -> Iterator[Edit]:
        """One of several that are separated by commas is left out; `alone` follows one that is left by itself."""
        items = sorted(items, key=self.span)
        for item in items if len(items) > 1 else ():
            start, end = self.span(items[0])[0], self.span(items[-1])[1]
            comma = alone if len(items) == 2 and not self.source[end:].lstrip().startswith(b",") else b""
            yield start, end, b", ".join(self.text(other) for other in items if other is not item) + comma

    def members(self, node: ast.AST) -> list[str]:
        """The names of an enumeration if the node is one of its members, as Role.AUDITOR; otherwise none."""
        match node:
            case ast.Attribute(value=ast.Name(id=owner), attr=name):
                members = getattr(self.names.get(owner), "__members__", {})
                return list(members) if name in members and len(members) > 1 else []
        return []

    def instead(self, node: ast.AST, text: bytes) -> Edit:
        return (*self.span(node), text)

    def text(self, node: ast.AST) -> bytes:
        return self.source[slice(*self.span(node))]

    def span(self, node: Any) -> tuple[int, int]:
        return (
            self.starts[node.lineno - 1] + node.col_offset,
            self.starts[node.end_lineno - 1] + node.end_col_offset,
        )


def _below(node: ast.AST) -> Iterable[ast.AST]:
    """What may change below a node: neither decorators and annotations, nor words, nor how far something is cut."""
    match node:
        case ast.FunctionDef(args=args, body=body):
            return [part for part in (*args.defaults, *args.kw_defaults, *body) if part]
        case ast.AnnAssign(value=value):
            return [value] if value else []
        case ast.Subscript(value=value, slice=ast.Slice()):
            return [value]
        case ast.Expr(value=ast.Call(func=ast.Attribute(value=ast.Name(id=owner)))) if owner in RECORDS:
            return []
        case ast.Raise() | ast.JoinedStr() | ast.ClassDef():
            return []
        case ast.keyword(arg=name) if name in LABELS:
            return []
        case ast.Call() | ast.BinOp() if _is_sentence(node):
            return []
    return ast.iter_child_nodes(node)


def _is_sentence(node: ast.AST) -> bool:
    """A string, or what makes one."""
    match node:
        case ast.Subscript(value=value):
            return _is_sentence(value)
        case ast.BinOp(left=left, right=right):
            return _is_sentence(left) or _is_sentence(right)
        case ast.Call(func=called):
            return _name(called) in SPEECH
    return isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str))


def _name(node: ast.AST) -> str:
    return str(getattr(node, "attr", getattr(node, "id", "")))
