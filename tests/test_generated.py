"""The type stubs and docs/operations.md are what the package says, and type checkers use them."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

# A program that uses the package as its users do: ``mypy --strict`` has nothing to say.
PROGRAM = """
import flambeau as torch
import flambeau.nn.functional as F
from flambeau import Tensor, nn
from flambeau.utils.data import DataLoader, TensorDataset


class Net(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.fc1 = nn.Linear(28 * 28, width)
        self.fc2 = nn.Linear(width, 10, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc2(F.relu(self.fc1(x.flatten(1))))


def accuracy(scores: Tensor, labels: Tensor) -> float:
    return float((scores.argmax(dim=1) == labels).float().mean().item())


def main() -> None:
    torch.manual_seed(0)
    device = torch.device("cpu")
    model = Net(16).to(device)
    x: Tensor = torch.zeros(2, 3, dtype=torch.float32).sum(0)
    sizes: torch.Size = x.shape
    rows: int = x.size(0) + sizes[-1] + torch.Size([2, 3]).numel()
    x = torch.rand(sizes, generator=torch.Generator().manual_seed(1)).to(x.device.type)
    y = 2 * x[..., None] + 1 - x.unsqueeze(-1) / torch.ones((3, 1))
    values, indices = torch.randn(4, 5).max(dim=1)
    largest: Tensor = torch.max(values)
    parts: tuple[Tensor, ...] = torch.split(y, [1, 2])
    u, s, v = torch.linalg.svd(torch.eye(3))
    total = torch.cat([u, v]).to(torch.float64).mean(dim=(0, 1), keepdim=True)
    for p in model.parameters():
        nn.init.normal_(p, std=0.02)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    schedule = torch.optim.lr_scheduler.StepLR(optimizer, step_size=2)
    data = TensorDataset(torch.randn(8, 28, 28), torch.randint(0, 10, (8,)))
    for images, labels in DataLoader(data, batch_size=4, shuffle=True):
        optimizer.zero_grad()
        loss = F.cross_entropy(model(images), labels, label_smoothing=0.1)
        loss.backward()
        optimizer.step()
    schedule.step()
    with torch.no_grad():
        print(accuracy(model(x), indices), sizes, rows, largest, parts, s, total)
    torch.save(model.state_dict(), "model.pt")
    model.load_state_dict(torch.load("model.pt"))


main()
"""

# Each line is wrong; mypy must say so, with this code.
WRONG = {
    "torch.zeros(2, dtyp=torch.float32)": "call-arg",
    "torch.zeros(2).summ(0)": "attr-defined",
    'torch.zeros(2).sum("0")': "arg-type",
    "x: int = torch.zeros(2).relu()": "assignment",
    'torch.nn.Linear("3", 4)': "arg-type",
    "torch.nn.Linear(3, 4, width=5)": "call-arg",
    "torch.nn.functional.rellu(torch.zeros(2))": "attr-defined",
    "torch.linalg.inverse_of(torch.eye(2))": "attr-defined",
    'torch.optim.SGD([], momentum="much")': "arg-type",
}


def _generate():
    spec = importlib.util.spec_from_file_location("generate", ROOT / "docs" / "generate.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_generated_files_are_up_to_date():
    # In a process of its own: tests elsewhere register operations and modules.
    script = (
        "import runpy, pathlib\n"
        "made = runpy.run_path('docs/generate.py')['files']()\n"
        "print(*[p for p, text in made.items()"
        " if not pathlib.Path(p).exists() or pathlib.Path(p).read_text() != text])"
    )
    run = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr
    stale = run.stdout.split()
    assert not stale, f"{stale} are not what the package says: run python docs/generate.py"


def _mypy(tmp_path: Path, program: str) -> str:
    pytest.importorskip("mypy", reason="mypy is not installed")
    path = tmp_path / "program.py"
    path.write_text(program)
    run = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--config-file=", "--follow-imports=silent",
         f"--cache-dir={tmp_path / 'cache'}", str(path)],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert run.returncode in (0, 1), run.stdout + run.stderr
    return run.stdout


def test_a_program_passes_mypy_strict(tmp_path):
    assert "Success" in (said := _mypy(tmp_path, PROGRAM)), said


def test_mypy_finds_planted_errors(tmp_path):
    said = _mypy(tmp_path, "import flambeau as torch\n" + "\n".join(WRONG)).splitlines()
    for number, (line, code) in enumerate(WRONG.items(), start=2):
        assert any(f"program.py:{number}:" in s and f"[{code}]" in s for s in said), (line, said)
