/**
 * JMESPath as existing mapping files use it: the specification, the eight functions of the IoMT FHIR connector, and more functions of our own.
 *
 * <p>Start at {@link io.caregrid.templates.jmespath.JmesPath}: compiled once, evaluated on Jackson trees. Names, number and kind of arguments are checked when
 * an expression is compiled. The one invariant: every evaluation ends; it is counted in steps, and one that takes too many is refused.
 *
 * <p>Never here: conversion of what was found, mapping files, I/O.
 */
package io.caregrid.templates.jmespath;
