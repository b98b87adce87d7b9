package io.caregrid.cluster;

import static io.caregrid.cluster.ConfigException.require;

/**
 * How an S3-compatible object store is reached.
 *
 * @param endpoint       e.g. {@code https://minio.example.org:9000}, addressed by path; empty: AWS's own, by region
 * @param region         as the store calls it; any word where it has none
 * @param accessKey      empty, with {@code secretKey}: from the environment, a profile or the instance, as AWS's tools do
 * @param cacheMegabytes local copies of files that are read, 300..1000000
 */
public record S3Config(String endpoint, String region, String accessKey, String secretKey, int cacheMegabytes) {

  public static final S3Config DEFAULT = new S3Config("", "us-east-1", "", "", 10_000);

  public S3Config {
    require(endpoint.isEmpty() || endpoint.matches("https?://[^\\s/]+"),
        "lake.s3.endpoint must be an http or https address without a path, not " + endpoint);
    require(!region.isBlank(), "lake.s3.region must not be blank");
    require(accessKey.isEmpty() == secretKey.isEmpty(),
        "lake.s3.accessKey and lake.s3.secretKey: set both or neither");
    require(cacheMegabytes >= 300 && cacheMegabytes <= 1_000_000,
        "lake.s3.cacheMegabytes must be 300..1000000, not " + cacheMegabytes);
  }
}
