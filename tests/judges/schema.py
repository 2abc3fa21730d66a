#!/usr/bin/env python3
"""Checks a JSON document against a JSON schema.

    schema.py SCHEMA DOCUMENT

Prints every flaw and exits with 1 if there is one.
"""

import json
import sys

import jsonschema


def main(schema, document):
    with open(schema, encoding="utf-8") as file:
        schema = json.load(file)
    with open(document, encoding="utf-8") as file:
        document = json.load(file)
    kind = jsonschema.validators.validator_for(schema)
    flaws = list(kind(schema, format_checker=kind.FORMAT_CHECKER).iter_errors(document))
    for flaw in flaws:
        print(f"{flaw.json_path}: {flaw.message}")
    sys.exit(1 if flaws else 0)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])
