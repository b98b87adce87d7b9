/** An Observation taken apart into its samples: one row per device, patient, type and time. Pure. */
package io.caregrid.analytics.lake.vitals;
