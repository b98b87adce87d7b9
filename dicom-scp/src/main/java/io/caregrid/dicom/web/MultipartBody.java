package io.caregrid.dicom.web;

import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerResponse;

/**
 * The frame around the parts of a multipart/related answer (RFC 2046 section 5.1, RFC 2387).
 *
 * @param boundary the same for the same answer, so that an entity tag means the same bytes
 * @param type     media type of the parts
 */
record MultipartBody(String boundary, String type) {

  /** @param fingerprint of the answer: 32 hex digits that hold the time of storing, so that nobody can have written them into an image before */
  static MultipartBody of(String fingerprint, String type) {
    return new MultipartBody("caregrid" + fingerprint, type);
  }

  void announce(HttpServerResponse response) {
    response.putHeader(HttpHeaders.CONTENT_TYPE,
        "multipart/related; type=\"" + type + "\"; boundary=\"" + boundary + "\"");
  }

  /**
   * @param first    no line end belongs before it
   * @param syntax   Transfer Syntax UID, null for none
   * @param location of the part as a resource, null for none
   */
  Buffer head(boolean first, String partType, String syntax, String location) {
    StringBuilder head = new StringBuilder(first ? "" : "\r\n").append("--")
        .append(boundary)
        .append("\r\nContent-Type: ")
        .append(partType);
    if (syntax != null) head.append("; transfer-syntax=").append(syntax);
    if (location != null) head.append("\r\nContent-Location: ").append(location);
    return Buffer.buffer(head.append("\r\n\r\n").toString());
  }

  Buffer end() {
    return Buffer.buffer("\r\n--" + boundary + "--\r\n");
  }
}
