/**
 * Liquid as DotLiquid 2.0 understands it, so that template folders written for FHIR-Converter run unchanged.
 *
 * <p>Start at {@link io.caregrid.templates.liquid.Templates}: a folder's files, each compiled once into closures; {@link io.caregrid.templates.liquid.Run} is
 * one rendering, with its variables in numbered slots and its limits (time, iterations, output, depth of includes). The one invariant: white space is part of
 * the result, because ids are hashes of rendered text; so nothing here trims what DotLiquid would keep.
 *
 * <p>Never here: HL7, XML, FHIR, threads, I/O other than reading template files ({@link io.caregrid.templates.liquid.TemplateFiles}).
 */
package io.caregrid.templates.liquid;
