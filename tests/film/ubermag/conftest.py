"""The device for the tests of the ubermag calculator."""

import pytest

from wallnet.config import FilmSettings, Material, Notches, Output, Relaxation, Track
from wallnet.jobs import SimulationJob, WallPlacement


@pytest.fixture
def job():
    return SimulationJob(
        track=Track(
            length=240e-9,
            width=60e-9,
            thickness=2e-9,
            cell_size=3e-9,
            notches=Notches(diameter=20e-9, positions=(120e-9,)),
        ),
        material=Material(
            saturation_magnetization=1.1e6,
            exchange_stiffness=2e-11,
            dmi_constant=1e-3,
            uniaxial_anisotropy=1e6,
            damping=0.3,
            gyromagnetic_ratio=2.211e5,
            polarization=0.4,
            slonczewski_lambda=1.5,
            field_like_torque=0.1,
        ),
        placement=WallPlacement(bottom=60e-9, top=60e-9),
        current_density=0.5e12,
        pulse_duration=0.2e-9,
        relaxation=Relaxation(longest=0),
        output=Output(interval=20e-12),
        calculator=FilmSettings(),
        calculator_name="film",
    )
