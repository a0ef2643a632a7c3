"""The OpenAPI document is true: its examples are sent to the running service, its answers are of their schemas, and no
answer says what was sent.
"""

import json
import re
from collections.abc import Iterator
from typing import Any, Final

import httpx
import jsonschema_rs
import pytest

CANARY = "kumquat-zeppelin"
Document = dict[str, Any]
JSON = "application/json"
ORDER: Final = ["post", "get", "delete"]
SHOWN: Final = {("/v1/score", "id"), ("/v1/interventions", "description")}
"""Fields that the contract shows again: a caller's own id of a row, and what operators say that they did."""


@pytest.fixture
def document(client: httpx.Client) -> Document:
    found: Document = client.get("/openapi.json").json()
    return found


def _operations(document: Document) -> Iterator[tuple[str, str, Document]]:
    """Path, method and operation, in an order in which what is asked for is there."""
    found = [(path, method, operation) for path, by in document["paths"].items() for method, operation in by.items()]
    yield from sorted(found, key=lambda o: ORDER.index(o[1]))


def _url(path: str, operation: Document) -> str:
    for parameter in operation.get("parameters", []):
        if parameter["in"] == "path":
            example = parameter.get("example") or (parameter.get("examples") or parameter["schema"]["examples"])[0]
            path = path.replace("{" + parameter["name"] + "}", str(example))
    return path


def _bodies(document: Document, operation: Document) -> list[Any]:
    """Examples of a JSON body; None alone where there is no body, nothing where it is of another kind."""
    if "requestBody" not in operation:
        return [None]
    content = operation["requestBody"]["content"].get(JSON)
    if content is None:
        return []
    schema = content["schema"]
    name = schema.get("$ref", "").rsplit("/", 1)[-1]
    found: list[Any] = document["components"]["schemas"].get(name, schema).get("examples", [])
    return found


def _validator(document: Document, schema: Document) -> jsonschema_rs.Validator:
    return jsonschema_rs.validator_for({**schema, "components": document["components"]})


def _check(document: Document, operation: Document, answer: httpx.Response) -> None:
    responses = operation["responses"]
    said = responses.get(str(answer.status_code), responses["default"])
    kind = answer.headers.get("content-type", "").split(";")[0]
    assert kind in said.get("content", {"": None}), f"{kind} is not documented"
    if kind.endswith("json"):
        _validator(document, said["content"][kind]["schema"]).validate(answer.json())


def test_every_example_is_taken_and_answered_as_documented(client: httpx.Client, document: Document) -> None:
    sent = 0
    for path, method, operation in _operations(document):
        assert operation.get("summary"), path
        if "{id}" in path or ("requestBody" in operation and JSON not in operation["requestBody"]["content"]):
            continue  # files: tests of uploads send real ones
        bodies = _bodies(document, operation)
        assert bodies, f"{method} {path} has a body and no example"
        for body in bodies:
            answer = (
                client.request(method, _url(path, operation), json=body)
                if body is not None
                else client.request(method, _url(path, operation))
            )
            assert answer.is_success, f"{method} {path}: {answer.text}"
            _check(document, operation, answer)
            sent += 1
    assert sent >= 12


def test_examples_of_answers_are_answers(document: Document) -> None:
    found = 0
    for name, schema in document["components"]["schemas"].items():
        for example in schema.get("examples", []):
            _validator(document, {"$ref": f"#/components/schemas/{name}"}).validate(example)
            found += 1
    assert found >= 10


def test_every_name_has_words(document: Document) -> None:
    for _, _, operation in _operations(document):
        for parameter in operation.get("parameters", []):
            assert parameter.get("description"), parameter["name"]


def _marked(body: Any, place: str = "") -> Iterator[tuple[str, Any]]:
    """The body with the canary for each of its values, beside them and for their names; and which field it is."""
    if isinstance(body, dict):
        yield place, body | {CANARY: CANARY}
        for key, value in body.items():
            yield from ((field, body | {key: marked}) for field, marked in _marked(value, key))
            yield key, {CANARY if k == key else k: v for k, v in body.items()}
    elif isinstance(body, list):
        yield from ((field, [marked]) for field, marked in _marked(body[0], place))
    yield place, [CANARY] if isinstance(body, str) else CANARY
    yield place, CANARY


def _requests(document: Document) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Every route with the canary in every field, one at a time."""
    for path, method, operation in _operations(document):
        url = _url(path, operation) if "{id}" not in path else path
        names = re.findall(r"{(\w+)}", path)
        for name in names:
            yield method, re.sub(r"{\w+}", "sales", path.replace("{" + name + "}", CANARY)), {}
        for parameter in operation.get("parameters", []):
            if parameter["in"] == "query":
                yield method, url, {"params": {parameter["name"]: CANARY}}
        yield method, url, {"params": {CANARY: CANARY}}
        for header in (
            "accept",
            "content-type",
            "authorization",
            "cookie",
            "if-none-match",
            "x-request-id",
            "host",
            CANARY,
        ):
            yield method, url, {"headers": {header: f"{CANARY}"}}
        if method == "post":
            yield method, url, {"content": CANARY}
            yield method, url, {"content": CANARY, "headers": {"content-type": CANARY}}
            yield method, url, {"content": f'{{"{CANARY}', "headers": {"content-type": JSON}}
            yield method, url, {"files": {CANARY: (CANARY, CANARY.encode())}, "data": {CANARY: CANARY}}
            for body in _bodies(document, operation):
                for field, marked in _marked(body):
                    if (path, field) not in SHOWN:
                        yield method, url, {"content": json.dumps(marked), "headers": {"content-type": JSON}}


def test_no_answer_says_what_was_sent(client: httpx.Client, document: Document) -> None:
    asked = 0
    for method, url, more in _requests(document):
        answer = client.request(method, url, **more)
        assert answer.status_code < 500
        assert CANARY not in answer.text + str(answer.headers), f"{method} {url} {more}"
        asked += 1
    assert asked > 150
