-- The FHIR side of pictures.
select add_resource_type('ImagingStudy', true, 90);
select add_resource_type('Endpoint', false, 90);
