"""Time an epoch of the package's training beside a plain loop of PyTorch, in one process.

    python benchmarks/epoch.py [--batch 64 256] [--repeat 3]

Both train the 784-128-10 network with Adam on 54,000 random images and measure 6,000 after each
epoch. The times are processor time of one thread. The ratio is that of the fastest repetitions.
"""

import argparse
import time

import numpy as np
import torch
from torch.nn import functional

from wallnet.config.networks import Training
from wallnet.networks.classifier import Classifier
from wallnet.networks.images import ImageData, Images
from wallnet.networks.stages import fit

SHAPE = [28, 28, 10, 128, 0.0]
ACTIVATION = {
    "breaks": [0.0, 1.0],
    "coefficients": [[0.0, 1.0, 0.15, -0.1, -0.05]],
    "input_range": 10.0,
}
EPOCHS = 2


def random_images() -> ImageData:
    """Return 60,000 random images, a tenth of which are for validation."""
    random = np.random.default_rng(1)
    pixels = random.integers(0, 256, (60_000, 28, 28), dtype=np.uint8)
    labels = random.integers(0, 10, 60_000, dtype=np.uint8)
    parts = (pixels, labels, pixels[:1000], labels[:1000])
    return ImageData(Images(*parts, tuple("0123456789")), 0.1, 1)


def of_package(data: ImageData, batch: int) -> float:
    """Return the seconds of an epoch of the package."""
    network = Classifier(SHAPE, ACTIVATION)
    training = Training(epochs=EPOCHS, batch_size=batch, learning_rate=1e-3)
    started = time.process_time()
    fit(network, data, training)
    return (time.process_time() - started) / EPOCHS


def of_plain_loop(data: ImageData, batch: int) -> float:
    """Return the seconds of an epoch of a plain loop."""
    network = Classifier(SHAPE, ACTIVATION).model
    optimizer = torch.optim.Adam(network.parameters(), lr=1e-3)
    images, labels = data.training
    started = time.process_time()
    for _ in range(EPOCHS):
        for chosen in torch.randperm(len(labels)).split(batch):
            optimizer.zero_grad()
            pixels = images[chosen].float().div_(255.0)
            functional.cross_entropy(network(pixels), labels[chosen]).backward()
            optimizer.step()
        with torch.no_grad():
            held_out, of_held_out = data.validation
            (network(held_out.float().div_(255.0)).argmax(dim=1) == of_held_out).float().mean()
    return (time.process_time() - started) / EPOCHS


def main() -> None:
    """Print a line for each size of the batches."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--batch", type=int, nargs="+", default=[64, 256])
    parser.add_argument("--repeat", type=int, default=3)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    data = random_images()
    print("| batch | package (s) | plain loop (s) | ratio |\n|---:|---:|---:|---:|")
    for batch in arguments.batch:
        pairs = [
            (of_package(data, batch), of_plain_loop(data, batch)) for _ in range(arguments.repeat)
        ]
        ours, plain = (min(times) for times in zip(*pairs, strict=True))
        print(f"| {batch} | {ours:.2f} | {plain:.2f} | {ours / plain:.2f} |", flush=True)


if __name__ == "__main__":
    main()
