"""Compare the data of two campaigns, except durations."""

import hashlib
import json

import numpy as np
import xarray


def contents(folder, part):
    """Return the content of every result of a campaign with `part` in its path, by path."""
    results = {}
    for path in sorted(folder.glob("results/**/*")):
        name = str(path.relative_to(folder))
        if path.is_dir() or "/logs/" in name or "/benchmarks/" in name or part not in name:
            continue
        if path.name.startswith("."):
            continue
        if path.suffix == ".nc":
            with xarray.open_dataset(path) as data:
                results[name] = data.load()
        elif path.suffix == ".json":
            results[name] = json.dumps(json.loads(path.read_text()) | {"wall_seconds": 0})
        else:
            results[name] = hashlib.sha256(path.read_bytes()).hexdigest()
    return results


def assert_same(folder, undisturbed, part=""):
    """Check that every file exists and that every variable is exactly equal."""
    made, expected = contents(folder, part), contents(undisturbed, part)
    assert set(made) == set(expected)
    for name, content in expected.items():
        if isinstance(content, str):
            assert made[name] == content, name
            continue
        assert set(made[name].variables) == set(content.variables), name
        for variable in content.variables:
            np.testing.assert_array_equal(
                made[name][variable].values, content[variable].values, err_msg=f"{name} {variable}"
            )
