"""The generated page of docs/: every signal, setting, error, command and table, from the code itself.

``python -m grantguard.reference docs`` writes ``docs/reference.md``; a test holds it against the code.
"""

from __future__ import annotations

import ast
import inspect
import sys
from dataclasses import fields
from itertools import pairwise
from pathlib import Path

from typer.main import get_command

from grantguard import errors
from grantguard.cli import app
from grantguard.contract import INPUTS, TRUTH, Table
from grantguard.forest import COMPANY
from grantguard.policy import Rules
from grantguard.settings import Settings
from grantguard.signals import CATALOGUE
from grantguard.vocabulary import EVIDENCE_OF, FAMILIES
from grantguard.worlds import COHORTS, NEIGHBOURS, TECHNIQUES


def write_reference() -> str:
    """The page, as Markdown."""
    parts = [
        "# Reference\n\nWritten from the code by `make docs`; do not edit.",
        _signals(),
        _rules(),
        _commands(),
        _settings(),
        _errors(),
        _worlds(),
        "## Tables\n\n" + "\n\n".join(_table(table) for table in (*INPUTS, TRUTH)),
    ]
    return "\n\n".join(parts) + "\n"


def _signals() -> str:
    told = [f"## Signals\n\n{len(CATALOGUE)} signals in {len(FAMILIES)} families. Null where the support is too thin."]
    for family in FAMILIES:
        told.append(f"### {family.capitalize()}\n\nEvidence of {EVIDENCE_OF[family]}.")
        told += [
            f"**`{each.name}`** ({each.unit}; {each.suspicious} is suspicious). {each.summary} {each.why}"
            f" *Looks the same: {each.looks_the_same}*"
            for each in CATALOGUE
            if each.family == family
        ]
    told.append(
        f"### Company\n\nNo signal, and a reason like them, of the family of {COMPANY.family}.\n\n**`{COMPANY.name}`**"
        f" ({COMPANY.unit}). {COMPANY.summary} {COMPANY.why} *Looks the same: {COMPANY.looks_the_same}*"
    )
    return "\n\n".join(told)


def _rules() -> str:
    sentences = _sentences(Rules)
    rows = [f"| `{field.name}` | {field.default} | {sentences[field.name]} |" for field in fields(Rules)]
    return "\n".join(["## Rules of the policy\n", "| rule | default | meaning |", "|---|---|---|", *rows])


def _sentences(kind: type) -> dict[str, str]:
    """The sentence under each field of a class."""
    lines = ast.parse(inspect.getsource(kind)).body[0]
    told = {}
    for field, said in pairwise(lines.body if isinstance(lines, ast.ClassDef) else []):
        match field, said:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(text))):
                told[name] = " ".join(text.split())
    return told


def _commands() -> str:
    commands = get_command(app).commands  # type: ignore[attr-defined]
    told = ["## Commands"]
    for name, command in commands.items():
        summary, _, example = (command.help or "").partition("Example: ")
        options = " ".join(option.opts[0] for option in command.params)
        told.append(f"**`grantguard {name}`** `{options}`\n{summary.strip()}\n`{example.strip()}`")
    return "\n\n".join(told)


def _settings() -> str:
    rows = [f"| `GRANTGUARD_{name.upper()}` | {field.description} |" for name, field in Settings.model_fields.items()]
    return "\n".join(["## Settings\n", "| variable | meaning |", "|---|---|", *rows])


def _errors() -> str:
    kinds = [each for each in vars(errors).values() if isinstance(each, type)]
    rows = [f"| `{each.__name__}` | {(each.__doc__ or '').strip()} |" for each in kinds]
    return "\n".join(["## Errors\n", "| error | condition |", "|---|---|", *rows])


def _worlds() -> str:
    rows = [f"| {each.code} | {each.name} |" for each in (*TECHNIQUES, *COHORTS, *NEIGHBOURS)]
    return "\n".join(["## Techniques and look-alike cohorts of worlds\n", "| code | name |", "|---|---|", *rows])


def _table(table: Table) -> str:
    rows = [
        f"| `{column.name}` | {column.dtype} | {'required' if column.required else ''} | {column.meaning} |"
        for column in table.columns
    ]
    return "\n".join([f"### {table.name}\n", "| column | type | | meaning |", "|---|---|---|---|", *rows])


if __name__ == "__main__":
    Path(sys.argv[1], "reference.md").write_text(write_reference())
