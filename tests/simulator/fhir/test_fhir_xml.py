from xml.etree import ElementTree as ET

from simulator.fhir.fhir_xml import fhir_xml
from tests.support.tables import each

START = '<?xml version="1.0" encoding="UTF-8"?><Patient xmlns="http://hl7.org/fhir">'


@each(
    ("json", "xml"),
    [
        ('"active": true', '<active value="true"/>'),
        ('"birthDate": "1968-03-14"', '<birthDate value="1968-03-14"/>'),
        ('"x": 1.50', '<x value="1.50"/>'),
        ('"x": 12345678901234567890', '<x value="12345678901234567890"/>'),
        ('"given": ["A", "B"]', '<given value="A"/><given value="B"/>'),
        ('"name": [{"family": "<&\\""}]', "<name><family value='&lt;&amp;\"'/></name>"),
        (
            '"extension": [{"url": "u", "valueCode": "c"}]',
            '<extension url="u"><valueCode value="c"/></extension>',
        ),
        (
            '"contained": [{"resourceType": "Group", "id": "g"}]',
            '<contained><Group><id value="g"/></Group></contained>',
        ),
        (
            '"text": {"div": "<div xmlns=\\"http://www.w3.org/1999/xhtml\\">T</div>"}',
            '<text><div xmlns="http://www.w3.org/1999/xhtml">T</div></text>',
        ),
    ],
)
def test_a_member_becomes_an_element(json: str, xml: str) -> None:
    written = fhir_xml(f'{{"resourceType": "Patient", {json}}}')
    assert written == f"{START}{xml}</Patient>"
    ET.fromstring(written)
