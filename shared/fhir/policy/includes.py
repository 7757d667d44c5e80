"""The types that `_include` and `_revinclude` can return. Pure.

FHIR R4 (4.0.1) search parameters of type reference, with their targets
(https://hl7.org/fhir/R4/searchparameter-registry.html), for the types that patient/ scopes can
reach. `patient` always has the target Patient. `*`: any type.
"""

import functools
from collections.abc import Mapping

from shared.fhir import compartment
from shared.fhir.resource_types import RESOURCE_TYPES

_PARAMETERS = """
*: Appointment.supporting-info ClinicalImpression.supporting-info Communication.based-on
    Communication.part-of CommunicationRequest.based-on Composition.entry Composition.subject
    Condition.evidence-detail Consent.data DetectedIssue.implicated DeviceRequest.based-on
    DeviceRequest.prior-request DocumentManifest.item DocumentManifest.related-ref
    DocumentReference.related ImmunizationRecommendation.information List.item
    MeasureReport.evaluated-resource Observation.focus QuestionnaireResponse.subject Task.based-on
    Task.focus Task.subject
Account: ChargeItem.account Encounter.account Invoice.account
Appointment: Encounter.appointment
CarePlan: CarePlan.based-on CarePlan.part-of CarePlan.replaces
CareTeam: CarePlan.care-team
Claim: ClaimResponse.request ExplanationOfBenefit.claim
ClinicalImpression: ClinicalImpression.previous
CodeSystem: CodeSystem.supplements
CommunicationRequest: CommunicationRequest.replaces
Composition: Composition.related-ref
Condition: AdverseEvent.resultingcondition CarePlan.condition EpisodeOfCare.condition
    RiskAssessment.condition
Coverage: ExplanationOfBenefit.coverage
CoverageEligibilityRequest: CoverageEligibilityResponse.request
Device: Claim.detail-udi Claim.item-udi Claim.procedure-udi Claim.subdetail-udi
    DeviceRequest.device DeviceUseStatement.device ExplanationOfBenefit.detail-udi
    ExplanationOfBenefit.item-udi ExplanationOfBenefit.procedure-udi
    ExplanationOfBenefit.subdetail-udi MedicationAdministration.device
DocumentReference: DocumentReference.relatesto
Encounter: CarePlan.encounter CareTeam.encounter Claim.encounter ClinicalImpression.encounter
    Communication.encounter CommunicationRequest.encounter Condition.encounter Encounter.part-of
    ExplanationOfBenefit.encounter ImagingStudy.encounter Media.encounter
    MedicationRequest.encounter QuestionnaireResponse.encounter RequestGroup.encounter
    Task.encounter
Endpoint: HealthcareService.endpoint ImagingStudy.endpoint Location.endpoint Organization.endpoint
    PractitionerRole.endpoint
EpisodeOfCare: Encounter.episode-of-care
Goal: CarePlan.goal
HealthcareService: PractitionerRole.service
Immunization: ImmunizationEvaluation.immunization-event
Location: AdverseEvent.location Appointment.location Claim.facility
    CoverageEligibilityRequest.facility Device.location Encounter.location
    ExplanationOfBenefit.facility HealthcareService.coverage-area HealthcareService.location
    Immunization.location Location.partof MedicationDispense.destination PractitionerRole.location
    Procedure.location
Measure: MeasureReport.measure
Media: DiagnosticReport.media
Medication: MedicationAdministration.medication MedicationDispense.medication
    MedicationRequest.medication MedicationStatement.medication
MedicationRequest: MedicationAdministration.request MedicationDispense.prescription
Observation: DiagnosticReport.result Immunization.reaction
Organization: Account.owner ChargeItem.performing-organization ChargeItem.requesting-organization
    Claim.insurer ClaimResponse.insurer Consent.organization CoverageEligibilityResponse.insurer
    Device.organization DocumentReference.custodian Encounter.service-provider
    Endpoint.organization EpisodeOfCare.organization HealthcareService.organization
    Immunization.manufacturer Invoice.issuer Location.organization Medication.manufacturer
    MedicationRequest.intended-dispenser Organization.partof Patient.organization
    PractitionerRole.organization
Patient: Coverage.beneficiary
Practitioner: Appointment.practitioner Encounter.practitioner EpisodeOfCare.care-manager
    PractitionerRole.practitioner
Questionnaire: QuestionnaireResponse.questionnaire
ResearchStudy: AdverseEvent.study
ServiceRequest: Appointment.based-on Encounter.based-on EpisodeOfCare.incoming-referral
    ServiceRequest.replaces
Slot: Appointment.slot
Specimen: DiagnosticReport.specimen Observation.specimen ServiceRequest.specimen Specimen.parent
Task: Task.part-of
ActivityDefinition PlanDefinition: DeviceRequest.instantiates-canonical
    NutritionOrder.instantiates-canonical ServiceRequest.instantiates-canonical
AllergyIntolerance Condition: ClinicalImpression.problem
CarePlan ServiceRequest: Media.based-on Procedure.based-on QuestionnaireResponse.based-on
ClaimResponse Coverage: DeviceRequest.insurance
Condition Procedure: Encounter.diagnosis
Device DeviceMetric: Media.device Observation.device
Encounter EpisodeOfCare: ChargeItem.context Composition.encounter DeviceRequest.encounter
    DiagnosticReport.encounter DocumentReference.encounter Flag.encounter List.encounter
    MedicationAdministration.context MedicationDispense.context MedicationStatement.context
    NutritionOrder.encounter Observation.encounter Procedure.encounter RiskAssessment.encounter
    ServiceRequest.encounter VisionPrescription.encounter
Group Patient: CarePlan.subject CareTeam.subject ChargeItem.subject ClinicalImpression.subject
    Communication.subject CommunicationRequest.subject Condition.subject
    DeviceUseStatement.subject Encounter.subject Invoice.subject MedicationAdministration.subject
    MedicationDispense.subject MedicationRequest.subject MedicationStatement.subject
    Procedure.subject RequestGroup.subject RiskAssessment.subject
HealthcareService Organization: SupplyRequest.supplier
Immunization ImmunizationEvaluation: ImmunizationRecommendation.support
Medication Substance: Medication.ingredient
Observation Procedure: QuestionnaireResponse.part-of
Patient Practitioner: MedicationDispense.receiver
Patient RelatedPerson: Coverage.subscriber Patient.link
Practitioner PractitionerRole: Claim.enterer ClinicalImpression.assessor
    CoverageEligibilityRequest.enterer ExplanationOfBenefit.enterer ImagingStudy.interpreter
    ImagingStudy.referrer MedicationDispense.responsibleparty NutritionOrder.provider
    Specimen.collector SupplyDelivery.receiver VisionPrescription.prescriber
CarePlan MedicationRequest ServiceRequest: ServiceRequest.based-on
Condition DiagnosticReport Observation: Immunization.reason-reference
Condition Media Observation: ClinicalImpression.finding-ref
Device Group Patient: ImagingStudy.subject
Device Practitioner PractitionerRole: DetectedIssue.author RequestGroup.author
    RiskAssessment.performer
Group Organization Patient: Goal.subject
Location Organization Patient: SupplyRequest.subject
MedicationAdministration Observation Procedure: Procedure.part-of
MolecularSequence Observation QuestionnaireResponse: Observation.has-member
Organization Patient RelatedPerson: Coverage.payor Coverage.policy-holder Invoice.recipient
Organization Practitioner PractitionerRole: Claim.care-team Claim.provider ClaimResponse.requestor
    CoverageEligibilityRequest.provider CoverageEligibilityResponse.requestor
    DocumentReference.authenticator ExplanationOfBenefit.care-team ExplanationOfBenefit.provider
    Immunization.performer Patient.general-practitioner SupplyDelivery.supplier
Practitioner PractitionerRole RelatedPerson: Encounter.participant
CareTeam Organization Practitioner PractitionerRole: DiagnosticReport.performer
    DiagnosticReport.results-interpreter
Condition ImmunizationRecommendation Observation Procedure: Appointment.reason-reference
    Encounter.reason-reference
Consent Contract DocumentReference QuestionnaireResponse: Consent.source-reference
Device Group Location Patient: DeviceRequest.subject DiagnosticReport.subject List.subject
    Observation.subject ServiceRequest.subject
Device Group Patient Practitioner: DocumentManifest.subject DocumentReference.subject
Device Organization Practitioner PractitionerRole: DeviceRequest.requester
Device Patient Practitioner PractitionerRole: List.source
Group Patient Practitioner RelatedPerson: AdverseEvent.subject
Location Organization Practitioner PractitionerRole: MeasureReport.reporter
Patient Practitioner PractitionerRole RelatedPerson: AdverseEvent.recorder
    AllergyIntolerance.asserter AllergyIntolerance.recorder Condition.asserter
    QuestionnaireResponse.source
ActivityDefinition Measure OperationDefinition PlanDefinition Questionnaire:
    CarePlan.instantiates-canonical Communication.instantiates-canonical
    FamilyMemberHistory.instantiates-canonical Procedure.instantiates-canonical
Appointment AppointmentResponse CarePlan ServiceRequest Task: ImagingStudy.basedon
CarePlan ImmunizationRecommendation MedicationRequest NutritionOrder ServiceRequest:
    DiagnosticReport.based-on
Condition DiagnosticReport DocumentReference Observation Procedure: Procedure.reason-reference
Device Group Location Patient Substance: Specimen.subject
Device Organization Patient Practitioner PractitionerRole: Flag.author
Device Patient Practitioner PractitionerRole RelatedPerson: MedicationAdministration.performer
    RequestGroup.participant
MedicationAdministration MedicationDispense MedicationStatement Observation Procedure:
    MedicationStatement.part-of
Organization Patient Practitioner PractitionerRole RelatedPerson: Claim.payee Composition.attester
    Consent.consentor DocumentManifest.recipient ExplanationOfBenefit.payee
    MedicationStatement.source
CarePlan DeviceRequest ImmunizationRecommendation MedicationRequest NutritionOrder ServiceRequest:
    Observation.based-on
CareTeam Organization Patient Practitioner PractitionerRole RelatedPerson: CareTeam.participant
    Observation.performer
Device Organization Patient Practitioner PractitionerRole RelatedPerson: ChargeItem.enterer
    CommunicationRequest.requester Composition.author DocumentManifest.author
    DocumentReference.author Invoice.participant MedicationDispense.performer
    MedicationRequest.requester Procedure.performer QuestionnaireResponse.author
    ServiceRequest.requester SupplyRequest.requester Task.requester
DocumentReference ImagingStudy Media MolecularSequence Observation QuestionnaireResponse:
    Observation.derived-from
ImagingStudy Immunization MedicationAdministration MedicationDispense MedicationStatement
    Procedure: Observation.part-of
CareTeam Device Organization Patient Practitioner PractitionerRole RelatedPerson:
    ChargeItem.performer-actor ImagingStudy.performer Media.operator
    MedicationRequest.intended-performer
Device Group Location Patient Practitioner PractitionerRole Specimen: Media.subject
Device HealthcareService Location Organization Patient Practitioner PractitionerRole:
    Account.subject
Device HealthcareService Location Patient Practitioner PractitionerRole RelatedPerson:
    Appointment.actor
Device HealthcareService Organization Patient Practitioner PractitionerRole RelatedPerson:
    Communication.sender CommunicationRequest.sender
Device Immunization Medication MedicationAdministration MedicationStatement Procedure Substance:
    AdverseEvent.substance
DiagnosticReport FamilyMemberHistory ImagingStudy Media Observation QuestionnaireResponse
    RiskAssessment: ClinicalImpression.investigation
CareTeam Device Group Organization Patient Practitioner PractitionerRole RelatedPerson:
    Consent.actor
CareTeam Device HealthcareService Organization Patient Practitioner PractitionerRole
    RelatedPerson: CarePlan.performer DeviceRequest.performer ServiceRequest.performer Task.owner
DiagnosticReport ImagingStudy Immunization MedicationAdministration MedicationDispense Observation
    Procedure SupplyDelivery: ChargeItem.service
Group Location Medication Organization Patient PlanDefinition Practitioner Procedure: Flag.subject
Appointment CommunicationRequest DeviceRequest MedicationRequest NutritionOrder RequestGroup
    ServiceRequest Task VisionPrescription: CarePlan.activity-reference
CareTeam Device Group HealthcareService Organization Patient Practitioner PractitionerRole
    RelatedPerson: Communication.recipient CommunicationRequest.recipient
CareTeam Device Group HealthcareService Location Organization Patient Practitioner
    PractitionerRole RelatedPerson: MeasureReport.subject
"""


def reached(name: str, value: str) -> frozenset[str] | None:
    """Return the types that an `_include` or `_revinclude` can return, None if R4 doesn't tell.

    `value`: `Observation:performer`, or `Observation:performer:Practitioner` for one target.
    """
    source, _, rest = value.partition(":")
    parameter, _, target = rest.partition(":")
    if source not in RESOURCE_TYPES:
        return None
    if name == "_revinclude":
        return frozenset({source})
    if parameter == "patient":
        targets: frozenset[str] | None = frozenset({"Patient"})
    else:
        targets = _targets().get(f"{source}.{parameter}")
    if targets is None or (targets == {"*"} and not target):
        return None
    if not target:
        return targets
    known = RESOURCE_TYPES if targets == {"*"} else targets
    return frozenset({target}) if target in known else None


def names_the_patient(value: str) -> bool:
    """Return whether an `_include` follows the element that names the patient of its source."""
    source, _, rest = value.partition(":")
    parameter = rest.partition(":")[0]
    return parameter in {"patient", compartment.patient_element(source)}


@functools.cache
def _targets() -> Mapping[str, frozenset[str]]:
    found: dict[str, frozenset[str]] = {}
    for row in _PARAMETERS.replace("\n ", " ").strip().splitlines():
        targets, _, parameters = row.partition(":")
        found |= dict.fromkeys(parameters.split(), frozenset(targets.split()))
    return found
