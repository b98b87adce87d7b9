-- The FHIR side of pictures.
select add_resource_type('ImagingStudy', true, 90);
select add_resource_type('Endpoint', false, 90);

-- Work that one node at a time does: whoever holds the row until then. Taken again before it runs out; nobody has to notice that the holder died.
create table lease (
  name       text primary key,
  holder     uuid not null,
  held_until timestamptz not null
);
