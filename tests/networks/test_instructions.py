"""Networks do not depend on the instructions of the processor."""

import os
import platform
import subprocess
import sys
from pathlib import Path

import pytest

CHOSEN = ("ATEN_CPU_CAPABILITY", "MKL_CBWR", "MKL_ENABLE_INSTRUCTIONS", "ONEDNN_MAX_CPU_ISA")

TRAINING = """
import wallnet.networks
import torch
from torch import nn

model = nn.Sequential(nn.Conv2d(1, 6, 5), nn.Flatten(), nn.Linear(3456, 10))
nn.functional.cross_entropy(model(torch.rand(64, 1, 28, 28)), torch.zeros(64).long()).backward()
print(torch.backends.cpu.get_cpu_capability())
"""

PROCESSOR = Path("/proc/cpuinfo").read_text() if sys.platform == "linux" else "GenuineIntel"


@pytest.mark.skipif(
    platform.machine() != "x86_64", reason="the settings are those of x86 processors"
)
def test_networks_use_no_instructions_that_only_some_processors_have():
    kept = {name: value for name, value in os.environ.items() if name not in CHOSEN}
    verbose = {"MKL_VERBOSE": "1", "ONEDNN_VERBOSE": "1"}
    command = [sys.executable, "-c", TRAINING]
    lines = subprocess.check_output(command, env=kept | verbose, text=True).splitlines()
    named = [line for line in lines if "AVX" in line]
    # PyTorch, oneDNN and, on processors of Intel, MKL
    assert len(named) == (3 if "GenuineIntel" in PROCESSOR else 2)
    for line in named:
        assert "AVX2" in line
        assert "512" not in line
