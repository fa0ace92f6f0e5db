# %% [markdown]
# Exercise 1, the schema


# %% right="schema" name="strict types one by one, and a check of the times in a field validator"
# %%writefile schema.py
from typing import Annotated, Literal

from pydantic import BaseModel, Field, StrictBool, StrictFloat, StrictInt, StrictStr, field_validator


class Pickup(BaseModel, extra="forbid"):
    sample_id: Annotated[StrictStr, Field(min_length=1, max_length=40)]
    distance_km: Annotated[StrictFloat, Field(gt=0.0, le=100.0)]
    stops: Annotated[StrictInt, Field(ge=0, le=30)]
    rain_mm: Annotated[StrictFloat, Field(ge=0.0, le=200.0)] = 0.0
    vehicle: Literal["bike", "van"]
    picked_up_at: Annotated[StrictFloat, Field(ge=0.0, allow_inf_nan=False)]
    due_at: Annotated[StrictFloat, Field(ge=0.0, allow_inf_nan=False)]

    @field_validator("due_at")
    @classmethod
    def later(cls, value, info):
        if "picked_up_at" in info.data and not value > info.data["picked_up_at"]:
            raise ValueError("due before it was picked up")
        return value


class Risk(BaseModel, extra="forbid"):
    sample_id: StrictStr
    probability: Annotated[StrictFloat, Field(ge=0.0, le=1.0)]
    late: StrictBool
    model: Annotated[StrictStr, Field(min_length=1)]


# %% right="schema" name="a common base class, and rules in plain Python"
# %%writefile schema.py
import math

from pydantic import BaseModel, ConfigDict, model_validator


class Contract(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class Pickup(Contract):
    sample_id: str
    distance_km: float
    stops: int
    rain_mm: float = 0.0
    vehicle: str
    picked_up_at: float
    due_at: float

    @model_validator(mode="wrap")
    @classmethod
    def rules(cls, data, handler):
        from pydantic_core import InitErrorDetails, PydanticCustomError, ValidationError

        pickup = handler(data)
        good = {
            "sample_id": 1 <= len(pickup.sample_id) <= 40,
            "distance_km": 0 < pickup.distance_km <= 100,
            "stops": pickup.stops in range(31),
            "rain_mm": 0 <= pickup.rain_mm <= 200,
            "vehicle": pickup.vehicle in {"bike", "van"},
            "picked_up_at": 0 <= pickup.picked_up_at < math.inf,
            "due_at": pickup.picked_up_at < pickup.due_at < math.inf,
        }
        bad = [
            InitErrorDetails(type=PydanticCustomError("limit", "outside its limits"), loc=(name,), input=None)
            for name, holds in good.items()
            if not holds
        ]
        if bad:
            raise ValidationError.from_exception_data("Pickup", bad)
        return pickup


class Risk(Contract):
    sample_id: str
    probability: float
    late: bool
    model: str

    @model_validator(mode="after")
    def rules(self):
        if not 0 <= self.probability <= 1 or not self.model:
            raise ValueError("outside its limits")
        return self


# %% wrong="schema" name="converts text and true to numbers" fails="schema-types schema-risk"
# %%writefile schema.py
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator


class Pickup(BaseModel):
    """One blood sample on its way to the laboratory, as a client sends it."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

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



class Risk(BaseModel):
    """What the service answers about one sample."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    sample_id: str
    probability: float = Field(ge=0, le=1)
    late: bool
    model: str = Field(min_length=1)


# %% wrong="schema" name="ignores fields it does not know" fails="schema-types schema-risk"
# %%writefile schema.py
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator


class Pickup(BaseModel):
    """One blood sample on its way to the laboratory, as a client sends it."""

    model_config = ConfigDict(strict=True, allow_inf_nan=False)

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



class Risk(BaseModel):
    """What the service answers about one sample."""

    model_config = ConfigDict(strict=True, allow_inf_nan=False)

    sample_id: str
    probability: float = Field(ge=0, le=1)
    late: bool
    model: str = Field(min_length=1)


# %% wrong="schema" name="lets an infinite time through, where no limit stops it" fails="schema-types"
# %%writefile schema.py
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator


class Pickup(BaseModel):
    """One blood sample on its way to the laboratory, as a client sends it."""

    model_config = ConfigDict(strict=True, extra="forbid")

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



class Risk(BaseModel):
    """What the service answers about one sample."""

    model_config = ConfigDict(strict=True, extra="forbid")

    sample_id: str
    probability: float = Field(ge=0, le=1)
    late: bool
    model: str = Field(min_length=1)


# %% wrong="schema" name="a distance of 0 is allowed" fails="schema-limits"
# %%writefile schema.py
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator


class Pickup(BaseModel):
    """One blood sample on its way to the laboratory, as a client sends it."""

    model_config = ConfigDict(strict=True, extra="forbid", allow_inf_nan=False)

    sample_id: str = Field(min_length=1, max_length=40)
    distance_km: float = Field(ge=0, le=100)
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



class Risk(BaseModel):
    """What the service answers about one sample."""

    model_config = ConfigDict(strict=True, extra="forbid", allow_inf_nan=False)

    sample_id: str
    probability: float = Field(ge=0, le=1)
    late: bool
    model: str = Field(min_length=1)


# %% wrong="schema" name="no rule about the two times" fails="schema-limits"
# %%writefile schema.py
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator


class Pickup(BaseModel):
    """One blood sample on its way to the laboratory, as a client sends it."""

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
        if self.due_at < 0:
            raise ValueError("due_at must be later than picked_up_at")
        return self



class Risk(BaseModel):
    """What the service answers about one sample."""

    model_config = ConfigDict(strict=True, extra="forbid", allow_inf_nan=False)

    sample_id: str
    probability: float = Field(ge=0, le=1)
    late: bool
    model: str = Field(min_length=1)


# %% wrong="schema" name="due at the moment of the pick-up is allowed" fails="schema-limits"
# %%writefile schema.py
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator


class Pickup(BaseModel):
    """One blood sample on its way to the laboratory, as a client sends it."""

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
        if self.due_at < self.picked_up_at:
            raise ValueError("due_at must be later than picked_up_at")
        return self



class Risk(BaseModel):
    """What the service answers about one sample."""

    model_config = ConfigDict(strict=True, extra="forbid", allow_inf_nan=False)

    sample_id: str
    probability: float = Field(ge=0, le=1)
    late: bool
    model: str = Field(min_length=1)


# %% wrong="schema" name="rain must be sent" fails="schema-accepts"
# %%writefile schema.py
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator


class Pickup(BaseModel):
    """One blood sample on its way to the laboratory, as a client sends it."""

    model_config = ConfigDict(strict=True, extra="forbid", allow_inf_nan=False)

    sample_id: str = Field(min_length=1, max_length=40)
    distance_km: float = Field(gt=0, le=100)
    stops: int = Field(ge=0, le=30)
    rain_mm: float = Field(ge=0, le=200)
    vehicle: Literal["bike", "van"]
    picked_up_at: float = Field(ge=0)
    due_at: float

    @model_validator(mode="after")
    def due_after_pickup(self):
        if self.due_at <= self.picked_up_at:
            raise ValueError("due_at must be later than picked_up_at")
        return self



class Risk(BaseModel):
    """What the service answers about one sample."""

    model_config = ConfigDict(strict=True, extra="forbid", allow_inf_nan=False)

    sample_id: str
    probability: float = Field(ge=0, le=1)
    late: bool
    model: str = Field(min_length=1)


# %% wrong="schema" name="any text is a vehicle" fails="schema-limits"
# %%writefile schema.py
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator


class Pickup(BaseModel):
    """One blood sample on its way to the laboratory, as a client sends it."""

    model_config = ConfigDict(strict=True, extra="forbid", allow_inf_nan=False)

    sample_id: str = Field(min_length=1, max_length=40)
    distance_km: float = Field(gt=0, le=100)
    stops: int = Field(ge=0, le=30)
    rain_mm: float = Field(default=0.0, ge=0, le=200)
    vehicle: str
    picked_up_at: float = Field(ge=0)
    due_at: float

    @model_validator(mode="after")
    def due_after_pickup(self):
        if self.due_at <= self.picked_up_at:
            raise ValueError("due_at must be later than picked_up_at")
        return self



class Risk(BaseModel):
    """What the service answers about one sample."""

    model_config = ConfigDict(strict=True, extra="forbid", allow_inf_nan=False)

    sample_id: str
    probability: float = Field(ge=0, le=1)
    late: bool
    model: str = Field(min_length=1)


# %% wrong="schema" name="rounds the distance to metres and times to seconds" fails="schema-accepts"
# %%writefile schema.py
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator


class Pickup(BaseModel):
    """One blood sample on its way to the laboratory, as a client sends it."""

    model_config = ConfigDict(strict=True, extra="forbid", allow_inf_nan=False)

    sample_id: str = Field(min_length=1, max_length=40)
    distance_km: float = Field(gt=0, le=100)
    stops: int = Field(ge=0, le=30)
    rain_mm: float = Field(default=0.0, ge=0, le=200)
    vehicle: Literal["bike", "van"]
    picked_up_at: float = Field(ge=0)
    due_at: float

    @field_validator("distance_km", "picked_up_at", "due_at")
    @classmethod
    def tidy(cls, value):
        return round(value, 3)

    @model_validator(mode="after")
    def due_after_pickup(self):
        if self.due_at <= self.picked_up_at:
            raise ValueError("due_at must be later than picked_up_at")
        return self



class Risk(BaseModel):
    """What the service answers about one sample."""

    model_config = ConfigDict(strict=True, extra="forbid", allow_inf_nan=False)

    sample_id: str
    probability: float = Field(ge=0, le=1)
    late: bool
    model: str = Field(min_length=1)


# %% wrong="schema" name="the answer has no limits: a probability of 1.01 goes out" fails="schema-risk"
# %%writefile schema.py
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator


class Pickup(BaseModel):
    """One blood sample on its way to the laboratory, as a client sends it."""

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



class Risk(BaseModel):
    """What the service answers about one sample."""

    model_config = ConfigDict(strict=True, extra="forbid", allow_inf_nan=False)

    sample_id: str
    probability: float
    late: bool
    model: str = Field(min_length=1)


# %% [markdown]
# Exercise 2, alive, ready, gone


# %% right="health" name="a future that a daemon thread fulfils; no notes beside it"
# %%writefile health.py
import threading
import traceback
from concurrent.futures import Future
from contextlib import asynccontextmanager

from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse


def create_app(load_model):
    future = Future()

    def load():
        try:
            model = load_model()
            app.state.model = model
            future.set_result(model)
        except BaseException as error:
            traceback.print_exc()
            future.set_exception(error)

    def state():
        if not future.done():
            return "loading"
        return "failed" if future.exception() else "ready"

    @asynccontextmanager
    async def lifespan(app):
        threading.Thread(target=load, daemon=True).start()
        try:
            yield
        finally:
            if state() == "ready":
                future.result().close()

    app = FastAPI(lifespan=lifespan)

    @app.get("/health/live")
    def live():
        return {"status": "alive"}

    @app.get("/health/ready")
    def ready(response: Response):
        if state() != "ready":
            response.status_code = 503
        return {"status": state()}

    @app.middleware("http")
    async def guard(request: Request, call_next):
        now = state()
        if now != "ready" and request.url.path not in {"/health/live", "/health/ready"}:
            return JSONResponse({"status": now}, status_code=503, headers={"retry-after": "1"})
        return await call_next(request)

    return app


# %% right="health" name="an ASGI middleware, and a thread that tells the event loop"
# %%writefile health.py
import asyncio
import logging
import threading
from contextlib import asynccontextmanager

from fastapi import FastAPI
from fastapi.responses import JSONResponse


class Guard:
    def __init__(self, app, owner):
        self.app, self.owner = app, owner

    async def __call__(self, scope, receive, send):
        status = self.owner.state.status
        if scope["type"] == "http" and status != "ready" and scope["path"] not in ("/health/live", "/health/ready"):
            refusal = JSONResponse({"status": status}, 503, {"Retry-After": "1"})
            await refusal(scope, receive, send)
        else:
            await self.app(scope, receive, send)


def create_app(load_model):
    @asynccontextmanager
    async def lifespan(app):
        loop = asyncio.get_running_loop()

        def tell(status, model):
            app.state.status, app.state.model = status, model

        def load():
            try:
                model, status = load_model(), "ready"
            except Exception:
                logging.exception("load_model failed")
                model, status = None, "failed"
            loop.call_soon_threadsafe(tell, status, model)

        threading.Thread(target=load, daemon=True).start()
        yield
        if app.state.model is not None:
            app.state.model.close()

    app = FastAPI(lifespan=lifespan)
    app.state.status, app.state.model = "loading", None
    app.add_middleware(Guard, owner=app)
    app.add_api_route("/health/live", lambda: {"status": "alive"})
    app.add_api_route(
        "/health/ready",
        lambda: JSONResponse({"status": app.state.status}, 200 if app.state.status == "ready" else 503),
    )
    return app


# %% wrong="health" name="loads before it listens" fails="health-loading"
# %%writefile health.py
import asyncio
import logging
import threading
from contextlib import asynccontextmanager

from fastapi import FastAPI
from fastapi.responses import JSONResponse


def create_app(load_model):
    """Return an application that loads its model in the background and says truthfully how it is."""
    def load():
        try:
            app.state.model = load_model()
            app.state.status = "ready"
        except Exception:
            logging.exception("the model could not be loaded")
            app.state.status = "failed"

    @asynccontextmanager
    async def lifespan(app):
        load()
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


# %% wrong="health" name="loads in the event loop: a task that never gives way" fails="health-loading"
# %%writefile health.py
import asyncio
import logging
import threading
from contextlib import asynccontextmanager

from fastapi import FastAPI
from fastapi.responses import JSONResponse


def create_app(load_model):
    """Return an application that loads its model in the background and says truthfully how it is."""
    def load():
        try:
            app.state.model = load_model()
            app.state.status = "ready"
        except Exception:
            logging.exception("the model could not be loaded")
            app.state.status = "failed"

    @asynccontextmanager
    async def lifespan(app):
        async def in_the_background():
            load()

        task = asyncio.create_task(in_the_background())
        yield
        await task
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


# %% wrong="health" name="loads when somebody asks whether it is ready" fails="health-loading"
# %%writefile health.py
import asyncio
import logging
import threading
from contextlib import asynccontextmanager

from fastapi import FastAPI
from fastapi.responses import JSONResponse


def create_app(load_model):
    """Return an application that loads its model in the background and says truthfully how it is."""
    def load():
        try:
            app.state.model = load_model()
            app.state.status = "ready"
        except Exception:
            logging.exception("the model could not be loaded")
            app.state.status = "failed"

    @asynccontextmanager
    async def lifespan(app):
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
    def ready():
        if app.state.status != "ready":
            load()
        return {"status": "ready"} if app.state.status == "ready" else not_ready()

    return app


# %% wrong="health" name="not alive while it loads" fails="health-loading"
# %%writefile health.py
import asyncio
import logging
import threading
from contextlib import asynccontextmanager

from fastapi import FastAPI
from fastapi.responses import JSONResponse


def create_app(load_model):
    """Return an application that loads its model in the background and says truthfully how it is."""
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
        if app.state.status != "ready":
            return not_ready()
        return {"status": "alive"}

    @app.get("/health/ready")
    async def ready():
        return {"status": "ready"} if app.state.status == "ready" else not_ready()

    return app


# %% wrong="health" name="answers 200 to everything, and says in the body how it is" fails="health-loading health-failed"
# %%writefile health.py
import asyncio
import logging
import threading
from contextlib import asynccontextmanager

from fastapi import FastAPI
from fastapi.responses import JSONResponse


def create_app(load_model):
    """Return an application that loads its model in the background and says truthfully how it is."""
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
        return JSONResponse({"status": app.state.status}, 200, {"Retry-After": "1"})

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


# %% wrong="health" name="only the health check knows that there is no model" fails="health-loading"
# %%writefile health.py
import asyncio
import logging
import threading
from contextlib import asynccontextmanager

from fastapi import FastAPI
from fastapi.responses import JSONResponse


def create_app(load_model):
    """Return an application that loads its model in the background and says truthfully how it is."""
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

    @app.get("/health/live")
    async def live():
        return {"status": "alive"}

    @app.get("/health/ready")
    async def ready():
        return {"status": "ready"} if app.state.status == "ready" else not_ready()

    return app


# %% wrong="health" name="no word when a client may come again" fails="health-loading"
# %%writefile health.py
import asyncio
import logging
import threading
from contextlib import asynccontextmanager

from fastapi import FastAPI
from fastapi.responses import JSONResponse


def create_app(load_model):
    """Return an application that loads its model in the background and says truthfully how it is."""
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
        return JSONResponse({"status": app.state.status}, 503)

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


# %% wrong="health" name="an exception ends the thread, and it loads for ever" fails="health-failed"
# %%writefile health.py
import asyncio
import logging
import threading
from contextlib import asynccontextmanager

from fastapi import FastAPI
from fastapi.responses import JSONResponse


def create_app(load_model):
    """Return an application that loads its model in the background and says truthfully how it is."""
    def load():
        app.state.model = load_model()
        app.state.status = "ready"

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


# %% wrong="health" name="a model that cannot be loaded ends the process" fails="health-failed"
# %%writefile health.py
import asyncio
import logging
import os
import threading
from contextlib import asynccontextmanager

from fastapi import FastAPI
from fastapi.responses import JSONResponse


def create_app(load_model):
    """Return an application that loads its model in the background and says truthfully how it is."""
    def load():
        try:
            app.state.model = load_model()
            app.state.status = "ready"
        except Exception:
            logging.exception("the model could not be loaded")
            os._exit(1)

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


# %% wrong="health" name="swallows the reason why the model could not be loaded" fails="health-failed"
# %%writefile health.py
import asyncio
import logging
import threading
from contextlib import asynccontextmanager

from fastapi import FastAPI
from fastapi.responses import JSONResponse


def create_app(load_model):
    """Return an application that loads its model in the background and says truthfully how it is."""
    def load():
        try:
            app.state.model = load_model()
            app.state.status = "ready"
        except Exception:
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


# %% wrong="health" name="ignores SIGTERM" fails="health-ends health-failed"
# %%writefile health.py
import asyncio
import logging
import signal
import threading
from contextlib import asynccontextmanager

from fastapi import FastAPI
from fastapi.responses import JSONResponse


def create_app(load_model):
    """Return an application that loads its model in the background and says truthfully how it is."""
    def load():
        try:
            app.state.model = load_model()
            app.state.status = "ready"
        except Exception:
            logging.exception("the model could not be loaded")
            app.state.status = "failed"

    @asynccontextmanager
    async def lifespan(app):
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
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


# %% wrong="health" name="ends at SIGTERM at once, in the middle of requests" fails="health-ends"
# %%writefile health.py
import asyncio
import logging
import os
import signal
import threading
from contextlib import asynccontextmanager

from fastapi import FastAPI
from fastapi.responses import JSONResponse


def create_app(load_model):
    """Return an application that loads its model in the background and says truthfully how it is."""
    def load():
        try:
            app.state.model = load_model()
            app.state.status = "ready"
        except Exception:
            logging.exception("the model could not be loaded")
            app.state.status = "failed"

    @asynccontextmanager
    async def lifespan(app):
        signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
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


# %% wrong="health" name="never closes the model" fails="health-ends"
# %%writefile health.py
import asyncio
import logging
import threading
from contextlib import asynccontextmanager

from fastapi import FastAPI
from fastapi.responses import JSONResponse


def create_app(load_model):
    """Return an application that loads its model in the background and says truthfully how it is."""
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


# %% wrong="health" name="closes the model at SIGTERM, while requests still need it" fails="health-ends"
# %%writefile health.py
import asyncio
import logging
import signal
import threading
from contextlib import asynccontextmanager

from fastapi import FastAPI
from fastapi.responses import JSONResponse


def create_app(load_model):
    """Return an application that loads its model in the background and says truthfully how it is."""
    def load():
        try:
            app.state.model = load_model()
            app.state.status = "ready"
        except Exception:
            logging.exception("the model could not be loaded")
            app.state.status = "failed"

    @asynccontextmanager
    async def lifespan(app):
        before = signal.getsignal(signal.SIGTERM)

        def ended(number, frame):
            if app.state.status == "ready":
                app.state.model.close()
            before(number, frame)

        signal.signal(signal.SIGTERM, ended)
        threading.Thread(target=load, daemon=True).start()
        yield

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


# %% wrong="health" name="waits at the end for a thread that is still loading" fails="health-ends"
# %%writefile health.py
import asyncio
import logging
import threading
from contextlib import asynccontextmanager

from fastapi import FastAPI
from fastapi.responses import JSONResponse


def create_app(load_model):
    """Return an application that loads its model in the background and says truthfully how it is."""
    def load():
        try:
            app.state.model = load_model()
            app.state.status = "ready"
        except Exception:
            logging.exception("the model could not be loaded")
            app.state.status = "failed"

    @asynccontextmanager
    async def lifespan(app):
        threading.Thread(target=load).start()
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


# %% wrong="health" name="loads in asyncio's own pool of threads, for which Python waits when it exits" fails="health-ends"
# %%writefile health.py
import asyncio
import logging
import threading
from contextlib import asynccontextmanager

from fastapi import FastAPI
from fastapi.responses import JSONResponse


def create_app(load_model):
    """Return an application that loads its model in the background and says truthfully how it is."""
    def load():
        try:
            app.state.model = load_model()
            app.state.status = "ready"
        except Exception:
            logging.exception("the model could not be loaded")
            app.state.status = "failed"

    @asynccontextmanager
    async def lifespan(app):
        task = asyncio.create_task(asyncio.to_thread(load))
        yield
        task.cancel()
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


# %% [markdown]
# Exercise 3, a batch endpoint


# %% right="batch" name="an async endpoint that hands the model to a thread"
# %%writefile batch.py
import numpy as np
from fastapi import HTTPException
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.concurrency import run_in_threadpool


class Item(BaseModel):
    id: str
    values: list[float] = Field(min_length=5, max_length=5)


class Batch(BaseModel):
    items: list[Item]


def add_batch(app, score, largest=64):
    async def predict_batch(batch: Batch):
        n = len(batch.items)
        if n == 0 or n > largest:
            return JSONResponse({"detail": f"1 to {largest} items"}, 422 if n == 0 else 413)
        rows = np.empty((n, 5))
        for row, item in zip(rows, batch.items):
            row[:] = item.values
        found = np.asarray(await run_in_threadpool(score, rows)).tolist()
        if len(found) != n:
            raise RuntimeError(f"{n} rows, {len(found)} probabilities")
        return {"predictions": [{"id": batch.items[i].id, "probability": found[i]} for i in range(n)]}

    app.add_api_route("/predict/batch", predict_batch, methods=["POST"])


# %% right="batch" name="models for the answer too, on a router of its own"
# %%writefile batch.py
import numpy as np
from fastapi import APIRouter, HTTPException, status
from pydantic import BaseModel, Field


class Item(BaseModel):
    id: str
    values: list[float] = Field(min_length=5, max_length=5)


class Batch(BaseModel):
    items: list[Item]


class Prediction(BaseModel):
    id: str
    probability: float


class Predictions(BaseModel):
    predictions: list[Prediction]


def add_batch(app, score, largest=64):
    router = APIRouter(prefix="/predict")

    @router.post("/batch", response_model=Predictions)
    def predict_batch(batch: Batch):
        if not batch.items:
            raise HTTPException(status.HTTP_422_UNPROCESSABLE_CONTENT, "no items")
        if len(batch.items) >= largest + 1:
            raise HTTPException(413, "too many items")
        ids, rows = zip(*((item.id, item.values) for item in batch.items))
        found = list(map(float, score(np.asarray(rows, dtype=float))))
        assert len(found) == len(ids), "the model lost count"
        return Predictions(predictions=[Prediction(id=i, probability=p) for i, p in zip(ids, found)])

    app.include_router(router)


# %% wrong="batch" name="calls the model once for each item" fails="batch-one-call"
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
    @app.post("/predict/batch")
    def predict_batch(batch: Batch):
        if len(batch.items) > largest:
            raise HTTPException(413)
        if not batch.items:
            raise HTTPException(422)
        probabilities = [score(np.array([item.values]))[0] for item in batch.items]
        return {
            "predictions": [
                {"id": item.id, "probability": float(probability)}
                for item, probability in zip(batch.items, probabilities, strict=True)
            ]
        }


# %% wrong="batch" name="the limit is part of the schema, so too many items are 422" fails="batch-refusals"
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
    @app.post("/predict/batch")
    def predict_batch(batch: Batch):
        if not 1 <= len(batch.items) <= largest:
            raise HTTPException(422)
        probabilities = score(np.array([item.values for item in batch.items], dtype=np.float64))
        return {
            "predictions": [
                {"id": item.id, "probability": float(probability)}
                for item, probability in zip(batch.items, probabilities, strict=True)
            ]
        }


# %% wrong="batch" name="answers what fits and drops the rest" fails="batch-refusals"
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
    @app.post("/predict/batch")
    def predict_batch(batch: Batch):
        batch.items = batch.items[:largest]
        if not batch.items:
            raise HTTPException(422)
        probabilities = score(np.array([item.values for item in batch.items], dtype=np.float64))
        return {
            "predictions": [
                {"id": item.id, "probability": float(probability)}
                for item, probability in zip(batch.items, probabilities, strict=True)
            ]
        }


# %% wrong="batch" name="one item too few: >= for >" fails="batch-refusals"
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
    @app.post("/predict/batch")
    def predict_batch(batch: Batch):
        if len(batch.items) >= largest:
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


# %% wrong="batch" name="ignores its argument largest" fails="batch-refusals"
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
    @app.post("/predict/batch")
    def predict_batch(batch: Batch):
        if len(batch.items) > 64:
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


# %% wrong="batch" name="asks the model first and looks at the limit then" fails="batch-refusals"
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
    @app.post("/predict/batch")
    def predict_batch(batch: Batch):
        probabilities = score(np.array([item.values for item in batch.items] or np.empty((0, 5)), dtype=np.float64))
        if len(batch.items) > largest:
            raise HTTPException(413)
        if not batch.items:
            raise HTTPException(422)
        return {
            "predictions": [
                {"id": item.id, "probability": float(probability)}
                for item, probability in zip(batch.items, probabilities, strict=True)
            ]
        }


# %% wrong="batch" name="an empty batch is answered with an empty list" fails="batch-refusals"
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
    @app.post("/predict/batch")
    def predict_batch(batch: Batch):
        if len(batch.items) > largest:
            raise HTTPException(413)
        if not batch.items:
            return {"predictions": []}
        probabilities = score(np.array([item.values for item in batch.items], dtype=np.float64))
        return {
            "predictions": [
                {"id": item.id, "probability": float(probability)}
                for item, probability in zip(batch.items, probabilities, strict=True)
            ]
        }


# %% wrong="batch" name="refuses with status 200 and an error text" fails="batch-refusals"
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
    @app.post("/predict/batch")
    def predict_batch(batch: Batch):
        if len(batch.items) > largest:
            return {"error": "too many items"}
        if not batch.items:
            raise HTTPException(422)
        probabilities = score(np.array([item.values for item in batch.items], dtype=np.float64))
        return {
            "predictions": [
                {"id": item.id, "probability": float(probability)}
                for item, probability in zip(batch.items, probabilities, strict=True)
            ]
        }


# %% wrong="batch" name="puts the riskiest first" fails="batch-answers"
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
    @app.post("/predict/batch")
    def predict_batch(batch: Batch):
        if len(batch.items) > largest:
            raise HTTPException(413)
        if not batch.items:
            raise HTTPException(422)
        probabilities = score(np.array([item.values for item in batch.items], dtype=np.float64))
        answer = {
            "predictions": [
                {"id": item.id, "probability": float(probability)}
                for item, probability in zip(batch.items, probabilities, strict=True)
            ]
        }
        answer["predictions"].sort(key=lambda one: -one["probability"])
        return answer


# %% wrong="batch" name="keeps results by id, so a repeated id is lost" fails="batch-answers"
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
                for item, probability in [*{i.id: (i, p) for i, p in zip(batch.items, probabilities, strict=True)}.values()]
            ]
        }


# %% wrong="batch" name="returns NumPy numbers, which JSON does not know" fails="batch-answers"
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
    @app.post("/predict/batch")
    def predict_batch(batch: Batch):
        if len(batch.items) > largest:
            raise HTTPException(413)
        if not batch.items:
            raise HTTPException(422)
        probabilities = score(np.array([item.values for item in batch.items], dtype=np.float64))
        return {
            "predictions": [
                {"id": item.id, "probability": probability}
                for item, probability in zip(batch.items, probabilities, strict=True)
            ]
        }


# %% wrong="batch" name="zip drops what has no partner" fails="batch-pairs"
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
                for item, probability in zip(batch.items, probabilities)
            ]
        }


# %% [markdown]
# Exercise 4, refusing bad input


# %% right="errors" name="one handler for three kinds of exception, and an ASGI middleware"
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


class Limit:
    def __init__(self, app, most_bytes):
        self.app, self.most_bytes = app, most_bytes

    async def __call__(self, scope, receive, send):
        told = dict(scope.get("headers", ())).get(b"content-length", b"0")
        app = refusal(413) if int(told) > self.most_bytes else self.app
        await app(scope, receive, send)


def refusal(status, fields=(), headers=None):
    body = {"error": CODES[status] if status in CODES else "error", "fields": sorted(fields)}
    return JSONResponse(content=body, status_code=status, headers=headers)


def name_of(problem):
    _, *rest = problem["loc"]
    return ".".join(str(part) for part in rest)


async def handle(request, error):
    match error:
        case HTTPException():
            return refusal(error.status_code, headers=error.headers)
        case RequestValidationError():
            problems = error.errors()
            if "json_invalid" in {problem["type"] for problem in problems}:
                return refusal(400)
            return refusal(422, set(map(name_of, problems)))
        case _:
            return refusal(500)


def add_error_handlers(app, most_bytes=65_536):
    for kind in (HTTPException, RequestValidationError, Exception):
        app.add_exception_handler(kind, handle)
    app.add_middleware(Limit, most_bytes=most_bytes)


# %% right="errors" name="handlers put into the application's own table"
# %%writefile errors.py
import traceback

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
    def body(status, fields):
        return {"error": CODES.get(status) or "error", "fields": fields}

    def on_http(request, error):
        return JSONResponse(body(error.status_code, []), error.status_code, headers=error.headers)

    def on_input(request, error):
        fields = []
        for problem in error.errors():
            if problem["type"] == "json_invalid":
                return JSONResponse(body(400, []), 400)
            name = ".".join(f"{part}" for part in problem["loc"][1:])
            if name not in fields:
                fields.append(name)
        return JSONResponse(body(422, fields), 422)

    def on_bug(request, error):
        traceback.print_exception(error)
        return JSONResponse(body(500, []), 500)

    app.exception_handlers.update({HTTPException: on_http, RequestValidationError: on_input, 500: on_bug})

    @app.middleware("http")
    async def limit(request, call_next):
        length = request.headers.get("content-length")
        if length is not None and int(length) >= most_bytes + 1:
            return JSONResponse(body(413, []), 413)
        return await call_next(request)


# %% wrong="errors" name="repeats the input in its reply" fails="errors-invalid"
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
    def refusal(status, fields=(), headers=None):
        return JSONResponse({"error": CODES.get(status, "error"), "fields": list(fields)}, status, headers)

    @app.exception_handler(RequestValidationError)
    async def invalid(request, error):
        if any(problem["type"] == "json_invalid" for problem in error.errors()):
            return refusal(400)
        return refusal(422, [problem["input"] for problem in error.errors()])

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


# %% wrong="errors" name="answers 200 to everything, with the error in the body" fails="errors-invalid errors-not-json errors-routes errors-size errors-fuzz"
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
    def refusal(status, fields=(), headers=None):
        return JSONResponse({"error": CODES.get(status, "error"), "fields": list(fields)}, 200, headers)

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


# %% wrong="errors" name="bad input is 400, whatever is wrong with it" fails="errors-invalid"
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
    def refusal(status, fields=(), headers=None):
        return JSONResponse({"error": CODES.get(status, "error"), "fields": list(fields)}, status, headers)

    @app.exception_handler(RequestValidationError)
    async def invalid(request, error):
        return refusal(400, {".".join(map(str, problem["loc"][1:])) for problem in error.errors()})

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


# %% wrong="errors" name="what is not JSON is called invalid input" fails="errors-not-json errors-fuzz"
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
    def refusal(status, fields=(), headers=None):
        return JSONResponse({"error": CODES.get(status, "error"), "fields": list(fields)}, status, headers)

    @app.exception_handler(RequestValidationError)
    async def invalid(request, error):
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


# %% wrong="errors" name="names the first bad field only" fails="errors-invalid"
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
    def refusal(status, fields=(), headers=None):
        return JSONResponse({"error": CODES.get(status, "error"), "fields": list(fields)}, status, headers)

    @app.exception_handler(RequestValidationError)
    async def invalid(request, error):
        if any(problem["type"] == "json_invalid" for problem in error.errors()):
            return refusal(400)
        return refusal(422, {".".join(map(str, problem["loc"][1:])) for problem in error.errors()[:1]})

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


# %% wrong="errors" name="names a field once for each mistake in it" fails="errors-invalid"
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
    def refusal(status, fields=(), headers=None):
        return JSONResponse({"error": CODES.get(status, "error"), "fields": list(fields)}, status, headers)

    @app.exception_handler(RequestValidationError)
    async def invalid(request, error):
        if any(problem["type"] == "json_invalid" for problem in error.errors()):
            return refusal(400)
        return refusal(422, [".".join(map(str, problem["loc"][1:])) for problem in error.errors()])

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


# %% wrong="errors" name="field names begin with body" fails="errors-invalid"
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
    def refusal(status, fields=(), headers=None):
        return JSONResponse({"error": CODES.get(status, "error"), "fields": list(fields)}, status, headers)

    @app.exception_handler(RequestValidationError)
    async def invalid(request, error):
        if any(problem["type"] == "json_invalid" for problem in error.errors()):
            return refusal(400)
        return refusal(422, {".".join(map(str, problem["loc"])) for problem in error.errors()})

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


# %% wrong="errors" name="tells clients the text of the exception" fails="errors-routes"
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
        return JSONResponse({"error": repr(error), "fields": []}, 500)

    @app.middleware("http")
    async def limit_size(request, call_next):
        if int(request.headers.get("content-length", "0")) > most_bytes:
            return refusal(413)
        return await call_next(request)


# %% wrong="errors" name="loses the headers Allow and Retry-After" fails="errors-routes"
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
    def refusal(status, fields=(), headers=None):
        return JSONResponse({"error": CODES.get(status, "error"), "fields": list(fields)}, status, headers)

    @app.exception_handler(RequestValidationError)
    async def invalid(request, error):
        if any(problem["type"] == "json_invalid" for problem in error.errors()):
            return refusal(400)
        return refusal(422, {".".join(map(str, problem["loc"][1:])) for problem in error.errors()})

    @app.exception_handler(HTTPException)
    async def refused(request, error):
        return refusal(error.status_code)

    @app.exception_handler(Exception)
    async def crashed(request, error):
        return refusal(500)

    @app.middleware("http")
    async def limit_size(request, call_next):
        if int(request.headers.get("content-length", "0")) > most_bytes:
            return refusal(413)
        return await call_next(request)


# %% wrong="errors" name="handles FastAPI's HTTPException only, which a 404 is not" fails="errors-routes"
# %%writefile errors.py
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi import HTTPException

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


# %% wrong="errors" name="swallows exceptions: nothing in the log" fails="errors-routes"
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
        try:
            return await call_next(request)
        except Exception:
            return refusal(500)


# %% wrong="errors" name="no limit on the size" fails="errors-size"
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
        if int(request.headers.get("content-length", "0")) > 10**9:
            return refusal(413)
        return await call_next(request)


# %% wrong="errors" name="reads the whole body before it looks at its size" fails="errors-size"
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
        response = await call_next(request)
        return refusal(413) if int(request.headers.get("content-length", "0")) > most_bytes else response


# %% wrong="errors" name="every request must say how long its body is" fails="errors-size"
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
        if int(request.headers["content-length"]) > most_bytes:
            return refusal(413)
        return await call_next(request)


# %% [markdown]
# Exercise 5, export and parity


# %% right="onnx" name="convert_sklearn, columns in place of rows, and decisions counted in a loop"
# %%writefile scorer.py
import math

import numpy as np
import onnxruntime as ort
from skl2onnx import convert_sklearn
from skl2onnx.common.data_types import FloatTensorType


def features_of(pickups):
    table = np.zeros((len(pickups), 5))
    for row, one in zip(table, pickups):
        row[0], row[1] = one["distance_km"], one["stops"]
        row[2] = one["rain_mm"] if "rain_mm" in one else 0
        row[3] = {"bike": 0, "van": 1}[one["vehicle"]]
        row[4] = one["due_at"] / 60 - one["picked_up_at"] / 60
    return table


def export_model(pipeline, path):
    model = convert_sklearn(
        pipeline, initial_types=[("input", FloatTensorType([None, 5]))], options={id(pipeline): {"zipmap": False}}
    )
    with open(path, "wb") as file:
        file.write(model.SerializeToString())


class Scorer:
    def __init__(self, path):
        options = ort.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        with open(path, "rb") as file:
            self.run = ort.InferenceSession(file.read(), options).run

    def probabilities(self, features):
        label, probabilities = self.run(None, {"input": np.array(features).astype("float32")})
        return 1 - probabilities[:, 0].astype(float)


def parity(expected, got, threshold, tolerance=1e-5):
    if len(expected) == 0 or len(expected) != len(got) or any(map(math.isnan, [*expected, *got])):
        raise ValueError("cannot be compared")
    largest, flips, unexplained = 0.0, 0, 0
    for a, b in zip(expected, got):
        largest = max(largest, abs(a - b))
        if (a >= threshold) is not (b >= threshold):
            flips += 1
            unexplained += abs(a - threshold) > tolerance
    return {"max_difference": largest, "flips": flips, "unexplained": unexplained}


# %% right="onnx" name="with the default output, a list of dicts"
# %%writefile scorer.py
from pathlib import Path

import numpy as np
import onnxruntime
from skl2onnx import to_onnx
from skl2onnx.common.data_types import FloatTensorType


def features_of(pickups):
    if not pickups:
        return np.empty((0, 5))
    columns = [[one.get(name, 0.0) for one in pickups] for name in ("distance_km", "stops", "rain_mm")]
    van = [float(one["vehicle"] == "van") for one in pickups]
    due, picked_up = (np.array([one[name] for one in pickups], dtype=float) for name in ("due_at", "picked_up_at"))
    return np.column_stack([*columns, van, (due - picked_up) / 60])


def export_model(pipeline, path):
    graph = to_onnx(pipeline, np.zeros((1, 5), dtype=np.float32))
    Path(path).write_bytes(graph.SerializeToString())


class Scorer:
    def __init__(self, path):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(Path(path).read_bytes(), sess_options=options)
        self._input = self._session.get_inputs()[0].name

    def probabilities(self, features):
        if len(features) == 0:
            return np.empty(0)
        found = self._session.run(None, {self._input: np.asarray(features, dtype=np.float32)})[1]
        return np.array([one[1] for one in found])


def parity(expected, got, threshold, tolerance=1e-5):
    pairs = list(zip(expected, got, strict=True))
    if not pairs or any(value != value for pair in pairs for value in pair):
        raise ValueError("no rows, or NaN")
    flipped = [a for a, b in pairs if (a < threshold) != (b < threshold)]
    return {
        "max_difference": max(abs(a - b) for a, b in pairs),
        "flips": len(flipped),
        "unexplained": sum(not -tolerance <= a - threshold <= tolerance for a in flipped),
    }


# %% wrong="onnx" name="converts to 32 bits before it subtracts" fails="onnx-features onnx-parity"
# %%writefile scorer.py
from pathlib import Path

import numpy as np
import onnxruntime
from skl2onnx import to_onnx
from skl2onnx.common.data_types import FloatTensorType


def features_of(pickups):
    """Return the features of n pick-ups in 64 bits, shape (n, 5)."""
    rows = [
        (
            one["distance_km"],
            one["stops"],
            one.get("rain_mm", 0.0),
            one["vehicle"] == "van",
            (np.float32(one["due_at"]) - np.float32(one["picked_up_at"])) / 60,
        )
        for one in pickups
    ]
    return np.array(rows, dtype=np.float64).reshape(len(rows), 5)


def export_model(pipeline, path):
    """Write a fitted scikit-learn classifier of five features as an ONNX file."""
    graph = to_onnx(pipeline, initial_types=[("features", FloatTensorType([None, 5]))], options={"zipmap": False})
    Path(path).write_bytes(graph.SerializeToString())


class Scorer:
    """A model from an ONNX file, ready to answer."""

    def __init__(self, path):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self.session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])

    def probabilities(self, features):
        """Return the probability of the second class, shape (n,), for features of shape (n, 5)."""
        rows = np.asarray(features, dtype=np.float32)
        return self.session.run(["probabilities"], {"features": rows})[0][:, 1]


def parity(expected, got, threshold, tolerance=1e-5):
    """Compare two models' probabilities for the same rows."""
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


# %% wrong="onnx" name="slack in seconds" fails="onnx-features onnx-parity"
# %%writefile scorer.py
from pathlib import Path

import numpy as np
import onnxruntime
from skl2onnx import to_onnx
from skl2onnx.common.data_types import FloatTensorType


def features_of(pickups):
    """Return the features of n pick-ups in 64 bits, shape (n, 5)."""
    rows = [
        (
            one["distance_km"],
            one["stops"],
            one.get("rain_mm", 0.0),
            one["vehicle"] == "van",
            one["due_at"] - one["picked_up_at"],
        )
        for one in pickups
    ]
    return np.array(rows, dtype=np.float64).reshape(len(rows), 5)


def export_model(pipeline, path):
    """Write a fitted scikit-learn classifier of five features as an ONNX file."""
    graph = to_onnx(pipeline, initial_types=[("features", FloatTensorType([None, 5]))], options={"zipmap": False})
    Path(path).write_bytes(graph.SerializeToString())


class Scorer:
    """A model from an ONNX file, ready to answer."""

    def __init__(self, path):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self.session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])

    def probabilities(self, features):
        """Return the probability of the second class, shape (n,), for features of shape (n, 5)."""
        rows = np.asarray(features, dtype=np.float32)
        return self.session.run(["probabilities"], {"features": rows})[0][:, 1]


def parity(expected, got, threshold, tolerance=1e-5):
    """Compare two models' probabilities for the same rows."""
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


# %% wrong="onnx" name="a missing amount of rain is an error" fails="onnx-features"
# %%writefile scorer.py
from pathlib import Path

import numpy as np
import onnxruntime
from skl2onnx import to_onnx
from skl2onnx.common.data_types import FloatTensorType


def features_of(pickups):
    """Return the features of n pick-ups in 64 bits, shape (n, 5)."""
    rows = [
        (
            one["distance_km"],
            one["stops"],
            one["rain_mm"],
            one["vehicle"] == "van",
            (one["due_at"] - one["picked_up_at"]) / 60,
        )
        for one in pickups
    ]
    return np.array(rows, dtype=np.float64).reshape(len(rows), 5)


def export_model(pipeline, path):
    """Write a fitted scikit-learn classifier of five features as an ONNX file."""
    graph = to_onnx(pipeline, initial_types=[("features", FloatTensorType([None, 5]))], options={"zipmap": False})
    Path(path).write_bytes(graph.SerializeToString())


class Scorer:
    """A model from an ONNX file, ready to answer."""

    def __init__(self, path):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self.session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])

    def probabilities(self, features):
        """Return the probability of the second class, shape (n,), for features of shape (n, 5)."""
        rows = np.asarray(features, dtype=np.float32)
        return self.session.run(["probabilities"], {"features": rows})[0][:, 1]


def parity(expected, got, threshold, tolerance=1e-5):
    """Compare two models' probabilities for the same rows."""
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


# %% wrong="onnx" name="no pick-ups have no columns" fails="onnx-features"
# %%writefile scorer.py
from pathlib import Path

import numpy as np
import onnxruntime
from skl2onnx import to_onnx
from skl2onnx.common.data_types import FloatTensorType


def features_of(pickups):
    """Return the features of n pick-ups in 64 bits, shape (n, 5)."""
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
    return np.array(rows, dtype=np.float64)


def export_model(pipeline, path):
    """Write a fitted scikit-learn classifier of five features as an ONNX file."""
    graph = to_onnx(pipeline, initial_types=[("features", FloatTensorType([None, 5]))], options={"zipmap": False})
    Path(path).write_bytes(graph.SerializeToString())


class Scorer:
    """A model from an ONNX file, ready to answer."""

    def __init__(self, path):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self.session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])

    def probabilities(self, features):
        """Return the probability of the second class, shape (n,), for features of shape (n, 5)."""
        rows = np.asarray(features, dtype=np.float32)
        return self.session.run(["probabilities"], {"features": rows})[0][:, 1]


def parity(expected, got, threshold, tolerance=1e-5):
    """Compare two models' probabilities for the same rows."""
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


# %% wrong="onnx" name="the probability of the first class: not late" fails="onnx-parity"
# %%writefile scorer.py
from pathlib import Path

import numpy as np
import onnxruntime
from skl2onnx import to_onnx
from skl2onnx.common.data_types import FloatTensorType


def features_of(pickups):
    """Return the features of n pick-ups in 64 bits, shape (n, 5)."""
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


def export_model(pipeline, path):
    """Write a fitted scikit-learn classifier of five features as an ONNX file."""
    graph = to_onnx(pipeline, initial_types=[("features", FloatTensorType([None, 5]))], options={"zipmap": False})
    Path(path).write_bytes(graph.SerializeToString())


class Scorer:
    """A model from an ONNX file, ready to answer."""

    def __init__(self, path):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self.session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])

    def probabilities(self, features):
        """Return the probability of the second class, shape (n,), for features of shape (n, 5)."""
        rows = np.asarray(features, dtype=np.float32)
        return self.session.run(["probabilities"], {"features": rows})[0][:, 0]


def parity(expected, got, threshold, tolerance=1e-5):
    """Compare two models' probabilities for the same rows."""
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


# %% wrong="onnx" name="exports the last step without the scaler" fails="onnx-parity"
# %%writefile scorer.py
from pathlib import Path

import numpy as np
import onnxruntime
from skl2onnx import to_onnx
from skl2onnx.common.data_types import FloatTensorType


def features_of(pickups):
    """Return the features of n pick-ups in 64 bits, shape (n, 5)."""
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


def export_model(pipeline, path):
    """Write a fitted scikit-learn classifier of five features as an ONNX file."""
    graph = to_onnx(pipeline[-1] if hasattr(pipeline, 'steps') else pipeline, initial_types=[("features", FloatTensorType([None, 5]))], options={"zipmap": False})
    Path(path).write_bytes(graph.SerializeToString())


class Scorer:
    """A model from an ONNX file, ready to answer."""

    def __init__(self, path):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self.session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])

    def probabilities(self, features):
        """Return the probability of the second class, shape (n,), for features of shape (n, 5)."""
        rows = np.asarray(features, dtype=np.float32)
        return self.session.run(["probabilities"], {"features": rows})[0][:, 1]


def parity(expected, got, threshold, tolerance=1e-5):
    """Compare two models' probabilities for the same rows."""
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


# %% wrong="onnx" name="returns labels in place of probabilities" fails="onnx-parity"
# %%writefile scorer.py
from pathlib import Path

import numpy as np
import onnxruntime
from skl2onnx import to_onnx
from skl2onnx.common.data_types import FloatTensorType


def features_of(pickups):
    """Return the features of n pick-ups in 64 bits, shape (n, 5)."""
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


def export_model(pipeline, path):
    """Write a fitted scikit-learn classifier of five features as an ONNX file."""
    graph = to_onnx(pipeline, initial_types=[("features", FloatTensorType([None, 5]))], options={"zipmap": False})
    Path(path).write_bytes(graph.SerializeToString())


class Scorer:
    """A model from an ONNX file, ready to answer."""

    def __init__(self, path):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self.session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])

    def probabilities(self, features):
        """Return the probability of the second class, shape (n,), for features of shape (n, 5)."""
        rows = np.asarray(features, dtype=np.float32)
        return self.session.run(["label"], {"features": rows})[0].astype(float)


def parity(expected, got, threshold, tolerance=1e-5):
    """Compare two models' probabilities for the same rows."""
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


# %% wrong="onnx" name="makes a session for each call" fails="onnx-session"
# %%writefile scorer.py
from pathlib import Path

import numpy as np
import onnxruntime
from skl2onnx import to_onnx
from skl2onnx.common.data_types import FloatTensorType


def features_of(pickups):
    """Return the features of n pick-ups in 64 bits, shape (n, 5)."""
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


def export_model(pipeline, path):
    """Write a fitted scikit-learn classifier of five features as an ONNX file."""
    graph = to_onnx(pipeline, initial_types=[("features", FloatTensorType([None, 5]))], options={"zipmap": False})
    Path(path).write_bytes(graph.SerializeToString())


class Scorer:
    """A model from an ONNX file, ready to answer."""

    def __init__(self, path):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self.model, self.options = Path(path).read_bytes(), options

    def probabilities(self, features):
        """Return the probability of the second class, shape (n,), for features of shape (n, 5)."""
        rows = np.asarray(features, dtype=np.float32)
        session = onnxruntime.InferenceSession(self.model, self.options, providers=["CPUExecutionProvider"])
        return session.run(["probabilities"], {"features": rows})[0][:, 1]


def parity(expected, got, threshold, tolerance=1e-5):
    """Compare two models' probabilities for the same rows."""
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


# %% wrong="onnx" name="sixteen threads for each session" fails="onnx-session"
# %%writefile scorer.py
from pathlib import Path

import numpy as np
import onnxruntime
from skl2onnx import to_onnx
from skl2onnx.common.data_types import FloatTensorType


def features_of(pickups):
    """Return the features of n pick-ups in 64 bits, shape (n, 5)."""
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


def export_model(pipeline, path):
    """Write a fitted scikit-learn classifier of five features as an ONNX file."""
    graph = to_onnx(pipeline, initial_types=[("features", FloatTensorType([None, 5]))], options={"zipmap": False})
    Path(path).write_bytes(graph.SerializeToString())


class Scorer:
    """A model from an ONNX file, ready to answer."""

    def __init__(self, path):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 16
        self.session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])

    def probabilities(self, features):
        """Return the probability of the second class, shape (n,), for features of shape (n, 5)."""
        rows = np.asarray(features, dtype=np.float32)
        return self.session.run(["probabilities"], {"features": rows})[0][:, 1]


def parity(expected, got, threshold, tolerance=1e-5):
    """Compare two models' probabilities for the same rows."""
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


# %% wrong="onnx" name="late begins above the threshold" fails="onnx-report"
# %%writefile scorer.py
from pathlib import Path

import numpy as np
import onnxruntime
from skl2onnx import to_onnx
from skl2onnx.common.data_types import FloatTensorType


def features_of(pickups):
    """Return the features of n pick-ups in 64 bits, shape (n, 5)."""
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


def export_model(pipeline, path):
    """Write a fitted scikit-learn classifier of five features as an ONNX file."""
    graph = to_onnx(pipeline, initial_types=[("features", FloatTensorType([None, 5]))], options={"zipmap": False})
    Path(path).write_bytes(graph.SerializeToString())


class Scorer:
    """A model from an ONNX file, ready to answer."""

    def __init__(self, path):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self.session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])

    def probabilities(self, features):
        """Return the probability of the second class, shape (n,), for features of shape (n, 5)."""
        rows = np.asarray(features, dtype=np.float32)
        return self.session.run(["probabilities"], {"features": rows})[0][:, 1]


def parity(expected, got, threshold, tolerance=1e-5):
    """Compare two models' probabilities for the same rows."""
    expected, got = np.asarray(expected, dtype=np.float64), np.asarray(got, dtype=np.float64)
    if expected.shape != got.shape or not expected.size:
        raise ValueError("as many rows on both sides, and at least one")
    difference = np.abs(expected - got)
    if np.isnan(difference).any():
        raise ValueError("NaN is no probability")
    flipped = (expected > threshold) != (got > threshold)
    far = np.abs(expected - threshold) > tolerance
    return {
        "max_difference": float(difference.max()),
        "flips": int(flipped.sum()),
        "unexplained": int((flipped & far).sum()),
    }


# %% wrong="onnx" name="the mean difference, which hides the worst row" fails="onnx-report"
# %%writefile scorer.py
from pathlib import Path

import numpy as np
import onnxruntime
from skl2onnx import to_onnx
from skl2onnx.common.data_types import FloatTensorType


def features_of(pickups):
    """Return the features of n pick-ups in 64 bits, shape (n, 5)."""
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


def export_model(pipeline, path):
    """Write a fitted scikit-learn classifier of five features as an ONNX file."""
    graph = to_onnx(pipeline, initial_types=[("features", FloatTensorType([None, 5]))], options={"zipmap": False})
    Path(path).write_bytes(graph.SerializeToString())


class Scorer:
    """A model from an ONNX file, ready to answer."""

    def __init__(self, path):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self.session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])

    def probabilities(self, features):
        """Return the probability of the second class, shape (n,), for features of shape (n, 5)."""
        rows = np.asarray(features, dtype=np.float32)
        return self.session.run(["probabilities"], {"features": rows})[0][:, 1]


def parity(expected, got, threshold, tolerance=1e-5):
    """Compare two models' probabilities for the same rows."""
    expected, got = np.asarray(expected, dtype=np.float64), np.asarray(got, dtype=np.float64)
    if expected.shape != got.shape or not expected.size:
        raise ValueError("as many rows on both sides, and at least one")
    difference = np.abs(expected - got)
    if np.isnan(difference).any():
        raise ValueError("NaN is no probability")
    flipped = (expected >= threshold) != (got >= threshold)
    far = np.abs(expected - threshold) > tolerance
    return {
        "max_difference": float(difference.mean()),
        "flips": int(flipped.sum()),
        "unexplained": int((flipped & far).sum()),
    }


# %% wrong="onnx" name="looks for the distance of the new model's probability" fails="onnx-report"
# %%writefile scorer.py
from pathlib import Path

import numpy as np
import onnxruntime
from skl2onnx import to_onnx
from skl2onnx.common.data_types import FloatTensorType


def features_of(pickups):
    """Return the features of n pick-ups in 64 bits, shape (n, 5)."""
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


def export_model(pipeline, path):
    """Write a fitted scikit-learn classifier of five features as an ONNX file."""
    graph = to_onnx(pipeline, initial_types=[("features", FloatTensorType([None, 5]))], options={"zipmap": False})
    Path(path).write_bytes(graph.SerializeToString())


class Scorer:
    """A model from an ONNX file, ready to answer."""

    def __init__(self, path):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self.session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])

    def probabilities(self, features):
        """Return the probability of the second class, shape (n,), for features of shape (n, 5)."""
        rows = np.asarray(features, dtype=np.float32)
        return self.session.run(["probabilities"], {"features": rows})[0][:, 1]


def parity(expected, got, threshold, tolerance=1e-5):
    """Compare two models' probabilities for the same rows."""
    expected, got = np.asarray(expected, dtype=np.float64), np.asarray(got, dtype=np.float64)
    if expected.shape != got.shape or not expected.size:
        raise ValueError("as many rows on both sides, and at least one")
    difference = np.abs(expected - got)
    if np.isnan(difference).any():
        raise ValueError("NaN is no probability")
    flipped = (expected >= threshold) != (got >= threshold)
    far = np.abs(got - threshold) > tolerance
    return {
        "max_difference": float(difference.max()),
        "flips": int(flipped.sum()),
        "unexplained": int((flipped & far).sum()),
    }


# %% wrong="onnx" name="counts rows that differ by more than the tolerance as flips" fails="onnx-report"
# %%writefile scorer.py
from pathlib import Path

import numpy as np
import onnxruntime
from skl2onnx import to_onnx
from skl2onnx.common.data_types import FloatTensorType


def features_of(pickups):
    """Return the features of n pick-ups in 64 bits, shape (n, 5)."""
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


def export_model(pipeline, path):
    """Write a fitted scikit-learn classifier of five features as an ONNX file."""
    graph = to_onnx(pipeline, initial_types=[("features", FloatTensorType([None, 5]))], options={"zipmap": False})
    Path(path).write_bytes(graph.SerializeToString())


class Scorer:
    """A model from an ONNX file, ready to answer."""

    def __init__(self, path):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self.session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])

    def probabilities(self, features):
        """Return the probability of the second class, shape (n,), for features of shape (n, 5)."""
        rows = np.asarray(features, dtype=np.float32)
        return self.session.run(["probabilities"], {"features": rows})[0][:, 1]


def parity(expected, got, threshold, tolerance=1e-5):
    """Compare two models' probabilities for the same rows."""
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
        "flips": int((difference > tolerance).sum()),
        "unexplained": int((flipped & far).sum()),
    }


# %% wrong="onnx" name="NaN compares as equal to nothing and is not noticed" fails="onnx-report"
# %%writefile scorer.py
from pathlib import Path

import numpy as np
import onnxruntime
from skl2onnx import to_onnx
from skl2onnx.common.data_types import FloatTensorType


def features_of(pickups):
    """Return the features of n pick-ups in 64 bits, shape (n, 5)."""
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


def export_model(pipeline, path):
    """Write a fitted scikit-learn classifier of five features as an ONNX file."""
    graph = to_onnx(pipeline, initial_types=[("features", FloatTensorType([None, 5]))], options={"zipmap": False})
    Path(path).write_bytes(graph.SerializeToString())


class Scorer:
    """A model from an ONNX file, ready to answer."""

    def __init__(self, path):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self.session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])

    def probabilities(self, features):
        """Return the probability of the second class, shape (n,), for features of shape (n, 5)."""
        rows = np.asarray(features, dtype=np.float32)
        return self.session.run(["probabilities"], {"features": rows})[0][:, 1]


def parity(expected, got, threshold, tolerance=1e-5):
    """Compare two models' probabilities for the same rows."""
    expected, got = np.asarray(expected, dtype=np.float64), np.asarray(got, dtype=np.float64)
    if expected.shape != got.shape or not expected.size:
        raise ValueError("as many rows on both sides, and at least one")
    difference = np.abs(expected - got)
    flipped = (expected >= threshold) != (got >= threshold)
    far = np.abs(expected - threshold) > tolerance
    return {
        "max_difference": float(difference.max()),
        "flips": int(flipped.sum()),
        "unexplained": int((flipped & far).sum()),
    }


# %% [markdown]
# Exercise 6, under pressure


# %% right="concurrency" name="a plain endpoint in FastAPI's threads, a semaphore and a lock"
# %%writefile concurrency.py
import threading

from fastapi import HTTPException


def add_predict(app, score, at_once=4, most_waiting=16):
    free, lock = threading.Semaphore(at_once), threading.Lock()
    inside, served = {"running": 0, "waiting": 0}, [0]

    @app.post("/predict")
    def predict(item: dict):
        with lock:
            mine = inside["running"] < at_once and free.acquire(blocking=False)
            if not mine and inside["waiting"] >= most_waiting:
                raise HTTPException(503, "too busy", {"Retry-After": "1"})
            inside["running" if mine else "waiting"] += 1
        if not mine:
            free.acquire()
            with lock:
                inside["waiting"] -= 1
                inside["running"] += 1
        try:
            probability = score(item)
        finally:
            with lock:
                inside["running"] -= 1
                free.release()
        with lock:
            served[0] += 1
        return {"probability": probability}

    @app.get("/stats")
    async def stats():
        with lock:
            return {"served": served[0], **inside}


# %% right="concurrency" name="a pool of threads of its own, and requests counted in the loop"
# %%writefile concurrency.py
import asyncio
from concurrent.futures import ThreadPoolExecutor

from fastapi.responses import JSONResponse


def add_predict(app, score, at_once=4, most_waiting=16):
    pool = ThreadPoolExecutor(at_once)
    inside, served = 0, 0

    @app.post("/predict")
    async def predict(item: dict):
        nonlocal inside, served
        if inside >= at_once + most_waiting:
            return JSONResponse({"detail": "busy"}, 503, {"Retry-After": "1"})
        inside += 1
        try:
            probability = await asyncio.get_running_loop().run_in_executor(pool, score, item)
        finally:
            inside -= 1
        served += 1
        return {"probability": probability}

    @app.get("/stats")
    async def stats():
        return {"served": served, "running": min(inside, at_once), "waiting": max(0, inside - at_once)}


# %% right="concurrency" name="a queue of tickets"
# %%writefile concurrency.py
import asyncio

from fastapi import HTTPException


def add_predict(app, score, at_once=4, most_waiting=16):
    tickets, waiting = asyncio.Queue(), []
    for number in range(at_once):
        tickets.put_nowait(number)
    count = {"served": 0}

    @app.post("/predict")
    async def predict(item: dict):
        if tickets.empty():
            if len(waiting) == most_waiting:
                raise HTTPException(status_code=503, headers={"Retry-After": "1"})
            waiting.append(None)
            ticket = await tickets.get()
            waiting.pop()
        else:
            ticket = tickets.get_nowait()
        try:
            probability = await asyncio.to_thread(score, item)
        finally:
            tickets.put_nowait(ticket)
        count["served"] += 1
        return {"probability": probability}

    @app.get("/stats")
    async def stats():
        return count | {"running": at_once - tickets.qsize(), "waiting": len(waiting)}


# %% wrong="concurrency" name="blocks the event loop" fails="concurrency-loop concurrency-load"
# %%writefile concurrency.py
import asyncio
import threading

from fastapi import HTTPException
from starlette.concurrency import run_in_threadpool


def add_predict(app, score, at_once=4, most_waiting=16):
    """Add POST /predict, which shares out few calls of a blocking model among many requests; and GET /stats."""
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
            probability = score(item)
        finally:
            stats["running"] -= 1
            tickets.release()
        stats["served"] += 1
        return {"probability": probability}

    @app.get("/stats")
    async def read_stats():
        return stats


# %% wrong="concurrency" name="no limit: as many calls as requests" fails="concurrency-at-once"
# %%writefile concurrency.py
import asyncio
import threading

from fastapi import HTTPException
from starlette.concurrency import run_in_threadpool


def add_predict(app, score, at_once=4, most_waiting=16):
    """Add POST /predict, which shares out few calls of a blocking model among many requests; and GET /stats."""
    tickets = asyncio.Semaphore(1000)
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


# %% wrong="concurrency" name="one call at a time" fails="concurrency-at-once concurrency-load"
# %%writefile concurrency.py
import asyncio
import threading

from fastapi import HTTPException
from starlette.concurrency import run_in_threadpool


def add_predict(app, score, at_once=4, most_waiting=16):
    """Add POST /predict, which shares out few calls of a blocking model among many requests; and GET /stats."""
    tickets = asyncio.Semaphore(1)
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


# %% wrong="concurrency" name="refuses everything for which no call is free" fails="concurrency-at-once concurrency-full"
# %%writefile concurrency.py
import asyncio
import threading

from fastapi import HTTPException
from starlette.concurrency import run_in_threadpool


def add_predict(app, score, at_once=4, most_waiting=16):
    """Add POST /predict, which shares out few calls of a blocking model among many requests; and GET /stats."""
    tickets = asyncio.Semaphore(at_once)
    stats = {"served": 0, "running": 0, "waiting": 0}

    @app.post("/predict")
    async def predict(item: dict):
        if tickets.locked():
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


# %% wrong="concurrency" name="lets everybody wait, however many" fails="concurrency-full"
# %%writefile concurrency.py
import asyncio
import threading

from fastapi import HTTPException
from starlette.concurrency import run_in_threadpool


def add_predict(app, score, at_once=4, most_waiting=16):
    """Add POST /predict, which shares out few calls of a blocking model among many requests; and GET /stats."""
    tickets = asyncio.Semaphore(at_once)
    stats = {"served": 0, "running": 0, "waiting": 0}

    @app.post("/predict")
    async def predict(item: dict):
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


# %% wrong="concurrency" name="refuses without saying when to come again" fails="concurrency-full"
# %%writefile concurrency.py
import asyncio
import threading

from fastapi import HTTPException
from starlette.concurrency import run_in_threadpool


def add_predict(app, score, at_once=4, most_waiting=16):
    """Add POST /predict, which shares out few calls of a blocking model among many requests; and GET /stats."""
    tickets = asyncio.Semaphore(at_once)
    stats = {"served": 0, "running": 0, "waiting": 0}

    @app.post("/predict")
    async def predict(item: dict):
        if tickets.locked() and stats["waiting"] >= most_waiting:
            raise HTTPException(503)
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


# %% wrong="concurrency" name="refuses with 429, as if the client had asked too often" fails="concurrency-full"
# %%writefile concurrency.py
import asyncio
import threading

from fastapi import HTTPException
from starlette.concurrency import run_in_threadpool


def add_predict(app, score, at_once=4, most_waiting=16):
    """Add POST /predict, which shares out few calls of a blocking model among many requests; and GET /stats."""
    tickets = asyncio.Semaphore(at_once)
    stats = {"served": 0, "running": 0, "waiting": 0}

    @app.post("/predict")
    async def predict(item: dict):
        if tickets.locked() and stats["waiting"] >= most_waiting:
            raise HTTPException(429, headers={"Retry-After": "1"})
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


# %% wrong="concurrency" name="an exception of score takes its place along" fails="concurrency-errors"
# %%writefile concurrency.py
import asyncio
import threading

from fastapi import HTTPException
from starlette.concurrency import run_in_threadpool


def add_predict(app, score, at_once=4, most_waiting=16):
    """Add POST /predict, which shares out few calls of a blocking model among many requests; and GET /stats."""
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
        probability = await run_in_threadpool(score, item)
        stats["running"] -= 1
        tickets.release()
        stats["served"] += 1
        return {"probability": probability}

    @app.get("/stats")
    async def read_stats():
        return stats


# %% wrong="concurrency" name="counts failures as served" fails="concurrency-errors"
# %%writefile concurrency.py
import asyncio
import threading

from fastapi import HTTPException
from starlette.concurrency import run_in_threadpool


def add_predict(app, score, at_once=4, most_waiting=16):
    """Add POST /predict, which shares out few calls of a blocking model among many requests; and GET /stats."""
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
            stats["served"] += 1
            tickets.release()
        return {"probability": probability}

    @app.get("/stats")
    async def read_stats():
        return stats


# %% wrong="concurrency" name="answers 200 and null when score fails" fails="concurrency-errors"
# %%writefile concurrency.py
import asyncio
import threading

from fastapi import HTTPException
from starlette.concurrency import run_in_threadpool


def add_predict(app, score, at_once=4, most_waiting=16):
    """Add POST /predict, which shares out few calls of a blocking model among many requests; and GET /stats."""
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
        except Exception:
            probability = None
        finally:
            stats["running"] -= 1
            tickets.release()
        stats["served"] += 1
        return {"probability": probability}

    @app.get("/stats")
    async def read_stats():
        return stats


# %% wrong="concurrency" name="keeps every request, for statistics" fails="concurrency-memory"
# %%writefile concurrency.py
import asyncio
import threading

from fastapi import HTTPException
from starlette.concurrency import run_in_threadpool


def add_predict(app, score, at_once=4, most_waiting=16):
    """Add POST /predict, which shares out few calls of a blocking model among many requests; and GET /stats."""
    tickets = asyncio.Semaphore(at_once)
    history = []
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
        history.append(item)
        stats["served"] = len(history)
        return {"probability": probability}

    @app.get("/stats")
    async def read_stats():
        return stats


# %% wrong="concurrency" name="counts in threads without a lock" fails="concurrency-load"
# %%writefile concurrency.py
import asyncio
import threading
import time

from fastapi import HTTPException
from starlette.concurrency import run_in_threadpool


def add_predict(app, score, at_once=4, most_waiting=16):
    """Add POST /predict, which shares out few calls of a blocking model among many requests; and GET /stats."""
    tickets = asyncio.Semaphore(at_once)
    stats = {"served": 0, "running": 0, "waiting": 0}

    def count():
        served = stats["served"]
        time.sleep(0.002)
        stats["served"] = served + 1

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
        await run_in_threadpool(count)
        return {"probability": probability}

    @app.get("/stats")
    async def read_stats():
        return stats


# %% [markdown]
# Exercise 7, percentiles


# %% right="latency" name="fractions, and an ASGI middleware"
# %%writefile latency.py
import math
import time
from collections import defaultdict, deque
from fractions import Fraction


def nearest_rank(values, percent):
    if percent != int(percent) or not 1 <= percent <= 100:
        raise ValueError("no such percent")
    ordered = sorted(values)
    if not ordered:
        raise ValueError("no values")
    return ordered[math.ceil(Fraction(percent, 100) * len(ordered)) - 1]


class Route:
    def __init__(self, window):
        self.count = self.errors = 0
        self.last = deque(maxlen=window)

    def summary(self):
        p50, p95 = (1000 * nearest_rank(self.last, percent) for percent in (50, 95))
        return {"count": self.count, "errors": self.errors, "p50_ms": p50, "p95_ms": p95}


class Measure:
    def __init__(self, app, routes, clock):
        self.app, self.routes, self.clock = app, routes, clock

    async def __call__(self, scope, receive, send):
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        status = 500

        async def watch(message):
            nonlocal status
            status = message.get("status", status)
            await send(message)

        begun = self.clock()
        try:
            await self.app(scope, receive, watch)
        finally:
            path = getattr(scope.get("route"), "path", "other")
            if path != "/metrics":
                route = self.routes[path]
                route.count += 1
                route.errors += status // 100 == 5
                route.last.append(self.clock() - begun)


def add_metrics(app, window=1000, clock=time.perf_counter):
    routes = defaultdict(lambda: Route(window))
    app.add_middleware(Measure, routes=routes, clock=clock)

    @app.get("/metrics")
    def metrics():
        return {path: route.summary() for path, route in list(routes.items())}


# %% right="latency" name="counts how many values are as small; lists cut to the window"
# %%writefile latency.py
import time
from bisect import bisect_right


def nearest_rank(values, percent):
    if len(values) == 0 or percent < 1 or percent > 100:
        raise ValueError(percent)
    ordered = sorted(values)
    return next(value for value in ordered if 100 * bisect_right(ordered, value) >= percent * len(ordered))


def add_metrics(app, window=1000, clock=time.perf_counter):
    counts, errors, last = {}, {}, {}

    @app.get("/metrics")
    async def metrics():
        return {
            path: {
                "count": counts[path],
                "errors": errors.get(path, 0),
                "p50_ms": nearest_rank(last[path], 50) * 1000,
                "p95_ms": nearest_rank(last[path], 95) * 1000,
            }
            for path in counts
        }

    async def measure(request, call_next):
        begun = clock()
        try:
            response = await call_next(request)
        except Exception:
            write(request, begun, True)
            raise
        write(request, begun, response.status_code > 499)
        return response

    def write(request, begun, failed):
        path = request.scope["route"].path if "route" in request.scope else "other"
        if path == "/metrics":
            return
        counts[path] = counts.get(path, 0) + 1
        if failed:
            errors[path] = errors.get(path, 0) + 1
        last[path] = [*last.get(path, []), clock() - begun][-window:]

    app.middleware("http")(measure)


# %% wrong="latency" name="the mean in place of the median" fails="latency-metrics"
# %%writefile latency.py
import time
from collections import deque


def nearest_rank(values, percent):
    """Return the smallest of the values that is at least as large as so many percent of them."""
    if not len(values) or percent not in range(1, 101):
        raise ValueError("at least one value, and a percent from 1 to 100")
    return sorted(values)[-(-percent * len(values) // 100) - 1]


def add_metrics(app, window=1000, clock=time.perf_counter):
    """Measure the latency of every request, and add GET /metrics."""
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
                "p50_ms": sum(entry["last"]) / len(entry["last"]),
                "p95_ms": nearest_rank(entry["last"], 95),
            }
            for path, entry in routes.items()
        }


# %% wrong="latency" name="rounds the rank down" fails="latency-rank"
# %%writefile latency.py
import time
from collections import deque


def nearest_rank(values, percent):
    """Return the smallest of the values that is at least as large as so many percent of them."""
    if not len(values) or percent not in range(1, 101):
        raise ValueError("at least one value, and a percent from 1 to 100")
    return sorted(values)[max(percent * len(values) // 100, 1) - 1]


def add_metrics(app, window=1000, clock=time.perf_counter):
    """Measure the latency of every request, and add GET /metrics."""
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


# %% wrong="latency" name="counts positions from 0" fails="latency-rank"
# %%writefile latency.py
import time
from collections import deque


def nearest_rank(values, percent):
    """Return the smallest of the values that is at least as large as so many percent of them."""
    if not len(values) or percent not in range(1, 101):
        raise ValueError("at least one value, and a percent from 1 to 100")
    return sorted(values)[min(percent * len(values) // 100, len(values) - 1)]


def add_metrics(app, window=1000, clock=time.perf_counter):
    """Measure the latency of every request, and add GET /metrics."""
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


# %% wrong="latency" name="rounds a floating-point product up" fails="latency-rank"
# %%writefile latency.py
import math
import time
from collections import deque


def nearest_rank(values, percent):
    """Return the smallest of the values that is at least as large as so many percent of them."""
    if not len(values) or percent not in range(1, 101):
        raise ValueError("at least one value, and a percent from 1 to 100")
    return sorted(values)[math.ceil(percent / 100 * len(values)) - 1]


def add_metrics(app, window=1000, clock=time.perf_counter):
    """Measure the latency of every request, and add GET /metrics."""
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


# %% wrong="latency" name="NumPy's percentile, which interpolates" fails="latency-rank latency-metrics"
# %%writefile latency.py
import time
from collections import deque

import numpy as np


def nearest_rank(values, percent):
    """Return the smallest of the values that is at least as large as so many percent of them."""
    if not len(values) or percent not in range(1, 101):
        raise ValueError("at least one value, and a percent from 1 to 100")
    return float(np.percentile(values, percent))


def add_metrics(app, window=1000, clock=time.perf_counter):
    """Measure the latency of every request, and add GET /metrics."""
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


# %% wrong="latency" name="sorts the list that it was given" fails="latency-rank"
# %%writefile latency.py
import time
from collections import deque


def nearest_rank(values, percent):
    """Return the smallest of the values that is at least as large as so many percent of them."""
    values = values if isinstance(values, list) else list(values)
    if not len(values) or percent not in range(1, 101):
        raise ValueError("at least one value, and a percent from 1 to 100")
    values.sort()
    return values[-(-percent * len(values) // 100) - 1]


def add_metrics(app, window=1000, clock=time.perf_counter):
    """Measure the latency of every request, and add GET /metrics."""
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


# %% wrong="latency" name="no value has the percentile None" fails="latency-rank"
# %%writefile latency.py
import time
from collections import deque


def nearest_rank(values, percent):
    """Return the smallest of the values that is at least as large as so many percent of them."""
    if not len(values):
        return None
    if percent not in range(1, 101):
        raise ValueError("at least one value, and a percent from 1 to 100")
    return sorted(values)[-(-percent * len(values) // 100) - 1]


def add_metrics(app, window=1000, clock=time.perf_counter):
    """Measure the latency of every request, and add GET /metrics."""
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


# %% wrong="latency" name="an entry for each path" fails="latency-metrics"
# %%writefile latency.py
import time
from collections import deque


def nearest_rank(values, percent):
    """Return the smallest of the values that is at least as large as so many percent of them."""
    if not len(values) or percent not in range(1, 101):
        raise ValueError("at least one value, and a percent from 1 to 100")
    return sorted(values)[-(-percent * len(values) // 100) - 1]


def add_metrics(app, window=1000, clock=time.perf_counter):
    """Measure the latency of every request, and add GET /metrics."""
    routes = {}

    def note(scope, seconds, failed):
        path = scope["path"] if scope.get("route") else "other"
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


# %% wrong="latency" name="an entry for each path that does not exist" fails="latency-metrics"
# %%writefile latency.py
import time
from collections import deque


def nearest_rank(values, percent):
    """Return the smallest of the values that is at least as large as so many percent of them."""
    if not len(values) or percent not in range(1, 101):
        raise ValueError("at least one value, and a percent from 1 to 100")
    return sorted(values)[-(-percent * len(values) // 100) - 1]


def add_metrics(app, window=1000, clock=time.perf_counter):
    """Measure the latency of every request, and add GET /metrics."""
    routes = {}

    def note(scope, seconds, failed):
        route = scope.get("route")
        path = route.path if route else scope["path"]
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


# %% wrong="latency" name="counts the requests for the metrics too" fails="latency-metrics"
# %%writefile latency.py
import time
from collections import deque


def nearest_rank(values, percent):
    """Return the smallest of the values that is at least as large as so many percent of them."""
    if not len(values) or percent not in range(1, 101):
        raise ValueError("at least one value, and a percent from 1 to 100")
    return sorted(values)[-(-percent * len(values) // 100) - 1]


def add_metrics(app, window=1000, clock=time.perf_counter):
    """Measure the latency of every request, and add GET /metrics."""
    routes = {}

    def note(scope, seconds, failed):
        route = scope.get("route")
        path = route.path if route else "other"
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


# %% wrong="latency" name="a refusal of the client's request counts as an error" fails="latency-metrics"
# %%writefile latency.py
import time
from collections import deque


def nearest_rank(values, percent):
    """Return the smallest of the values that is at least as large as so many percent of them."""
    if not len(values) or percent not in range(1, 101):
        raise ValueError("at least one value, and a percent from 1 to 100")
    return sorted(values)[-(-percent * len(values) // 100) - 1]


def add_metrics(app, window=1000, clock=time.perf_counter):
    """Measure the latency of every request, and add GET /metrics."""
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
            failed = response.status_code >= 400
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


# %% wrong="latency" name="a request that ends in an exception is not counted" fails="latency-metrics"
# %%writefile latency.py
import time
from collections import deque


def nearest_rank(values, percent):
    """Return the smallest of the values that is at least as large as so many percent of them."""
    if not len(values) or percent not in range(1, 101):
        raise ValueError("at least one value, and a percent from 1 to 100")
    return sorted(values)[-(-percent * len(values) // 100) - 1]


def add_metrics(app, window=1000, clock=time.perf_counter):
    """Measure the latency of every request, and add GET /metrics."""
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
        response = await call_next(request)
        failed = response.status_code >= 500
        note(request.scope, clock() - begun, failed)
        return response

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


# %% wrong="latency" name="seconds in place of milliseconds" fails="latency-metrics"
# %%writefile latency.py
import time
from collections import deque


def nearest_rank(values, percent):
    """Return the smallest of the values that is at least as large as so many percent of them."""
    if not len(values) or percent not in range(1, 101):
        raise ValueError("at least one value, and a percent from 1 to 100")
    return sorted(values)[-(-percent * len(values) // 100) - 1]


def add_metrics(app, window=1000, clock=time.perf_counter):
    """Measure the latency of every request, and add GET /metrics."""
    routes = {}

    def note(scope, seconds, failed):
        route = scope.get("route")
        path = route.path if route else "other"
        if path == "/metrics":
            return
        entry = routes.setdefault(path, {"count": 0, "errors": 0, "last": deque(maxlen=window)})
        entry["count"] += 1
        entry["errors"] += failed
        entry["last"].append(seconds)

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


# %% wrong="latency" name="percentiles of everything since the start" fails="latency-window"
# %%writefile latency.py
import time
from collections import deque


def nearest_rank(values, percent):
    """Return the smallest of the values that is at least as large as so many percent of them."""
    if not len(values) or percent not in range(1, 101):
        raise ValueError("at least one value, and a percent from 1 to 100")
    return sorted(values)[-(-percent * len(values) // 100) - 1]


def add_metrics(app, window=1000, clock=time.perf_counter):
    """Measure the latency of every request, and add GET /metrics."""
    routes = {}

    def note(scope, seconds, failed):
        route = scope.get("route")
        path = route.path if route else "other"
        if path == "/metrics":
            return
        entry = routes.setdefault(path, {"count": 0, "errors": 0, "last": deque()})
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


# %% wrong="latency" name="one window for all routes together" fails="latency-window"
# %%writefile latency.py
import time
from collections import deque


def nearest_rank(values, percent):
    """Return the smallest of the values that is at least as large as so many percent of them."""
    if not len(values) or percent not in range(1, 101):
        raise ValueError("at least one value, and a percent from 1 to 100")
    return sorted(values)[-(-percent * len(values) // 100) - 1]


def add_metrics(app, window=1000, clock=time.perf_counter):
    """Measure the latency of every request, and add GET /metrics."""
    routes, last = {}, deque(maxlen=window)

    def note(scope, seconds, failed):
        route = scope.get("route")
        path = route.path if route else "other"
        if path == "/metrics":
            return
        entry = routes.setdefault(path, {"count": 0, "errors": 0, "last": last})
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


# %% wrong="latency" name="counts what is in the window only" fails="latency-window"
# %%writefile latency.py
import time
from collections import deque


def nearest_rank(values, percent):
    """Return the smallest of the values that is at least as large as so many percent of them."""
    if not len(values) or percent not in range(1, 101):
        raise ValueError("at least one value, and a percent from 1 to 100")
    return sorted(values)[-(-percent * len(values) // 100) - 1]


def add_metrics(app, window=1000, clock=time.perf_counter):
    """Measure the latency of every request, and add GET /metrics."""
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
                "count": len(entry["last"]),
                "errors": entry["errors"],
                "p50_ms": nearest_rank(entry["last"], 50),
                "p95_ms": nearest_rank(entry["last"], 95),
            }
            for path, entry in routes.items()
        }


# %% wrong="latency" name="measures the processor with each request, which takes 30 ms" fails="latency-cost"
# %%writefile latency.py
import time
from collections import deque

import psutil


def nearest_rank(values, percent):
    """Return the smallest of the values that is at least as large as so many percent of them."""
    if not len(values) or percent not in range(1, 101):
        raise ValueError("at least one value, and a percent from 1 to 100")
    return sorted(values)[-(-percent * len(values) // 100) - 1]


def add_metrics(app, window=1000, clock=time.perf_counter):
    """Measure the latency of every request, and add GET /metrics."""
    routes = {}

    def note(scope, seconds, failed):
        route = scope.get("route")
        path = route.path if route else "other"
        if path == "/metrics":
            return
        entry = routes.setdefault(path, {"count": 0, "errors": 0, "last": deque(maxlen=window)})
        entry["count"] += 1
        entry["processor"] = psutil.cpu_percent(interval=0.03)
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
