"""What stands around your code while it is practised and checked: small applications, a gate, and plain assertions."""

import contextlib
import json
import os
import tempfile
import threading
import time
from pathlib import Path

import numpy as np
from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse
from pydantic import ValidationError

from service_harness import ServiceError

# --- in the notebook --------------------------------------------------------------------------------------------


@contextlib.contextmanager
def once_solved(*exercises: str):
    """Run a block that needs your answers; say which ones where they are still missing."""
    try:
        yield
    except NotImplementedError:
        print("This cell runs once you have solved:", ", ".join(exercises))


@contextlib.contextmanager
def closed_gate():
    """Give the path of a file that is not there yet. Code that waits for it goes on once it is."""
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder, "gate")


def wait_until(condition, seconds: float = 5.0) -> bool:
    """Ask again and again until the condition holds; return whether it did in time."""
    deadline = time.monotonic() + seconds
    while not (holds := condition()) and time.monotonic() < deadline:
        time.sleep(0.01)
    return bool(holds)


def status_is(service, call: str, reply, expected: int, think: str = "") -> None:
    """Assert a status code, and say what went wrong inside the service if something did."""
    if reply.status != expected:
        inside = service.last_error if reply.status == 500 else ""
        inside = f" In its log: {inside}." if inside else ""
        raise AssertionError(f"{call} answered {reply.status}, expected {expected}.{inside} {think}".rstrip())


def object_of(call: str, reply) -> dict:
    """Return the JSON object in an answer."""
    found = reply.json()
    assert isinstance(found, dict), f"{call} answered {reply.text[:80]}, expected a JSON object"
    return found


# --- exercise 1 ---------------------------------------------------------------------------------------------------


SCHEMA_SERVICE = "import practice\nfrom schema import Pickup, Risk\napp = practice.echo_app(Pickup, Risk)"


def echo_app(request_model, response_model) -> FastAPI:
    """POST /pickup and POST /risk check what they get against a model, and send it back as the model holds it."""
    app = FastAPI()

    def echo(path, model):
        async def answer(request: Request):
            try:
                kept = model.model_validate(await request.json()).model_dump()
            except ValidationError as error:
                kept = {"fields": [".".join(map(str, problem["loc"])) for problem in error.errors()]}
            return Response(json.dumps(kept), 422 if "fields" in kept else 200, media_type="application/json")

        app.post(path)(answer)

    echo("/pickup", request_model)
    echo("/risk", response_model)
    return app


# --- exercise 2 ---------------------------------------------------------------------------------------------------


class Model:
    """A model that says in the log when it is loaded and closed."""

    def __init__(self):
        print("model loaded", flush=True)

    def predict(self) -> float:
        return 0.25

    def close(self) -> None:
        print("model closed", flush=True)


def load_at(gate: str):
    """Return a load_model that takes as long as the gate is closed, though never more than 20 seconds."""

    def load_model() -> Model:
        print("loading begun", flush=True)
        wait_until(lambda: os.path.exists(gate), 20)
        return Model()

    return load_model


def load_broken():
    """A load_model that fails."""
    raise OSError("the model file is damaged")


def with_work(app: FastAPI) -> FastAPI:
    """Add GET /work, which asks the model, and GET /slow, which takes 0.3 seconds."""

    @app.get("/work")
    def work():
        return {"probability": app.state.model.predict()}

    @app.get("/slow")
    def slow():
        print("slow begun", flush=True)
        time.sleep(0.3)
        print("slow done", flush=True)
        return "done"

    return app


# --- exercise 3 ---------------------------------------------------------------------------------------------------


BATCH_SERVICE = "import practice\nfrom batch import add_batch\napp = practice.batch_app(add_batch{options})"


def batch_app(add_batch, **options) -> FastAPI:
    """An application with your batch endpoint, and a score that says in the log how it was called."""
    app = FastAPI()

    def score(rows):
        print(f"score called with {type(rows).__name__} {np.shape(rows)}", flush=True)
        rows = np.asarray(rows)
        assert rows.ndim == 2 and rows.shape[1] == 5, f"score was called with shape {rows.shape}"
        if rows[0, 0] == 99:
            return [0.5] * (len(rows) - 1)  # a broken model: one number is missing
        if rows[0, 0] == 98:
            return [0.5] * (len(rows) + 1)
        return rows.sum(axis=1).astype(np.float32) / 128

    add_batch(app, score, **options)
    return app


def items(*firsts: float) -> list[dict]:
    """Return items with these first values."""
    return [{"id": f"s{number}", "values": [first, 1.0, 2.0, 0.0, 4.0]} for number, first in enumerate(firsts)]


def calls_of_score(service) -> int:
    """Return how often score has been called so far."""
    return service.log.count("score called")


# --- exercise 4 ---------------------------------------------------------------------------------------------------


ERRORS_SERVICE = """
from fastapi import FastAPI, HTTPException
from pydantic import BaseModel, Field
from errors import add_error_handlers

class Item(BaseModel):
    id: str = Field(max_length=8)
    weight: float | list[float] = Field(default=1.0)
    tags: list[str] = []

app = FastAPI()

@app.post("/item")
def item(item: Item):
    print("item taken", flush=True)
    return "taken"

@app.post("/items")
def items(items: list[Item], most: int = 3):
    return "taken"

@app.get("/raise/{status}")
def fail(status: int):
    if status == 500:
        raise KeyError("secret-of-the-database")
    raise HTTPException(status, "secret-detail", headers={"Retry-After": "7"})

add_error_handlers(app{options})
"""


def fuzz(seed: int, n: int) -> list[bytes]:
    """Return n bodies that are no valid items: good ones in which something was broken, JSON or not."""
    rng = np.random.default_rng(seed)
    odd = [None, True, "", "12", "NaN", {}, [[]], {"a": 1}, "\u0000", "x" * 5000]
    bodies: list[bytes] = []
    for number in range(n):
        text = json.dumps({"id": "s1", "weight": 2.5, "tags": ["a", "b"]})
        value = odd[rng.integers(len(odd))]
        match number % 6:
            case 0:
                text = json.dumps({"id": "s1", "tags": value})
            case 1:
                text = json.dumps([value] * 3)
            case 2:
                text = text[: rng.integers(1, len(text) - 1)]
            case 3:
                text = text.replace('"s1"', ["NaN", "Infinity", "-Infinity", "1e999"][rng.integers(4)])
            case 4:
                text = ["[", '{"id":'][rng.integers(2)] * 5000
            case 5:
                text = text.replace("s1", "\udcff\udcfe")  # two bytes that are no text in UTF-8
        bodies.append(text.encode("utf-8", "surrogateescape"))
    return bodies


# --- exercise 5 ---------------------------------------------------------------------------------------------------


SCORING_SERVICE = "import practice\napp = practice.scoring_app({file!r})"


def scoring_app(pipeline_file: str) -> FastAPI:
    """Export a pipeline with your module `scorer` and serve it: /features, /score, /parity and /facts."""
    import joblib
    import onnxruntime
    import psutil

    sessions = []

    class Counted(onnxruntime.InferenceSession):
        def __init__(self, *arguments, **options):
            sessions.append(1)
            super().__init__(*arguments, **options)

    onnxruntime.InferenceSession = Counted
    import scorer

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "model.onnx")
        scorer.export_model(joblib.load(pipeline_file), path)
        size = path.stat().st_size
        before = psutil.Process().num_threads()
        score = scorer.Scorer(path)
        threads = psutil.Process().num_threads() - before
    app = FastAPI()

    @app.post("/features")
    def features(pickups: list[dict]):
        table = scorer.features_of(pickups)
        return {"shape": list(table.shape), "dtype": str(table.dtype), "rows": table.tolist()}

    @app.post("/score")
    def probabilities(rows: list[list[float]]):
        found = score.probabilities(np.array(rows, dtype=np.float64).reshape(-1, 5))
        return {"shape": list(np.shape(found)), "probabilities": [float(p) for p in found]}

    @app.post("/predict")
    def predict(pickups: list[dict]):
        return {"probabilities": [float(p) for p in score.probabilities(scorer.features_of(pickups))]}

    @app.post("/parity")
    def parity(arguments: dict):
        try:
            return scorer.parity(**arguments)
        except ValueError:
            return JSONResponse({"raised": "ValueError"}, 422)

    @app.get("/facts")
    def facts():
        return {"sessions": len(sessions), "threads": threads, "bytes": size}

    return app


def report(difference: float, flips: int, unexplained: int) -> dict:
    """Return what parity should."""
    return {"max_difference": difference, "flips": flips, "unexplained": unexplained}


# --- exercise 6 ---------------------------------------------------------------------------------------------------


GATED_SERVICE = "import practice\nfrom concurrency import add_predict\napp = practice.gated_app(add_predict{options})"


def gated_app(add_predict, **options) -> FastAPI:
    """An application with your /predict, and a score that blocks until POST /gate/open (12 seconds at most)."""
    app, gate, lock = FastAPI(), threading.Event(), threading.Lock()
    count = {"now": 0, "most": 0}

    def score(item):
        with lock:
            count["now"] += 1
            count["most"] = max(count["most"], count["now"])
        gate.wait(12)
        with lock:
            count["now"] -= 1
        if item.get("fail"):
            raise RuntimeError("the model failed")
        return item["x"] / 1000

    @app.get("/gate")
    async def look():
        return count

    @app.post("/gate/open")
    async def open_gate():
        gate.set()

    add_predict(app, score, **options)
    return app


def ask_while_busy(service, path):
    """Get a path while score is at work; what hangs then blocks the event loop."""
    try:
        return object_of(f"GET {path}", service.get(path, timeout=3))
    except ServiceError as error:
        raise AssertionError(f"{error}\nscore was at work then. Does your endpoint block the event loop?") from None


def sleeping_app(add_predict, seconds: float, **options) -> FastAPI:
    """An application with your /predict, and a score that takes so long and needs no processor."""
    app = FastAPI()

    def score(item):
        time.sleep(seconds)
        return item["x"] / 1000

    add_predict(app, score, **options)
    return app


def add_blocking_predict(app, score):
    """The /predict of the incident: its handler holds up everything else. The checks measure yours against it."""

    @app.post("/predict")
    async def predict(item: dict):
        return {"probability": score(item)}


# --- exercise 7 ---------------------------------------------------------------------------------------------------


TIMED_SERVICE = "import practice\nfrom latency import add_metrics\napp = practice.timed_app(add_metrics{options})"

RANK_SERVICE = """
from fastapi import FastAPI
from fastapi.responses import JSONResponse
from latency import nearest_rank
app = FastAPI()

@app.post("/rank")
def rank(values: list[float], percent: float):
    before = list(values)
    try:
        return {"rank": nearest_rank(values, int(percent) if percent == int(percent) else percent),
                "unchanged": values == before}
    except ValueError:
        return JSONResponse({"rank": "ValueError"}, 422)
"""


class Clock:
    """A clock that moves only when somebody moves it."""

    def __init__(self):
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def timed_app(add_metrics, **options) -> FastAPI:
    """An application whose requests take as long as they say, by a clock of its own; and your /metrics."""
    app, clock = FastAPI(), Clock()

    @app.get("/take/{milliseconds}")
    async def take(milliseconds: float):
        clock.now += milliseconds / 1000
        return "done"

    @app.get("/refuse/{milliseconds}")
    async def refuse(milliseconds: float):
        clock.now += milliseconds / 1000
        return JSONResponse({}, 503)

    @app.get("/answer/{status}")
    async def answer(status: int):
        return JSONResponse({}, status)

    @app.get("/crash")
    async def crash():
        clock.now += 0.007
        raise RuntimeError("crash")

    add_metrics(app, clock=clock, **options)
    return app


def plain_app(add_metrics=None) -> FastAPI:
    """A small service, with your metrics or without any."""
    app = FastAPI()

    @app.get("/plain")
    async def plain():
        return {"probability": 0.5}

    if add_metrics:
        add_metrics(app)
    return app


def metrics_of(service):
    """Read /metrics; times rounded to a millionth of a millisecond."""
    reply = service.get("/metrics")
    status_is(service, "GET /metrics", reply, 200)
    found = object_of("GET /metrics", reply)
    return {
        path: {name: round(value, 6) for name, value in entry.items()} if isinstance(entry, dict) else entry
        for path, entry in found.items()
    }


def entry(count: int, errors: int, p50: float, p95: float) -> dict:
    """Return a route's entry of /metrics."""
    return {"count": count, "errors": errors, "p50_ms": p50, "p95_ms": p95}


def same_metrics(what: str, got: dict, expected: dict, think: str = "") -> None:
    """Assert what /metrics says; name the routes, or the numbers, that differ."""
    assert got.keys() == expected.keys(), (
        f"{what}: GET /metrics has the routes {sorted(got)}, expected {sorted(expected)}.{think}"
    )
    for route, want in expected.items():
        numbers = got[route] if isinstance(got[route], dict) else {}
        for name in want:
            assert numbers.get(name) == want[name], (
                f"{what}: {name} of {route} is {numbers.get(name)}, expected {want[name]}.{think}"
            )
        assert numbers.keys() == want.keys(), f"{what}: {route} has {sorted(numbers)}, expected {sorted(want)}"
