/** PS3.5, PS3.6 and PS3.10 as pure functions over {@link io.caregrid.dicom.data.Source}: no Netty, no Vert.x, no files of its own. */
package io.caregrid.dicom.data;
