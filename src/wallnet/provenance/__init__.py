"""The record of a finished campaign as an RO-Crate: what was computed, from what, by what.

`contents` collects and checks the files, `crate` describes everything as a Workflow Run RO-Crate,
and `commands` is the command `wallnet pack`.
"""
