package io.caregrid.analytics.lake.store;

import io.caregrid.cluster.S3Config;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.core.ResponseInputStream;
import software.amazon.awssdk.core.checksums.RequestChecksumCalculation;
import software.amazon.awssdk.core.checksums.ResponseChecksumValidation;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.core.sync.RequestBody;
import software.amazon.awssdk.http.apache5.Apache5HttpClient;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.S3ClientBuilder;
import software.amazon.awssdk.services.s3.model.GetObjectResponse;
import software.amazon.awssdk.services.s3.model.HeadObjectResponse;
import software.amazon.awssdk.services.s3.model.ListObjectsV2Response;
import software.amazon.awssdk.services.s3.model.S3Exception;

/**
 * Objects in a bucket of an S3-compatible store. It must know conditional writes ({@code If-None-Match: *}) and answer a listing that follows a put with what
 * was put, as AWS does since 2020.
 *
 * <p>The SDK repeats a request whose answer did not come. So the second answer to a {@link #putIfAbsent} may be "taken" (412), by our own first: whoever gets
 * it reads the object, and has won when it is what he wrote.
 */
final class S3Store implements ObjectStore {
  private static final long LARGEST = 5L << 30; // bytes of one put
  private static final int PAGE = 1000;
  private static final Duration CONNECT = Duration.ofSeconds(5);
  private static final Duration SILENCE = Duration.ofSeconds(30);
  private static final int TAKEN = 412;
  private static final int RACED = 409;
  private static final int TRIES = 5;
  private static final long PAUSE_MILLIS = 50;

  private final S3Client client;
  private final String bucket;
  private final String prefix;
  private final FileCache cache;

  /** @param prefix what all names begin with in the bucket: "" or something ending with a slash */
  S3Store(S3Client client, String bucket, String prefix, FileCache cache) {
    this.client = client;
    this.bucket = bucket;
    this.prefix = prefix;
    this.cache = cache;
  }

  /** Every wait is limited: five seconds for a connection, thirty without a byte. */
  static S3Client client(S3Config config) {
    S3ClientBuilder builder = S3Client.builder()
        .region(Region.of(config.region()))
        .httpClientBuilder(Apache5HttpClient.builder().connectionTimeout(CONNECT).socketTimeout(SILENCE));
    if (!config.accessKey().isEmpty())
      builder.credentialsProvider(
          StaticCredentialsProvider.create(AwsBasicCredentials.create(config.accessKey(), config.secretKey())));
    if (!config.endpoint().isEmpty())
      builder.endpointOverride(URI.create(config.endpoint()))
          .forcePathStyle(true)
          // trailing checksums are younger than most stores that speak S3
          .requestChecksumCalculation(RequestChecksumCalculation.WHEN_REQUIRED)
          .responseChecksumValidation(ResponseChecksumValidation.WHEN_REQUIRED);
    return builder.build();
  }

  @Override
  public void put(String name, Path file) throws IOException {
    long bytes = Files.size(file);
    if (bytes > LARGEST) throw new IOException(name + " has " + bytes + " bytes, one put takes " + LARGEST);
    put(name, RequestBody.fromFile(file));
  }

  @Override
  public void put(String name, byte[] content) throws IOException {
    put(name, RequestBody.fromBytes(content));
  }

  private void put(String name, RequestBody body) throws IOException {
    String key = key(name);
    asked("put", name, () -> client.putObject(request -> request.bucket(bucket).key(key), body));
  }

  @Override
  public boolean putIfAbsent(String name, byte[] content) throws IOException {
    for (int n = 1;; n++) {
      int status = tried(name, content);
      if (status == 0) return true;
      byte[] there = get(name);
      if (there != null) return Arrays.equals(there, content);
      // 409: others were writing at the same moment and nobody won; 412: what was there is gone again
      if (n == TRIES) throw new IOException(failed("put", name) + ": answered " + status + " again and again");
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(PAUSE_MILLIS * n));
    }
  }

  /** 0: it was put; else the status that says it was not, or not now. */
  private int tried(String name, byte[] content) throws IOException {
    String key = key(name);
    try {
      client.putObject(request -> request.bucket(bucket).key(key).ifNoneMatch("*"), RequestBody.fromBytes(content));
      return 0;
    } catch (S3Exception refused) {
      if (refused.statusCode() == TAKEN || refused.statusCode() == RACED) return refused.statusCode();
      throw new IOException(failed("put", name), refused);
    } catch (SdkException failed) {
      throw new IOException(failed("put", name), failed);
    }
  }

  @Override
  public byte[] get(String name) throws IOException {
    String key = key(name);
    return found("get", name,
        () -> client.getObjectAsBytes(request -> request.bucket(bucket).key(key)).asByteArray());
  }

  @Override
  public byte[] get(String name, long offset, int length) throws IOException {
    if (length == 0) return head(name) == null ? null : new byte[0];
    String key = key(name);
    String range = "bytes=" + offset + "-" + (offset + length - 1);
    try {
      return client.getObjectAsBytes(request -> request.bucket(bucket).key(key).range(range)).asByteArray();
    } catch (S3Exception refused) {
      if (isNone(refused)) return null;
      if (refused.statusCode() == 416) return new byte[0]; // it begins behind the end
      throw new IOException(failed("get", name), refused);
    } catch (SdkException failed) {
      throw new IOException(failed("get", name), failed);
    }
  }

  @Override
  public List<Entry> list(String namePrefix, String after, int max) throws IOException {
    List<Entry> entries = new ArrayList<>();
    String from = after;
    while (entries.size() < max) {
      int wanted = Math.min(PAGE, max - entries.size());
      ListObjectsV2Response page = page(namePrefix, from, wanted);
      for (var each : page.contents()) {
        from = each.key().substring(prefix.length());
        if (Names.isName(from)) entries.add(new Entry(from, each.size(), each.lastModified()));
      }
      if (!Boolean.TRUE.equals(page.isTruncated()) || page.contents().isEmpty()) break;
    }
    return entries;
  }

  private ListObjectsV2Response page(String namePrefix, String after, int wanted) throws IOException {
    return asked("list", namePrefix, () -> client.listObjectsV2(request -> request.bucket(bucket)
        .prefix(prefix + namePrefix)
        .startAfter(after.isEmpty() ? null : prefix + after)
        .maxKeys(wanted)));
  }

  @Override
  public Entry head(String name) throws IOException {
    String key = key(name);
    HeadObjectResponse found = found("head", name, () -> client.headObject(request -> request.bucket(bucket).key(key)));
    return found == null ? null : new Entry(name, found.contentLength(), found.lastModified());
  }

  @Override
  public void delete(String name) throws IOException {
    String key = key(name);
    asked("delete", name, () -> client.deleteObject(request -> request.bucket(bucket).key(key)));
    cache.forget(name);
  }

  /** A transfer that breaks off is begun anew. */
  @Override
  public Local local(String name) throws IOException {
    for (int n = 1;; n++) {
      try {
        return cache.local(name, () -> open(name));
      } catch (S3Transfer.Broken broken) {
        if (n == TRIES) throw broken;
      }
    }
  }

  private S3Transfer open(String name) throws IOException {
    String key = key(name);
    ResponseInputStream<GetObjectResponse> content = found("get", name,
        () -> client.getObject(request -> request.bucket(bucket).key(key)));
    if (content == null) throw new NoSuchFileException(name);
    return new S3Transfer(name, content);
  }

  @Override
  public long room() {
    return cache.most();
  }

  @Override
  public List<Path> folders() {
    return List.of(cache.folder());
  }

  @Override
  public void close() {
    client.close();
  }

  @Override
  public String toString() {
    return "s3://" + bucket + "/" + prefix;
  }

  private String key(String name) {
    return prefix + Names.checked(name);
  }

  private <T> T asked(String what, String name, Supplier<T> request) throws IOException {
    try {
      return request.get();
    } catch (SdkException failed) {
      throw new IOException(failed(what, name), failed);
    }
  }

  /** Null when there is none. */
  private <T> T found(String what, String name, Supplier<T> request) throws IOException {
    try {
      return request.get();
    } catch (S3Exception refused) {
      if (isNone(refused)) return null;
      throw new IOException(failed(what, name), refused);
    } catch (SdkException failed) {
      throw new IOException(failed(what, name), failed);
    }
  }

  /** A bucket that is not there is no empty one. (To a HEAD there is no word with the 404.) */
  private static boolean isNone(S3Exception refused) {
    boolean noBucket = refused.awsErrorDetails() != null
        && "NoSuchBucket".equals(refused.awsErrorDetails().errorCode());
    return refused.statusCode() == 404 && !noBucket;
  }

  private String failed(String what, String name) {
    return "cannot " + what + " " + name + " in " + this;
  }
}
