/**
 * JSONPath as existing mapping files use it: the dialect of Newtonsoft.Json 13, which is neither RFC 9535 nor Jayway.
 *
 * <p>Start at {@link io.caregrid.templates.jsonpath.JsonPath}: compiled once, evaluated on Jackson trees. What is unusual: a scan filter
 * ({@code $..[?(@x)]}) tests the root too, {@code @x} needs no dot, existence includes null, {@code &&} and {@code ||} nest in the order they are written.
 * The one invariant: an expression that compiles can be evaluated on any tree, and fails only when that takes too long.
 *
 * <p>Never here: conversion of what was found, mapping files, I/O.
 */
package io.caregrid.templates.jsonpath;
