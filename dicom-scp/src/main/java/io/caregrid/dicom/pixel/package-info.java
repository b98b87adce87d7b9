/**
 * What is on the picture: frames out of pixel data, decoded, turned into another transfer syntax, or made visible.
 *
 * <p>Pure functions over a {@link io.caregrid.dicom.data.Source}: bytes in, bytes out; no Vert.x, no Netty, no files of its own. Everything here
 * takes processor time and belongs on a worker thread. Memory holds one frame at a time, whatever the size of the instance, and a frame above
 * {@link io.caregrid.dicom.pixel.PixelFormat#MAX_FRAME_BYTES} is refused.
 *
 * <p>Start at {@link io.caregrid.dicom.pixel.Pixels}: {@code stored} gives a frame as it is kept, {@code decoded} as native little endian.
 * {@link io.caregrid.dicom.pixel.Transcoding} rewrites a whole instance, {@link io.caregrid.dicom.pixel.Renderer} makes a JPEG or a PNG of a frame.
 *
 * <p>Decoded here: native (little and big endian), RLE (PS3.5 annex G), JPEG baseline, 8-bit extended and lossless, JPEG 2000 part 1. Never decoded:
 * 12-bit extended JPEG, JPEG-LS, HTJ2K, video: they are answered with {@link io.caregrid.dicom.pixel.PixelException.Why#UNSUPPORTED}. Broken pixel
 * data is an answer too, never an {@code Error}.
 */
package io.caregrid.dicom.pixel;
