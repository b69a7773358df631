"""PyTorch's ``torch.utils``: names gathered from where things live."""
