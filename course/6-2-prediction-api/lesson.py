# ---
# title: A prediction API
# builds: a web service that serves a model, says when it is ready, refuses bad input, keeps its speed under load and ends cleanly
# module: 6
# minutes: 270
# prerequisites: [1-2-python-toolkit, 3-2-credit-risk]
# skills: [design-apis, run-services, export-models, serve-concurrently, measure-latency, handle-errors]
# extras: [module-6]
# shared: [harness/service_harness.py]
# services: true
# seed: 62
# limits: {cell_seconds: 60, notebook_seconds: 300, memory_mb: 2048, output_kb: 512, processes: 200}
# ---

# %% [markdown]
# # A prediction API
#
# A model in a notebook helps nobody. Here you put one behind a web address, and then do what is nine tenths of that
# work: make the service behave when the model is still loading, the input is broken, forty requests come at once, or
# the machine is taken away. You need no knowledge of web programming. Take it in two sittings; a good place for the
# break is marked.

# %% [markdown]
# ## Why it matters
#
# Couriers carry blood samples from clinics to a laboratory. A sample that comes late is worthless, and blood has to
# be drawn again. Your model gives the probability that a sample will be late, so that the dispatcher can send a
# second courier in time. The dispatcher's program asks a **service** for it: a program that waits for questions on the
# network and answers each one.
#
# On the first busy Monday everything goes wrong that can. The cluster starts four more copies of the service and sends
# them questions while they still load the model: errors. One clinic sends its distances as text, another a rain of NaN,
# and gets confident nonsense back. Under load, the copies stop answering the cluster's health check, so it kills them,
# in the middle of their answers. And the probabilities differ from those in the notebook, because somebody stored a
# time in 32 bits.
#
# None of this is about machine learning, and all of it lands on the desk of the machine-learning engineer. Each
# exercise below repairs one of these failures.

# %% given="setup"
import json
import os
import time
from pathlib import Path

import fastapi
import joblib
import matplotlib.pyplot as plt
import numpy as np
import onnxruntime
import pydantic
import skl2onnx
import uvicorn

import courier
import practice
from practice import closed_gate, once_solved, wait_until
from service_harness import ServiceError, running

pipeline = courier.trained_pipeline()
joblib.dump(pipeline, "late.joblib")

plt.rcParams.update(
    {
        "figure.facecolor": "white",
        "axes.facecolor": "white",
        "savefig.facecolor": "white",
        "axes.grid": True,
        "grid.color": "#dddddd",
        "axes.axisbelow": True,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "legend.frameon": False,
    }
)
BLUE, ORANGE, GREEN, GREY = "#0060a8", "#c8500a", "#13795b", "#555555"

# %% [markdown]
# ## The model
#
# The samples are made up; `courier.py` beside this notebook holds the recipe. The model is a scikit-learn pipeline: a
# scaler and a logistic regression. It takes five numbers in this order, and returns the probability of coming late.
# `slack_min` is the time from the pick-up to the moment at which the sample is due, in minutes.

# %%
table, late = courier.training_table(2000, seed=2)
print(courier.FEATURES)
for row, probability in zip(table[:3], pipeline.predict_proba(table[:3])[:, 1]):
    print(row.round(1), f"-> late with probability {probability:.3f}")
error = np.abs(pipeline.predict_proba(table)[:, 1] - courier.true_probability(table)).mean()
print(f"mean distance to the true probability: {error:.3f}")

# %% [markdown]
# ## A service in ten lines
#
# A client sends a **request**: a method (`GET` to read, `POST` to hand something over), a path such as `/predict`, and
# perhaps a body. The service sends a **reply**: a **status code** and a body, which is JSON here. The first digit of the
# status says whose turn it is: 2xx all is well, 4xx the *client* did something wrong and need not send that again,
# 5xx the *service* did, and the client may try again later.
#
# **FastAPI** turns functions into such a service. **uvicorn** is the server: it owns the socket, reads requests, calls
# your functions and sends what they return. The cell magic `%%writefile` stores a cell as a file, because a service is
# a program of its own and not a part of your notebook.

# %%
# %%writefile first.py
from fastapi import FastAPI

app = FastAPI()


@app.get("/")
def hello():
    return {"hello": "laboratory"}


@app.post("/double/{word}")
def double(word: str, numbers: list[float]):
    return {word: [2 * number for number in numbers]}


# %% [markdown]
# `running` (from `service_harness.py`, beside this notebook; every service lesson uses it) starts that file under
# uvicorn as a process of its own, on a port that is free, waits until it listens, and ends it with the block. From a
# terminal you would write `uvicorn first:app`. `service.get` and `service.post` play the client. All graded checks work
# like this: they start your service, call it as a client would, and look at what comes back.
#
# In JupyterLab every start is a fresh Python that imports everything anew, which takes a second or two on an idle
# machine and longer on a busy one. There are many starts, so running all cells takes minutes (on a small busy machine
# it took nine). Grading is faster, because it need not import everything for each start.
#
# The fourth answer shows what FastAPI does by itself with input that does not fit: status 422, and a report.

# %%
with running("first:app") as service:
    print(service.base_url, "is process", service.pid, "- the notebook is process", os.getpid())
    for reply in (
        service.get("/"),
        service.post("/double/rain", [1.5, 2]),
        service.get("/nowhere"),
        service.post("/double/rain", ["a lot"]),
    ):
        print(reply.status, reply.text)
    print("stop() asks it to end; exit code:", service.stop())

# %% [markdown]
# ## The contract
#
# What a request must look like is the **contract** between you and people you may never meet. It is enforced at the
# door, because a model does not complain: it maps any five numbers to a probability.
#
# A **pydantic** model states the contract as a class. Each field has a type, and `Field` adds limits. `Literal` allows
# certain values only. Rules about several fields go into a validator that raises `ValueError`.
#
# Three defaults of pydantic are friendlier than a contract should be. It *converts*: `"12"` becomes 12 and `true` 1.0.
# It *ignores* fields it does not know, so a misspelt optional field is lost without a word. And Python's JSON reader
# takes `NaN` and `Infinity`, which are no JSON, and pydantic takes them as floats. A `ConfigDict` changes all
# three: `strict=True`, `extra="forbid"`, `allow_inf_nan=False`.

# %%
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator


class Room(BaseModel):
    name: str = Field(min_length=1)
    celsius: float = Field(gt=-30, le=60)
    humidity: float = 50.0


class StrictRoom(Room):
    model_config = ConfigDict(strict=True, extra="forbid", allow_inf_nan=False)

    @model_validator(mode="after")
    def no_fog(self):
        if self.celsius > 40 and self.humidity > 99:
            raise ValueError("no room is that hot and wet")
        return self


for given in (
    {"name": "fridge", "celsius": "4"},
    {"name": "fridge", "celsius": 4, "humidty": 80.0},
    {"name": "fridge", "celsius": 4, "humidity": float("nan")},
):
    print(given, "\n   friendly:", Room.model_validate(given))
    try:
        StrictRoom.model_validate(given)
    except ValidationError as error:
        print("   strict:   ", [(e["loc"], e["msg"]) for e in error.errors()])

# %% [markdown]
# ## Exercise 1 · The schema
#
# Below each exercise are its check cells. One that prints nothing has passed; silence is good news, here and in all
# exercises that follow.
#
# Complete the file `schema.py` with two pydantic models.
#
# `Pickup` is what a client sends about one sample:
#
# | field | type | allowed |
# |---|---|---|
# | `sample_id` | text | 1 to 40 characters |
# | `distance_km` | number | above 0, at most 100 |
# | `stops` | whole number | 0 to 30 |
# | `rain_mm` | number | 0 to 200; may be left out, and is 0.0 then |
# | `vehicle` | text | `"bike"` or `"van"` |
# | `picked_up_at` | number | seconds since 1970 began, 0 or more, with any fraction |
# | `due_at` | number | seconds since 1970 began; later than `picked_up_at`, and so always above 0 |
#
# `Risk` is what the service answers: `sample_id` (text), `probability` (a number from 0 to 1, both included), `late`
# (true or false) and `model` (the version of the model, text of at least 1 character).
#
# Both refuse fields that are not listed, text in place of a number (`"3"`), `true` in place of a number, a number in
# place of text or of `true`, `null`, NaN and infinities. A whole number where a number is asked for is fine (`3` for
# `3.0`). The other way round, `2.5` stops are refused; `2.0` is refused by `strict=True`, too, but the checks do not
# send it, so either is right. Limits are exact, and nothing is rounded or shortened. A refusal must be reported at the
# field that is wrong; only the rule about the two times may be reported anywhere.


# %% exercise="schema" difficulty=2 minutes=25 skills="design-apis"
# %%writefile schema.py
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator


class Pickup(BaseModel):
    """One blood sample on its way to the laboratory, as a client sends it."""

    ### BEGIN SOLUTION
    model_config = ConfigDict(strict=True, extra="forbid", allow_inf_nan=False)

    sample_id: str = Field(min_length=1, max_length=40)
    distance_km: float = Field(gt=0, le=100)
    stops: int = Field(ge=0, le=30)
    rain_mm: float = Field(default=0.0, ge=0, le=200)
    vehicle: Literal["bike", "van"]
    picked_up_at: float = Field(ge=0)
    due_at: float

    @model_validator(mode="after")
    def due_after_pickup(self):
        if self.due_at <= self.picked_up_at:
            raise ValueError("due_at must be later than picked_up_at")
        return self

    ### END SOLUTION


class Risk(BaseModel):
    """What the service answers about one sample."""

    ### BEGIN SOLUTION
    model_config = ConfigDict(strict=True, extra="forbid", allow_inf_nan=False)

    sample_id: str
    probability: float = Field(ge=0, le=1)
    late: bool
    model: str = Field(min_length=1)
    ### END SOLUTION


# %% check="schema-accepts" points=2 hidden="pick-ups and risks exactly at each limit"
def check_schema_accepts():
    good = courier.pickups(3, seed=11)
    few = {"sample_id": "s", "distance_km": 3, "stops": 0, "vehicle": "van", "picked_up_at": 5, "due_at": 5.25}
    with running(practice.SCHEMA_SERVICE) as service:
        for sent, expected in [(one, one) for one in good] + [(few, few | {"rain_mm": 0.0})]:
            reply = service.post("/pickup", sent)
            think = f"A good pick-up was refused: {reply.text[:150]}" if reply.status == 422 else ""
            practice.status_is(service, f"a Pickup of {sent}", reply, 200, think)
            got = reply.json()
            assert got == expected, f"a Pickup of {sent} became {got}, expected {expected}"


check_schema_accepts()


### BEGIN HIDDEN TESTS
def check_schema_limits():
    base = {"sample_id": "s", "distance_km": 3, "stops": 0, "vehicle": "van", "picked_up_at": 5, "due_at": 6}
    with running(practice.SCHEMA_SERVICE) as service:
        for change in (
            {"sample_id": "x" * 40},
            {"distance_km": 100},
            {"distance_km": 0.001},
            {"stops": 30},
            {"stops": 1},
            {"rain_mm": 0},
            {"rain_mm": 0.3},
            {"rain_mm": 200},
            {"picked_up_at": 0},
            {"due_at": 5.000001},
            {"due_at": 1898553600.1234567, "picked_up_at": 1898553600.1234563},
        ):
            reply = service.post("/pickup", base | change)
            assert reply.status == 200 and reply.json() == {"rain_mm": 0.0} | base | change, (change, reply.text)
        for probability in (0, 1, 0.0, 1.0, 1e-9, 0.999999):
            risk = {"sample_id": "s", "probability": probability, "late": False, "model": "m"}
            assert service.post("/risk", risk).json() == risk, probability


check_schema_limits()
### END HIDDEN TESTS


# %% check="schema-limits" points=2 hidden="values just outside each limit"
def check_schema_refuses(changes):
    """Change or take out one field of a good pick-up; the answer must be 422 and name the field (due_at need not)."""
    base = {"sample_id": "s", "distance_km": 3.0, "stops": 0, "vehicle": "van", "picked_up_at": 5.0, "due_at": 6.0}
    with running(practice.SCHEMA_SERVICE) as service:
        practice.status_is(service, f"a Pickup of {base}", service.post("/pickup", base), 200)
        for name, value in changes:
            sent = {field: old for field, old in base.items() if field != name}
            if value is not None:
                sent[name] = value
            what = f"a Pickup without {name}" if value is None else f"a Pickup with {name}={value!r}"
            reply = service.post("/pickup", sent)
            practice.status_is(service, what, reply, 422, "Which limit does the table set?")
            fields = reply.json()["fields"]
            assert name == "due_at" or name in fields, f"{what} was refused because of {fields}, expected [{name!r}]"


check_schema_refuses(
    [
        ("sample_id", ""),
        ("sample_id", "x" * 41),
        ("distance_km", 0),
        ("distance_km", 100.5),
        ("stops", -1),
        ("stops", 31),
        ("rain_mm", -0.5),
        ("vehicle", "truck"),
        ("due_at", 5.0),
        ("due_at", 4.0),
        ("picked_up_at", -1),
        ("vehicle", None),
        ("distance_km", None),
    ]
)
### BEGIN HIDDEN TESTS
check_schema_refuses(
    [(name, None) for name in ("sample_id", "stops", "picked_up_at", "due_at")]
    + [("distance_km", -3), ("distance_km", 100.0001), ("rain_mm", 200.01), ("rain_mm", 201), ("rain_mm", -0.001)]
    + [("stops", 1000), ("vehicle", "Bike"), ("vehicle", ""), ("picked_up_at", -0.001), ("sample_id", "x" * 1000)]
)
### END HIDDEN TESTS


# %% check="schema-types" points=2
def check_schema_types():
    base = {"sample_id": "s", "distance_km": 3.0, "stops": 2, "vehicle": "van", "picked_up_at": 5.0, "due_at": 6.0}
    nan, inf = float("nan"), float("inf")
    with running(practice.SCHEMA_SERVICE) as service:
        practice.status_is(service, f"a Pickup of {base}", service.post("/pickup", base), 200)
        for change, think in [
            ({"distance_km": "3.0"}, "Text is no number, even if it looks like one."),
            ({"stops": True}, "true is no number."),
            ({"stops": 2.5}, "Nobody makes half a stop."),
            ({"sample_id": 17}, "A number is no text."),
            ({"rain_mm": None}, "null is no number; to leave the field out is something else."),
            ({"rain_mm": nan}, "NaN is no amount of rain."),
            ({"distance_km": inf}, "Infinity is no distance."),
            ({"due_at": inf}, "Infinity is no moment. Which fields have no upper limit?"),
            ({"due_at": nan}, "NaN is no moment, and every comparison with it is false."),
            ({"picked_up_at": nan}, "NaN is no moment, and every comparison with it is false."),
            ({"distance_km": [3.0]}, "A list is no number."),
            ({"rain_m": 3.0}, "A field that is not listed, perhaps a misspelt one, must not be ignored."),
        ]:
            reply = service.post("/pickup", base | change)
            practice.status_is(service, f"a Pickup with {change}", reply, 422, think)


check_schema_types()


# %% check="schema-risk" points=1
def check_schema_risk():
    base = {"sample_id": "s", "probability": 0.25, "late": True, "model": "2030-03"}
    with running(practice.SCHEMA_SERVICE) as service:
        reply = service.post("/risk", base)
        practice.status_is(service, f"a Risk of {base}", reply, 200)
        assert reply.json() == base, f"a Risk of {base} became {reply.json()}, expected it unchanged"
        for change in (
            {"probability": 1.01},
            {"probability": -0.01},
            {"probability": float("nan")},
            {"probability": "0.25"},
            {"late": 1},
            {"late": "true"},
            {"model": ""},
            {"model": None},
            {"sample_id": 3},
            {"extra": 1},
        ):
            reply = service.post("/risk", base | change)
            practice.status_is(service, f"a Risk with {change}", reply, 422, "An answer keeps a contract, too.")
        for name in base:
            sent = {field: value for field, value in base.items() if field != name}
            practice.status_is(service, f"a Risk without {name}", service.post("/risk", sent), 422)


check_schema_risk()

# %% [markdown] hint="schema"
# The two classes above this exercise show all you need: the three settings, `Field` with `gt`, `ge`, `le`,
# `min_length`, `max_length` and `default`, and a validator for the rule about two fields.

# %% [markdown] hint="schema"
# `gt` is "above", `ge` is "at least". A field without a default must be sent. With `strict=True` an `int` still counts
# as a `float`, while text and `true` do not. `Literal["bike", "van"]` is a type.

# %% [markdown] hint="schema"
# ```python
# model_config = ConfigDict(strict=True, extra="forbid", allow_inf_nan=False)
#
# sample_id: str = Field(min_length=1, max_length=40)
# distance_km: float = Field(gt=0, le=100)
# rain_mm: float = Field(default=0.0, ge=0, le=200)
# due_at: float
#
# @model_validator(mode="after")
# def due_after_pickup(self):
#     if self.due_at <= self.picked_up_at:
#         raise ValueError("due_at must be later than picked_up_at")
#     return self
# ```
# `stops`, `vehicle` and `picked_up_at` are missing here, and so is `Risk`.

# %% [markdown]
# ## The life of a service
#
# A **cluster** is a group of machines that runs copies of your service. It asks each copy two questions, again and
# again, and they are not the same:
#
# - **Live?** "Does the process still work?" If not, the copy is killed and started anew.
# - **Ready?** "Can it take requests now?" If not, it gets none for the moment, and nothing else happens to it.
#
# A copy that loads its model for a minute is live and not ready. If it answers the first question with no, it is
# killed before it has loaded, for ever. If it answers the second one with yes, it gets requests that it cannot answer.
# Below, a service says yes from the start and loads for half a second. Each mark is a request. (The first request of
# a process is always slower than the others, here and in the figures that follow: much is set up only then.)

# %%
# %%writefile liar.py
import threading
import time

from fastapi import FastAPI, HTTPException

app = FastAPI()
model = []
threading.Timer(0.5, model.append, args=["a model"]).start()


@app.get("/health")
def health():
    return "fine"


@app.get("/predict")
def predict():
    if not model:
        raise HTTPException(500)
    return 0.25


# %%
with running("liar:app") as service:
    begun, dots = time.monotonic(), []
    while time.monotonic() - begun < 0.9:
        dots.append((time.monotonic() - begun, service.get("/health").status, service.get("/predict").status))
        time.sleep(0.03)
seconds, healthy, answered = np.array(dots).T
figure, axes = plt.subplots(figsize=(7, 2.2))
for height, statuses in ((1, healthy), (0, answered)):
    for marker, colour, chosen in (("o", GREEN, statuses == 200), ("x", ORANGE, statuses == 500)):
        axes.scatter(seconds[chosen], np.full(chosen.sum(), height), marker=marker, color=colour, s=28)
axes.set_yticks([0, 1], ["GET /predict", "GET /health"])
axes.set_ylim(-0.6, 1.6)
axes.set_xlabel("seconds since the service listens (dot: 200, cross: 500)")
axes.set_title("A copy that says it is healthy before it is", loc="left")
plt.show()
print("requests lost:", int((answered == 500).sum()), "of", len(answered))

# %% [markdown]
# The cluster ends a copy by sending the signal **SIGTERM**. uvicorn then takes no new connections, finishes the
# requests in flight, and stops. Only if that takes too long (often 30 seconds) comes **SIGKILL**, which nobody can
# catch. So a clean end is yours for free, as long as you do not spoil it: by a handler of your own for SIGTERM, or by a
# thread that never ends, for Python waits for all threads but **daemon** threads when it exits.
#
# What has to happen before the first request and after the last one goes into a **lifespan**. Up to `yield` it runs
# before uvicorn listens, so nothing slow belongs there; what follows `yield` runs after the last reply has been sent.
#
# An exception in a thread of yours ends that thread and nothing else: the service goes on and must be told. Catch it
# in the thread. `logging.exception("what failed")` inside an `except` block writes these words and the traceback to
# the log.

# %%
# %%writefile lifespan.py
from contextlib import asynccontextmanager

from fastapi import FastAPI


@asynccontextmanager
async def lifespan(app):
    print("before the first request")
    yield
    print("after the last one")


app = FastAPI(lifespan=lifespan)
app.state.colour = "green"  # app.state holds what belongs to the application


@app.middleware("http")
async def count(request, call_next):
    """A middleware sees every request: it may answer itself, or let call_next do it."""
    print("request for", request.url.path)
    return await call_next(request)


@app.get("/colour")
async def colour():
    return app.state.colour


# %%
with running("lifespan:app") as service:
    print(service.get("/colour").text, "- exit code", service.stop())
print(service.log)

# %% [markdown]
# ## Exercise 2 · Alive, ready, gone
#
# Complete `create_app(load_model)` in `health.py`. It returns a FastAPI application. `load_model()` is a plain function
# that takes anything from a moment to minutes and returns the model. The model has a method `close()`.
#
# - The application listens at once and loads in the background. `load_model` is called once, when the application
#   starts, never by a request.
# - `GET /health/live` answers 200 and `{"status": "alive"}`, always, also while the model loads.
# - `GET /health/ready` answers 503 and `{"status": "loading"}` while the model loads, and 200 and
#   `{"status": "ready"}` from then on. If `load_model` raised an exception, it answers 503 and `{"status": "failed"}`
#   for good, and the process stays alive so that somebody can look at its log, where the traceback must be.
# - As long as it is not ready, *every other path* answers 503, with the same body as `/health/ready` and the header
#   `Retry-After: 1`. (Further endpoints are added to your application later; none of them must see a request without a
#   model.) That holds after a failure, too: this copy will not recover, but the next try may reach another one.
#   Whether the 503 of `/health/ready` itself carries the header is up to you.
# - From the moment it is ready, `app.state.model` is the model.
# - After SIGTERM: requests in flight are answered, then `close()` of the model is called once, then the process exits
#   with code 0. If the model is still being loaded, the process exits without waiting for it, within 5 seconds. (A
#   model that arrives between SIGTERM and the exit may be closed or not.)
#
# The file imports what several ways to solve this need; leave unused what yours does not (`asyncio`, for one).


# %% exercise="health" difficulty=4 minutes=40 skills="run-services"
# %%writefile health.py
import asyncio
import logging
import threading
from contextlib import asynccontextmanager

from fastapi import FastAPI
from fastapi.responses import JSONResponse


def create_app(load_model):
    """Return an application that loads its model in the background and says truthfully how it is."""
    ### BEGIN SOLUTION
    def load():
        try:
            app.state.model = load_model()
            app.state.status = "ready"
        except Exception:
            logging.exception("the model could not be loaded")
            app.state.status = "failed"

    @asynccontextmanager
    async def lifespan(app):
        threading.Thread(target=load, daemon=True).start()
        yield
        if app.state.status == "ready":
            app.state.model.close()

    app = FastAPI(lifespan=lifespan)
    app.state.status = "loading"

    def not_ready():
        return JSONResponse({"status": app.state.status}, 503, {"Retry-After": "1"})

    @app.middleware("http")
    async def wait_for_model(request, call_next):
        if app.state.status == "ready" or request.url.path.startswith("/health/"):
            return await call_next(request)
        return not_ready()

    @app.get("/health/live")
    async def live():
        return {"status": "alive"}

    @app.get("/health/ready")
    async def ready():
        return {"status": "ready"} if app.state.status == "ready" else not_ready()

    return app
    ### END SOLUTION


# %% check="health-loading" points=3
def check_health_loading():
    with closed_gate() as gate:
        code = f"import health, practice\napp = practice.with_work(health.create_app(practice.load_at({str(gate)!r})))"
        try:
            service_context = running(code, within=12)
            service = service_context.__enter__()
        except ServiceError as error:
            raise AssertionError(f"{error}\nDoes the application listen while load_model is still at work?") from None
        try:

            def ask(path, status, body, when):
                call = f"GET {path} {when}"
                try:
                    reply = service.get(path, timeout=4)
                except ServiceError as error:
                    raise AssertionError(f"{error}\nThat was {call}. Does load_model hold up the event loop?") from None
                practice.status_is(service, call, reply, status)
                got = reply.json()
                assert got == body, f"{call} answered {got}, expected {body}"
                return reply

            loading = {"status": "loading"}
            for _ in range(3):
                ask("/health/live", 200, {"status": "alive"}, "while the model loads")
                ask("/health/ready", 503, loading, "while the model loads")
                for path in ("/work", "/nowhere"):
                    reply = ask(path, 503, loading, "while the model loads")
                    wait = reply.headers.get("retry-after")
                    assert wait == "1", f"GET {path} while the model loads: header Retry-After is {wait!r}, expected '1'"
            gate.touch()
            ready = wait_until(lambda: service.get("/health/ready").status == 200)
            assert ready, "5 s after load_model returned, GET /health/ready still does not answer 200"
            for _ in range(3):
                ask("/health/ready", 200, {"status": "ready"}, "with the model loaded")
                ask("/health/live", 200, {"status": "alive"}, "with the model loaded")
                ask("/work", 200, {"probability": 0.25}, "with the model loaded")
            practice.status_is(service, "GET /nowhere with the model loaded", service.get("/nowhere"), 404)
            begun = service.log.count("loading begun")
            assert begun == 1, f"load_model was called {begun} times, expected once: no request may load a model"
        finally:
            service_context.__exit__(None, None, None)


check_health_loading()


# %% check="health-failed" points=2
def check_health_failed():
    code = "import health, practice\napp = practice.with_work(health.create_app(practice.load_broken))"
    with running(code, within=12) as service:
        failed = wait_until(lambda: service.get("/health/ready").json() == {"status": "failed"}, 4)
        reply = service.get("/health/ready")
        assert failed and reply.status == 503, (
            f"load_model raised OSError: GET /health/ready answered {reply.status} {reply.text}, "
            "expected 503 {'status': 'failed'}"
        )
        reply = service.get("/health/live")
        assert (reply.status, reply.json()) == (200, {"status": "alive"}), (
            f"load_model raised OSError: GET /health/live answered {reply.status} {reply.text}, expected 200: "
            "a restart would not mend the file"
        )
        reply = service.get("/work")
        assert (reply.status, reply.json()) == (503, {"status": "failed"}), (
            f"load_model raised OSError: GET /work answered {reply.status} {reply.text}, expected 503 "
            "{'status': 'failed'}"
        )
        assert "the model file is damaged" in service.log, (
            "load_model raised OSError('the model file is damaged') and the log does not say so: log the traceback"
        )
        code = service.stop()
        assert code == 0, f"load_model raised OSError; after SIGTERM the exit code is {code}, expected 0"


check_health_failed()


# %% check="health-ends" points=3 hidden="a SIGTERM while the model is still being loaded"
def check_health_ends():
    with closed_gate() as gate:
        gate.touch()
        code = f"import health, practice\napp = practice.with_work(health.create_app(practice.load_at({str(gate)!r})))"
        with running(code, ready="/health/ready", within=15) as service:
            assert "model closed" not in service.log, "the model was closed before the service was told to stop"
            pending = service.begin("GET", "/slow")
            assert wait_until(lambda: "slow begun" in service.log), "GET /slow did not reach the application"
            code = service.stop(within=5)
            try:
                reply = pending.result()
            except ServiceError as error:
                raise AssertionError(f"SIGTERM came while GET /slow was in flight. {error}") from None
            practice.status_is(service, "GET /slow, in flight at SIGTERM,", reply, 200)
            log = service.log
            assert log.count("model closed") == 1, (
                f"close() of the model was called {log.count('model closed')} times until the exit, expected once"
            )
            assert log.index("slow done") < log.index("model closed"), (
                "the model was closed while GET /slow was in flight: requests need it to the last"
            )
            assert code == 0, f"after SIGTERM the exit code is {code}, expected 0"


check_health_ends()


### BEGIN HIDDEN TESTS
def check_health_ends_early():
    with closed_gate() as gate:
        code = f"import health, practice\napp = health.create_app(practice.load_at({str(gate)!r}))"
        with running(code, within=12) as service:
            assert wait_until(lambda: "loading begun" in service.log)
            assert service.get("/health/ready").status == 503
            assert service.stop(within=5) == 0
            assert "model closed" not in service.log


check_health_ends_early()
### END HIDDEN TESTS

# %% [markdown] hint="health"
# You need a note of where things stand (`app.state.status`: loading, ready or failed), a thread that loads and then
# changes the note, and three readers of the note: one endpoint, one middleware, and the part of the lifespan that
# follows `yield`.

# %% [markdown] hint="health"
# Start the thread in the lifespan, before `yield`, as `threading.Thread(target=load, daemon=True)`. Set
# `app.state.model` first and the note second: as soon as the note says "ready", requests use the model. An exception in
# a thread ends that thread and nothing else, so catch it there; `logging.exception("...")` writes the traceback.

# %% [markdown] hint="health"
# ```python
# @asynccontextmanager
# async def lifespan(app):
#     threading.Thread(target=load, daemon=True).start()
#     yield
#     if app.state.status == "ready":
#         app.state.model.close()
#
# app = FastAPI(lifespan=lifespan)
# app.state.status = "loading"
#
# @app.middleware("http")
# async def wait_for_model(request, call_next):
#     if app.state.status == "ready" or request.url.path.startswith("/health/"):
#         return await call_next(request)
#     return JSONResponse({"status": app.state.status}, 503, {"Retry-After": "1"})
# ```
# `load` and the two health endpoints are missing here.

# %% [markdown]
# ## Many samples in one request
#
# A van brings thirty samples, and the dispatcher asks about all of them. Thirty requests pay thirty times for the
# connection, for the JSON and for the call of the model. A model that computes with arrays needs hardly longer for
# thirty rows than for one: most of its time is overhead.

# %%
sizes = [1, 2, 4, 8, 16, 32, 64, 128, 256]
per_row = []
for size in sizes:
    rows = table[:size]
    runs = []
    for _ in range(15):
        begun = time.perf_counter()
        pipeline.predict_proba(rows)
        runs.append((time.perf_counter() - begun) / size)
    per_row.append(np.median(runs) * 1e6)
figure, axes = plt.subplots(figsize=(6, 3))
axes.loglog(sizes, per_row, "o-", color=BLUE)
axes.set_xticks(sizes, sizes)
axes.minorticks_off()
axes.set_xlabel("rows in one call of the model")
axes.set_ylabel("microseconds per row")
axes.set_title("The model's own time for a row", loc="left")
plt.show()

# %% [markdown]
# An endpoint for batches needs limits and rules, and they belong into its contract:
#
# - *How many?* Without a limit, one client with a million rows takes the memory of all. A batch that is too large is
#   refused with 413, "content too large".
# - *What if one row is bad?* Here the whole batch is refused. To answer the good rows only is possible, too, but then
#   each client must look at each row, and some will not.
# - *Which answer belongs to which row?* Same order, and the id repeated. Pairing by position is where a lost row turns
#   into wrong answers for everybody behind it.
#
# `raise HTTPException(404)` leaves an endpoint at that line, and the request is answered with status 404.

# %% [markdown]
# ## Exercise 3 · A batch endpoint
#
# Complete `add_batch(app, score, largest=64)` in `batch.py`. It adds `POST /predict/batch` to an application. The
# body is a `Batch`, which is given; to keep this exercise apart from the first one, an item carries the five features
# as plain numbers. It has none of the strict settings, because this exercise is about the batch: the text `"3"` counts
# as a number here. Leave it so.
#
# - `score(rows)` is the model: it takes a float64 NumPy array of shape `(n, 5)`, a row per item in their order, and
#   returns n probabilities, as an array of 32 or 64 bits or as a list. Call it **once** for each request.
# - Answer 200 and `{"predictions": [{"id": ..., "probability": ...}, ...]}`: one per item, in the same order, with the
#   item's id (ids may repeat).
# - More than `largest` items: 413. No items at all: 422. An item that breaks the contract: 422 for the whole batch, as
#   FastAPI does by itself. Too many items and a bad one among them: 413 or 422, either is right. `score` is never
#   called for a batch that is refused.
# - If `score` returns more or fewer numbers than rows, something is badly wrong: the answer is 500, and never a
#   list with wrong pairs. An exception that leaves your function does that.


# %% exercise="batch" difficulty=2 minutes=25 skills="design-apis"
# %%writefile batch.py
import numpy as np
from fastapi import HTTPException
from pydantic import BaseModel, Field


class Item(BaseModel):
    id: str
    values: list[float] = Field(min_length=5, max_length=5)


class Batch(BaseModel):
    items: list[Item]


def add_batch(app, score, largest=64):
    """Add POST /predict/batch, which asks the model once for all items of a request."""
    ### BEGIN SOLUTION
    @app.post("/predict/batch")
    def predict_batch(batch: Batch):
        if len(batch.items) > largest:
            raise HTTPException(413)
        if not batch.items:
            raise HTTPException(422)
        probabilities = score(np.array([item.values for item in batch.items], dtype=np.float64))
        return {
            "predictions": [
                {"id": item.id, "probability": float(probability)}
                for item, probability in zip(batch.items, probabilities, strict=True)
            ]
        }

    ### END SOLUTION


# %% check="batch-answers" points=2 hidden="a full batch, and ids that repeat"
def check_batch_answers(firsts, ids=None):
    """The stand-in for the model returns the sum of a row's five values, divided by 128, in 32 bits."""
    sent = practice.items(*firsts)
    for item, other in zip(sent, ids or []):
        item["id"] = other
    with running(practice.BATCH_SERVICE.format(options="")) as service:
        reply = service.post("/predict/batch", {"items": sent})
        call = f"POST /predict/batch with {len(sent)} items"
        practice.status_is(service, call, reply, 200, "Are the probabilities plain Python numbers?")
        expected = {"predictions": [{"id": i["id"], "probability": sum(i["values"]) / 128} for i in sent]}
        got = practice.object_of(call, reply)
        same = isinstance(got.get("predictions"), list) and sorted(map(str, got["predictions"])) == sorted(
            map(str, expected["predictions"])
        )
        think = " The order of the items counts." if same else ""
        assert got == expected, f"{call} answered {str(got)[:150]}, expected {str(expected)[:150]}.{think}"


check_batch_answers([3.0])
check_batch_answers([5.0, 1.0, 4.0, 2.0])
### BEGIN HIDDEN TESTS
check_batch_answers([float(number * 37 % 64) for number in range(64)])
check_batch_answers([9.0, 8.0, 7.0], ["same", "same", ""])
### END HIDDEN TESTS


# %% check="batch-one-call" points=2
def check_batch_one_call():
    with running(practice.BATCH_SERVICE.format(options="")) as service:
        for done, size in enumerate((30, 1, 2)):
            reply = service.post("/predict/batch", {"items": practice.items(*range(size))})
            practice.status_is(service, f"POST /predict/batch with {size} items", reply, 200)
            calls = practice.calls_of_score(service) - done
            assert calls == 1, f"a batch of {size} items called score {calls} times, expected once with all rows"
            said = f"score called with ndarray ({size}, 5)"
            assert said in service.log, f"a batch of {size}: score must be called with an array of shape ({size}, 5)"


check_batch_one_call()


# %% check="batch-refusals" points=2 hidden="other limits, at the limit and one above it, and other broken items"
def check_batch_refusals(options, cases):
    with running(practice.BATCH_SERVICE.format(options=options)) as service:
        good = 0
        for what, sent, status in cases:
            reply = service.post("/predict/batch", sent)
            practice.status_is(service, f"POST /predict/batch{options} with {what}", reply, status)
            good += status == 200
            calls = practice.calls_of_score(service)
            assert calls == good, (
                f"{good} batches of those so far were good, the last one had {what}, and score has been called {calls} "
                "times: once for each good batch, and never for one that is refused"
            )


check_batch_refusals(
    "",
    [
        ("64 items", {"items": practice.items(*range(64))}, 200),
        ("65 items", {"items": practice.items(*range(65))}, 413),
        ("no items", {"items": []}, 422),
        ("one item of four values", {"items": [*practice.items(1.0, 2.0), {"id": "x", "values": [1, 2, 3, 4]}]}, 422),
        ("an item without id", {"items": [{"values": [1, 2, 3, 4, 5]}, *practice.items(1.0)]}, 422),
    ],
)
check_batch_refusals(
    ", largest=3",
    [
        ("3 items", {"items": practice.items(1.0, 2.0, 3.0)}, 200),
        ("4 items", {"items": practice.items(1.0, 2.0, 3.0, 4.0)}, 413),
    ],
)
### BEGIN HIDDEN TESTS
check_batch_refusals(
    ", largest=1",
    [
        ("1", {"items": practice.items(1.0)}, 200),
        ("2", {"items": practice.items(1.0, 2.0)}, 413),
        ("0", {"items": []}, 422),
        ("60", {"items": practice.items(*range(60))}, 413),
    ],
)
check_batch_refusals(
    "",
    [
        ("text", {"items": [{"id": "x", "values": [1, 2, "three", 4, 5]}]}, 422),
        ("no list", {"items": practice.items(1.0)[0]}, 422),
        ("another name", {"rows": practice.items(1.0)}, 422),
        ("63", {"items": practice.items(*range(63))}, 200),
        ("200", {"items": practice.items(*range(200))}, 413),
    ],
)
### END HIDDEN TESTS


# %% check="batch-pairs" points=1
def check_batch_pairs():
    with running(practice.BATCH_SERVICE.format(options="")) as service:
        for first, what in ((99.0, "one number fewer than rows"), (98.0, "one number more than rows")):
            reply = service.post("/predict/batch", {"items": practice.items(first, 1.0, 2.0)})
            assert reply.status == 500, (
                f"score returned {what}: POST /predict/batch answered {reply.status} {reply.text[:80]}, expected 500. "
                "Which option makes zip refuse unequal lengths?"
            )
        reply = service.post("/predict/batch", {"items": practice.items(1.0)})
        practice.status_is(service, "POST /predict/batch after that", reply, 200)


check_batch_pairs()

# %% [markdown] hint="batch"
# Look at the number of items first, then build one array from all rows, call `score`, and pair items with
# probabilities.

# %% [markdown] hint="batch"
# `np.array([item.values for item in batch.items])` has shape `(n, 5)`. JSON knows no NumPy numbers: `float(p)` makes a
# plain one. `zip(a, b, strict=True)` raises `ValueError` where the lengths differ.

# %% [markdown] hint="batch"
# ```python
# @app.post("/predict/batch")
# def predict_batch(batch: Batch):
#     if len(batch.items) > largest:
#         raise HTTPException(413)
#     if not batch.items:
#         raise HTTPException(422)
#     probabilities = score(np.array([item.values for item in batch.items], dtype=np.float64))
#     ...
# ```

# %% [markdown]
# ## Bad input
#
# Every status code is a message to a program. A client that gets 4xx must change its request; one that gets 5xx may send
# it again. So to answer 500 for bad input makes clients send it again and again, and wakes up the wrong people. To
# answer 200 with an error text in the body is worse: nobody notices.
#
# | status | says |
# |---|---|
# | 400 | this is not even JSON |
# | 404, 405 | no such path; no such method here (header `Allow` names those there are) |
# | 413 | too large |
# | 422 | JSON, but not within the contract |
# | 500 | a bug of the service |
# | 503 | not now; header `Retry-After` says in how many seconds |
#
# FastAPI's own reply to invalid input repeats the input. That is bad for two reasons. The reply lands in the logs of
# other people, and here the input is about patients. And it can go wrong:

# %%
# %%writefile repeats.py
from fastapi import FastAPI
from pydantic import BaseModel, Field

app = FastAPI()


class Rain(BaseModel):
    rain_mm: float = Field(ge=0)


@app.post("/rain")
def rain(rain: Rain):
    return rain


# %%
with running("repeats:app") as service:
    print(service.post("/rain", {"rain_mm": "patient Meier, room 12"}).text)
    reply = service.post("/rain", body='{"rain_mm": NaN}')
    print(reply.status, reply.text, "<-", service.last_error)

# %% [markdown]
# The input was refused as it should be. Then the *refusal* could not be sent, because it repeats a NaN, which JSON
# does not have: 500.
#
# An **exception handler** of the application decides what a client gets to see when an exception of a certain class
# leaves an endpoint. FastAPI raises `RequestValidationError` for input outside the contract, and Starlette, the library
# below it, raises its `HTTPException` for paths and methods that do not exist. (FastAPI's own `HTTPException` is a
# subclass of it, so a handler for Starlette's gets both.) A handler for `Exception` gets all the rest; the traceback
# then goes to the log by itself.

# %%
# %%writefile handlers.py
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.responses import PlainTextResponse

app = FastAPI()


@app.exception_handler(RequestValidationError)
async def show(request, error):
    return PlainTextResponse("\n".join(f"{e['type']} at {e['loc']}" for e in error.errors()), 422)


@app.exception_handler(ZeroDivisionError)
async def divided(request, error):
    return PlainTextResponse("tried to divide by zero", 500)


@app.post("/ratio/{number}")
def ratio(number: float, rows: list[dict[str, int]]):
    return len(rows) / number


# %%
with running("handlers:app") as service:
    for path, body in [("/ratio/0", "[]"), ("/ratio/x", '[{"a": 1}, {"a": "?"}]'), ("/ratio/1", "[1, 2")]:
        print("POST", path, body, "\n  ", service.post(path, body=body).text.replace("\n", "\n   "))

# %% [markdown]
# ## Exercise 4 · Refusing bad input
#
# Complete `add_error_handlers(app, most_bytes=65_536)` in `errors.py`. Afterwards every reply of the application with
# a status of 400 or more that stems from an exception, or from a body that is too large, is JSON of this shape:
#
# ```json
# {"error": "invalid_input", "fields": ["items.1.weight"]}
# ```
#
# - `error` is the entry of `CODES` for the status, and `"error"` for a status that is not in there.
# - `fields` is empty except for invalid input: there it names each bad field once, in any order. A field's name is what
#   the error's `loc` says without its first part (`body`, `query`, `path`), joined by dots. If nothing is left,
#   because the body as a whole is wrong or missing, the name is the empty text `""`. Where a field may have
#   one of two types, pydantic reports each of them (`weight.float`, `weight.list[float]`): two names, as they come.
# - Invalid input is 422. A body that is not JSON (an error of the type `json_invalid`) is 400. Some of those, with
#   bytes that are not UTF-8 or nested too deeply, come as an `HTTPException` of status 400 instead: no extra code.
# - An `HTTPException` keeps its status and its headers, such as `Allow` and `Retry-After`.
# - Any other exception is 500. What it says stays out of the reply, and its traceback must be in the log.
# - A request whose header `Content-Length` says more than `most_bytes` is answered with 413 before its body is read.
# - No reply repeats any value of the request. (A key of an object is a name and no value: it may appear in `fields`,
#   also where the client chose it.)


# %% exercise="errors" difficulty=3 minutes=35 skills="handle-errors design-apis"
# %%writefile errors.py
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

CODES = {
    400: "not_json",
    404: "not_found",
    405: "method_not_allowed",
    413: "too_large",
    422: "invalid_input",
    500: "internal_error",
    503: "unavailable",
}


def add_error_handlers(app, most_bytes=65_536):
    """Make every refusal of an application look the same, and tell nothing that is not the client's business."""
    ### BEGIN SOLUTION
    def refusal(status, fields=(), headers=None):
        return JSONResponse({"error": CODES.get(status, "error"), "fields": list(fields)}, status, headers)

    @app.exception_handler(RequestValidationError)
    async def invalid(request, error):
        if any(problem["type"] == "json_invalid" for problem in error.errors()):
            return refusal(400)
        return refusal(422, {".".join(map(str, problem["loc"][1:])) for problem in error.errors()})

    @app.exception_handler(HTTPException)
    async def refused(request, error):
        return refusal(error.status_code, headers=error.headers)

    @app.exception_handler(Exception)
    async def crashed(request, error):
        return refusal(500)

    @app.middleware("http")
    async def limit_size(request, call_next):
        if int(request.headers.get("content-length", "0")) > most_bytes:
            return refusal(413)
        return await call_next(request)

    ### END SOLUTION


# %% check="errors-invalid" points=2 hidden="other fields, and a field with several mistakes"
def check_errors_invalid(cases):
    with running(practice.ERRORS_SERVICE.replace("{options}", "")) as service:
        good = service.post("/item", {"id": "s1", "weight": 2.5})
        practice.status_is(service, "POST /item with a good item", good, 200)
        for path, sent, fields in cases:
            call = f"POST {path} with {str(sent)[:80]}"
            reply = service.post(path, sent)
            think = "Does your reply repeat a NaN of the input?" if reply.status == 500 else ""
            practice.status_is(service, call, reply, 422, think)
            got = practice.object_of(call, reply)
            found = got.get("fields")
            listed = isinstance(found, list) and sorted(map(str, found)) == fields
            assert listed and {**got, "fields": fields} == {"error": "invalid_input", "fields": fields}, (
                f"{call} answered {reply.text[:150]}, expected {{'error': 'invalid_input', 'fields': {fields}}}"
            )


check_errors_invalid(
    [
        ("/item", {"id": 5}, ["id"]),
        ("/item", {"id": "s1", "tags": ["a", 2]}, ["tags.1"]),
        ("/items", [{"id": "s1"}, {"id": "patient-meier-room-12", "tags": "x"}], ["1.id", "1.tags"]),
        ("/items?most=many", [{"id": "s1"}], ["most"]),
        ("/item", {"id": float("nan")}, ["id"]),
        ("/item", {"weight": 1}, ["id"]),
    ]
)
### BEGIN HIDDEN TESTS
check_errors_invalid(
    [
        ("/items?most=1.5", [{"id": "s1"}, {"id": 3, "tags": [1, float("inf")]}], ["1.id", "1.tags.0", "1.tags.1", "most"]),
        ("/item", {"id": "s1", "weight": float("-inf"), "tags": float("nan")}, ["tags"]),
    ]
)


def check_errors_once():
    with running(practice.ERRORS_SERVICE.replace("{options}", "").replace("list[str] = []", "int | bool = 1")) as service:
        reply = service.post("/item", {"id": "much too long", "tags": 1})
        assert reply.json() == {"error": "invalid_input", "fields": ["id"]}
    twice = practice.ERRORS_SERVICE.replace("{options}", "").replace(
        "class Item",
        "from fastapi.exceptions import RequestValidationError\n"
        "def twice():\n"
        "    raise RequestValidationError([{'type': 'a', 'loc': ('body', 'x', 3)}, {'type': 'b', 'loc': ('body', 'x', 3)}])\n"
        "class Item",
    )
    with running(twice + "app.get('/twice')(twice)\n") as service:
        reply = service.get("/twice")
        assert (reply.status, reply.json()) == (422, {"error": "invalid_input", "fields": ["x.3"]})


check_errors_once()
### END HIDDEN TESTS


# %% check="errors-not-json" points=1
def check_errors_not_json():
    with running(practice.ERRORS_SERVICE.replace("{options}", "")) as service:
        for body in (b"{", b'{"id": "s1"', b"id=s1", b'{"id": "s1"}}', b"{'id': 's1'}"):
            reply = service.post("/item", body=body)
            call = f"POST /item with the body {body.decode()}"
            practice.status_is(service, call, reply, 400, "This is not even JSON.")
            got = practice.object_of(call, reply)
            expected = {"error": "not_json", "fields": []}
            assert got == expected, f"{call} answered {got}, expected {expected}"


check_errors_not_json()


# %% check="errors-routes" points=2
def check_errors_routes():
    with running(practice.ERRORS_SERVICE.replace("{options}", "")) as service:
        for method, path, status, error, header, value in [
            ("GET", "/nowhere", 404, "not_found", None, None),
            ("DELETE", "/item", 405, "method_not_allowed", "allow", "POST"),
            ("GET", "/raise/503", 503, "unavailable", "retry-after", "7"),
            ("GET", "/raise/413", 413, "too_large", "retry-after", "7"),
            ("GET", "/raise/409", 409, "error", "retry-after", "7"),
            ("GET", "/raise/500", 500, "internal_error", None, None),
        ]:
            call = f"{method} {path}"
            reply = service.request(method, path)
            assert reply.status == status, f"{call} answered {reply.status}, expected {status}"
            assert "secret" not in reply.text, f"{call} answered {reply.text[:100]}: an exception's text is not for clients"
            got = practice.object_of(call, reply)
            expected = {"error": error, "fields": []}
            assert got == expected, f"{call} answered {got}, expected {expected}"
            if header:
                got = reply.headers.get(header)
                assert got == value, f"{call} answered with the header {header}: {got}, expected {value}"
        wait_until(lambda: "secret-of-the-database" in service.log, 1)
        assert "secret-of-the-database" in service.log and "Traceback" in service.log, (
            "GET /raise/500 left no traceback in the log: whoever is called at night finds nothing"
        )
        practice.status_is(service, "POST /item after that", service.post("/item", {"id": "s1"}), 200)


check_errors_routes()


# %% check="errors-size" points=1 hidden="a body of exactly the limit, and one byte more"
def check_errors_size(options, most):
    start = '{"id": "s1", "tags": ["'
    with running(practice.ERRORS_SERVICE.replace("{options}", options)) as service:
        for size, status in ((most, 200), (most + 1, 413), (most * 3, 413)):
            body = start + "x" * (size - len(start) - 3) + '"]}'
            reply = service.post("/item", body=body)
            call = f"add_error_handlers(app{options}): POST /item with {size} bytes"
            practice.status_is(service, call, reply, status, f"The limit is {most} bytes.")
            if status == 413:
                got = practice.object_of(call, reply)
                expected = {"error": "too_large", "fields": []}
                assert got == expected, f"{call} answered {got}, expected {expected}"
        assert service.log.count("item taken") == 1, "a body that is too large reached the endpoint all the same"
        practice.status_is(service, "GET /nowhere, without a body,", service.get("/nowhere"), 404)


check_errors_size("", 65_536)
### BEGIN HIDDEN TESTS
check_errors_size(", most_bytes=100", 100)
### END HIDDEN TESTS


# %% check="errors-fuzz" points=2 hidden="many more broken bodies: none may be taken, and none may crash the service"
def check_errors_fuzz(seed, n):
    with running(practice.ERRORS_SERVICE.replace("{options}", "")) as service:
        for body in practice.fuzz(seed, n):
            reply = service.post("/item", body=body)
            call = f"POST /item with the body {body[:60]!r}"
            try:
                json.loads(body)
                status, error = 422, "invalid_input"
            except (ValueError, RecursionError):
                status, error = 400, "not_json"
            assert reply.status == status, f"{call} answered {reply.status}, expected {status}"
            got = practice.object_of(call, reply)
            right = got.get("error") == error and isinstance(got.get("fields"), list)
            assert right, f"{call} answered {got}: not the shape of a refusal with {error!r}"


check_errors_fuzz(1, 30)
### BEGIN HIDDEN TESTS
check_errors_fuzz(2, 66)
### END HIDDEN TESTS

# %% [markdown] hint="errors"
# Write one inner function `refusal(status, fields=(), headers=None)` that builds the reply. Then three exception
# handlers and one middleware, each of them with one or two lines, that call it.

# %% [markdown] hint="errors"
# `error.errors()` of a `RequestValidationError` is a list of dicts with `type` and `loc`; `loc` is a tuple of texts and
# numbers. An `HTTPException` has `status_code` and `headers` (which may be `None`, and `JSONResponse` accepts that).
# `request.headers.get("content-length", "0")` is text, and
# `int` makes a number of it.

# %% [markdown] hint="errors"
# ```python
# def refusal(status, fields=(), headers=None):
#     return JSONResponse({"error": CODES.get(status, "error"), "fields": list(fields)}, status, headers)
#
# @app.exception_handler(RequestValidationError)
# async def invalid(request, error):
#     if any(problem["type"] == "json_invalid" for problem in error.errors()):
#         return refusal(400)
#     return refusal(422, {".".join(map(str, problem["loc"][1:])) for problem in error.errors()})
# ```
# The handlers for `HTTPException` and `Exception` are shorter. The middleware has the shape of the one in
# `lifespan.py`.

# %% [markdown]
# This is a good place for a break.
#
# ## The same model, without scikit-learn
#
# A service that unpickles a scikit-learn pipeline needs scikit-learn, in the same version, on every machine. **ONNX** is
# a file format for models: a graph of operations with their weights. **onnxruntime** runs it, is small, fast, and does
# not know scikit-learn. `skl2onnx` translates. Three things to know:
#
# - The graph is typed. Usually its input is a matrix of 32-bit floats, `FloatTensorType([None, 5])`; `None` stands for
#   any number of rows.
# - A classifier has two outputs, `label` and `probabilities`. By default the second one is a list of dicts, which is
#   slow; the option `{"zipmap": False}` makes it an array of shape `(n, 2)`.
# - A session starts a pool of threads, one per core. A service that already answers in parallel wants one thread per
#   session: the threads of several copies would fight for the cores.

# %%
from skl2onnx import to_onnx
from skl2onnx.common.data_types import FloatTensorType
from sklearn.linear_model import LogisticRegression

small = LogisticRegression().fit(table[:500, :2], late[:500])
graph = to_onnx(small, initial_types=[("x", FloatTensorType([None, 2]))], options={"zipmap": False})
print([node.op_type for node in graph.graph.node], len(graph.SerializeToString()), "bytes")
options = onnxruntime.SessionOptions()
options.intra_op_num_threads = 1
session = onnxruntime.InferenceSession(graph.SerializeToString(), options, providers=["CPUExecutionProvider"])
outputs = session.run(["probabilities"], {"x": table[:2, :2].astype(np.float32)})
print(outputs[0], "\nscikit-learn:\n", small.predict_proba(table[:2, :2]))

# %% [markdown]
# A 32-bit float has 24 bits for its digits, about seven decimal ones. For a distance of 12.34 km that is plenty. Seconds
# since 1970 are about 1,900,000,000, and there the next 32-bit number is 128 seconds away. Whoever converts the two
# times to 32 bits *before* subtracting gets a slack that is off by up to two minutes, and this model is steep: one
# minute changes the odds by 40 %. Nothing fails, nothing is logged.

# %%
samples = courier.pickups(4000, seed=4)
exact = np.array([(s["due_at"] - s["picked_up_at"]) / 60 for s in samples])
early = np.array([(np.float32(s["due_at"]) - np.float32(s["picked_up_at"])) / 60 for s in samples])
base = np.array([[s["distance_km"], s["stops"], s["rain_mm"], s["vehicle"] == "van"] for s in samples], dtype=float)
right = pipeline.predict_proba(np.column_stack([base, exact]))[:, 1]
wrong = pipeline.predict_proba(np.column_stack([base, early]))[:, 1]

figure, axes = plt.subplots(1, 2, figsize=(9, 3.2))
axes[0].scatter(exact[:150], early[:150] - exact[:150], s=9, color=ORANGE)
axes[0].set_xlabel("slack, computed in 64 bits (minutes)")
axes[0].set_ylabel("error of 32 bits (minutes)")
axes[0].set_title("Two times, converted too early", loc="left")
axes[1].scatter(right[:400], wrong[:400], s=9, color=ORANGE)
axes[1].plot([0, 1], [0, 1], color=GREY, linewidth=1)
axes[1].set_xlabel("probability, 64 bits first")
axes[1].set_ylabel("probability, 32 bits first")
axes[1].set_title("What the dispatcher sees", loc="left")
plt.tight_layout()
plt.show()
print(f"largest error of a probability: {np.abs(right - wrong).max():.2f}")
print("decisions at a threshold of 0.3 that change:", int(((right >= 0.3) != (wrong >= 0.3)).sum()), "of", len(samples))

# %% [markdown]
# **Parity** is the proof that the exported model is the same model: run both on the same rows and compare. What remains
# is rounding, here below 1e-6. But a *decision* jumps at its threshold, and where a probability lies within rounding
# of the threshold, two correct computations may decide differently. So a parity report tells flips that rounding
# explains from flips that it does not. The first kind is nobody's fault. A single one of the second kind stops the
# release.
#
# ## Exercise 5 · Export and parity
#
# Complete `scorer.py`:
#
# - `features_of(pickups)` takes a list of dicts as in `courier.pickups` and returns a **float64** array of shape
#   `(n, 5)` in the order of `courier.FEATURES`: `van` is 1 or 0, and `slack_min` is the time from `picked_up_at` to
#   `due_at` in minutes, computed in 64 bits. No pick-ups give shape `(0, 5)`. `rain_mm` may be missing, and is 0 then.
# - `export_model(pipeline, path)` writes a fitted scikit-learn classifier, alone or at the end of a pipeline, as an
#   ONNX file. It has five features and two classes: not late is the first, late the second.
# - `Scorer(path)` loads such a file, with one thread; the file may be deleted afterwards.
#   `scorer.probabilities(features)` returns the probabilities of the second class, shape `(n,)`, for features of
#   shape `(n, 5)`, n ≥ 0. Make one session, not one for each call.
# - `parity(expected, got, threshold, tolerance=1e-5)` compares two lists of probabilities and returns a dict:
#   `max_difference`, the largest absolute difference; `flips`, how many rows are decided differently (a row is late
#   if its probability is `>= threshold`); `unexplained`, how many of the flips are in rows whose *expected*
#   probability is farther than `tolerance` from the threshold. Plain Python numbers. It raises `ValueError` if the
#   lengths differ, if there are no rows, or if any probability is NaN. (`threshold` and `tolerance` are always proper
#   numbers.)
#
# The checks allow a difference of 1e-6 in features, and of 1e-5 between the probabilities of your service and those of
# scikit-learn.


# %% exercise="onnx" difficulty=3 minutes=35 skills="export-models"
# %%writefile scorer.py
from pathlib import Path

import numpy as np
import onnxruntime
from skl2onnx import to_onnx
from skl2onnx.common.data_types import FloatTensorType


def features_of(pickups):
    """Return the features of n pick-ups in 64 bits, shape (n, 5)."""
    ### BEGIN SOLUTION
    rows = [
        (
            one["distance_km"],
            one["stops"],
            one.get("rain_mm", 0.0),
            one["vehicle"] == "van",
            (one["due_at"] - one["picked_up_at"]) / 60,
        )
        for one in pickups
    ]
    return np.array(rows, dtype=np.float64).reshape(len(rows), 5)
    ### END SOLUTION


def export_model(pipeline, path):
    """Write a fitted scikit-learn classifier of five features as an ONNX file."""
    ### BEGIN SOLUTION
    graph = to_onnx(pipeline, initial_types=[("features", FloatTensorType([None, 5]))], options={"zipmap": False})
    Path(path).write_bytes(graph.SerializeToString())
    ### END SOLUTION


class Scorer:
    """A model from an ONNX file, ready to answer."""

    def __init__(self, path):
        ### BEGIN SOLUTION
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self.session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        ### END SOLUTION

    def probabilities(self, features):
        """Return the probability of the second class, shape (n,), for features of shape (n, 5)."""
        ### BEGIN SOLUTION
        rows = np.asarray(features, dtype=np.float32)
        return self.session.run(["probabilities"], {"features": rows})[0][:, 1]
        ### END SOLUTION


def parity(expected, got, threshold, tolerance=1e-5):
    """Compare two models' probabilities for the same rows."""
    ### BEGIN SOLUTION
    expected, got = np.asarray(expected, dtype=np.float64), np.asarray(got, dtype=np.float64)
    if expected.shape != got.shape or not expected.size:
        raise ValueError("as many rows on both sides, and at least one")
    difference = np.abs(expected - got)
    if np.isnan(difference).any():
        raise ValueError("NaN is no probability")
    flipped = (expected >= threshold) != (got >= threshold)
    far = np.abs(expected - threshold) > tolerance
    return {
        "max_difference": float(difference.max()),
        "flips": int(flipped.sum()),
        "unexplained": int((flipped & far).sum()),
    }
    ### END SOLUTION


# %% check="onnx-features" points=2
def check_onnx_features():
    def sample(**changes):
        base = {"sample_id": "s", "distance_km": 2.5, "stops": 3, "rain_mm": 1.25, "vehicle": "bike"}
        return base | {"picked_up_at": 1_898_553_600.0, "due_at": 1_898_557_200.0} | changes

    late_by_a_second = sample(due_at=1_898_557_201.5, vehicle="van", distance_km=0.1)
    dry = sample(picked_up_at=1_898_553_611.25)
    del dry["rain_mm"]
    with running(practice.SCORING_SERVICE.format(file="late.joblib")) as service:
        sent = [sample(), late_by_a_second, dry]
        reply = service.post("/features", sent)
        practice.status_is(service, f"features_of({str(sent)[:80]}…)", reply, 200)
        got = reply.json()
        expected = [[2.5, 3, 1.25, 0, 60], [0.1, 3, 1.25, 1, 60.025], [2.5, 3, 0, 0, 59.8125]]
        assert got["shape"] == [3, 5] and got["dtype"] == "float64", (
            f"features_of 3 pick-ups has shape {got['shape']} and type {got['dtype']}, expected (3, 5) and float64"
        )
        for row, want, one in zip(got["rows"], expected, sent):
            close = np.allclose(row, want, rtol=0, atol=1e-6)
            coarse = abs(row[4] - want[4]) > 1e-6 and np.allclose(row[:4], want[:4], rtol=0, atol=1e-9)
            think = " Subtract the times in 64 bits; is the slack in minutes?" if coarse else ""
            assert close, f"features_of of {one} is {row}, expected {want}.{think}"
        reply = service.post("/features", [])
        practice.status_is(service, "features_of([])", reply, 200)
        assert reply.json()["shape"] == [0, 5], f"features_of([]) has shape {reply.json()['shape']}, expected (0, 5)"


check_onnx_features()


# %% check="onnx-parity" points=3 hidden="another kind of model, and a single row"
def check_onnx_parity(model, file, rows):
    joblib.dump(model, file)
    with running(practice.SCORING_SERVICE.format(file=file)) as service:
        expected = model.predict_proba(rows)[:, 1]
        reply = service.post("/score", rows.tolist())
        call = f"probabilities of {len(rows)} rows"
        practice.status_is(service, call, reply, 200)
        got = reply.json()
        assert got["shape"] == [len(rows)], f"{call} have shape {got['shape']}, expected ({len(rows)},)"
        worst = np.abs(np.array(got["probabilities"]) - expected).max()
        other = np.abs(1 - np.array(got["probabilities"]) - expected).max() < 1e-5
        think = "These are the probabilities of the first class." if other else "Is it the whole pipeline?"
        assert worst <= 1e-5, f"{call} differ by up to {worst:.2g} from scikit-learn's, allowed is 1e-5. {think}"
        reply = service.post("/score", [])
        practice.status_is(service, "probabilities of 0 rows", reply, 200)
        assert reply.json()["shape"] == [0], f"probabilities of 0 rows have shape {reply.json()['shape']}, expected (0,)"


check_onnx_parity(pipeline, "check.joblib", courier.training_table(300, seed=21)[0])


def check_onnx_service():
    sent = courier.pickups(200, seed=22)
    table = np.array(
        [[s["distance_km"], s["stops"], s["rain_mm"], s["vehicle"] == "van", (s["due_at"] - s["picked_up_at"]) / 60]
         for s in sent]
    )
    expected = pipeline.predict_proba(table)[:, 1]
    with running(practice.SCORING_SERVICE.format(file="late.joblib")) as service:
        reply = service.post("/predict", sent)
        practice.status_is(service, "POST /predict with 200 pick-ups", reply, 200)
        worst = np.abs(np.array(reply.json()["probabilities"]) - expected).max()
        assert worst <= 1e-5, (
            f"the service's probabilities for 200 pick-ups differ by up to {worst:.2g} from scikit-learn's, allowed is "
            "1e-5. Which numbers are large, and where do they become 32 bits?"
        )


check_onnx_service()
### BEGIN HIDDEN TESTS
from sklearn.ensemble import GradientBoostingClassifier as _Boosting

_table, _late = courier.training_table(400, seed=23)
check_onnx_parity(_Boosting(n_estimators=15, random_state=0).fit(_table, _late), "check-trees.joblib", _table[:50])
check_onnx_parity(courier.trained_pipeline(200, seed=24), "check-small.joblib", _table[:1])
### END HIDDEN TESTS


# %% check="onnx-session" points=1
def check_onnx_session():
    with running(practice.SCORING_SERVICE.format(file="late.joblib")) as service:
        rows = courier.training_table(3, seed=25)[0].tolist()
        for _ in range(10):
            practice.status_is(service, "probabilities of 3 rows", service.post("/score", rows), 200)
        facts = service.get("/facts").json()
        made = facts["sessions"]
        assert made == 1, f"one Scorer, asked 10 times, made {made} sessions, expected 1: loading is the slow part"
        started = facts["threads"]
        assert started <= 0, f"Scorer(path) started {started} threads, expected none: intra_op_num_threads"


check_onnx_session()


# %% check="onnx-report" points=2 hidden="other thresholds and tolerances, and a row exactly at the threshold"
def check_onnx_report(cases):
    with running(practice.SCORING_SERVICE.format(file="late.joblib")) as service:
        for expected, got, threshold, tolerance, want in cases:
            sent = {"expected": expected, "got": got, "threshold": threshold}
            sent |= {} if tolerance is None else {"tolerance": tolerance}
            call = f"parity({', '.join(f'{name}={value}' for name, value in sent.items())})"
            reply = service.post("/parity", sent)
            if want == "ValueError":
                raised = reply.status == 422 and reply.json() == {"raised": "ValueError"}
                inside = f"raised {service.last_error}" if reply.status == 500 else f"returned {reply.text[:120]}"
                assert raised, f"{call} {inside}, expected ValueError"
                continue
            practice.status_is(service, call, reply, 200, "Are all three plain Python numbers?")
            found = practice.object_of(call, reply)
            assert found.keys() == want.keys(), f"{call} returned {found}, expected the keys {sorted(want)}"
            for name, value in want.items():
                assert abs(found[name] - value) < 1e-12, f"{call}: {name} is {found[name]}, expected {value}"


check_onnx_report(
    [
        ([0.25, 0.5], [0.25, 0.5], 0.3, None, practice.report(0.0, 0, 0)),
        ([0.25, 0.5], [0.375, 0.5], 0.3, None, practice.report(0.125, 1, 1)),
        ([0.25, 0.5, 0.75], [0.3125, 0.25, 0.75], 0.5, None, practice.report(0.25, 1, 0)),
        ([0.5, 0.625, 0.75], [0.75, 0.25, 0.25], 0.5, 0.2, practice.report(0.5, 2, 1)),
        ([0.5], [0.5, 0.5], 0.5, None, "ValueError"),
        ([], [], 0.5, None, "ValueError"),
        ([0.5, float("nan")], [0.5, 0.5], 0.5, None, "ValueError"),
        ([0.5, 0.5], [float("nan"), 0.5], 0.5, None, "ValueError"),
    ]
)
### BEGIN HIDDEN TESTS
check_onnx_report(
    [
        ([0.3], [0.3 - 1e-7], 0.3, None, practice.report(0.3 - (0.3 - 1e-7), 1, 0)),
        ([0.3 + 5e-6, 0.3 + 2e-5], [0.1, 0.1], 0.3, None, practice.report(0.3 + 2e-5 - 0.1, 2, 1)),
        ([0.5, 0.5], [0.5, 0.25], 0.5, 0.0, practice.report(0.25, 1, 0)),
        ([0.75, 0.0], [0.25, 1.0], 0.5, 0.25, practice.report(1.0, 2, 1)),
        ([0.25, 0.5, 1.0], [1.0, 0.25, 0.0], 0.0, None, practice.report(1.0, 0, 0)),
        ([0.5, 0.5], [0.5], 0.5, None, "ValueError"),
        ([0.5] * 4, [0.5] * 3, 0.5, None, "ValueError"),
        ([0.25] * 6, [0.75] * 6, 0.5, None, practice.report(0.5, 6, 6)),
    ]
)
### END HIDDEN TESTS

# %% [markdown] hint="onnx"
# The cell with `small` above does all that `export_model` and `Scorer` need, for two features. For `parity`, make two
# arrays of decisions (`expected >= threshold`) and compare them with `!=`.

# %% [markdown] hint="onnx"
# Python's floats have 64 bits, and so has an array with `dtype=np.float64`: subtract there. The conversion to 32 bits
# is the last step before `session.run`. `np.array([]).reshape(0, 5)` has shape `(0, 5)`. `Path(path).write_bytes(...)`
# writes the file, and `InferenceSession(str(path), ...)` reads it.

# %% [markdown] hint="onnx"
# ```python
# graph = to_onnx(pipeline, initial_types=[("features", FloatTensorType([None, 5]))], options={"zipmap": False})
# Path(path).write_bytes(graph.SerializeToString())
#
# rows = np.asarray(features, dtype=np.float32)
# return self.session.run(["probabilities"], {"features": rows})[0][:, 1]
#
# flipped = (expected >= threshold) != (got >= threshold)
# far = np.abs(expected - threshold) > tolerance
# ```
# `flips` counts `flipped`, `unexplained` counts `flipped & far`; `int(...)` and `float(...)` make plain numbers.

# %% [markdown]
# ## Many requests at once
#
# uvicorn serves all connections from **one thread**, with an **event loop**: it does a little for one request, and when
# that one has to wait, for the network say, it goes on with another. An `async def` endpoint runs *in* the loop. It must
# give way whenever it waits, by `await`. While it computes, or calls something that waits without `await`, nobody else is
# served, the health check included.
#
# A plain `def` endpoint does not run in the loop: FastAPI hands it to a **pool of threads** (40 of them). That is right
# for blocking work such as a model. In an `async def` endpoint you do the same by hand:
# `await run_in_threadpool(function, arguments)`.
#
# Below, six requests arrive together, and each takes 0.1 seconds, once blocking the loop, once in threads.

# %%
# %%writefile loops.py
import time

from fastapi import FastAPI
from starlette.concurrency import run_in_threadpool

app = FastAPI()


@app.get("/blocks")
async def blocks():
    begun = time.time()
    time.sleep(0.1)
    return begun, time.time()


@app.get("/threads")
async def threads():
    begun = time.time()
    await run_in_threadpool(time.sleep, 0.1)
    return begun, time.time()


# %%
figure, axes = plt.subplots(1, 2, figsize=(9, 2.4), sharex=True, sharey=True)
with running("loops:app") as service:
    for ax, path, colour in zip(axes, ("/blocks", "/threads"), (ORANGE, GREEN)):
        sent = time.time()
        spans = sorted(reply.json() for reply in service.parallel([("GET", path)] * 6, at_once=6))
        for number, (begun, ended) in enumerate(spans):
            ax.barh(number, begun - sent, color="#dddddd")
            ax.barh(number, ended - begun, left=begun - sent, color=colour)
        ax.set_title(f"GET {path}", loc="left")
        ax.set_xlabel("seconds (grey: waits)")
axes[0].set_yticks(range(6), [f"request {number}" for number in range(1, 7)])
plt.tight_layout()
plt.show()

# %% [markdown]
# More threads are not the end of it. A model that computes needs processors and memory, and forty calls at a time on
# two cores only make each one slower. A service under pressure needs two limits: how many calls run **at once**, and
# how many may **wait**. What comes beyond is refused *at once* with 503 and `Retry-After`, which is called load
# shedding. Without the second limit the queue grows, every answer comes after its client has given up, and the service
# works on answers that nobody reads.
#
# `asyncio.Semaphore(n)` is a box with n tickets: `await box.acquire()` takes one or waits for one, `box.release()` puts
# it back, `box.locked()` says whether there is none just now. A ticket that is put back while somebody waits is
# promised to the first in the queue, who goes on a moment later, when the loop comes round; until then the box counts
# as locked.

# %%
import asyncio


async def visitor(name, box):
    waits = "waits" if box.locked() else "enters"
    await box.acquire()
    try:
        await asyncio.sleep(0.01)
    finally:
        box.release()
    return f"{name} {waits}"


async def five():
    box = asyncio.Semaphore(2)
    return await asyncio.gather(*(visitor(name, box) for name in "ABCDE"))


print(await five())

# %% [markdown]
# Code in the loop has one comfort: between two `await`s nobody else runs, so `count += 1` is safe there. In threads it is
# not: it reads, adds and writes, and another thread may come in between. There it takes a `threading.Lock`.
#
# ## Exercise 6 · Under pressure
#
# Complete `add_predict(app, score, at_once=4, most_waiting=16)` in `concurrency.py`. It adds two endpoints.
#
# `POST /predict` takes any JSON object, calls `score(item)` with it as a dict (a plain function that blocks), and
# answers 200 and `{"probability": <what score returned>}`.
#
# - While `score` is at work, the application answers other requests.
# - At most `at_once` calls of `score` run at the same time, and so many really do. Requests beyond wait for their turn.
#   `at_once` is a whole number from 1 to 16, well below the 40 threads of the pool (the checks use at most 8).
# - When no call is free and `most_waiting` requests wait already, the next one is refused at once: 503 with the header
#   `Retry-After: 1`. (With `most_waiting=0`, nobody ever waits.)
# - When `score` raises, the request is answered with 500 (let the exception go), and the next one gets its place.
# - Keep nothing of a request that has been answered, so that memory does not grow.
#
# `GET /stats` answers `{"served": ..., "running": ..., "waiting": ...}`: how many requests have been answered with 200
# so far, how many are in `score`, and how many wait. The numbers are exact, however many requests come at once. (A
# request that has been given its turn but has not gone on yet may still count as waiting. `score` returns a finite
# number or raises, so whoever has a number will be answered with 200.)


# %% exercise="concurrency" difficulty=4 minutes=40 skills="serve-concurrently"
# %%writefile concurrency.py
import asyncio
import threading

from fastapi import HTTPException
from starlette.concurrency import run_in_threadpool


def add_predict(app, score, at_once=4, most_waiting=16):
    """Add POST /predict, which shares out few calls of a blocking model among many requests; and GET /stats."""
    ### BEGIN SOLUTION
    tickets = asyncio.Semaphore(at_once)
    stats = {"served": 0, "running": 0, "waiting": 0}

    @app.post("/predict")
    async def predict(item: dict):
        if tickets.locked() and stats["waiting"] >= most_waiting:
            raise HTTPException(503, headers={"Retry-After": "1"})
        stats["waiting"] += 1
        await tickets.acquire()
        stats["waiting"] -= 1
        stats["running"] += 1
        try:
            probability = await run_in_threadpool(score, item)
        finally:
            stats["running"] -= 1
            tickets.release()
        stats["served"] += 1
        return {"probability": probability}

    @app.get("/stats")
    async def read_stats():
        return stats

    ### END SOLUTION


# %% check="concurrency-loop" points=2
def check_concurrency_loop():
    with running(practice.GATED_SERVICE.format(options="")) as service:
        got = practice.object_of("GET /stats", service.get("/stats"))
        expected = {"served": 0, "running": 0, "waiting": 0}
        assert got == expected, f"GET /stats at the start answered {got}, expected {expected}"
        pending = service.begin("POST", "/predict", {"x": 250})
        at_work = wait_until(lambda: practice.ask_while_busy(service, "/gate")["now"] == 1)
        assert at_work, "5 s after POST /predict, score had not been called"
        got, expected = practice.ask_while_busy(service, "/stats"), {"served": 0, "running": 1, "waiting": 0}
        assert got == expected, f"GET /stats while one call of score is at work answered {got}, expected {expected}"
        service.post("/gate/open")
        reply = pending.result()
        practice.status_is(service, "POST /predict with {'x': 250}", reply, 200)
        assert reply.json() == {"probability": 0.25}, (
            f"POST /predict with {{'x': 250}} answered {reply.text}, expected {{'probability': 0.25}}"
        )
        got, expected = service.get("/stats").json(), {"served": 1, "running": 0, "waiting": 0}
        assert got == expected, f"GET /stats after one answer is {got}, expected {expected}"


check_concurrency_loop()


# %% check="concurrency-at-once" points=2 hidden="other numbers of calls at once"
def check_concurrency_at_once(options, at_once, n):
    with running(practice.GATED_SERVICE.format(options=options)) as service:
        call = f"{n} requests, add_predict(app, score{options})"
        pending = [service.begin("POST", "/predict", {"x": number}, timeout=20) for number in range(n)]
        expected = {"served": 0, "running": at_once, "waiting": n - at_once}
        settled = wait_until(lambda: practice.ask_while_busy(service, "/stats") == expected, 3)
        wait_until(lambda: practice.ask_while_busy(service, "/gate")["now"] == at_once, 1)
        gate = practice.ask_while_busy(service, "/gate")
        assert gate["now"] == at_once, f"{call}: {gate['now']} calls of score run at once, expected {at_once}"
        got = practice.ask_while_busy(service, "/stats")
        assert settled, f"{call}: GET /stats answered {got}, expected {expected}"
        service.post("/gate/open")
        for number, one in enumerate(pending):
            reply = one.result()
            practice.status_is(service, call, reply, 200)
            got = reply.json()
            assert got == {"probability": number / 1000}, f"{call}: the one with x={number} was answered {got}"
        most = service.get("/gate").json()["most"]
        assert most == at_once, f"{call}: up to {most} calls of score ran at once, expected {at_once}"
        got, expected = service.get("/stats").json(), {"served": n, "running": 0, "waiting": 0}
        assert got == expected, f"{call}, all answered: GET /stats is {got}, expected {expected}"


check_concurrency_at_once("", 4, 7)
### BEGIN HIDDEN TESTS
check_concurrency_at_once(", at_once=1", 1, 3)
check_concurrency_at_once(", at_once=6", 6, 8)
### END HIDDEN TESTS


# %% check="concurrency-full" points=2 hidden="no waiting at all, and a service that was full and is free again"
def check_concurrency_full(at_once, most_waiting):
    options = f", at_once={at_once}, most_waiting={most_waiting}"
    with running(practice.GATED_SERVICE.format(options=options)) as service:
        room = at_once + most_waiting
        call = f"add_predict(app, score{options})"
        pending = [service.begin("POST", "/predict", {"x": number}, timeout=20) for number in range(room)]
        expected = {"served": 0, "running": at_once, "waiting": most_waiting}
        settled = wait_until(lambda: practice.ask_while_busy(service, "/stats") == expected, 3)
        got = practice.ask_while_busy(service, "/stats")
        assert settled, f"{call}, {room} requests: GET /stats answered {got}, expected {expected}"
        for _ in range(2):
            try:
                reply = service.post("/predict", {"x": 1}, timeout=3)
            except ServiceError:
                raise AssertionError(
                    f"{call}: {room} requests run or wait, and one more got no answer within 3 s. Refuse it at once."
                ) from None
            practice.status_is(service, f"{call}: one request more than there is room for", reply, 503)
            wait = reply.headers.get("retry-after")
            assert wait == "1", f"{call}: the refusal has the header Retry-After {wait!r}, expected '1'"
        service.post("/gate/open")
        for one in pending:
            practice.status_is(service, f"{call}: a request that there was room for", one.result(), 200)
        reply = service.post("/predict", {"x": 500})
        practice.status_is(service, f"{call}: a request after the rush", reply, 200)
        got, expected = service.get("/stats").json(), {"served": room + 1, "running": 0, "waiting": 0}
        assert got == expected, f"{call}, after the rush: GET /stats is {got}, expected {expected}"


check_concurrency_full(2, 3)
### BEGIN HIDDEN TESTS
check_concurrency_full(1, 0)
check_concurrency_full(3, 1)
### END HIDDEN TESTS


# %% check="concurrency-errors" points=2
def check_concurrency_errors():
    with running(practice.GATED_SERVICE.format(options=", at_once=1, most_waiting=2")) as service:
        service.post("/gate/open")
        for _ in range(4):
            try:
                reply = service.post("/predict", {"x": 1, "fail": True}, timeout=4)
            except ServiceError as error:
                raise AssertionError(f"{error}\nscore raised before. Was its place given back?") from None
            assert reply.status == 500, f"score raised: POST /predict answered {reply.status}, expected 500"
        got, expected = service.get("/stats").json(), {"served": 0, "running": 0, "waiting": 0}
        assert got == expected, f"after 4 requests that failed GET /stats is {got}, expected {expected}"
        reply = service.post("/predict", {"x": 750}, timeout=4)
        practice.status_is(service, "POST /predict after 4 that failed", reply, 200)


check_concurrency_errors()


# %% check="concurrency-load" points=2
def check_concurrency_load():
    yours = "import practice\nfrom concurrency import add_predict as add\n"
    blocking = "import practice\nfrom practice import add_blocking_predict as add\n"
    requests = [("POST", "/predict", {"x": number}) for number in range(8)]
    ratios = []
    with (
        running(yours + "app = practice.sleeping_app(add, 0.05, at_once=8)") as service,
        running(blocking + "app = practice.sleeping_app(add, 0.05)") as reference,
    ):
        while len(ratios) < 3 and (not ratios or ratios[-1] > 0.5):
            seconds = []
            for one in (service, reference):
                begun = time.perf_counter()
                replies = one.parallel(requests, at_once=8)
                seconds.append(time.perf_counter() - begun)
                for number, reply in enumerate(replies):
                    practice.status_is(one, "POST /predict, 8 at once,", reply, 200)
                    assert reply.json() == {"probability": number / 1000}, "an answer went to the wrong request"
            ratios.append(seconds[0] / seconds[1])
        assert ratios[-1] <= 0.5, (
            f"8 requests at once with at_once=8 took {min(ratios):.2f} times as long as in a service that blocks its "
            "event loop, in the best of 3 tries; allowed is 0.5. Do the calls of score really overlap?"
        )
        replies = service.parallel([("POST", "/predict", {"x": number}) for number in range(100)], at_once=10)
        for number, reply in enumerate(replies):
            practice.status_is(service, "POST /predict, 10 at once,", reply, 200)
            assert reply.json() == {"probability": number / 1000}, "an answer went to the wrong request"
        served = service.get("/stats").json()["served"] - 8 * len(ratios)
        assert served == 100, f"100 requests, 10 at a time, all answered with 200: GET /stats counts {served}"


check_concurrency_load()


# %% check="concurrency-memory" points=1
def check_concurrency_memory():
    code = "import practice\nfrom concurrency import add_predict\napp = practice.sleeping_app(add_predict, 0)"
    with running(code) as service:
        body = {"x": 1, "note": "n" * 200_000}

        def send(n):
            for reply in service.parallel([("POST", "/predict", body)] * n, at_once=4):
                practice.status_is(service, "POST /predict with 200 kB", reply, 200)

        send(30)
        before = service.memory_mb()
        send(100)
        grown = service.memory_mb() - before
        assert grown < 10, (
            f"100 requests of 0.2 MB each made the service {grown:.0f} MiB larger, allowed is 10. What does it keep?"
        )


check_concurrency_memory()

# %% [markdown] hint="concurrency"
# Write an `async def` endpoint: then all counting happens in the event loop, where no lock is needed, and only `score`
# itself goes to a thread. A semaphore with `at_once` tickets limits the calls.

# %% [markdown] hint="concurrency"
# First the refusal: `tickets.locked()` and as many waiting as may wait. Then count yourself as waiting, acquire a
# ticket, and count yourself as running. `await run_in_threadpool(score, item)` belongs into a `try`, and what must
# happen in any case into its `finally`. "Served" is counted after that, where only those arrive that did not fail.

# %% [markdown] hint="concurrency"
# ```python
# if tickets.locked() and stats["waiting"] >= most_waiting:
#     raise HTTPException(503, headers={"Retry-After": "1"})
# stats["waiting"] += 1
# await tickets.acquire()
# stats["waiting"] -= 1
# stats["running"] += 1
# try:
#     probability = await run_in_threadpool(score, item)
# finally:
#     ...
# ```

# %% [markdown]
# ## How slow is slow?
#
# The **latency** of a request is the time from sending it to having the answer. Ask for "the" latency and you get a
# mean, and a mean hides what people suffer from. Below, most requests sleep for 2 milliseconds and one in twelve for
# 60; each takes at least that long, and a little more for the way there and back.
#
# The **p95**, the 95th percentile, is the time within which 95 of 100 requests are answered. **p50** is the median.
# Promises are made in percentiles: "p95 below 100 ms". And p95 concerns more people than it seems: a page that asks
# your service ten times is hit by its slowest twentieth in four visits of ten (1 - 0.95 ** 10).

# %%
# %%writefile uneven.py
import time

from fastapi import FastAPI

app = FastAPI()
asked = []


@app.get("/predict")
def predict():
    asked.append(1)
    time.sleep(0.06 if len(asked) % 12 == 0 else 0.002)


# %%
with running("uneven:app") as service:
    service.get("/predict")  # the first request of a process is always slower
    milliseconds = np.array([service.get("/predict").seconds for _ in range(84)]) * 1000
figure, axes = plt.subplots(figsize=(7, 2.8))
axes.hist(milliseconds, bins=np.arange(0, 75, 1.5), color=BLUE)
marks = [
    ("p50", np.percentile(milliseconds, 50), GREEN, 0.9),
    ("mean", milliseconds.mean(), GREY, 0.75),
    ("p95", np.percentile(milliseconds, 95), ORANGE, 0.9),
]
for name, at, colour, height in marks:
    axes.axvline(at, color=colour, linestyle="--")
    axes.text(at + 0.8, height, f"{name} {at:.0f} ms", color=colour, transform=axes.get_xaxis_transform())
axes.set_xlabel("latency of a request (ms)")
axes.set_ylabel("requests")
axes.set_title("The mean hides the slow twelfth", loc="left")
plt.show()

# %% [markdown]
# There are several definitions of a percentile. The **nearest rank** is the simplest: sort the n values; the answer is
# the one at position ⌈percent · n / 100⌉, counted from 1. It is always a latency that really occurred.
#
# Measuring belongs into the service, for every request, and a service runs for months. So: keep the last N values only,
# not all. And count by *route*, `/samples/{id}`, not by path: `/samples/1`, `/samples/2`, … would make a new entry for
# each sample, which is a slow leak, and one that anybody on the network can speed up. After a request has been routed,
# `request.scope["route"].path` is the route's pattern; for a path that does not exist there is no `"route"`.

# %%
# %%writefile routes.py
from collections import deque

from fastapi import FastAPI

app = FastAPI()
last = deque(maxlen=3)  # keeps the last three, and forgets what came before


@app.middleware("http")
async def note(request, call_next):
    response = await call_next(request)
    route = request.scope.get("route")
    last.append((request.url.path, route.path if route else None, response.status_code))
    return response


@app.get("/samples/{name}")
async def sample(name: str):
    return name


@app.get("/last")
async def show():
    return list(last)


# %%
with running("routes:app") as service:
    for path in ("/samples/1", "/samples/2", "/nowhere", "/samples/3"):
        service.get(path)
    print(service.get("/last").json())

# %% [markdown]
# ## Exercise 7 · Percentiles
#
# Complete `latency.py`:
#
# - `nearest_rank(values, percent)` returns the percentile of a sequence of numbers by the nearest rank; `percent` is
#   always a whole number. No values, or a percent below 1 or above 100: `ValueError`. The values stay as they are.
#   Mind the rounding: `0.07 * 100` is a little more than 7 in floating-point numbers.
# - `add_metrics(app, window=1000, clock=time.perf_counter)` measures every request to an application, by `clock()`
#   (seconds) before and after it, and adds `GET /metrics`. That answers with an object that has one entry for each
#   route that was requested so far, by its pattern, such as `"/samples/{name}"`:
#
#   `{"count": 120, "errors": 3, "p50_ms": 2.1, "p95_ms": 61.0}`
#
#   `count` is how many requests there were in all, and `errors` how many of them were answered with a status of 500 or
#   more, or ended in an exception. The percentiles are those of the last `window` requests of that route, in
#   milliseconds. A request ends when `call_next` returns or raises; what a streaming answer sends later is left out.
# - Requests without a route are counted together under `"other"`: those to paths that do not exist, and those that
#   another middleware refused before they were routed (413 for size, 503 while the model loads), even if their path
#   exists. Requests to `/metrics` are not counted.
# - An exception of an endpoint passes through unchanged; the request counts, also its time.
# - Measuring must be cheap: p50 and p95 of a small service with your metrics are at most 3 times those of the same
#   service without, measured side by side in the same run (the best of three tries).


# %% exercise="latency" difficulty=3 minutes=35 skills="measure-latency"
# %%writefile latency.py
import time
from collections import deque


def nearest_rank(values, percent):
    """Return the smallest of the values that is at least as large as so many percent of them."""
    ### BEGIN SOLUTION
    if not len(values) or percent not in range(1, 101):
        raise ValueError("at least one value, and a percent from 1 to 100")
    return sorted(values)[-(-percent * len(values) // 100) - 1]
    ### END SOLUTION


def add_metrics(app, window=1000, clock=time.perf_counter):
    """Measure the latency of every request, and add GET /metrics."""
    ### BEGIN SOLUTION
    routes = {}

    def note(scope, seconds, failed):
        route = scope.get("route")
        path = route.path if route else "other"
        if path == "/metrics":
            return
        entry = routes.setdefault(path, {"count": 0, "errors": 0, "last": deque(maxlen=window)})
        entry["count"] += 1
        entry["errors"] += failed
        entry["last"].append(1000 * seconds)

    @app.middleware("http")
    async def measure(request, call_next):
        begun, failed = clock(), True
        try:
            response = await call_next(request)
            failed = response.status_code >= 500
            return response
        finally:
            note(request.scope, clock() - begun, failed)

    @app.get("/metrics")
    async def metrics():
        return {
            path: {
                "count": entry["count"],
                "errors": entry["errors"],
                "p50_ms": nearest_rank(entry["last"], 50),
                "p95_ms": nearest_rank(entry["last"], 95),
            }
            for path, entry in routes.items()
        }

    ### END SOLUTION


# %% check="latency-rank" points=2 hidden="more percents of a hundred values, and other numbers of values"
def check_latency_rank(cases):
    with running(practice.RANK_SERVICE) as service:
        for values, percent, expected in cases:
            reply = service.post(f"/rank?percent={percent}", values)
            call = f"nearest_rank({str(values)[:50]}, {percent})"
            if reply.status == 500:
                practice.status_is(service, call, reply, 200)
            got = practice.object_of(call, reply)
            assert got["rank"] == expected, f"{call}, of {len(values)} values, is {got['rank']}, expected {expected}"
            assert got.get("unchanged", True), f"{call} changed the order of the values that it was given"


check_latency_rank(
    [
        ([30.0, 10.0, 20.0], 50, 20.0),
        ([30.0, 10.0, 20.0], 95, 30.0),
        ([30.0, 10.0, 20.0, 40.0], 50, 20.0),
        ([30.0, 10.0, 20.0, 40.0], 51, 30.0),
        ([5.0], 1, 5.0),
        ([3.0, 1.0], 100, 3.0),
        ([], 50, "ValueError"),
        ([1.0], 0, "ValueError"),
        ([1.0], 101, "ValueError"),
        ([float(number) for number in range(1, 101)], 7, 7.0),
    ]
)
### BEGIN HIDDEN TESTS
check_latency_rank(
    [([float(n * 37 % 101) for n in range(1, 101)], percent, float(percent))
     for percent in (1, 2, 7, 14, 28, 29, 50, 55, 56, 57, 58, 95, 99, 100)]
    + [([float(n) for n in range(200, 0, -1)], 29, 58.0), ([1.0, 2.0], 50, 1.0), ([1.0, 1.0, 9.0], 66, 1.0)]
    + [([1.0, 1.0, 9.0], 67, 9.0), ([], 100, "ValueError"), ([1.0, 2.0], -5, "ValueError"), ([4.0, 4.0], 1, 4.0)]
    + [([1.0, 2.0], 1000, "ValueError")]
)
### END HIDDEN TESTS


# %% check="latency-metrics" points=3 hidden="several routes, and endpoints that crash"
def check_latency_metrics():
    with running(practice.TIMED_SERVICE.format(options="")) as service:
        got = practice.metrics_of(service)
        assert got == {}, f"GET /metrics before any other request answered {got}, expected {{}}"
        for milliseconds in [2] * 18 + [60, 80]:
            service.get(f"/take/{milliseconds}")
        got, expected = practice.metrics_of(service), {"/take/{milliseconds}": practice.entry(20, 0, 2.0, 60.0)}
        think = ""
        if "/take/2" in got:
            think = " Count by the route's pattern, not by the path."
        elif got.get("/take/{milliseconds}", {}).get("p50_ms") == round((36 + 140) / 20, 6):
            think = " That is the mean."
        practice.same_metrics("18 requests of 2 ms, one of 60 and one of 80", got, expected, think)
        got = practice.metrics_of(service)
        practice.same_metrics("GET /metrics a second time", got, expected, " It does not count itself.")


check_latency_metrics()


def check_latency_errors():
    with running(practice.TIMED_SERVICE.format(options="")) as service:
        for path in ("/take/5", "/refuse/9", "/refuse/10", "/nowhere", "/somewhere", "/take/many"):
            service.get(path)
        got = practice.metrics_of(service)
        other = got.pop("other", None)
        expected = {"/take/{milliseconds}": practice.entry(2, 0, 0.0, 5.0), "/refuse/{milliseconds}": practice.entry(2, 2, 9.0, 10.0)}
        practice.same_metrics("/take: 200 in 5 ms, 422 in 0 ms; /refuse: 503 in 9 and in 10 ms", got, expected)
        assert other == practice.entry(2, 0, 0.0, 0.0), f"two paths that do not exist: 'other' is {other}, expected a count of 2"
        for status in (500, 499, 501, 404):
            service.get(f"/answer/{status}")
        got = {path: one for path, one in practice.metrics_of(service).items() if path.startswith("/answer")}
        expected = {"/answer/{status}": practice.entry(4, 2, 0.0, 0.0)}
        practice.same_metrics("answers with 500, 499, 501 and 404", got, expected)


check_latency_errors()


### BEGIN HIDDEN TESTS
def check_latency_crash():
    with running(practice.TIMED_SERVICE.format(options="")) as service:
        assert [service.get("/crash").status for _ in range(3)] == [500, 500, 500]
        assert service.last_error.startswith("RuntimeError: crash")
        service.get("/take/1")
        expected = {"/crash": practice.entry(3, 3, 7.0, 7.0), "/take/{milliseconds}": practice.entry(1, 0, 1.0, 1.0)}
        assert practice.metrics_of(service) == expected
        service.get("/crash")
        service.get("/take/3")
        expected = {"/crash": practice.entry(4, 4, 7.0, 7.0), "/take/{milliseconds}": practice.entry(2, 0, 1.0, 3.0)}
        assert practice.metrics_of(service) == expected


check_latency_crash()
### END HIDDEN TESTS


# %% check="latency-window" points=2
def check_latency_window():
    with running(practice.TIMED_SERVICE.format(options=", window=10")) as service:
        for milliseconds in [500] * 30 + [4] * 9 + [6]:
            service.get(f"/take/{milliseconds}")
        got, expected = practice.metrics_of(service), {"/take/{milliseconds}": practice.entry(40, 0, 4.0, 6.0)}
        think = " The percentiles are those of the last 10, the count is that of all."
        practice.same_metrics("window=10, 30 requests of 500 ms, then 9 of 4 and one of 6", got, expected, think)
        service.get("/refuse/70")
        got = practice.metrics_of(service).get("/take/{milliseconds}")
        assert got == practice.entry(40, 0, 4.0, 6.0), f"after a request to another route: {got}, expected no change here"


check_latency_window()


# %% check="latency-cost" points=2
def check_latency_cost():
    plain = "import practice\napp = practice.plain_app()"
    measured = "import practice\nfrom latency import add_metrics\napp = practice.plain_app(add_metrics)"
    with running(plain) as reference, running(measured) as service:
        for one in (reference, service):
            practice.status_is(one, "GET /plain", one.get("/plain"), 200)
        ratios = []
        while len(ratios) < 3 and (not ratios or max(ratios[-1]) > 3):
            times = [[], []]
            for _ in range(60):  # in turns, so that whatever else this machine does hits both
                for one, seconds in zip((reference, service), times):
                    seconds.append(one.get("/plain").seconds)
            ratios.append([np.percentile(times[1], q) / np.percentile(times[0], q) for q in (50, 95)])
        p50, p95 = min(ratios, key=max)
        assert max(p50, p95) <= 3, (
            f"with your metrics a request takes {p50:.1f} times as long in the median and {p95:.1f} times in the p95, "
            "in the best of 3 tries; allowed is 3. What do you do for each request that could be done once?"
        )
        count = practice.metrics_of(service).get("/plain", {}).get("count")
        assert count == 60 * len(ratios) + 1, f"GET /metrics counts {count} requests, expected {60 * len(ratios) + 1}"


check_latency_cost()

# %% [markdown] hint="latency"
# Keep one entry per route: two counters and a `deque(maxlen=window)`. The middleware writes into it, `/metrics` reads.
# For the rank, compute with whole numbers only.

# %% [markdown] hint="latency"
# `-(-a // b)` is a divided by b, rounded up, in whole numbers. In the middleware, `try: ... finally: ...` measures
# requests that end in an exception, too; note before `call_next` that the request failed, and change the note when
# there is a response.

# %% [markdown] hint="latency"
# ```python
# @app.middleware("http")
# async def measure(request, call_next):
#     begun, failed = clock(), True
#     try:
#         response = await call_next(request)
#         failed = response.status_code >= 500
#         return response
#     finally:
#         note(request.scope, clock() - begun, failed)
# ```
# `note` finds or makes the entry: `routes.setdefault(path, {...})`. The rank is
# `sorted(values)[-(-percent * len(values) // 100) - 1]`.

# %% [markdown]
# ## All seven together
#
# This is the laboratory's service, from your own files. The order matters: what is added last to an
# application sees a request first, so the metrics measure the refusals, too. The 422 of `/risk` is counted for that
# route, while a body that is too large would be counted under `"other"`, for it is refused before it is routed.
#
# Do not be alarmed by `/health/ready` in the output: its p50 may be some hundreds of milliseconds. It is asked mostly
# while the model is trained and exported, in a thread of the same process, and the two share one Python.

# %%
# %%writefile service.py
import courier
from batch import add_batch
from concurrency import add_predict
from errors import add_error_handlers
from health import create_app
from latency import add_metrics
from schema import Pickup, Risk
from scorer import Scorer, export_model, features_of


class Model(Scorer):
    def close(self):
        print("model closed")


def load_model():
    export_model(courier.trained_pipeline(), "late.onnx")
    return Model("late.onnx")


def risk_of(item):
    probability = float(app.state.model.probabilities(features_of([item]))[0])
    return Risk(sample_id=item["sample_id"], probability=probability, late=probability >= 0.3, model="2030-03")


app = create_app(load_model)
add_predict(app, lambda item: float(app.state.model.probabilities(features_of([item]))[0]))
add_batch(app, lambda rows: app.state.model.probabilities(rows))


@app.post("/risk")
def risk(pickup: Pickup) -> Risk:
    return risk_of(pickup.model_dump())


add_error_handlers(app)
add_metrics(app)


# %%
with once_solved("all seven exercises"), running("service:app", ready="/health/ready") as service:
    samples = courier.pickups(60, seed=5)
    for sample in samples[:2]:
        print(service.post("/risk", sample).text)
    print(service.post("/risk", samples[0] | {"vehicle": "drone", "rain_mm": float("nan")}).text)
    replies = service.parallel([("POST", "/predict", sample) for sample in samples], at_once=8)
    got = [reply.json()["probability"] for reply in replies]
    rows = np.array(
        [[s["distance_km"], s["stops"], s["rain_mm"], s["vehicle"] == "van", (s["due_at"] - s["picked_up_at"]) / 60]
         for s in samples]
    )
    print("largest distance to scikit-learn:", np.abs(got - pipeline.predict_proba(rows)[:, 1]).max())
    for path, numbers in service.get("/metrics").json().items():
        print(f"{path:16}", numbers)
    print("exit code", service.stop(), "-", "model closed" in service.log)

# %% [markdown]
# ## What goes wrong in production
#
# **The service that will not go.** Somebody wants to "handle signals properly" and takes SIGTERM away from uvicorn. The
# cluster waits for its patience to run out, then kills: requests in flight are lost, at every release.

# %%
# %%writefile stubborn.py
import signal

from fastapi import FastAPI

app = FastAPI()
signal.signal(signal.SIGTERM, lambda *_: print("noted, thank you"))

# %%
with running("stubborn:app") as service:
    try:
        print("exit code", service.stop(within=1))
    except ServiceError as error:
        print(error)

# %% [markdown]
# **The cache that never forgets.** `lru_cache(maxsize=None)` on a function of the request is a leak with a good name:
# every request differs. The process grows until the system ends it, some days after each release, always at peak time.
# Below, each note has 30 kB and so has its result, and the cache keeps both: expect about 2.3 MiB more for every 40
# requests, for ever. (The system hands out memory in larger pieces, so single lines may differ.)

# %%
# %%writefile cached.py
from functools import lru_cache

from fastapi import FastAPI

app = FastAPI()


@lru_cache(maxsize=None)
def expensive(note):
    return len(note) * note[:1]


@app.post("/note")
def note(note: str):
    return len(expensive(note))


# %%
with running("cached:app") as service:
    service.post("/note?note=x")
    before = service.memory_mb()
    for number in range(4):
        for request in range(40):
            service.post(f"/note?note={number * 40 + request}{'x' * 30_000}")
        print(f"after {40 * (number + 1)} requests: {service.memory_mb() - before:4.1f} MiB more")

# %% [markdown]
# Where clients repeat themselves, a cache with a limit (`maxsize=1000`) is fine. Measure memory over a long run before
# a release; the check of exercise 6 is a short version of it.
#
# **The friendly 200.** An endpoint catches every exception and answers `{"error": "..."}` with status 200. Dashboards
# stay green, clients store the error as a result, and nobody is called. The status code *is* the message.
#
# Two more, without a demonstration. A limit on `Content-Length` does not stop a client that sends its body in chunks
# without saying how long it is; the server in front of your service (nginx, a cloud's load balancer) has limits for
# both. And percentiles cannot be averaged: the p95 of four copies is not the mean of their four p95s. Send counts per
# range of latency, a histogram, and add those up; lesson 6-4 does that.
#
# ## Recap
#
# You can now put a model behind an API that states its contract, tells live from ready, ends cleanly, refuses what is
# not within the contract, computes the same as the notebook, and keeps answering under pressure; and you can show it
# with measurements. A job advertisement calls this "deploying models as REST services", and "production experience" means
# to have met the failures above.
#
# Three questions to test yourself (answers below):
#
# 1. A copy of the service has lost its connection to the database that it needs for each answer. Live? Ready?
# 2. An `async def` endpoint takes 80 ms of pure computation, and the p95 is fine at one request per second. What do you
#    expect at fifteen?
# 3. The exported model differs from the original by at most 3e-7, and two of a million decisions differ. May it go live?
#
# <details><summary>Answers</summary>
#
# 1. Live, for a restart would not bring the database back; not ready, so that requests go to other copies.
# 2. Collapse: fifteen times 80 ms are 1.2 seconds of work per second in a single thread, so the queue grows without
#    end, and health checks wait in it.
# 3. Look at the two: if their expected probability lies within 3e-7 of the threshold, rounding explains them. If one
#    does not, the largest difference cannot be 3e-7, so something in the comparison is wrong.
#
# </details>
#
# Further reading:
#
# - *Release It!*, by Michael Nygard, on stability: timeouts, shedding load, failing fast
# - *Site Reliability Engineering*, chapters on service level objectives and on overload, edited by Betsy Beyer, Chris
#   Jones, Jennifer Petoff and Niall Richard Murphy
# - *The Tail at Scale*, by Jeffrey Dean and Luiz André Barroso
# - The FastAPI documentation, *Concurrency and async / await*, by Sebastián Ramírez and contributors
