"""Networks do not depend on the instructions of the processor."""

import os
import platform
import subprocess
import sys
from pathlib import Path

import pytest

CHOSEN = ("ATEN_CPU_CAPABILITY", "MKL_CBWR", "MKL_ENABLE_INSTRUCTIONS", "ONEDNN_MAX_CPU_ISA")

TRAINING = """
import hashlib
import wallnet.networks
import torch
from torch import nn

torch.set_num_threads(1)
torch.manual_seed(1)
layers = nn.Conv2d(1, 6, 5), nn.Flatten(), nn.Linear(3456, 128), nn.ReLU(), nn.Linear(128, 10)
model = nn.Sequential(*layers)
images, labels = torch.rand(64, 1, 28, 28), torch.randint(10, (64,))
optimizer = torch.optim.Adam(model.parameters(), 3e-3)
for _ in range(3):
    optimizer.zero_grad()
    nn.functional.cross_entropy(model(images), labels).backward()
    optimizer.step()
weights = b"".join(values.detach().numpy().tobytes() for values in model.parameters())
print(torch.backends.cpu.get_cpu_capability(), hashlib.sha256(weights).hexdigest())
"""

PROCESSOR = Path("/proc/cpuinfo").read_text() if sys.platform == "linux" else "GenuineIntel"

pytestmark = pytest.mark.skipif(
    platform.machine() != "x86_64", reason="the settings are those of x86 processors"
)


def output(**environment):
    """Return what a new process prints that trains a small network, as lines."""
    kept = {name: value for name, value in os.environ.items() if name not in CHOSEN}
    command = [sys.executable, "-c", TRAINING]
    return subprocess.check_output(command, env=kept | environment, text=True).splitlines()


def test_networks_use_no_instructions_that_only_some_processors_have():
    lines = output(MKL_VERBOSE="1", ONEDNN_VERBOSE="1")
    named = [line for line in lines if "AVX" in line]
    # PyTorch, oneDNN and, on processors of Intel, MKL
    assert len(named) == (3 if "GenuineIntel" in PROCESSOR else 2)
    for line in named:
        assert "AVX2" in line
        assert "512" not in line


def test_a_user_may_have_the_same_weights_on_all_processors():
    """MKL_ENABLE_INSTRUCTIONS makes a processor look to MKL like an older one."""
    exported = {"MKL_CBWR": "COMPATIBLE"}
    older = exported | {"MKL_ENABLE_INSTRUCTIONS": "SSE4_2"}
    assert output(**exported) == output(**older)
