"""Networks with weights from the conductances of a synapse and activations from a neuron's curve.

`fetching` finds and checks the images, `images` reads and splits them. `model` defines the models
and `classifier` trains them. `mappings` relates weights to levels, `quantization` puts any
model on levels, and `callbacks` acts between the training steps. `stages` computes the stages of
Table II, `storage` measures and stores them, `programming` writes their levels. `commands` is the
command line. This package does not depend on how a device was simulated: a synapse is a list of
conductances, a neuron a curve.
"""

import os
import platform

# PyTorch, MKL and oneDNN choose their kernels by the processor when they are imported. With these
# settings, Intel's processors with AVX2 give the same networks (benchmarks/README.md).
if platform.machine() in ("x86_64", "AMD64"):
    os.environ.setdefault("ATEN_CPU_CAPABILITY", "avx2")
    os.environ.setdefault("MKL_ENABLE_INSTRUCTIONS", "AVX2")
    os.environ.setdefault("ONEDNN_MAX_CPU_ISA", "AVX2")
