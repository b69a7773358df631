"""What the README says is true: programs run, files exist, commands are those that CI runs."""

from __future__ import annotations

import contextlib
import io
import json
import re
import runpy
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
TEXT = (ROOT / "README.md").read_text()


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)


def test_programs_print_what_their_comments_say():
    for program in blocks("python"):
        output = io.StringIO()
        with contextlib.redirect_stdout(output):
            exec(compile(program, "README.md", "exec"), {})
        assert output.getvalue().splitlines() == re.findall(r"print\(.*\)  # (.*)", program)


def test_the_results_are_those_of_the_kept_runs():
    pytest.importorskip("matplotlib", reason="the program that writes them draws too")
    results = runpy.run_path(str(ROOT / "docs" / "results.py"))
    kept = ROOT / "docs" / "results"
    records = results["viz"].log.read(kept / "mnist.jsonl")
    designs, epochs = (json.loads((kept / f"{n}.json").read_text()) for n in ("designs", "epochs"))
    assert results["page"](records, designs, epochs) == (ROOT / "docs" / "results.md").read_text()
    assert records[-1]["test_accuracy"] >= 0.985
    assert {design["design"]: design["val"] for design in designs}["baseline"] >= 0.88
    drawn = (kept / "designs.svg").read_text()
    assert all(design["design"] in drawn for design in designs)


def test_files_exist():
    linked = [link for link in re.findall(r"\]\(([^)]+)\)", TEXT) if "://" not in link]
    assert linked
    for link in linked:
        assert (ROOT / link).exists(), link


def test_the_two_commands_come_first_and_are_marked_for_ci():
    commands = re.findall(r"^<!-- (\w+) -->\n```\n(.*?)\n```$", TEXT, re.MULTILINE | re.DOTALL)
    assert dict(commands) == {
        "main": "pip install '.[cli]' && flambeau train",
        "tests": "pip install '.[test]' && python -m pytest -n 2",
    }
    script = (ROOT / ".ci" / "run").read_text()
    assert "readme main" in script and "readme tests" in script


def test_commands_of_the_table_run(tmp_path, monkeypatch):
    testing = pytest.importorskip("click.testing", reason="the command line needs click")
    from flambeau.cli.commands import cli

    monkeypatch.chdir(tmp_path)
    commands = [
        command.split() for command in re.findall(r"^\| `flambeau ([^`]*)`", TEXT, re.MULTILINE)
    ]
    assert len(commands) > 3
    for command in commands:
        result = testing.CliRunner().invoke(cli, command)
        assert result.exit_code == 0, (command, result.output)


def test_one_screen():
    assert len(TEXT.splitlines()) <= 60


def test_the_oracle_is_the_one_of_ci():
    named = re.findall(r"torch==[\d.]+\d", TEXT)
    assert named and all(version in (ROOT / ".ci" / "run").read_text() for version in named)
