"""Number of examples: `ci` by default, `--hypothesis-profile thousands` for a long run."""

from hypothesis import HealthCheck, settings

common = {"deadline": None, "suppress_health_check": list(HealthCheck), "print_blob": True}
settings.register_profile("ci", max_examples=50, derandomize=True, **common)
settings.register_profile("thousands", max_examples=3000, **common)
if settings.get_current_profile_name() == "default":
    settings.load_profile("ci")
