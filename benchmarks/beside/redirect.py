"""The minimum that launch must do: return a redirect."""

import flask


def serve(_: flask.Request) -> flask.Response:
    """Return a redirect; the function's entry point."""
    return flask.Response(status=302, headers={"Location": "https://ehr.example/authorize"})
