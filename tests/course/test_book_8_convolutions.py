"""The book's chapter on convolutions, up to 8.4: every cell, on the birds and airplanes."""

from __future__ import annotations

import datetime
import re

import numpy as np
import pytest
from transcripts import F, nn, optim, session, torch


@pytest.fixture(scope="module")
def birds(shared_data):
    """(training images, labels, validation images, labels), normalised as the book does."""
    with np.load(shared_data / "cifar10" / "cifar2_birds_airplanes.npz") as file:
        arrays = [(file[f"{name}_x"], file[f"{name}_y"]) for name in ("train", "val")]
    mean = np.array([0.4915, 0.4823, 0.4468], np.float32).reshape(3, 1, 1)
    std = np.array([0.2470, 0.2435, 0.2616], np.float32).reshape(3, 1, 1)
    found = []
    for pixels, classes in arrays:
        images = pixels[:2000].reshape(-1, 3, 32, 32).astype(np.float32)
        scaled = (images / 255 - mean) / std
        found += [torch.from_numpy(scaled), torch.from_numpy(classes[:2000].astype(np.int64))]
    return found


@pytest.fixture(scope="module")
def cifar2(birds):
    return list(zip(birds[0], birds[1].tolist()))


@pytest.fixture
def img(cifar2):
    return cifar2[0][0]


def test_convolution_by_hand():
    """8.1.1: an element of the output is the weighted sum of a neighbourhood."""
    torch.manual_seed(0)
    w, i = torch.randn(3, 3), torch.randn(6, 7)
    o = F.conv2d(i.view(1, 1, 6, 7), w.view(1, 1, 3, 3))[0, 0]
    o11 = sum(i[a, b] * w[a, b] for a in range(3) for b in range(3))
    torch.testing.assert_close(o[0, 0], o11)
    padded = F.conv2d(i.view(1, 1, 6, 7), w.view(1, 1, 3, 3), padding=1)[0, 0]
    torch.testing.assert_close(padded[1, 1], o11)


def test_conv2d(img):
    """8.2: cells 11 to 13."""
    found = session(
        """
    >>> conv = nn.Conv2d(3, 16, kernel_size=3)
    >>> conv
    Conv2d(3, 16, kernel_size=(3, 3), stride=(1, 1))
    >>> conv.weight.shape, conv.bias.shape
    (torch.Size([16, 3, 3, 3]), torch.Size([16]))
    >>> output = conv(img.unsqueeze(0))
    >>> img.unsqueeze(0).shape, output.shape
    (torch.Size([1, 3, 32, 32]), torch.Size([1, 16, 30, 30]))
    >>> picture = output[0, 0].detach()
    >>> picture.shape
    torch.Size([30, 30])
    """,
        img=img,
    )
    assert np.asarray(found["picture"]).shape == (30, 30)  # what plt.imshow does with it


def test_padding(img):
    """8.2.1: cell 16."""
    session(
        """
    >>> conv = nn.Conv2d(3, 1, kernel_size=3, padding=1)
    >>> output = conv(img.unsqueeze(0))
    >>> img.unsqueeze(0).shape, output.shape
    (torch.Size([1, 3, 32, 32]), torch.Size([1, 1, 32, 32]))
    >>> conv.weight.shape, conv.bias.shape
    (torch.Size([1, 3, 3, 3]), torch.Size([1]))
    """,
        img=img,
    )


def test_setting_weights_by_hand(img):
    """8.2.2: cells 17 to 19: the mean of the neighbours, then a detector of vertical edges."""
    conv = nn.Conv2d(3, 1, kernel_size=3, padding=1)

    with torch.no_grad():
        conv.bias.zero_()

    with torch.no_grad():
        conv.weight.fill_(1.0 / 9.0)

    output = conv(img.unsqueeze(0))
    blurred = output[0, 0].detach()
    middle = img[:, 4:7, 9:12].mean((1, 2)).sum()
    torch.testing.assert_close(blurred[5, 10], middle, rtol=1e-4, atol=1e-5)

    conv = nn.Conv2d(3, 1, kernel_size=3, padding=1)

    with torch.no_grad():
        conv.weight[:] = torch.tensor([[-1.0, 0.0, 1.0], [-1.0, 0.0, 1.0], [-1.0, 0.0, 1.0]])
        conv.bias.zero_()

    edges = conv(img.unsqueeze(0))[0, 0].detach()
    expected = (img[:, 4:7, 11] - img[:, 4:7, 9]).sum()
    torch.testing.assert_close(edges[5, 10], expected, rtol=1e-4, atol=1e-4)
    assert conv.weight.requires_grad and conv.weight.is_leaf


def test_max_pool(img):
    """8.2.3: cell 21."""
    session(
        """
    >>> pool = nn.MaxPool2d(2)
    >>> output = pool(img.unsqueeze(0))
    >>> img.unsqueeze(0).shape, output.shape
    (torch.Size([1, 3, 32, 32]), torch.Size([1, 3, 16, 16]))
    """,
        img=img,
    )


def test_strided_convolution_is_the_third_way_of_downsampling(img):
    assert nn.Conv2d(3, 8, 3, stride=2, padding=1)(img.unsqueeze(0)).shape == (1, 8, 16, 16)
    assert nn.AvgPool2d(2)(img.unsqueeze(0)).shape == (1, 3, 16, 16)


MODEL = """
    >>> model = nn.Sequential(
    ...     nn.Conv2d(3, 16, kernel_size=3, padding=1),
    ...     nn.Tanh(),
    ...     nn.MaxPool2d(2),
    ...     nn.Conv2d(16, 8, kernel_size=3, padding=1),
    ...     nn.Tanh(),
    ...     nn.MaxPool2d(2),
    ...     # ...
    ...     nn.Linear(8 * 8 * 8, 32),
    ...     nn.Tanh(),
    ...     nn.Linear(32, 2))
"""


def test_the_model_that_lacks_a_reshape(img):
    """8.2.4: cells 22 to 25. The error says which shapes met."""
    found = session(
        MODEL
        + """
    >>> numel_list = [p.numel() for p in model.parameters()]
    >>> sum(numel_list), numel_list
    (18090, [432, 16, 1152, 8, 16384, 32, 64, 2])
    >>> model[:6](img.unsqueeze(0)).shape
    torch.Size([1, 8, 8, 8])
    """,
        img=img,
    )
    with pytest.raises(RuntimeError) as raised:
        found["model"](img.unsqueeze(0))
    assert "64x8" in str(raised.value) or "(1, 8, 8, 8)" in str(raised.value)
    assert "512" in str(raised.value)


class NetOfModules(nn.Module):
    """8.3.1: cell 26."""

    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 16, kernel_size=3, padding=1)
        self.act1 = nn.Tanh()
        self.pool1 = nn.MaxPool2d(2)
        self.conv2 = nn.Conv2d(16, 8, kernel_size=3, padding=1)
        self.act2 = nn.Tanh()
        self.pool2 = nn.MaxPool2d(2)
        self.fc1 = nn.Linear(8 * 8 * 8, 32)
        self.act3 = nn.Tanh()
        self.fc2 = nn.Linear(32, 2)

    def forward(self, x):
        out = self.pool1(self.act1(self.conv1(x)))
        out = self.pool2(self.act2(self.conv2(out)))
        out = out.view(-1, 8 * 8 * 8)
        out = self.act3(self.fc1(out))
        out = self.fc2(out)
        return out


class Net(nn.Module):
    """8.3.3: cell 28, with the functional interface."""

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
        out = self.fc2(out)
        return out


@pytest.mark.parametrize("net", [NetOfModules, Net])
def test_parameters_of_submodules(net):
    """8.3.2: cell 27."""
    session(
        """
    >>> model = Net()
    >>> numel_list = [p.numel() for p in model.parameters()]
    >>> sum(numel_list), numel_list
    (18090, [432, 16, 1152, 8, 16384, 32, 64, 2])
    """,
        Net=net,
    )


def test_both_nets_are_the_same_function(img):
    torch.manual_seed(0)
    one, other = NetOfModules(), Net()
    other.load_state_dict(one.state_dict())
    assert torch.equal(one(img.unsqueeze(0)), other(img.unsqueeze(0)))


def test_output_of_the_net(img):
    """Cell 29: two numbers with the function that made them."""
    model = Net()
    printed = repr(model(img.unsqueeze(0)))
    pattern = r"tensor\(\[\[ ?-?\d\.\d{4}, +-?\d\.\d{4}\]\], grad_fn=<AddmmBackward0>\)"
    assert re.fullmatch(pattern, printed), printed


def test_forward_needs_the_base_constructor():
    """Assigning a module before super().__init__(): PyTorch reminds, so do we."""

    class Forgetful(nn.Module):
        def __init__(self):
            self.fc = nn.Linear(2, 2)

    with pytest.raises(AttributeError, match=r"cannot assign module before Module.__init__"):
        Forgetful()


def training_loop(n_epochs, optimizer, model, loss_fn, train_loader, device=None):
    """8.4 and 8.4.3: cells 30 and 36."""
    for epoch in range(1, n_epochs + 1):
        loss_train = 0.0
        for imgs, labels in train_loader:
            if device is not None:
                imgs = imgs.to(device=device)
                labels = labels.to(device=device)
            outputs = model(imgs)

            loss = loss_fn(outputs, labels)

            optimizer.zero_grad()

            loss.backward()

            optimizer.step()

            loss_train += loss.item()

        if epoch == 1 or epoch % 10 == 0:
            print(
                "{} Epoch {}, Training loss {}".format(  # noqa: UP032
                    datetime.datetime.now(), epoch, loss_train / len(train_loader)
                )
            )
    return loss_train / len(train_loader)


def validate(model, loaders):
    """8.4.1: cell 32."""
    accuracies = {}
    for name, loader in loaders:
        correct = 0
        total = 0

        with torch.no_grad():
            for imgs, labels in loader:
                outputs = model(imgs)
                _, predicted = torch.max(outputs, dim=1)
                total += labels.shape[0]
                correct += int((predicted == labels).sum())

        print("Accuracy {}: {:.2f}".format(name, correct / total))  # noqa: UP032
        accuracies[name] = correct / total
    return accuracies


@pytest.fixture(scope="module")
def trained(cifar2):
    """Cell 31, on a part of the images and for three epochs."""
    torch.manual_seed(0)
    train_loader = torch.utils.data.DataLoader(cifar2, batch_size=64, shuffle=True)
    model = Net()
    optimizer = optim.SGD(model.parameters(), lr=1e-1)
    loss_fn = nn.CrossEntropyLoss()
    losses = [training_loop(1, optimizer, model, loss_fn, train_loader) for _ in range(3)]
    return model, losses


def test_training(trained):
    losses = trained[1]
    assert losses[-1] < 0.6 and losses[-1] < losses[0]


def test_training_prints(cifar2, capsys):
    torch.manual_seed(0)
    model = Net()
    loader = torch.utils.data.DataLoader(cifar2[:64], batch_size=64, shuffle=True)
    training_loop(
        n_epochs=1,
        optimizer=optim.SGD(model.parameters(), lr=1e-2),
        model=model,
        loss_fn=nn.CrossEntropyLoss(),
        train_loader=loader,
    )
    assert re.fullmatch(
        r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+ Epoch 1, Training loss 0\.\d+\n",
        capsys.readouterr().out,
    )


def test_accuracy(trained, birds, cifar2, capsys):
    validation = list(zip(birds[2], birds[3].tolist()))
    train_loader = torch.utils.data.DataLoader(cifar2, batch_size=64, shuffle=False)
    val_loader = torch.utils.data.DataLoader(validation, batch_size=64, shuffle=False)
    found = validate(trained[0], [("train", train_loader), ("val", val_loader)])
    printed = capsys.readouterr().out
    assert re.fullmatch(r"Accuracy train: 0\.\d\d\nAccuracy val: 0\.\d\d\n", printed)
    assert found["train"] > 0.72 and found["val"] > 0.7


def test_saving_and_loading(trained, tmp_path, img):
    """8.4.2 and 8.4.3: cells 33, 34 and 39."""
    model = trained[0]
    data_path = str(tmp_path) + "/"
    torch.save(model.state_dict(), data_path + "birds_vs_airplanes.pt")
    found = session(
        """
    >>> loaded_model = Net()
    >>> loaded_model.load_state_dict(torch.load(data_path
    ...                                         + 'birds_vs_airplanes.pt'))
    <All keys matched successfully>
    >>> device = (torch.device('cuda') if torch.cuda.is_available()
    ...           else torch.device('cpu'))
    >>> print(f"Training on device {device}.")
    Training on device ...
    >>> loaded_model = Net().to(device=device)
    >>> loaded_model.load_state_dict(torch.load(data_path
    ...                                         + 'birds_vs_airplanes.pt',
    ...                                         map_location=device))
    <All keys matched successfully>
    """,
        Net=Net,
        data_path=data_path,
    )
    x = img.unsqueeze(0)
    assert torch.equal(found["loaded_model"].to("cpu")(x), model(x))


def test_training_on_a_device(cifar2):
    """8.4.3: cells 35 to 37."""
    torch.manual_seed(0)
    device = torch.device("cpu")
    loader = torch.utils.data.DataLoader(cifar2[:256], batch_size=64, shuffle=True)
    model = Net().to(device=device)
    optimizer = optim.SGD(model.parameters(), lr=1e-2)
    loss = training_loop(1, optimizer, model, nn.CrossEntropyLoss(), loader, device)
    assert 0.4 < loss < 1.0


def test_the_book_s_own_checkpoint(shared_data, birds):
    """The net that the book ships: 0.89 of the validation images are right."""
    path = shared_data / "checkpoints" / "birds_vs_airplanes.pt"
    state = torch.load(path)
    model = Net()
    if set(state) == set(model.state_dict()):
        assert str(model.load_state_dict(state)) == "<All keys matched successfully>"
        with torch.no_grad():
            correct = (model(birds[2]).argmax(1) == birds[3]).float().mean().item()
        assert 0.87 < correct < 0.91
    else:
        pytest.fail(f"other keys: {list(state)}")
