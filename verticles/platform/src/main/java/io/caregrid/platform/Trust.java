package io.caregrid.platform;

import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.Collection;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509ExtendedTrustManager;

/** Whom we believe, as a client of TLS, that they are who they say. */
final class Trust {
  private Trust() {}

  /**
   * @param ca  PEM file with who signs certificates; null: whom this Java trusts
   * @param own PEM file that begins with a certificate that is taken under whatever name it is shown, read again each time; null: none is
   */
  static SSLContext of(Path ca, Path own) throws IOException, GeneralSecurityException {
    X509ExtendedTrustManager signers = signers(ca);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(null, new TrustManager[] {own == null ? signers : new Own(own, signers)}, null);
    return context;
  }

  private static X509ExtendedTrustManager signers(Path ca) throws IOException, GeneralSecurityException {
    TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    trust.init(ca == null ? null : store(ca));
    for (TrustManager each : trust.getTrustManagers())
      if (each instanceof X509ExtendedTrustManager found) return found;
    throw new GeneralSecurityException("this Java checks no certificates of X.509");
  }

  private static KeyStore store(Path ca) throws IOException, GeneralSecurityException {
    KeyStore trusted = KeyStore.getInstance(KeyStore.getDefaultType());
    trusted.load(null, null);
    for (Certificate signer : read(ca)) trusted.setCertificateEntry("signer-" + trusted.size(), signer);
    return trusted;
  }

  private static Collection<? extends Certificate> read(Path pem) throws IOException, CertificateException {
    try (InputStream in = Files.newInputStream(pem)) {
      Collection<? extends Certificate> found = CertificateFactory.getInstance("X.509").generateCertificates(in);
      if (found.isEmpty()) throw new CertificateException(pem + " holds no certificate");
      return found;
    }
  }

  /** One certificate, whatever name it has and whoever signed it; else what the others say. */
  private static final class Own extends X509ExtendedTrustManager {
    private final Path own;
    private final X509ExtendedTrustManager others;

    Own(Path own, X509ExtendedTrustManager others) {
      this.own = own;
      this.others = others;
    }

    private boolean isOwn(X509Certificate[] chain) throws CertificateException {
      try {
        return chain[0].equals(read(own).iterator().next());
      } catch (IOException unreadable) {
        throw new CertificateException("this node's own certificate cannot be read", unreadable);
      }
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String kind, SSLEngine engine) throws CertificateException {
      if (!isOwn(chain)) others.checkServerTrusted(chain, kind, engine);
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String kind, Socket socket) throws CertificateException {
      if (!isOwn(chain)) others.checkServerTrusted(chain, kind, socket);
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String kind) throws CertificateException {
      if (!isOwn(chain)) others.checkServerTrusted(chain, kind);
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String kind, SSLEngine engine) throws CertificateException {
      others.checkClientTrusted(chain, kind, engine);
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String kind, Socket socket) throws CertificateException {
      others.checkClientTrusted(chain, kind, socket);
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String kind) throws CertificateException {
      others.checkClientTrusted(chain, kind);
    }

    @Override
    public X509Certificate[] getAcceptedIssuers() {
      return others.getAcceptedIssuers();
    }
  }
}
