"""Tables and figures of networks and of the validation, and what several tables or figures share.

`wallnet.report.style` defines the style of all figures. The tables and figures of devices and of
studies are in `wallnet.studies`. `wallnet.page.commands` writes all of them.
"""
