-- R4's whole search. Two columns more on every type: what it is sorted by, and its texts to be searched within; the tables of the other types.

do $$
begin
  create extension if not exists pg_trgm;
exception
  when undefined_file or feature_not_supported then
    raise exception 'PostgreSQL''s extension pg_trgm is not installed: it is part of PostgreSQL''s contrib (Debian: in postgresql-NN; Red Hat: postgresql-contrib)';
  when insufficient_privilege then
    raise exception 'the extension pg_trgm may not be created by this user: let an administrator run "create extension pg_trgm" in this database';
end $$;

-- It makes the tables of all types at once, or none.
do $$
begin
  if current_setting('max_locks_per_transaction')::int * current_setting('max_connections')::int < 5000 then
    raise exception 'the tables of all resource types are made in one transaction, which takes some 3,400 locks: set max_locks_per_transaction of PostgreSQL to % or more and restart it',
      ceil(5000.0 / current_setting('max_connections')::int);
  end if;
end $$;

-- The columns and indexes that search has beside those of add_resource_type. keyed  has a string to sort by; worded  its texts are indexed
create function add_search_columns(name text, keyed boolean, worded boolean) returns void language plpgsql as $$
declare
  r text := 'r_' || lower(name);
begin
  execute format('alter table %I
    add column key text collate "C" not null default '''', -- its first family, name or title, normalised
    add column words text collate "C"                      -- its texts, normalised, a line each', r);
  if keyed then execute format('create index on %I (key, sid)', r); end if;
  if worded then execute format('create index on %I using gin (words gin_trgm_ops) with (fastupdate = off)', r); end if;
end $$;

-- How far the rows of a type that were written by an older version have been indexed anew; a type without a row here has none of those.
create table reindexing (
  type text primary key,
  done bigint not null default 0, -- sid of the last one
  most bigint not null            -- sid of the last one that an older version may have written
);

do $$
declare
  t record;
begin
  for t in select * from (values
    ('Account', true, true, true),
    ('ActivityDefinition', true, true, true),
    ('AdverseEvent', true, false, false),
    ('AllergyIntolerance', true, false, false),
    ('Appointment', true, false, false),
    ('AppointmentResponse', false, false, false),
    ('Basic', true, false, false),
    ('Binary', false, false, false),
    ('BiologicallyDerivedProduct', false, false, false),
    ('BodyStructure', false, false, false),
    ('Bundle', true, false, false),
    ('CapabilityStatement', true, true, true),
    ('CarePlan', true, false, false),
    ('CareTeam', true, false, false),
    ('CatalogEntry', false, false, false),
    ('ChargeItem', true, false, false),
    ('ChargeItemDefinition', true, true, true),
    ('Claim', true, false, false),
    ('ClaimResponse', true, false, true),
    ('ClinicalImpression', true, false, false),
    ('CodeSystem', true, true, true),
    ('Communication', true, false, false),
    ('CommunicationRequest', true, false, false),
    ('CompartmentDefinition', true, true, true),
    ('Composition', true, true, true),
    ('ConceptMap', true, true, true),
    ('Condition', true, false, true),
    ('Consent', true, false, false),
    ('Contract', true, false, false),
    ('Coverage', false, false, true),
    ('CoverageEligibilityRequest', true, false, false),
    ('CoverageEligibilityResponse', true, false, true),
    ('DetectedIssue', false, false, false),
    ('DeviceDefinition', false, false, false),
    ('DeviceMetric', false, false, false),
    ('DeviceRequest', true, false, false),
    ('DeviceUseStatement', false, false, false),
    ('DiagnosticReport', true, false, false),
    ('DocumentManifest', true, false, true),
    ('DocumentReference', true, false, true),
    ('EffectEvidenceSynthesis', true, true, true),
    ('Encounter', true, false, false),
    ('EnrollmentRequest', false, false, false),
    ('EnrollmentResponse', false, false, false),
    ('EpisodeOfCare', true, false, false),
    ('EventDefinition', true, true, true),
    ('Evidence', true, true, true),
    ('EvidenceVariable', true, true, true),
    ('ExampleScenario', true, true, true),
    ('ExplanationOfBenefit', true, false, true),
    ('FamilyMemberHistory', true, false, false),
    ('Flag', true, false, false),
    ('Goal', true, false, false),
    ('GraphDefinition', true, true, true),
    ('Group', false, false, false),
    ('GuidanceResponse', false, false, false),
    ('HealthcareService', false, true, true),
    ('Immunization', true, false, true),
    ('ImmunizationEvaluation', true, false, false),
    ('ImmunizationRecommendation', true, false, false),
    ('ImplementationGuide', true, true, true),
    ('InsurancePlan', false, true, true),
    ('Invoice', true, false, false),
    ('Library', true, true, true),
    ('Linkage', false, false, false),
    ('List', true, true, true),
    ('Location', false, true, true),
    ('Measure', true, true, true),
    ('MeasureReport', true, false, false),
    ('Media', true, false, false),
    ('Medication', false, false, false),
    ('MedicationAdministration', true, false, false),
    ('MedicationDispense', true, false, false),
    ('MedicationKnowledge', false, false, false),
    ('MedicationRequest', true, false, false),
    ('MedicationStatement', true, false, false),
    ('MedicinalProduct', false, true, true),
    ('MedicinalProductAuthorization', false, false, false),
    ('MedicinalProductContraindication', false, false, false),
    ('MedicinalProductIndication', false, false, false),
    ('MedicinalProductIngredient', false, false, false),
    ('MedicinalProductInteraction', false, false, false),
    ('MedicinalProductManufactured', false, false, false),
    ('MedicinalProductPackaged', false, false, false),
    ('MedicinalProductPharmaceutical', false, false, false),
    ('MedicinalProductUndesirableEffect', false, false, false),
    ('MessageDefinition', true, true, true),
    ('MessageHeader', false, false, true),
    ('MolecularSequence', false, false, false),
    ('NamingSystem', true, true, true),
    ('NutritionOrder', false, false, false),
    ('ObservationDefinition', false, false, false),
    ('OperationDefinition', true, true, true),
    ('OperationOutcome', false, false, false),
    ('Organization', false, true, true),
    ('OrganizationAffiliation', true, false, false),
    ('PaymentNotice', true, false, false),
    ('PaymentReconciliation', true, false, true),
    ('Person', true, true, true),
    ('PlanDefinition', true, true, true),
    ('Practitioner', false, true, true),
    ('PractitionerRole', true, false, false),
    ('Procedure', true, false, false),
    ('Provenance', true, false, false),
    ('Questionnaire', true, true, true),
    ('QuestionnaireResponse', true, false, false),
    ('RelatedPerson', true, true, true),
    ('RequestGroup', true, false, false),
    ('ResearchDefinition', true, true, true),
    ('ResearchElementDefinition', true, true, true),
    ('ResearchStudy', true, true, true),
    ('ResearchSubject', true, false, false),
    ('RiskAssessment', true, false, false),
    ('RiskEvidenceSynthesis', true, true, true),
    ('Schedule', true, false, false),
    ('SearchParameter', true, true, true),
    ('ServiceRequest', true, false, false),
    ('Slot', true, false, false),
    ('Specimen', false, false, false),
    ('SpecimenDefinition', false, false, false),
    ('StructureDefinition', true, true, true),
    ('StructureMap', true, true, true),
    ('Subscription', false, false, true),
    ('Substance', false, false, false),
    ('SubstanceNucleicAcid', false, false, false),
    ('SubstancePolymer', false, false, false),
    ('SubstanceProtein', false, false, false),
    ('SubstanceReferenceInformation', false, false, false),
    ('SubstanceSourceMaterial', false, false, false),
    ('SubstanceSpecification', false, false, false),
    ('SupplyDelivery', false, false, false),
    ('SupplyRequest', true, false, false),
    ('Task', true, false, false),
    ('TerminologyCapabilities', true, true, true),
    ('TestReport', true, false, true),
    ('TestScript', true, true, true),
    ('ValueSet', true, true, true),
    ('VerificationResult', false, false, false),
    ('VisionPrescription', false, false, false)
  ) as v(name, dated, keyed, worded) loop
    perform add_resource_type(t.name, t.dated, 90);
    perform add_search_columns(t.name, t.keyed, t.worded);
  end loop;
end $$;

-- What is in use comes last: its tables are locked from here on. In a million Patients that is for a second or two.
select add_search_columns('Patient', true, true);
select add_search_columns('Device', false, true);
select add_search_columns('Observation', false, false);
select add_search_columns('ImagingStudy', false, false);
select add_search_columns('Endpoint', true, true);

-- Now nobody who knows nothing of these columns can be writing.
do $$
declare
  name text;
  most bigint;
begin
  foreach name in array array['Patient', 'Device', 'Observation', 'ImagingStudy', 'Endpoint'] loop
    execute format('select max(sid) from %I', 'r_' || lower(name)) into most;
    if most is not null then insert into reindexing (type, most) values (name, most); end if;
  end loop;
end $$;
