"""The least that a function can do in place of launch: it answers a redirect."""

import flask


def serve(_: flask.Request) -> flask.Response:
    """The function's entry point."""
    return flask.Response(status=302, headers={"Location": "https://ehr.example/authorize"})
