"""Every name that at least three of the surveyed programs use exists.

The survey counted what 61 public programs written for PyTorch use; the names below are those of
tensors, `torch`, `nn`, `nn.functional`, `nn.init`, `autograd`, `optim` and `utils.data`.
"""

# ruff: noqa: SIM905

from __future__ import annotations

import importlib
import os

import pytest

lib = importlib.import_module(os.environ.get("FLAMBEAU_UNDER_TEST", "flambeau"))

NAMES = """
Tensor.T Tensor.abs Tensor.add Tensor.add_ Tensor.all Tensor.argmax Tensor.backward Tensor.clamp
Tensor.clamp_ Tensor.clip Tensor.clone Tensor.contiguous Tensor.copy_ Tensor.cos Tensor.cpu
Tensor.cuda Tensor.data Tensor.detach Tensor.device Tensor.dim Tensor.div Tensor.div_
Tensor.double Tensor.dtype Tensor.eq Tensor.exp Tensor.expand Tensor.expand_as Tensor.fill_
Tensor.flatten Tensor.flip Tensor.float Tensor.grad Tensor.item Tensor.log Tensor.long
Tensor.masked_fill Tensor.max Tensor.mean Tensor.min Tensor.mm Tensor.mul Tensor.mul_
Tensor.name Tensor.narrow Tensor.new Tensor.new_zeros Tensor.nonzero Tensor.norm Tensor.normal_
Tensor.numel Tensor.numpy Tensor.permute Tensor.pow Tensor.relu Tensor.requires_grad
Tensor.requires_grad_ Tensor.reshape Tensor.resize Tensor.scatter Tensor.scatter_ Tensor.shape
Tensor.sign Tensor.sin Tensor.size Tensor.sort Tensor.split Tensor.sqrt Tensor.squeeze
Tensor.std Tensor.stride Tensor.sub Tensor.sub_ Tensor.sum Tensor.t Tensor.tanh Tensor.to
Tensor.tolist Tensor.transpose Tensor.type Tensor.uniform_ Tensor.unique Tensor.unsqueeze
Tensor.values Tensor.view Tensor.view_as Tensor.zero_ torch.FloatTensor torch.LongTensor
torch.Tensor torch.abs torch.accelerator.current_accelerator torch.accelerator.is_available
torch.arange torch.autograd.Variable torch.backends.cudnn.benchmark torch.cat torch.device
torch.diag torch.empty torch.exp torch.eye torch.flatten torch.float torch.float32
torch.from_numpy torch.full torch.int64 torch.load torch.long torch.manual_seed torch.matmul
torch.max torch.mean torch.min torch.mm torch.multinomial torch.nn.AvgPool2d torch.nn.BCELoss
torch.nn.BCEWithLogitsLoss torch.nn.BatchNorm1d torch.nn.BatchNorm2d torch.nn.Conv2d
torch.nn.ConvTranspose2d torch.nn.CrossEntropyLoss torch.nn.DataParallel torch.nn.Dropout
torch.nn.Dropout2d torch.nn.Embedding torch.nn.LSTM torch.nn.LeakyReLU torch.nn.Linear
torch.nn.LogSoftmax torch.nn.MSELoss torch.nn.MaxPool2d torch.nn.Module torch.nn.ModuleDict
torch.nn.ModuleList torch.nn.NLLLoss torch.nn.Parameter torch.nn.ReLU torch.nn.Sequential
torch.nn.Sigmoid torch.nn.Softmax torch.nn.Tanh torch.nn.functional.adaptive_avg_pool2d
torch.nn.functional.avg_pool2d torch.nn.functional.binary_cross_entropy
torch.nn.functional.cross_entropy torch.nn.functional.dropout torch.nn.functional.log_softmax
torch.nn.functional.max_pool2d torch.nn.functional.nll_loss torch.nn.functional.relu
torch.nn.functional.softmax torch.nn.init.constant_ torch.nn.init.kaiming_normal_
torch.nn.init.normal_ torch.nn.init.zeros_ torch.nn.utils.clip_grad_norm_ torch.no_grad
torch.ones torch.optim.Adadelta torch.optim.Adam torch.optim.AdamW torch.optim.SGD
torch.optim.lr_scheduler.StepLR torch.pow torch.rand torch.randint torch.randn torch.randn_like
torch.randperm torch.relu torch.save torch.set_default_tensor_type torch.set_grad_enabled
torch.set_printoptions torch.sigmoid torch.sin torch.sqrt torch.stack torch.sum torch.tanh
torch.tensor torch.transpose torch.tril torch.unsqueeze torch.utils.data.DataLoader
torch.utils.data.Dataset torch.where torch.zeros torch.cuda.is_available torch.cuda.device_count
""".split()


def find(name: str):
    parts = name.split(".")
    found = lib.Tensor if parts[0] == "Tensor" else lib
    for part in parts[1:]:
        found = getattr(found, part)
    return found


@pytest.mark.parametrize("name", NAMES)
def test_name_exists(name):
    """A class, a function, a method or an attribute of that name is there."""
    find(name)
