"""Networks with weights from the conductances of a synapse and activations from a neuron's curve.

`fetching` finds and checks the images, `images` reads and splits them. `model` defines the models
and `classifier` trains them. `mappings` relates weights to levels, `quantization` and `training`
put any model on levels, `callbacks` acts during a training with Lightning. `stages` computes the
stages of Table II, `storage` measures and stores them, `programming` describes and writes their
levels. `commands` is the command line. This package does not depend on how a device was simulated:
a synapse is a list of conductances, a neuron a curve.

Public names are those of `__init__.pyi`. They are imported on first use, since PyTorch and
Lightning take seconds.
"""

import os
import platform

import lazy_loader

# PyTorch, MKL and oneDNN choose their kernels by the processor when they are imported. With these
# settings, Intel's processors with AVX2 give the same networks (benchmarks/README.md).
if platform.machine() in ("x86_64", "AMD64"):
    os.environ.setdefault("ATEN_CPU_CAPABILITY", "avx2")
    os.environ.setdefault("MKL_ENABLE_INSTRUCTIONS", "AVX2")
    os.environ.setdefault("ONEDNN_MAX_CPU_ISA", "AVX2")

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
