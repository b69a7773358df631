"""Chapter 8.5 of the book: what width, regularisation, depth and skip connections change.

python examples/compare_designs.py FOLDER [--epochs 100] [--designs baseline,width] [--out designs]

Trains eight designs to tell birds from airplanes, each as the book does (batches of 64, SGD without
momentum, learning rate 1e-2; 3e-3 for the deep residual net), and draws figure 8.13: the accuracy
of each on the images that it was trained on and on others. FOLDER holds CIFAR-10 (downloaded to it
if it is not there). A design whose result is in OUT already is not trained again, and one that was
stopped goes on after its last complete epoch.
"""

import argparse
import json
import time
from pathlib import Path

import flambeau as torch
from flambeau import nn, optim, viz
from flambeau.vision import datasets, models, transforms

L2_LAMBDA = 0.001

# Design: network, learning rate, weight of the sum of squared parameters in the loss.
DESIGNS = {
    "baseline": (models.book.Net, 1e-2, 0.0),
    "width": (models.book.NetWidth, 1e-2, 0.0),
    "l2 reg": (models.book.Net, 1e-2, L2_LAMBDA),
    "dropout": (models.book.NetDropout, 1e-2, 0.0),
    "batch_norm": (models.book.NetBatchNorm, 1e-2, 0.0),
    "depth": (models.book.NetDepth, 1e-2, 0.0),
    "res": (models.book.NetRes, 1e-2, 0.0),
    "res deep": (models.book.NetResDeep, 3e-3, 0.0),
}


def birds_and_airplanes(folder):
    """Training and validation images with their labels, normalised as chapter 7 does it."""
    normalize = transforms.Normalize((0.4915, 0.4823, 0.4468), (0.2470, 0.2435, 0.2616))
    transform = transforms.Compose([transforms.ToTensor(), normalize])
    return [
        torch.utils.data.TensorDataset(
            *datasets.CIFAR2(folder, train=train, download=True, transform=transform).tensors()
        )
        for train in (True, False)
    ]


def train_epoch(model, loader, optimizer, loss_fn, l2_lambda):
    """One pass over the training images; the mean loss."""
    model.train()
    total = 0.0
    for imgs, labels in loader:
        outputs = model(imgs)
        loss = loss_fn(outputs, labels)
        if l2_lambda:
            loss = loss + l2_lambda * sum(p.pow(2.0).sum() for p in model.parameters())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item()
    return total / len(loader)


def accuracy(model, loader):
    """The share of images that the model gets right."""
    model.eval()
    with torch.no_grad():
        right = sum((model(imgs).argmax(1) == labels).sum().item() for imgs, labels in loader)
    return right / len(loader.dataset)


def train_design(name, sets, epochs, out, seed):
    """Train one design, a checkpoint an epoch; its result as a dictionary."""
    make, lr, l2_lambda = DESIGNS[name]
    torch.manual_seed(seed)
    model = make()
    optimizer = optim.SGD(model.parameters(), lr=lr)
    loader = torch.utils.data.DataLoader(sets[0], batch_size=64, shuffle=True)
    path = out / f"{name.replace(' ', '_')}.pt"
    done, seconds = 0, 0.0
    if path.exists():
        state = torch.load(path)
        model.load_state_dict(state["model"])
        torch.set_rng_state(state["random"])
        done, seconds = state["epochs"], state["seconds"]
    while done < epochs:
        began = time.perf_counter()
        loss = train_epoch(model, loader, optimizer, nn.CrossEntropyLoss(), l2_lambda)
        seconds += time.perf_counter() - began
        done += 1
        state = {"model": model.state_dict(), "random": torch.get_rng_state()}
        torch.save(state | {"epochs": done, "seconds": seconds}, path)
        if done == 1 or done % 10 == 0:
            print(f"{name}: epoch {done}, training loss {loss:.4f}", flush=True)
    parts = [torch.utils.data.DataLoader(part, batch_size=500) for part in sets]
    return {
        "design": name,
        "parameters": sum(p.numel() for p in model.parameters()),
        "train": accuracy(model, parts[0]),
        "val": accuracy(model, parts[1]),
        "epochs": done,
        "seed": seed,
        "seconds_per_epoch": round(seconds / done, 2),
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder", type=Path, help="where CIFAR-10 is, or comes to")
    parser.add_argument("--epochs", type=int, default=100)
    parser.add_argument("--designs", default=",".join(DESIGNS), help="names, with commas between")
    parser.add_argument("--out", type=Path, default=Path("designs"))
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    sets = birds_and_airplanes(options.folder)
    results = []
    for name in options.designs.split(","):
        results.append(train_design(name, sets, options.epochs, options.out, options.seed))
        print("{design}: train {train:.4f}, val {val:.4f}".format(**results[-1]), flush=True)
        (options.out / "designs.json").write_text(json.dumps(results, indent=1) + "\n")
    print(f"{'design':12s} parameters   train     val  s an epoch")
    for result in results:
        print(
            f"{result['design']:12s} {result['parameters']:10,d} {result['train']:7.4f} "
            f"{result['val']:7.4f} {result['seconds_per_epoch']:11.2f}"
        )
    accuracies = {r["design"]: {"train": r["train"], "val": r["val"]} for r in results}
    viz.comparison(accuracies, path=options.out / "designs.svg")


if __name__ == "__main__":
    main()
