import json

import pytest

from results.errors import Damaged, Newer
from results.records.manifest import MANIFEST_SCHEMA, Described, Manifest, parse_manifest

SCHEMA_5 = {
    "schema": 5,
    "name": "quick",
    "summary": "A suite.",
    "benchmarks": [
        {
            "name": "induction",
            "kind": "task",
            "summary": "A task.",
            "primary": "accuracy",
            "chance": 0.0625,
            "chance_given": {"vocabulary": [64]},
            "defaults": {"steps": 150},
        }
    ],
    "models": [{"name": "memnet", "summary": "A model."}],
    "methods": [],
    "cells": [],
}


def test_manifest_of_schema_5_is_read_without_roles_and_titles() -> None:
    manifest = parse_manifest(json.dumps(SCHEMA_5).encode())
    assert (manifest.version, manifest.title, manifest.benchmarks[0].title) == (None, "", "")
    assert manifest.models == (Described(name="memnet", summary="A model."),)
    assert manifest.models[0].role is None


def test_manifest_round_trips() -> None:
    described = Described(name="memnet[slots=8]", title="MemNet", summary="A model.", role="size")
    manifest = Manifest(
        name="quick", version="2", title="Quick", benchmarks=(), models=(described,), cells=()
    )
    text = manifest.model_dump_json(by_alias=True)
    assert parse_manifest(text.encode()) == manifest
    assert json.loads(text)["schema"] == MANIFEST_SCHEMA


def test_newer_and_damaged_manifests_are_refused() -> None:
    with pytest.raises(Newer, match=f"schema {MANIFEST_SCHEMA + 1}"):
        parse_manifest(json.dumps(SCHEMA_5 | {"schema": MANIFEST_SCHEMA + 1}).encode())
    models = [{"name": "memnet", "role": "rival"}]
    with pytest.raises(Damaged, match=r"models\.0\.role"):
        parse_manifest(json.dumps(SCHEMA_5 | {"models": models}).encode())
