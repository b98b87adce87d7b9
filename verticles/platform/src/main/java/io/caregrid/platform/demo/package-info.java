/**
 * A ward that does not exist: fifty simulated bedside monitors and the people in the beds, for {@code caregrid demo}.
 *
 * <p>Start at {@link io.caregrid.platform.demo.DemoCommand}. What a monitor shows is a pure function of bed and time
 * ({@link io.caregrid.platform.demo.Physiology}), so hours of history and the live stream are one curve, the same in every run. What the CT scanner shows is
 * one too, of a body made of ellipsoids ({@link io.caregrid.platform.demo.Phantom}). All names, numbers and stories are invented; nothing here is medical
 * advice, and no real device is driven.
 *
 * <p>Never here: short cuts. The monitors speak HTTP and Kafka as any device would, the scanner speaks DICOM, and the register is written through the store
 * like anybody's.
 */
package io.caregrid.platform.demo;
