"""A patient's chart in a CDS client: it requests cards when it opens, shows them next to the chart
by urgency, follows their links and lets the user dismiss them (CDS Hooks 2.0, hook patient-view,
Link, Feedback).
"""

from collections.abc import Mapping
from urllib.parse import urlencode

from flask import Blueprint, Response, request

from simulator import trace
from simulator.cds import markdown
from simulator.cds.answer import Reason
from simulator.cds.opening import Answered, Opening
from simulator.cds_client import feedback
from simulator.cds_client.exchange import Exchange
from simulator.charts.users import CLINICIANS, DEFAULT_USER
from simulator.common.html import page
from simulator.common.redirects import redirect
from simulator.faults.named import FAULTS, Faults
from simulator.oauth.registrations import Registration
from simulator.pages.chart_contents import contents
from simulator.pages.chart_pages import (
    UnknownError,
    find_patient,
    framed_app,
    handle_unknown,
    launch_app,
    read_faults,
)
from simulator.trace import LaunchTrace
from simulator.vendors.installation import Installation

_NO_CONTEXT = "cds-no-app-context"
_NO_REASON = Reason("", "", "No reason given")


def cds_chart_blueprint(ehr: Installation) -> Blueprint:
    """Return the routes.

    `chart?patient=ID` opens a chart; `user=` and `fault=` are optional. `chart?shown=KEY` shows it
    again. The cards link to `chart/follow` and `chart/dismiss`.
    """
    routes = Blueprint("cds-chart", __name__)
    handle_unknown(routes)

    @routes.get("/chart")
    def chart() -> Response:
        key = request.args.get("shown", "")
        if key:
            return _shown(ehr, key, _opening(ehr, key))
        opening = _opened(ehr)
        return _shown(ehr, ehr.cds_state.openings.put(opening), opening)

    @routes.get("/chart/follow")
    def follow() -> Response:
        key = request.args.get("shown", "")
        opening = _opening(ehr, key)
        answered, client, number = _chosen(ehr, opening, request.args)
        card = answered.cards[number]
        link = next((one for one in card.links if one.type == "smart"), None)
        if link is None or not link.is_shown:
            raise UnknownError("link, because it isn't the registered launch URL")
        patient = find_patient(ehr, opening.patient)
        if request.args.get("in") == "frame":
            query = urlencode({**request.args.to_dict(), "in": "tab"})
            return framed_app(
                ehr,
                client,
                patient,
                opening.user,
                others=_again(ehr, key),
                frame=f"{request.path}?{query}",
            )
        faults = Faults(",".join(_of_links(opening.fault)))
        triggered = faults.trigger("cds") | ehr.control.faults.trigger("cds")
        is_lost = _NO_CONTEXT in triggered
        context = None if is_lost else link.app_context
        answer = launch_app(ehr, client, patient, opening.user, faults, context)
        trace.note("noted", "appContext", context or "not passed on")
        trace.triggered([_NO_CONTEXT] * is_lost)
        if number not in answered.outcomes and card.uuid:
            feedback.send(ehr, client, answered.service, card, None)
            answered.outcomes[number] = "Followed."
        return answer

    @routes.post("/chart/dismiss")
    def dismiss() -> Response:
        key = request.form.get("shown", "")
        opening = _opening(ehr, key)
        answered, client, number = _chosen(ehr, opening, request.form)
        card = answered.cards[number]
        code = request.form.get("reason", "")
        reason = next((one for one in card.reasons if one.code == code), _NO_REASON)
        trace.begin("cds", ehr.profile.key, "The clinician dismissed a card")
        trace.belong(opening.launch_trace)
        is_sent = feedback.send(ehr, client, answered.service, card, reason)
        trace.answer(f"dismissed: {reason.display}")
        result = "feedback was sent" if is_sent else "the service didn't accept the feedback"
        answered.outcomes[number] = f"Dismissed: {reason.display}; {result}."
        place = f"card-{opening.answers.index(answered)}-{number}"
        return redirect(f"{_again(ehr, key)}#{place}", 303)

    return routes


def _opened(ehr: Installation) -> Opening:
    """Open a chart and request cards from every registered service."""
    user = request.args.get("user") or DEFAULT_USER
    if user not in CLINICIANS:
        raise UnknownError("clinician")
    patient = find_patient(ehr, request.args.get("patient", ""))
    fault = request.args.get("fault", "")
    faults = read_faults(fault, ehr.profile.key)
    clients = [one for one in ehr.registrations.values() if one.cds_services is not None]
    launch_trace = LaunchTrace(
        ehr.profile.key,
        is_from_chart=True,
        client=clients[0].client_id if clients else "",
        patient=patient.name,
        user=CLINICIANS[user].name,
        faults=tuple(one for one in faults.names() if one not in _of_links(fault)),
        has_come_back=True,
        asks_for_cards=True,
    )
    if not clients:
        return Opening(patient.id, user, fault, [], launch_trace)
    trace.begin("cds", ehr.profile.key, "A chart was opened and requested cards")
    trace.belong(launch_trace)
    triggered = faults.trigger("cds") | ehr.control.faults.trigger("cds")
    trace.triggered(triggered - {_NO_CONTEXT})
    answers = []
    for client in clients:
        answers += [
            Answered(
                client.client_id,
                one.title,
                one.service or "",
                one.response.cards,
                one.response.problems,
                one.response.is_refusal and bool(triggered - {_NO_CONTEXT}),
            )
            for one in Exchange(ehr, client, patient.id, user, triggered, launch_trace).results()
        ]
    trace.answer(_summary(answers))
    return Opening(patient.id, user, fault, answers, launch_trace)


def _of_links(fault: str) -> list[str]:
    """Return the faults that affect launches from cards, not the call."""
    return [
        one
        for one in fault.split(",")
        if one and (one.startswith(_NO_CONTEXT) or FAULTS[one.partition(":")[0]].place != "cds")
    ]


def _summary(answers: list[Answered]) -> str:
    problems = [one for answered in answers for one in answered.problems]
    cards = [card for answered in answers for card in answered.cards]
    broken = sum(bool(card.problems) for card in cards)
    if problems and not cards:
        return f"The chart shows no cards. {sentence(problems[0])}"
    text = f"The chart shows {len(cards)} card{'' if len(cards) == 1 else 's'}"
    return f"{text}, {broken} with violations of CDS Hooks." if broken else f"{text}."


def sentence(text: str) -> str:
    """Return text as a sentence."""
    return f"{text[:1].upper()}{text[1:].rstrip('.')}."


def _shown(ehr: Installation, key: str, opening: Opening) -> Response:
    faults = [FAULTS[one] for one in Faults(opening.fault).names()]
    return page(
        "cds_chart.html",
        form_action=["'self'"],
        patient=find_patient(ehr, opening.patient),
        title=ehr.profile.title,
        user=CLINICIANS[opening.user],
        others=f"/?{urlencode({'ehr': ehr.profile.key, 'user': opening.user})}",
        reopen=_url(ehr, patient=opening.patient, user=opening.user, fault=opening.fault),
        follow=f"{_base(ehr)}/chart/follow",
        dismiss=f"{_base(ehr)}/chart/dismiss",
        key=key,
        faults=faults,
        answers=opening.answers,
        contents=contents(ehr.charts, opening.patient),
        html=markdown.html,
        sentence=sentence,
    )


def _chosen(
    ehr: Installation, opening: Opening, arguments: Mapping[str, str]
) -> tuple[Answered, Registration, int]:
    """Return the service, app and number of the card in a link or form."""
    service, number = arguments.get("service", ""), arguments.get("card", "")
    if service not in map(str, range(len(opening.answers))):
        raise UnknownError("card")
    answered = opening.answers[int(service)]
    if number not in map(str, range(len(answered.cards))):
        raise UnknownError("card")
    return answered, ehr.registrations[answered.client_id], int(number)


def _opening(ehr: Installation, key: str) -> Opening:
    opening = ehr.cds_state.openings.get(key)
    if opening is None:
        raise UnknownError("open chart. A chart closes an hour after it was opened")
    return opening


def _base(ehr: Installation) -> str:
    return f"/{ehr.profile.key}"


def _again(ehr: Installation, key: str) -> str:
    return _url(ehr, shown=key)


def _url(ehr: Installation, **query: str) -> str:
    return f"{_base(ehr)}/chart?{urlencode({k: v for k, v in query.items() if v})}"
