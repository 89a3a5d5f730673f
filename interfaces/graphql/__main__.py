"""`python -m interfaces.graphql` writes the schema's file anew."""

from __future__ import annotations

from interfaces.graphql.schema import SCHEMA
from interfaces.http import SCHEMA_FILE

SCHEMA_FILE.write_text(f"{SCHEMA}\n", encoding="utf-8")
