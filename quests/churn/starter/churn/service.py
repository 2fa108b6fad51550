"""Decisions over HTTP: ``uvicorn churn.service:app``. A first sketch of the intern's."""

from fastapi import FastAPI, Request

app = FastAPI()


@app.get("/health")
def health():
    """Say that all is well."""
    return {"status": "ok"}


@app.post("/v1/decide")
async def decide(request: Request):
    """Decide about nobody, for now."""
    raise NotImplementedError("stage 'A service that says no'")
