package io.caregrid.dicom.data;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/** Data sets byte by byte, right or wrong. */
final class Raw {
  static final long UNDEFINED = 0xFFFFFFFFL;

  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
  private final TransferSyntax syntax;

  Raw(TransferSyntax syntax) {
    this.syntax = syntax;
  }

  static Raw explicit() {
    return new Raw(TransferSyntax.EXPLICIT_LE);
  }

  static Raw implicit() {
    return new Raw(TransferSyntax.IMPLICIT_LE);
  }

  static Raw big() {
    return new Raw(TransferSyntax.EXPLICIT_BE);
  }

  Raw text(int tag, String vr, String value) {
    return element(tag, vr, value.getBytes(StandardCharsets.ISO_8859_1));
  }

  Raw element(int tag, String vr, byte[] value) {
    return head(tag, vr, value.length).raw(value);
  }

  /** @param vr any two characters; whether the length has 16 bits is the standard's for those it knows, 16 for others */
  Raw head(int tag, String vr, long length) {
    tag(tag);
    if (!syntax.explicit()) return int32(length);
    raw(vr.getBytes(StandardCharsets.ISO_8859_1));
    Vr known = Vr.of(vr);
    return known != null && known.isLong() ? int16(0).int32(length) : int16((int) length);
  }

  Raw item(long length) {
    return tag(Tag.ITEM).int32(length);
  }

  Raw endItem() {
    return tag(Tag.ITEM_END).int32(0);
  }

  Raw endSequence() {
    return tag(Tag.SEQUENCE_END).int32(0);
  }

  Raw tag(int tag) {
    return int16(tag >>> 16).int16(tag & 0xFFFF);
  }

  Raw int16(int value) {
    return raw(buffer(2).putShort((short) value).array());
  }

  Raw int32(long value) {
    return raw(buffer(4).putInt((int) value).array());
  }

  Raw raw(byte... more) {
    bytes.writeBytes(more);
    return this;
  }

  byte[] bytes() {
    return bytes.toByteArray();
  }

  Source source() {
    return Source.of(ByteBuffer.wrap(bytes()));
  }

  DataSet read() {
    return read(Limits.WHOLE);
  }

  DataSet read(Limits limits) {
    return DataSetReader.read(source(), 0, bytes.size(), syntax, limits);
  }

  private ByteBuffer buffer(int size) {
    return ByteBuffer.allocate(size).order(syntax.bigEndian() ? ByteOrder.BIG_ENDIAN : ByteOrder.LITTLE_ENDIAN);
  }
}
