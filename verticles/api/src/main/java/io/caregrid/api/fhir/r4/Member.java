package io.caregrid.api.fhir.r4;

/**
 * What a name in a JSON object means there.
 *
 * @param plain     without the underscore: {@code birthDate} for {@code _birthDate}
 * @param type      of the value; of a choice the one that the name says
 * @param companion the name with the underscore: id and extensions of a primitive (FHIR R4 json.html#primitive)
 */
record Member(Element element, String plain, Type type, boolean companion) {}
