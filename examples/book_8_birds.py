"""Chapter 8 of the book: bird or airplane? Convolutional nets on two classes of CIFAR-10.

python examples/book_8_birds.py FOLDER [NET] [EPOCHS]

FOLDER holds CIFAR-10 (downloaded to it if it is not there), NET is one of Net, NetWidth,
NetDropout, NetBatchNorm, NetDepth, NetRes and NetResDeep (flambeau/vision/models/book.py). The book
trains `Net` for 100 epochs.
"""

import datetime
import sys

import flambeau as torch
from flambeau import nn, optim
from flambeau.vision import datasets
from flambeau.vision.models.book import (
    Net,
    NetBatchNorm,
    NetDepth,
    NetDropout,
    NetRes,
    NetResDeep,
    NetWidth,
)

DESIGNS = (Net, NetWidth, NetDropout, NetBatchNorm, NetDepth, NetRes, NetResDeep)
NETS = {net.__name__: net for net in DESIGNS}


def birds_and_airplanes(cifar):
    """Two of the ten classes, normalised: 0 airplane, 1 bird."""
    images, labels = cifar.tensors()
    airplane, bird = cifar.class_to_idx["airplane"], cifar.class_to_idx["bird"]
    kept = (labels == airplane) | (labels == bird)
    images = images[kept]
    mean, std = images.mean((0, 2, 3), keepdim=True), images.std((0, 2, 3), keepdim=True)
    return torch.utils.data.TensorDataset((images - mean) / std, (labels[kept] == bird).long())


def training_loop(n_epochs, optimizer, model, loss_fn, train_loader):
    for epoch in range(1, n_epochs + 1):
        loss_train = 0.0
        for imgs, labels in train_loader:
            outputs = model(imgs)
            loss = loss_fn(outputs, labels)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            loss_train += loss.item()
        if epoch == 1 or epoch % 10 == 0:
            now = datetime.datetime.now()
            print(f"{now} Epoch {epoch}, Training loss {loss_train / len(train_loader)}")


def validate(model, train_loader, val_loader):
    model.eval()
    for name, loader in [("train", train_loader), ("val", val_loader)]:
        correct = 0
        total = 0
        with torch.no_grad():
            for imgs, labels in loader:
                _, predicted = torch.max(model(imgs), dim=1)
                total += labels.shape[0]
                correct += int((predicted == labels).sum())
        print(f"Accuracy {name}: {correct / total:.2f}")


def main(folder, net="Net", n_epochs="10", batches=(1, 2, 3, 4, 5)):
    torch.manual_seed(0)
    cifar2 = birds_and_airplanes(datasets.CIFAR10(folder, download=True, batches=batches))
    cifar2_val = birds_and_airplanes(datasets.CIFAR10(folder, train=False, download=True))
    train_loader = torch.utils.data.DataLoader(cifar2, batch_size=64, shuffle=True)
    model = NETS[net]()
    optimizer = optim.SGD(model.parameters(), lr=3e-3 if net == "NetResDeep" else 1e-2)
    training_loop(int(n_epochs), optimizer, model, nn.CrossEntropyLoss(), train_loader)
    validate(model, train_loader, torch.utils.data.DataLoader(cifar2_val, batch_size=64))
    torch.save(model.state_dict(), "birds_vs_airplanes.pt")
    loaded_model = NETS[net]()
    print(loaded_model.load_state_dict(torch.load("birds_vs_airplanes.pt")))


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    main(*sys.argv[1:4])
