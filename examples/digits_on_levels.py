"""How many levels does a network need? A picture of its accuracy on printed digits.

    python examples/digits_on_levels.py digits_on_levels.png

trains a small network, and puts its weights on levels at equal distances.
"""

import sys

import numpy as np
import torch
from digits import draw  # the script beside this one
from matplotlib import pyplot
from torch import nn

from wallnet.networks import quantize

torch.set_num_threads(1)
torch.manual_seed(1)
(images, labels), (test_images, test_labels) = (
    (torch.tensor(x / 255, dtype=torch.float32), torch.tensor(y, dtype=torch.long))
    for x, y in (draw(2000, seed=0), draw(1000, seed=1))
)
model = nn.Sequential(nn.Flatten(), nn.Linear(784, 64), nn.ReLU(), nn.Linear(64, 10))
optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
for _ in range(8):
    for batch in torch.randperm(len(images)).split(64):
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(images[batch]), labels[batch]).backward()
        optimizer.step()


def accuracy(network: nn.Module) -> float:
    """Return the share of test images that a network recognises, in per cent."""
    with torch.no_grad():
        return 100 * (network(test_images).argmax(1) == test_labels).double().mean().item()


counts = [2, 3, 4, 5, 6, 8, 10]
figure, axes = pyplot.subplots(figsize=(4.2, 3), layout="constrained")
axes.axhline(accuracy(model), color="k", linestyle=":", label="32 bit")
print(f"32 bit: {accuracy(model):.1f} %")
for mapping in ("layer", "signed-fitted"):
    levels = {count: np.linspace(75e-6, 97e-6, count) for count in counts}  # S
    accuracies = [accuracy(quantize(model, levels[count], mapping)) for count in counts]
    axes.plot(counts, accuracies, "o-", label=mapping)
    print(f"{mapping}: {', '.join(f'{value:.1f}' for value in accuracies)} %")
axes.set(xlabel="levels of a synapse", ylabel="test accuracy (%)")
axes.legend()
figure.savefig(sys.argv[1] if sys.argv[1:] else "digits_on_levels.png", dpi=120)
