"""Chapter 8 of the book: bird or airplane? Convolutional nets on two classes of CIFAR-10.

python examples/book_8_birds.py FOLDER [NET] [EPOCHS]

FOLDER holds CIFAR-10 (downloaded to it if it is not there), NET is one of those below. The book
trains `Net` for 100 epochs.
"""

import datetime
import sys

import flambeau as torch
from flambeau import nn, optim
from flambeau.nn import functional as F
from flambeau.vision import datasets


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 16, kernel_size=3, padding=1)
        self.conv2 = nn.Conv2d(16, 8, kernel_size=3, padding=1)
        self.fc1 = nn.Linear(8 * 8 * 8, 32)
        self.fc2 = nn.Linear(32, 2)

    def forward(self, x):
        out = F.max_pool2d(torch.tanh(self.conv1(x)), 2)
        out = F.max_pool2d(torch.tanh(self.conv2(out)), 2)
        out = out.view(-1, 8 * 8 * 8)
        out = torch.tanh(self.fc1(out))
        return self.fc2(out)


class NetDropout(nn.Module):
    def __init__(self, n_chans1=32):
        super().__init__()
        self.n_chans1 = n_chans1
        self.conv1 = nn.Conv2d(3, n_chans1, kernel_size=3, padding=1)
        self.conv1_dropout = nn.Dropout2d(p=0.4)
        self.conv2 = nn.Conv2d(n_chans1, n_chans1 // 2, kernel_size=3, padding=1)
        self.conv2_dropout = nn.Dropout2d(p=0.4)
        self.fc1 = nn.Linear(8 * 8 * n_chans1 // 2, 32)
        self.fc2 = nn.Linear(32, 2)

    def forward(self, x):
        out = self.conv1_dropout(F.max_pool2d(torch.tanh(self.conv1(x)), 2))
        out = self.conv2_dropout(F.max_pool2d(torch.tanh(self.conv2(out)), 2))
        out = out.view(-1, 8 * 8 * self.n_chans1 // 2)
        return self.fc2(torch.tanh(self.fc1(out)))


class NetBatchNorm(nn.Module):
    def __init__(self, n_chans1=32):
        super().__init__()
        self.n_chans1 = n_chans1
        self.conv1 = nn.Conv2d(3, n_chans1, kernel_size=3, padding=1)
        self.conv1_batchnorm = nn.BatchNorm2d(num_features=n_chans1)
        self.conv2 = nn.Conv2d(n_chans1, n_chans1 // 2, kernel_size=3, padding=1)
        self.conv2_batchnorm = nn.BatchNorm2d(num_features=n_chans1 // 2)
        self.fc1 = nn.Linear(8 * 8 * n_chans1 // 2, 32)
        self.fc2 = nn.Linear(32, 2)

    def forward(self, x):
        out = F.max_pool2d(torch.tanh(self.conv1_batchnorm(self.conv1(x))), 2)
        out = F.max_pool2d(torch.tanh(self.conv2_batchnorm(self.conv2(out))), 2)
        out = out.view(-1, 8 * 8 * self.n_chans1 // 2)
        return self.fc2(torch.tanh(self.fc1(out)))


class NetRes(nn.Module):
    """With a skip connection around the third convolution."""

    def __init__(self, n_chans1=32):
        super().__init__()
        self.n_chans1 = n_chans1
        self.conv1 = nn.Conv2d(3, n_chans1, kernel_size=3, padding=1)
        self.conv2 = nn.Conv2d(n_chans1, n_chans1 // 2, kernel_size=3, padding=1)
        self.conv3 = nn.Conv2d(n_chans1 // 2, n_chans1 // 2, kernel_size=3, padding=1)
        self.fc1 = nn.Linear(4 * 4 * n_chans1 // 2, 32)
        self.fc2 = nn.Linear(32, 2)

    def forward(self, x):
        out = F.max_pool2d(torch.relu(self.conv1(x)), 2)
        out = F.max_pool2d(torch.relu(self.conv2(out)), 2)
        out1 = out
        out = F.max_pool2d(torch.relu(self.conv3(out)) + out1, 2)
        out = out.view(-1, 4 * 4 * self.n_chans1 // 2)
        return self.fc2(torch.relu(self.fc1(out)))


class ResBlock(nn.Module):
    def __init__(self, n_chans):
        super().__init__()
        self.conv = nn.Conv2d(n_chans, n_chans, kernel_size=3, padding=1, bias=False)
        self.batch_norm = nn.BatchNorm2d(num_features=n_chans)
        nn.init.kaiming_normal_(self.conv.weight, nonlinearity="relu")
        nn.init.constant_(self.batch_norm.weight, 0.5)
        nn.init.zeros_(self.batch_norm.bias)

    def forward(self, x):
        return torch.relu(self.batch_norm(self.conv(x))) + x


class NetResDeep(nn.Module):
    """Many blocks with a skip connection each."""

    def __init__(self, n_chans1=32, n_blocks=10):
        super().__init__()
        self.n_chans1 = n_chans1
        self.conv1 = nn.Conv2d(3, n_chans1, kernel_size=3, padding=1)
        self.resblocks = nn.Sequential(*(ResBlock(n_chans1) for _ in range(n_blocks)))
        self.fc1 = nn.Linear(8 * 8 * n_chans1, 32)
        self.fc2 = nn.Linear(32, 2)

    def forward(self, x):
        out = F.max_pool2d(torch.relu(self.conv1(x)), 2)
        out = F.max_pool2d(self.resblocks(out), 2)
        out = out.view(-1, 8 * 8 * self.n_chans1)
        return self.fc2(torch.relu(self.fc1(out)))


NETS = {net.__name__: net for net in (Net, NetDropout, NetBatchNorm, NetRes, NetResDeep)}


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
