"""None for everybody, quickly."""

from fastapi import FastAPI, Request

app = FastAPI()


@app.get("/health")
def health():
    """All is well."""
    return {"status": "ok", "model_version": "1"}


@app.post("/v1/decide")
async def decide(request: Request):
    """Nobody."""
    body = await request.json()
    none = [{"user_id": one["user_id"], "action": "none", "expected_gain_rub": 0.0} for one in body["items"]]
    return {"decisions": none, "model_version": "1"}
