"""A FastAPI server that has never heard of Syncline: it listens on a free port, and prints what happens as JSON lines."""

import json
import socket

import uvicorn
from fastapi import FastAPI, WebSocket, WebSocketDisconnect

app = FastAPI()


def tell(event, **fields):
    print(json.dumps({"event": event, **fields}), flush=True)


async def converse(websocket, answer, greeting=None, subprotocol=None):
    """Accepts, says a greeting, and answers each message as `answer` says."""
    tell("asked", path=websocket.url.path, offered=websocket.scope["subprotocols"])
    await websocket.accept(subprotocol=subprotocol)
    try:
        if greeting is not None:
            await websocket.send_text(greeting)
        while True:
            message = await websocket.receive_text()
            tell("received", path=websocket.url.path, message=message)
            if answer is not None:
                await websocket.send_text(answer(message))
    except WebSocketDisconnect as disconnect:
        tell("left", path=websocket.url.path, code=disconnect.code)


def wrap(message):
    return json.dumps({"type": "message", "payload": message})


@app.websocket("/echo")
async def echo(websocket: WebSocket):
    await converse(websocket, lambda message: message)


@app.websocket("/json")
async def json_objects(websocket: WebSocket):
    await converse(websocket, wrap, greeting=wrap("welcome"))


@app.websocket("/other")
async def other_subprotocol(websocket: WebSocket):
    await converse(websocket, wrap, subprotocol="graphql-ws")


@app.websocket("/impostor")
async def impostor(websocket: WebSocket):
    await converse(websocket, wrap, subprotocol="syncline.1")


@app.websocket("/parrot")
async def parrot(websocket: WebSocket):
    await converse(websocket, lambda message: message, subprotocol="syncline.1")


@app.websocket("/mute")
async def mute(websocket: WebSocket):
    await converse(websocket, None, subprotocol="syncline.1")


@app.websocket("/almost")
async def almost(websocket: WebSocket):
    # A welcome in everything but its shape.
    await converse(websocket, lambda message: '["welcome", {"client": 1}]', subprotocol="syncline.1")


@app.websocket("/binary")
async def binary(websocket: WebSocket):
    await websocket.accept(subprotocol="syncline.1")
    await websocket.send_bytes(b'["ping"]')
    try:
        await websocket.receive_text()
        await websocket.receive_text()
    except WebSocketDisconnect:
        pass


@app.get("/page")
def page():
    return {"hello": "world"}


if __name__ == "__main__":
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    # From here on the system takes connections, whatever uvicorn has still to do.
    listener.listen()
    tell("listening", port=listener.getsockname()[1])
    uvicorn.Server(uvicorn.Config(app, log_level="critical")).run(sockets=[listener])
