"""An issuer of id_tokens, at EHRs that other tests of the run use too."""

import pytest

from tests.support.ehr.issuer import Issuer, made_issuer
from tests.support.ehr.scripted_ehr import ScriptedEhr


@pytest.fixture
def issuer(scripted: ScriptedEhr, elsewhere: ScriptedEhr) -> Issuer:
    return made_issuer(scripted.tenant(), elsewhere.tenant())
