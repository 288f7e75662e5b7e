"""Messages of OOMMF in one line."""

from wallnet.simulate.oommf.session import complaint

MISSING_TERM = """\
Start: "/tmp/wallnet-oommf-x/check.mif"
Options: -exitondone 1 -logfile oommf.log -threads 1
ERROR Reading MIF file:
Unrecognized Specify Block:
  Oxs_DMI_Cnv_z:dmi
 See log file for additional details
*** Error loading /tmp/wallnet-oommf-x/check.mif:
\t
Unrecognized Specify Block:
  Oxs_DMI_Cnv_z:dmi
Error thrown from inside "Oxs_Director::ProbInit" --- Tcl error --- ERROR
   in file: app/oxs/base/director.cc
"""
ROOT = "*** ERROR: Don't run OOMMF as root.\nInstead, start OOMMF from a standard user account.\n"
LOG = """\
[Boxsi<9248-vm-nobody> 16:25:14.834 2026-11-24] 2.1a0 info:
Start: "/tmp/tmp.kw9XzJSwWv/check.mif"
Options: -exitondone 1 -logfile oommf.log -threads 1

[Boxsi<9248-vm-nobody> 16:25:14.852 2026-11-24] 2.1a0 infolog:
Boxsi version 2.1a0
Number of threads: 1
"""


def test_complaint_names_the_first_error_in_one_line():
    assert complaint(ROOT) == "Don't run OOMMF as root."
    said = complaint(MISSING_TERM)
    assert said.startswith("ERROR Reading MIF file: Unrecognized Specify Block: Oxs_DMI_Cnv_z")
    assert "\n" not in said


def test_complaint_falls_back_to_the_log_and_to_the_last_lines():
    assert complaint("", LOG) == "Boxsi version 2.1a0 Number of threads: 1"
    assert complaint("a\nb\nc\nd\n") == "b c d"
    assert complaint("") == "nothing"
