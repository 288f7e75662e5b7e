"""The engine as a calculator of ubermag: drivers, energies and fields for a `System`."""
