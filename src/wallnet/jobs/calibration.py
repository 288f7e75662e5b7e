"""Jobs for the calibration: pulses on candidates, and the misfits that follow from them."""

from collections.abc import Mapping

from wallnet.config import Arrival, Calibration, Candidate, Device, Response, Rest
from wallnet.config.calibration import Parameters
from wallnet.config.calibration import Simulation as Pulse
from wallnet.config.devices import Detector
from wallnet.experiment.base import Job
from wallnet.experiment.simulation import Simulation, pulse_job


class CalibrationJob(Job):
    """Search for parameters under which devices do what a paper states.

    `configured` are the parameters of the configuration, `configured_delay` is the time in s from
    the end of the pulse at which it reads a wall, and `detectors` are those of the devices with a
    transfer curve.
    """

    rests: tuple[Rest, ...]
    arrivals: tuple[Arrival, ...]
    responses: tuple[Response, ...]
    parameters: Parameters
    configured: Candidate
    configured_delay: float
    read_delays: tuple[float, ...]
    detectors: dict[str, Detector]
    candidates: int
    local_candidates: int
    centres: int
    reach: float
    seed: int

    def simulations(self) -> list[Pulse]:
        """Return the simulations of each candidate."""
        return Calibration(
            rests=self.rests, arrivals=self.arrivals, responses=self.responses
        ).simulations()


def calibration_job(calibration: Calibration, devices: Mapping[str, Device]) -> CalibrationJob:
    """Return the job of the whole search.

    Parameters
    ----------
    calibration : Calibration
        Reference data, ranges and the size of the search.
    devices : Mapping
        The simulated devices of the campaign.
    """
    same = ("rests", "arrivals", "responses", "parameters")
    size = ("candidates", "local_candidates", "centres", "reach", "seed")
    return CalibrationJob(
        **{name: getattr(calibration, name) for name in (*same, *size)},
        configured=calibration.configured(devices),
        configured_delay=calibration.configured_delay(devices),
        read_delays=calibration.delays(devices),
        detectors={each.device: devices[each.device].detector for each in calibration.responses},
    )


def candidate_job(device: Device, current_density: float) -> Simulation:
    """Return the job of one pulse on a device with the parameters of a candidate.

    Parameters
    ----------
    device : Device
        The device of the candidate (`Calibration.of_candidate`).
    current_density : float
        Current density in A/m².
    """
    # only the first and the last map of the pulse and of the relaxation are used
    longest = device.pulse.duration + device.relaxation.longest
    output = device.output.model_copy(
        update={"snapshot_interval": max(longest, device.output.interval)}
    )
    return pulse_job(device, current_density).model_copy(update={"output": output})
