"""The modules that PyTorch's sample table leaves out: the same output, gradients and text."""

from __future__ import annotations

import types
import warnings

import pytest
from oracle import agree, lib, torch
from samples import convert, copy_state, difference
from twice import attempt, same

torch.manual_seed(0)


def r(*shape, grad=True):
    return torch.randn(*shape, dtype=torch.float64, requires_grad=grad)


def longs(high, *shape):
    return torch.randint(high, shape)


def pooled(rank, **kwargs):
    """Input and indices of an unpooling."""
    function = getattr(torch.nn.functional, f"max_pool{rank}d")
    y, at = function(r(2, 3, *(6,) * rank), 2, return_indices=True, **kwargs)
    return y.detach().requires_grad_(), at


ROWS = [
    ("Identity", (1, 2), (r(2, 3),)),
    ("Flatten", (), (r(2, 3, 4),)),
    ("Flatten", (0, 1), (r(2, 3, 4),)),
    ("Unflatten", (1, (2, -1)), (r(2, 6, 3),)),
    ("AdaptiveLogSoftmaxWithLoss", (16, 20, [4, 10, 15], 2.0), (r(8, 16), longs(20, 8))),
    ("AdaptiveLogSoftmaxWithLoss", (16, 20, [4], 4.0, True), (r(16), torch.tensor(17))),
    ("Upsample", (None, 2), (r(2, 3, 4),)),
    ("Upsample", (None, 2.5, "linear", True), (r(2, 3, 4),)),
    ("Upsample", ((5, 7), None, "bilinear"), (r(2, 3, 4, 3),)),
    ("Upsample", (None, (2, 1.5), "bicubic", False), (r(2, 3, 4, 4),)),
    ("Upsample", (None, 1.5, "trilinear", False, True), (r(1, 2, 3, 3, 4),)),
    ("Upsample", (6, None, "nearest-exact"), (r(2, 3, 4, 4),)),
    ("UpsamplingNearest2d", (None, 3), (r(2, 3, 2, 4),)),
    ("UpsamplingBilinear2d", (None, 2), (r(2, 3, 2, 4),)),
    ("PixelShuffle", (2,), (r(2, 8, 3, 4),)),
    ("PixelUnshuffle", (2,), (r(2, 2, 6, 4),)),
    ("ChannelShuffle", (3,), (r(2, 6, 3, 4),)),
    ("Fold", ((4, 5), (2, 2)), (r(2, 12, 12),)),
    ("Fold", ((6, 6), 3, 1, 1, 2), (r(2, 18, 9),)),
    ("Unfold", ((2, 3),), (r(2, 3, 4, 5),)),
    ("Unfold", (2, 2, 1, 2), (r(2, 3, 7, 6),)),
    ("MaxUnpool1d", (2,), pooled(1)),
    ("MaxUnpool2d", (2,), pooled(2)),
    ("MaxUnpool3d", (2,), pooled(3)),
    ("Embedding", (5, 3, 1), (longs(5, 2, 4),)),
    ("Embedding", (5, 3, -1, None, 2.0, True), (longs(5, 9),)),
    ("EmbeddingBag", (5, 3), (longs(5, 2, 4),)),
    ("EmbeddingBag", (5, 3, None, 2.0, False, "sum"), (longs(5, 6), torch.tensor([0, 4, 4]))),
    ("EmbeddingBag", (5, 3, None, 2.0, False, "max"), (longs(5, 6), torch.tensor([0, 2]))),
    ("TripletMarginLoss", (), (r(4, 3), r(4, 3), r(4, 3))),
    ("TripletMarginLoss", (0.5, 1.0, 1e-6, True), (r(4, 3), r(4, 3), r(4, 3))),
    ("TripletMarginWithDistanceLoss", (), (r(4, 3), r(4, 3), r(4, 3))),
    ("CosineSimilarity", (), (r(4, 3), r(4, 3))),
    ("CosineSimilarity", (0, 1e-3), (r(4, 3), r(4, 3))),
    ("PairwiseDistance", (), (r(4, 3), r(4, 3))),
    ("PairwiseDistance", (1.0, 1e-3, True), (r(4, 3), r(4, 3))),
    ("Hardsigmoid", (), (r(4, 3),)),
    ("Hardtanh", (-0.5, 0.5), (r(4, 3),)),
    ("CrossMapLRN2d", (3, 0.5, 0.7, 2), (r(2, 2, 3, 4, grad=False),)),
    ("LocalResponseNorm", (2, 0.5, 0.7, 2), (r(2, 7, 3, 4),)),
    ("LazyLinear", (3,), (r(2, 5),)),
    ("LazyBatchNorm1d", (), (r(4, 5),)),
    ("LazyBatchNorm2d", (1e-3, 0.2, False), (r(4, 5, 2, 2),)),
    ("LazyBatchNorm3d", (1e-3, 0.2, True, False), (r(4, 5, 2, 2, 2),)),
    ("LazyInstanceNorm1d", (), (r(4, 5, 3),)),
    ("LazyInstanceNorm2d", (), (r(4, 5, 2, 2),)),
    ("LazyInstanceNorm3d", (), (r(4, 5, 2, 2, 2),)),
    ("BatchNorm1d", (5, 1e-5, None), (r(4, 5),)),
    ("InstanceNorm2d", (5, 1e-5, 0.1, True, True), (r(4, 5, 2, 2),)),
    ("Conv2d", (2, 4, 3, 1, 1, 1, 2, True, "circular"), (r(2, 2, 5, 5),)),
    ("Conv2d", (2, 4, (3, 2), 1, "same", (1, 2), 1, True, "reflect"), (r(2, 2, 5, 5),)),
    ("Conv1d", (2, 4, 3, 2, 1, 1, 1, False, "replicate"), (r(2, 2, 5),)),
    ("Softmax2d", (), (r(2, 3, 4, 4),)),
    ("RNNCell", (3, 4), (r(3),)),
    ("LSTMCell", (3, 4), (r(3), (r(4), r(4)))),
    ("MultiheadAttention", (6, 2, 0.0, True, True, True), (r(3, 2, 6), r(4, 2, 6), r(4, 2, 6))),
    ("MultiheadAttention", (6, 3, 0.0, False, False, False, 5, 4), (r(3, 6), r(4, 5), r(4, 4))),
]
EVAL_ONLY = [
    ("Dropout", (0.3,), (r(2, 3),)),
    ("Dropout1d", (0.3,), (r(2, 3, 4),)),
    ("Dropout2d", (0.3,), (r(2, 3, 4, 4),)),
    ("Dropout3d", (0.3,), (r(2, 3, 4, 4, 2),)),
    ("AlphaDropout", (0.3,), (r(2, 3),)),
    ("FeatureAlphaDropout", (0.3,), (r(2, 3, 4),)),
    ("RReLU", (0.1, 0.3), (r(2, 3),)),
]


def check(name, arguments, inputs, training):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = getattr(torch.nn, name)(*arguments).double().train(training)
        ours = getattr(lib.nn, name)(*convert(arguments)).double().train(training)
        assert repr(ours) == repr(theirs)
        if name.startswith("Lazy"):
            theirs(*inputs), ours(*convert(inputs))
        copy_state(theirs, ours)
        theirs.zero_grad(), ours.zero_grad()
        sample = types.SimpleNamespace(forward_input=types.SimpleNamespace(args=inputs, kwargs={}))
        # PyTorch's derivative of hardsigmoid has a sixth in single precision.
        rtol = 1e-6 if name == "Hardsigmoid" else 1e-8
        wrong = difference(ours, theirs, sample, rtol, 1e-10)
    assert wrong is None, wrong
    assert repr(ours) == repr(theirs)
    assert list(ours.state_dict()) == list(theirs.state_dict())


@pytest.mark.parametrize("row", range(len(ROWS)), ids=lambda i: f"{i}-{ROWS[i][0]}")
@pytest.mark.parametrize("training", [True, False], ids=["train", "eval"])
def test_module(row, training):
    check(*ROWS[row], training)


@pytest.mark.parametrize("row", EVAL_ONLY, ids=lambda row: row[0])
def test_evaluation(row):
    check(*row, False)


def test_transformer_decoder_and_masks():
    def both(nn, t):
        layer = nn.TransformerDecoderLayer(4, 2, 8, 0.0)
        return nn.TransformerDecoder(layer.double(), 2, nn.LayerNorm(4).double())

    theirs, ours = both(torch.nn, torch), both(lib.nn, lib)
    copy_state(theirs, ours)
    mask = torch.nn.Transformer.generate_square_subsequent_mask(3, dtype=torch.float64)
    for kwargs in (
        {},
        {"tgt_mask": mask},
        {"tgt_mask": mask, "tgt_is_causal": True},
        {"tgt_mask": mask < 0, "memory_key_padding_mask": torch.tensor([[False, False, True]] * 2)},
    ):
        inputs = types.SimpleNamespace(args=(r(3, 2, 4), r(3, 2, 4)), kwargs=kwargs)
        for module in (ours, theirs):
            module.zero_grad()
        sample = types.SimpleNamespace(forward_input=inputs)
        assert difference(ours, theirs, sample, 1e-8, 1e-10) is None


@pytest.mark.parametrize("flag", ["need_weights", "average_attn_weights"])
def test_attention_weights(flag):
    theirs = torch.nn.MultiheadAttention(4, 2, batch_first=True).double()
    ours = lib.nn.MultiheadAttention(4, 2, batch_first=True).double()
    copy_state(theirs, ours)
    x = r(2, 3, 4)
    kwargs = {flag: False, "attn_mask": torch.eye(3).bool().logical_not().triu()}
    inputs = types.SimpleNamespace(args=(x, x, x), kwargs=kwargs)
    sample = types.SimpleNamespace(forward_input=inputs)
    assert difference(ours, theirs, sample, 1e-8, 1e-10) is None


def test_adaptive_softmax_predictions():
    theirs = torch.nn.AdaptiveLogSoftmaxWithLoss(16, 20, [4, 10], 2.0).double()
    ours = lib.nn.AdaptiveLogSoftmaxWithLoss(16, 20, [4, 10], 2.0).double()
    copy_state(theirs, ours)
    x = r(30, 16, grad=False)
    assert ours.predict(convert(x)).tolist() == theirs.predict(x).tolist()
    assert ours.log_prob(convert(x)).exp().sum(1).sub(1).abs().max() < 1e-12


def test_pretrained_embeddings():
    agree(lambda t: t.nn.Embedding.from_pretrained(t.eye(3))(t.tensor([2, 0])))
    agree(lambda t: t.nn.EmbeddingBag.from_pretrained(t.eye(3))(t.tensor([[2, 0]])))
    same(lambda t: print(t.nn.Embedding.from_pretrained(t.eye(3)).weight.requires_grad))


def test_constructor_refusals():
    def program(torch):
        nn = torch.nn
        attempt(nn.Conv2d, 3, 4, 3, groups=2)
        attempt(nn.Conv2d, 4, 3, 3, groups=2)
        attempt(nn.Conv2d, 4, 4, 3, groups=0)
        attempt(nn.Conv2d, 4, 4, 3, stride=2, padding="same")
        attempt(nn.ConvTranspose2d, 4, 4, 3, padding_mode="reflect")
        attempt(nn.Dropout, 1.5)
        attempt(nn.Bilinear, 0, 1, 1)
        attempt(nn.GroupNorm, 2, 3)
        attempt(nn.Hardtanh, 1.0, 0.0)
        attempt(nn.HuberLoss, delta="x")
        attempt(nn.MultiMarginLoss, p=3)
        attempt(nn.TripletMarginLoss, 0.0)
        attempt(nn.TripletMarginWithDistanceLoss, margin=0.0)
        attempt(nn.Unflatten, 1, 3)
        attempt(nn.Unflatten, 1, (1.5, 2))
        attempt(nn.Embedding, 3, 2, 3)
        attempt(nn.Embedding, 3, 2, -4)
        attempt(nn.Embedding, 3, 2, _weight=torch.ones(2, 2))
        attempt(nn.Embedding.from_pretrained, torch.ones(2))
        attempt(nn.MultiheadAttention, 5, 2)
        attempt(nn.MultiheadAttention, 0, 2)
        attempt(nn.FractionalMaxPool2d, 3)
        attempt(nn.FractionalMaxPool2d, 3, output_size=2, output_ratio=0.5)
        attempt(nn.FractionalMaxPool2d, 3, output_ratio=1.5)
        attempt(nn.AdaptiveLogSoftmaxWithLoss, 4, 5, [])
        attempt(nn.AdaptiveLogSoftmaxWithLoss, 4, 5, [3, 2])
        attempt(nn.TransformerEncoderLayer, 4, 2, activation="sine")
        attempt(nn.LinearCrossEntropyLoss, 2, 3, label_smoothing=2.0)
        attempt(nn.LinearCrossEntropyOptions, chunking_method="x")
        attempt(nn.ConvTranspose2d(1, 1, 3, 2), torch.ones(1, 1, 3, 3), (12, 12))
        attempt(nn.ConvTranspose2d(1, 1, 3, 2), torch.ones(1, 1, 3, 3), (12,))
        attempt(nn.Softmax2d(), torch.ones(2))
        attempt(nn.BatchNorm2d(2), torch.ones(2))
        attempt(nn.InstanceNorm1d(2, affine=True), torch.ones(1, 3, 4))
        nn.MSELoss(size_average=False)
        nn.MSELoss(reduce=False)
        nn.NLLLoss2d()
        nn.Hardtanh(min_value=-2.0, max_value=3.0)
        nn.Container(a=nn.ReLU())
        nn.InstanceNorm1d(2)(torch.ones(1, 3, 4))

    same(program)
