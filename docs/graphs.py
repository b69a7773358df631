"""Runs the programs of docs/graphs.md and draws the picture under each: python docs/graphs.py"""

import re
from pathlib import Path

import flambeau as torch
from flambeau import nn, vision, viz

PAGE = Path(__file__).with_name("graphs.md")
PROGRAM = re.compile(r"```python\n(.*?)```\n\n!\[.*?\]\((.*?)\)", re.DOTALL)


def programs():
    """File of the picture, relative to the page, and program: in the order of the page."""
    return [(file, program) for program, file in PROGRAM.findall(PAGE.read_text())]


def draw(file, program):
    """The SVG text of the picture that a program makes."""
    names = {"torch": torch, "nn": nn, "vision": vision, "viz": viz}
    exec(compile(program, Path(file).stem, "exec"), names)
    return names["picture"].svg("flambeau")


if __name__ == "__main__":
    torch.manual_seed(0)
    for file, program in programs():
        target = PAGE.parent / file
        target.write_text(draw(file, program))
        print(target)
