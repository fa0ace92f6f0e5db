
import sys
from fastapi import FastAPI
before=set(sys.modules)
from pydantic import BaseModel
class A(BaseModel):
    x: float
app = FastAPI()
@app.post("/hi")
def hi(a: A): return {"new": sorted(set(sys.modules)-before)}
