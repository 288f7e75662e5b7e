"""Tables and figures, drawn from result files only.

`wallnet.report.style` defines the style of all figures. `wallnet.report.devices` draws the
simulation half of the campaign.
"""
