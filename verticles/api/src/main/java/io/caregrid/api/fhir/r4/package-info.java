/**
 * FHIR R4's own definitions, as data, and what follows from them for resources that are JSON trees: what may stand where
 * ({@link io.caregrid.api.fhir.r4.Rules}), the same resource as XML and back ({@link io.caregrid.api.fhir.r4.XmlReader},
 * {@link io.caregrid.api.fhir.r4.XmlWriter}), and which part of it is its summary.
 *
 * <p>Start at {@link io.caregrid.api.fhir.r4.Definitions}: two tables made of R4's StructureDefinitions and value sets ({@code r4.definitions},
 * {@code r4.codes}, which a test holds against them), read once. Everything here works on trees as {@link io.caregrid.api.fhir.r4.Trees} reads them, whose
 * numbers keep every digit: the one invariant is that <b>JSON to XML to JSON gives the same tree</b> for whatever {@code Rules} find no fault in; but that a
 * narrative's div without a namespace gets the one it needs in XML.
 *
 * <p>Pure: no I/O but for the two tables, no waiting, no HTTP. Whatever a document asks for is bounded: depth, digits, findings, the work of invariants.
 * Never here: profiles and terminology beyond required bindings (HAPI's validator, behind {@code $validate}).
 */
package io.caregrid.api.fhir.r4;
