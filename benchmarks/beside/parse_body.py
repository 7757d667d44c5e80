"""The minimum that a CDS service does: parse the body and return an empty list of cards."""

import flask


def serve(request: flask.Request) -> flask.Response:
    """Parse the body and return no cards; the function's entry point."""
    request.get_json()
    return flask.Response('{"cards":[]}', content_type="application/json")
