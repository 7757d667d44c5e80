"""A project's function for tests that a browser may navigate to."""

from smart_calc import api


@api.function(navigation=True)
def shown(call: api.Call) -> api.Reply:
    """Show the patient's id; a form may be posted."""
    return api.html(f"<!doctype html><p>{call.method} {call.session().patient}</p>")
