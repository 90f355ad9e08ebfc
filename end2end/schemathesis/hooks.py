"""What schemathesis can't read in the document."""

import atexit
import collections
import itertools
import json
import os
import re

import schemathesis
from jsonschema_rs import Draft202012Validator
from schemathesis.core.failures import AcceptedNegativeData
from schemathesis.openapi.checks import RejectedPositiveData

# Ids that the other cases need: nobody deletes them.
KEPT = set(os.environ["KEPT"].split())
NOBODYS = "00000000-0000-0000-0000-000000000000"

# What there is to delete, by the operation that does it: drawn at random, some runs would never hit on it.
SPARE = {operation: itertools.cycle(ids) for operation, ids in json.loads(os.environ["SPARE"]).items()}
# The project of the spare variables.
PROJECT = os.environ["PROJECT"]

clients, creates = itertools.count(1), itertools.count(1)
# One count for each operation: two workers that take turns would leave one of them without.
deletes = collections.defaultdict(lambda: itertools.count(1))
answers = collections.defaultdict(collections.Counter)


@schemathesis.hook
def before_call(context, case, kwargs):
    if case.method.upper() == "DELETE" and case.path.endswith("{id}") and case.path_parameters.get("id") in KEPT:
        case.path_parameters["id"] = NOBODYS
    operation = case.operation.definition.raw["operationId"]
    if operation in SPARE and good(case) and next(deletes[operation]) % 2:
        spare = next(SPARE[operation])
        if operation == "delete_var":
            case.path_parameters["id"], case.query, case.body = PROJECT, {}, {"key": spare}
        else:
            case.path_parameters["id"] = spare
    if operation == "create_service" and isinstance(case.body, dict):
        # no schema says that the one type needs it; every other case is still without
        if case.body.get("service_type") == "postgres" and next(creates) % 2:
            case.body.setdefault("postgres_version", "17")
    if "/auth/" in case.path:
        # one address has few attempts to sign in; the console takes us for its proxy
        number = next(clients)
        case.headers["X-Forwarded-For"] = f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"


@schemathesis.hook
def after_call(context, case, response):
    if case.method.upper() == case.operation.method.upper():
        answers[case.operation.definition.raw["operationId"]][response.status_code] += 1


@atexit.register
def tell():
    """For the driver: how often each operation was answered with which status."""
    with open("answers.json", "w", encoding="utf-8") as file:
        json.dump(answers, file)


@schemathesis.hook
def filter_failure(context, failure, case, response):
    # what is promised in words, not by schemas: other spellings of good values, and what a type or a mode needs
    if isinstance(failure, AcceptedNegativeData):
        return not respelled(case)
    operation = case.operation.definition.raw["operationId"]
    if isinstance(failure, RejectedPositiveData) and operation == "preflight":
        # of a create it takes what is about a source, and here none can be followed
        return False
    if isinstance(failure, RejectedPositiveData) and operation == "create_service":
        codes = {field["code"] for field in response.json()["fields"]}
        return "missing" not in codes or not codes.isdisjoint({"invalid", "not_listed", "unknown", "repeated"})
    return True


def good(case):
    """Whether all of it was drawn as the document allows it, and nothing of it is remembered for the next case."""
    return case.meta is not None and case.meta.generation.mode.is_positive and case.meta.phase.name.value != "stateful"


def respelled(case):
    """Whether the body is good once null, "", numeric strings and switches are read as the API reads them."""
    if not isinstance(case.body, dict):
        return False
    document = case.operation.schema.raw_schema
    content = case.operation.definition.raw["requestBody"]["content"]
    schema = {**content["application/json"]["schema"], "components": document["components"]}
    fields = document["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]["properties"]
    body = {name: spelled(fields.get(name, {}), it) for name, it in case.body.items() if it not in (None, "")}
    return Draft202012Validator(schema).is_valid(body)


def spelled(field, value):
    if field.get("type") in ("number", "integer") or field.get("$ref", "").endswith("/Instances"):
        if isinstance(value, str) and re.fullmatch(r"-?[0-9]+(\.[0-9]+)?", value.strip()):
            return float(value)
    switch = {"1": True, "true": True, "0": False, "false": False}.get(str(value).lower())
    if field.get("type") == "boolean" and switch is not None:
        return switch
    if "true|false" in field.get("pattern", "") and switch is not None:
        return str(switch).lower()
    return value
