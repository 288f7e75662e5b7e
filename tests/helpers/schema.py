"""Validator of configurations as users write them."""

# ruff: noqa: E402

import sys

# jsonschema would compile a grammar of IRIs in 2 s, for formats that the tests do not check
sys.modules.setdefault("rfc3987_syntax", None)

from jsonschema import Draft202012Validator

from wallnet.config import schema
from wallnet.studies import STUDIES

SCHEMA = schema.as_written(STUDIES)
VALIDATOR = Draft202012Validator(SCHEMA)
