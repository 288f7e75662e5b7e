"""Files of Python as exports write them: `wallnet.exports.cells.module` puts the cells into them.

They are never imported here; they need the tools of others.
"""
