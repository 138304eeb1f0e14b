# SPDX-License-Identifier: GPL-2.0-or-later
"""The JSON that programs read, held against the schemas that we publish in doc/schemas/."""
import json
import subprocess
import sys
import tempfile

import jsonschema

from common import PROGRAM, TOP, ofed_init
from rig import words
from rig.words import complaints


def test_schemas_are_schemas():
    schemas = words.schemas()
    assert sorted(schemas) == ["cloud-config.schema.json", "facts.schema.json", "result.schema.json", "verdict.schema.json"]
    for schema in schemas.values():
        jsonschema.Draft202012Validator.check_schema(schema)
    assert complaints("verdict.schema.json", {"schema": 1}), "a verdict with next to nothing in it is one"
    return list(schemas)


def test_facts_are_as_the_schema_says():
    machines = sorted((TOP / "tests/roots/expected").glob("*.json"))
    assert len(machines) > 5
    for document in [ofed_init("facts", "--format", "json"), *(path.read_text() for path in machines)]:
        wrong = complaints("facts.schema.json", json.loads(document))
        assert not wrong, wrong


def test_verdicts_are_as_the_schema_says():
    seen = set()
    for case in sorted(path for path in (TOP / "tests/cases").iterdir() if path.is_dir()):
        files = [case / "config.yaml", case / "facts.json"]
        if (case / "catalog").exists() or not all(f.exists() for f in files):
            continue
        run = subprocess.run([PROGRAM, "plan", "--facts", files[1], "--config", files[0], "--format", "json"],
                             stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                             timeout=60, check=False)
        if not run.stdout:
            continue  # an input that is refused has no verdict
        verdict = json.loads(run.stdout)
        wrong = complaints("verdict.schema.json", verdict)
        assert not wrong, (case.name, wrong)
        seen.add(verdict["outcome"])
    assert seen == {"skip", "ready", "refuse", "install"}, seen


def test_results_are_as_the_schema_says():
    for machine in "no-infiniband", "second-boot":
        with tempfile.TemporaryDirectory(prefix="ofed-init-docs.") as scratch:
            top = f"{scratch}/root"
            subprocess.run([sys.executable, TOP / "tests/budget/run", "--make", machine, top], check=True,
                           stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
            for _ in range(2):
                ofed_init("run", "--sysroot", top, "--root", top, status=None)
                with open(f"{top}/var/lib/ofed-init/result.json", encoding="utf-8") as file:
                    result = json.load(file)
                wrong = complaints("result.schema.json", result)
                assert not wrong, (machine, wrong)
                told = json.loads(ofed_init("status", "--root", top, "--format", "json", status=None))
                wrong = complaints("result.schema.json", told)
                assert not wrong, ("status", wrong)
