package io.caregrid.contract;

import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.ClientAuth;
import io.vertx.core.net.NetServerOptions;
import io.vertx.core.net.PemKeyCertOptions;
import io.vertx.core.net.PemTrustOptions;
import io.vertx.core.net.ServerSSLOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.SecureRandom;
import java.security.Signature;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Arrays;
import java.util.Objects;
import java.util.function.Function;
import java.util.stream.Stream;
import javax.net.ssl.X509KeyManager;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The PEM files of a door with TLS, and what happens when they change: every {@value #LOOK_MILLIS} ms they are looked at, and what is new counts for
 * connections that begin from then on. Files that do not fit each other (a certificate was copied, its key not yet) or are gone change nothing, and are
 * complained of once, and every ten minutes. From {@value #SOON_DAYS} days before its end on a certificate is spoken of every day.
 */
public final class TlsFiles {
  private static final Logger log = LoggerFactory.getLogger(TlsFiles.class);
  private static final long LOOK_MILLIS = 2_000;
  private static final int SOON_DAYS = 30;

  private final String door;
  private final Path cert;
  private final Path key;
  private final Path clientCa;
  private final Complaint complaint = new Complaint(Duration.ofMinutes(10));
  private final Complaint ending = new Complaint(Duration.ofDays(1));
  private Fresh inEffect;
  private boolean looking;

  /** @param ends when the first of the certificates that the door shows is no longer valid */
  private record Fresh(byte[][] files, ServerSSLOptions options, Instant ends) {}

  /**
   * @param door     as settings call it: {@code http} or {@code dicom}
   * @param cert     certificate, followed by those between it and its root
   * @param key      its private key, PKCS #8, without password
   * @param clientCa who signs the certificates that clients must show; null: they need none
   */
  public TlsFiles(String door, Path cert, Path key, Path clientCa) {
    this.door = door;
    this.cert = cert;
    this.key = key;
    this.clientCa = clientCa;
  }

  /** Reads them, off the event loop. Fails with IllegalArgumentException, which says what is wrong with which file. */
  public Future<ServerSSLOptions> read(Vertx vertx) {
    return vertx.executeBlocking(() -> {
      inEffect = fresh(vertx, bytes());
      speakOfItsEnd(Instant.now());
      return inEffect.options();
    }, false);
  }

  /** The same options, with TLS: as {@link #read}. */
  public <O extends NetServerOptions> Future<O> serving(Vertx vertx, O options) {
    return read(vertx).map(tls -> {
      options.setSsl(true)
          .setKeyCertOptions(tls.getKeyCertOptions())
          .setTrustOptions(tls.getTrustOptions())
          .setClientAuth(tls.getClientAuth());
      return options;
    });
  }

  /**
   * Until the timer is cancelled.
   *
   * @param update takes new options without ending what is connected
   * @return the timer
   */
  public long watch(Vertx vertx, Function<ServerSSLOptions, Future<Boolean>> update) {
    return vertx.setPeriodic(LOOK_MILLIS, due -> {
      if (looking) return; // at a disk that hangs
      looking = true;
      vertx.executeBlocking(() -> changed(vertx), false)
          .compose(fresh -> fresh == null ? Future.succeededFuture() : taken(fresh, update))
          .onSuccess(good -> {
            if (complaint.isOver()) log.info("certificate and key are good again door={} file={}", door, cert);
          })
          .onFailure(this::complain)
          .onComplete(done -> {
            looking = false;
            speakOfItsEnd(Instant.now());
          });
    });
  }

  private Future<Void> taken(Fresh fresh, Function<ServerSSLOptions, Future<Boolean>> update) {
    return update.apply(fresh.options()).map(taken -> {
      inEffect = fresh;
      log.info("certificate is in effect door={} file={} until={}", door, cert, fresh.ends());
      return null;
    });
  }

  private void complain(Throwable cause) {
    if (complaint.isNews(String.valueOf(cause.getMessage()), Instant.now()))
      log.error("certificate is not taken, the one before stays in effect door={} cause={}", door, cause.getMessage());
  }

  private void speakOfItsEnd(Instant now) {
    Instant ends = inEffect.ends();
    boolean over = now.isAfter(ends);
    if (now.isBefore(ends.minus(SOON_DAYS, ChronoUnit.DAYS))) ending.isOver();
    else if (!ending.isNews((over ? "over " : "soon ") + ends, now)) return;
    else
      if (over)
        log.error("certificate is over and clients refuse it, put a new one in its place door={} file={} until={}",
            door, cert, ends);
      else
        log.warn("certificate ends soon, put a new one in its place door={} file={} until={}", door, cert, ends);
  }

  /** Null when nothing has changed. */
  private Fresh changed(Vertx vertx) {
    byte[][] now = bytes();
    return Arrays.deepEquals(now, inEffect.files()) ? null : fresh(vertx, now);
  }

  private byte[][] bytes() {
    return Stream.of(cert, key, clientCa).filter(Objects::nonNull).map(this::bytes).toArray(byte[][]::new);
  }

  private byte[] bytes(Path file) {
    try {
      return Files.readAllBytes(file);
    } catch (IOException missing) {
      throw new IllegalArgumentException(
          door + ".tls: " + file + " cannot be read: " + missing.getClass().getSimpleName());
    }
  }

  private Fresh fresh(Vertx vertx, byte[][] files) {
    PemKeyCertOptions own = new PemKeyCertOptions().addCertValue(Buffer.buffer(files[0]))
        .addKeyValue(Buffer.buffer(files[1]));
    ServerSSLOptions options = new ServerSSLOptions().setKeyCertOptions(own).setUseAlpn(true);
    X509Certificate[] shown;
    try {
      shown = requirePair((X509KeyManager) own.getKeyManagerFactory(vertx).getKeyManagers()[0]);
    } catch (IllegalArgumentException told) {
      throw told;
    } catch (Exception unreadable) {
      throw new IllegalArgumentException(door + ".tls: " + cert + " and " + key
          + " must be a certificate and its private key in PEM (PKCS #8, without password)");
    }
    Instant ends = Arrays.stream(shown).map(one -> one.getNotAfter().toInstant()).min(Instant::compareTo).orElseThrow();
    if (clientCa == null) return new Fresh(files, options, ends);
    PemTrustOptions trust = new PemTrustOptions().addCertValue(Buffer.buffer(files[2]));
    try {
      trust.getTrustManagerFactory(vertx);
    } catch (Exception unreadable) {
      throw new IllegalArgumentException(door + ".tls: " + clientCa + " must hold certificates in PEM");
    }
    return new Fresh(files, options.setTrustOptions(trust).setClientAuth(ClientAuth.REQUIRED), ends);
  }

  /** @return the certificate that is shown, first, and those behind it */
  private X509Certificate[] requirePair(X509KeyManager keys) throws GeneralSecurityException {
    String alias = Stream.of("RSA", "EC", "EdDSA")
        .map(type -> keys.getServerAliases(type, null))
        .filter(Objects::nonNull)
        .flatMap(Arrays::stream)
        .findFirst()
        .orElseThrow(
            () -> new IllegalArgumentException(door + ".tls: " + cert + " holds no certificate for RSA, EC or EdDSA"));
    X509Certificate[] shown = keys.getCertificateChain(alias);
    if (!fits(keys.getPrivateKey(alias), shown[0].getPublicKey()))
      throw new IllegalArgumentException(door + ".tls: " + key + " is not the private key of " + cert);
    return shown;
  }

  private static boolean fits(PrivateKey secret, PublicKey known) throws GeneralSecurityException {
    if (!secret.getAlgorithm().equals(known.getAlgorithm())) return false;
    String algorithm = switch (secret.getAlgorithm()) {
      case "RSA" -> "SHA256withRSA";
      case "EC" -> "SHA256withECDSA";
      default -> "EdDSA";
    };
    byte[] text = new byte[32];
    new SecureRandom().nextBytes(text);
    Signature sign = Signature.getInstance(algorithm);
    sign.initSign(secret);
    sign.update(text);
    byte[] signature = sign.sign();
    Signature check = Signature.getInstance(algorithm);
    check.initVerify(known);
    check.update(text);
    return check.verify(signature);
  }
}
