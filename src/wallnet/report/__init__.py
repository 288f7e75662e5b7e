"""Tables and figures, drawn from result files alone.

`wallnet.report.style` is the look that all figures share, `wallnet.report.devices` draws the
simulation half of the campaign.
"""
