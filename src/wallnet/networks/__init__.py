"""Networks with weights from the conductances of a synapse and activations from a neuron's curve.

`fetching` finds and checks the images, `images` reads and splits them. `model` defines the models
and `classifier` trains them. `mappings` relates weights to levels, `quantization` and `training`
put any model on levels, `callbacks` acts during a training with Lightning. `stages` computes the
stages of Table II, `storage` measures and stores them, `programming` describes and writes their
levels. `commands` is the command line. This package does not depend on how a device was simulated:
a synapse is a list of conductances, a neuron a curve.
"""

import os
import platform
from typing import TYPE_CHECKING, Any

# PyTorch, MKL and oneDNN choose their kernels by the processor when they are imported. With these
# settings, Intel's processors with AVX2 give the same networks (benchmarks/README.md).
if platform.machine() in ("x86_64", "AMD64"):
    os.environ.setdefault("ATEN_CPU_CAPABILITY", "avx2")
    os.environ.setdefault("MKL_ENABLE_INSTRUCTIONS", "AVX2")
    os.environ.setdefault("ONEDNN_MAX_CPU_ISA", "AVX2")

__all__ = [
    "ProgrammedNetwork",
    "TrainOnLevels",
    "convert",
    "digital_layers",
    "fold_batch_norm",
    "prepare_qat",
    "quantize",
]

if TYPE_CHECKING:
    from wallnet.networks.callbacks import TrainOnLevels
    from wallnet.networks.layers import digital_layers
    from wallnet.networks.programming import ProgrammedNetwork
    from wallnet.networks.quantization import fold_batch_norm, quantize
    from wallnet.networks.training import convert, prepare_qat
else:

    def __getattr__(name: str) -> Any:
        """Import a public name when it is used, since PyTorch and Lightning take seconds."""
        if name == "TrainOnLevels":
            from wallnet.networks.callbacks import TrainOnLevels

            return TrainOnLevels
        if name in __all__:
            from wallnet.networks import layers, programming, quantization, training

            homes = (layers, quantization, training, programming)
            return next(getattr(home, name) for home in homes if hasattr(home, name))
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
