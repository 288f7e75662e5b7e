"""Questions about devices: what they ask for, how results are opened, and what is shown."""
