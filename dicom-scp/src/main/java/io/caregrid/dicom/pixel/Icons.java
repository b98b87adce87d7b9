package io.caregrid.dicom.pixel;

import io.caregrid.dicom.data.DataSet;
import io.caregrid.dicom.data.Element;
import io.caregrid.dicom.data.Source;
import io.caregrid.dicom.data.Tag;
import io.caregrid.dicom.data.Value;
import io.caregrid.dicom.data.Vr;

/**
 * Compressed pixel data inside of sequences, mostly the one small picture of an Icon Image Sequence (PS3.3 C.7.6.1.1.6): it is in the syntax of the data
 * set, or native in any (PS3.5 A.4). So whatever the data set becomes, it is decoded. All of them together are held in memory, and bounded. Icons that
 * cannot be decoded are left out, which they may be (type 3): nobody is to miss a picture for the sake of its icon.
 */
final class Icons {
  /** 20 of 128 × 128 pixels in colour. TOO_LARGE beyond. */
  static final long MOST_BYTES = 1 << 20;

  private static final int ICON_IMAGE_SEQUENCE = 0x00880200;

  private final Source source;
  private long left = MOST_BYTES;

  Icons(Source source) {
    this.source = source;
  }

  /** In place. PixelException for pictures of other sequences. */
  void decode(DataSet outer) {
    for (Element element : outer)
      if (element.value() instanceof Value.Items items && element.tag() != ICON_IMAGE_SEQUENCE)
        items.items().forEach(this::item);
    if (!outer.has(ICON_IMAGE_SEQUENCE)) return;
    try {
      outer.items(ICON_IMAGE_SEQUENCE).forEach(this::item);
    } catch (PixelException undecodable) {
      outer.remove(ICON_IMAGE_SEQUENCE);
    }
  }

  private void item(DataSet item) {
    Element compressed = item.get(Tag.PIXEL_DATA);
    if (compressed == null || !(compressed.value() instanceof Value.Fragments)) {
      decode(item);
      return;
    }
    Pixels icon = Pixels.of(item, source);
    PixelFormat format = icon.decodedFormat();
    take(Math.max(format.frameBytes(), icon.storedBytes(1)));
    if (icon.frames() > 1) throw PixelException.unsupported("an icon of " + icon.frames() + " frames");
    byte[] decoded = icon.decoded(1);
    item.putText(Tag.PHOTOMETRIC_INTERPRETATION, format.photometric().text());
    if (format.samples() > 1) item.putNumbers(Tag.PLANAR_CONFIGURATION, format.byPlane() ? 1 : 0);
    item.put(new Element(Tag.PIXEL_DATA, format.allocated() > 8 ? Vr.OW : Vr.OB, new Value.Bytes(decoded)));
  }

  private void take(long bytes) {
    if (bytes > left)
      throw new PixelException(PixelException.Why.TOO_LARGE,
          "compressed icons of more than " + MOST_BYTES + " bytes together");
    left -= bytes;
  }
}
