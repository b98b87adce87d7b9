package io.caregrid;

import static com.tngtech.archunit.lang.SimpleConditionEvent.violated;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.core.importer.Location;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.lang.ConditionEvents;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

/** The house plan's table "Who may import whom", a rule a sentence. Only what ships is looked at: tests may look anywhere. */
@AnalyzeClasses(packages = "io.caregrid", importOptions = {ImportOption.DoNotIncludeTests.class,
  ArchitectureTest.DoNotIncludeTestJars.class})
class ArchitectureTest {
  /** Tests that other rooms lend out are tests too. */
  static final class DoNotIncludeTestJars implements ImportOption {
    @Override
    public boolean includes(Location location) {
      return !location.contains("-tests.jar");
    }
  }

  private static final List<String> DOORS = List.of("ingest", "device", "events", "api", "dicom", "analytics");
  private static final Set<String> ROOMS = Set.of("templates", "fhirpath", "cluster", "contract", "store", "ingest",
      "device", "events", "api", "dicom", "analytics", "engines", "platform");

  @ArchTest
  static final ArchRule fhirpathImportsNoOtherRoom = roomImports("fhirpath");
  @ArchTest
  static final ArchRule templatesImportOnlyFhirpath = roomImports("templates", "fhirpath");
  @ArchTest
  static final ArchRule clusterConfigImportsNoOtherRoom = roomImports("cluster");
  @ArchTest
  static final ArchRule contractImportsNoOtherRoom = roomImports("contract");
  @ArchTest
  static final ArchRule enginesImportNoOtherRoom = roomImports("engines");
  @ArchTest
  static final ArchRule storeImportsFhirpathClusterConfigAndContract = roomImports("store", "fhirpath", "cluster",
      "contract");
  @ArchTest
  static final ArchRule ingestImportsNoOtherDoor = doorImports("ingest");
  @ArchTest
  static final ArchRule deviceImportsNoOtherDoor = doorImports("device");
  @ArchTest
  static final ArchRule eventsImportsNoOtherDoor = doorImports("events");
  @ArchTest
  static final ArchRule apiImportsNoOtherDoor = doorImports("api");
  @ArchTest
  static final ArchRule dicomImportsNoOtherDoor = doorImports("dicom");
  @ArchTest
  static final ArchRule analyticsImportsNoOtherDoor = doorImports("analytics");

  @ArchTest
  static final ArchRule onlyClusterConfigKnowsHazelcast = noClasses().that()
      .resideOutsideOfPackage("io.caregrid.cluster..")
      .should()
      .dependOnClassesThat()
      .resideInAPackage("com.hazelcast..");
  @ArchTest
  static final ArchRule kafkaOnlyWhereTheLogIsReadWrittenOrRun = noClasses().that()
      .resideOutsideOfPackages("io.caregrid.ingest..",
          "io.caregrid.device..", "io.caregrid.events..", "io.caregrid.cluster..", "io.caregrid.engines..",
          "io.caregrid.platform..", "io.caregrid.perf..")
      .should()
      .dependOnClassesThat()
      .resideInAnyPackage("org.apache.kafka..", "kafka..");
  @ArchTest
  static final ArchRule picturesAreIndexedByTheStore = noClasses().that()
      .resideInAPackage("io.caregrid.dicom..")
      .should()
      .dependOnClassesThat()
      .resideInAnyPackage("io.vertx.sqlclient..", "io.vertx.pgclient..", "java.sql..");
  @ArchTest
  static final ArchRule theLakeAsksTheStoreAndNotPostgres = noClasses().that()
      .resideInAPackage("io.caregrid.analytics..")
      .should()
      .dependOnClassesThat()
      .resideInAnyPackage("io.vertx.sqlclient..", "io.vertx.pgclient..", "org.postgresql..");
  @ArchTest
  static final ArchRule newsAreKeptByTheStore = noClasses().that()
      .resideInAPackage("io.caregrid.events..")
      .should()
      .dependOnClassesThat()
      .resideInAnyPackage("io.vertx.sqlclient..", "io.vertx.pgclient..", "java.sql..");
  @ArchTest
  static final ArchRule onlyTheLakeKnowsParquetDuckDbAndS3 = noClasses().that()
      .resideOutsideOfPackage("io.caregrid.analytics..")
      .should()
      .dependOnClassesThat()
      .resideInAnyPackage("org.apache.parquet..", "org.duckdb..", "software.amazon.awssdk..");
  @ArchTest
  static final ArchRule onlyTheApiKnowsHowPeopleSignIn = noClasses().that()
      .resideOutsideOfPackage("io.caregrid.api..")
      .should()
      .dependOnClassesThat()
      .resideInAPackage("io.vertx.ext.auth..");
  @ArchTest
  static final ArchRule columnsAndSamplesArePure = noClasses().that()
      .resideInAnyPackage("io.caregrid.analytics.lake.schema..", "io.caregrid.analytics.lake.vitals..")
      .should()
      .dependOnClassesThat()
      .resideInAnyPackage("io.vertx..", "java.sql..", "java.nio.file..", "org.duckdb..");
  @ArchTest
  static final ArchRule templatesAndFhirpathArePure = noClasses().that()
      .resideInAnyPackage("io.caregrid.templates..", "io.caregrid.fhirpath..")
      .should()
      .dependOnClassesThat()
      .resideInAnyPackage("io.vertx..", "io.netty..", "java.net.http..", "java.sql..")
      .allowEmptyShould(true);
  @ArchTest
  static final ArchRule dicomUpperLayerKnowsNothingOfData = noClasses().that()
      .resideInAPackage("io.caregrid.dicom.ul..")
      .should()
      .dependOnClassesThat()
      .resideInAPackage("io.caregrid.dicom.data..")
      .allowEmptyShould(true);

  @ArchTest
  static final ArchRule aClassIsNamedAfterAThing = noClasses()
      .should()
      .haveSimpleNameEndingWith("Util")
      .orShould()
      .haveSimpleNameEndingWith("Utils")
      .orShould()
      .haveSimpleNameEndingWith("Manager")
      .orShould()
      .haveSimpleNameEndingWith("Helper")
      .orShould()
      .haveSimpleNameEndingWith("Service")
      .orShould()
      .haveSimpleNameEndingWith("Impl");
  @ArchTest
  static final ArchRule noPackageIsADrawer = noClasses()
      .should()
      .resideInAnyPackage("..common..", "..util..", "..utils..", "..core..", "..service..", "..manager..", "..helper..",
          "..impl..");
  @ArchTest
  static final ArchRule aVerticleExtendsVerticleBase = noClasses().should()
      .beAssignableTo("io.vertx.core.AbstractVerticle");

  /** Each package opens with a sign. A {@code package-info} without annotations leaves no class behind, so the sources are asked. */
  @ArchTest
  static void everyPackageHasASign(JavaClasses house) {
    Set<String> unsigned = house.stream()
        .map(JavaClass::getPackageName)
        .filter(name -> !Sources.hasSign(name))
        .collect(Collectors.toCollection(TreeSet::new));

    assertEquals(Set.of(), unsigned);
  }

  /** A rule about a room that is not on the class path would hold for the wrong reason. */
  @ArchTest
  static void theRoomsAreReallyLookedAt(JavaClasses house) {
    Set<String> seen = house.stream().map(ArchitectureTest::room).collect(Collectors.toSet());
    Set<String> missing = new TreeSet<>(ROOMS);
    missing.removeAll(seen);

    assertTrue(missing.isEmpty(), "not on the class path: " + missing);
  }

  private static ArchRule doorImports(String door) {
    assertTrue(DOORS.contains(door));
    return roomImports(door, "fhirpath", "templates", "cluster", "contract", "store");
  }

  private static ArchRule roomImports(String room, String... allowed) {
    Set<String> rooms = Arrays.stream(allowed).collect(Collectors.toCollection(TreeSet::new));
    rooms.add(room);
    return classes().that(are(room)).should(importOnly(rooms)).allowEmptyShould(true);
  }

  private static DescribedPredicate<JavaClass> are(String room) {
    return DescribedPredicate.describe("are in room " + room, type -> room(type).equals(room));
  }

  private static ArchCondition<JavaClass> importOnly(Set<String> rooms) {
    return new ArchCondition<>("import only rooms " + rooms) {
      @Override
      public void check(JavaClass type, ConditionEvents events) {
        type.getDirectDependenciesFromSelf()
            .stream()
            .filter(
                dependency -> isOurs(dependency.getTargetClass()) && !rooms.contains(room(dependency.getTargetClass())))
            .forEach(dependency -> events.add(violated(type, dependency.getDescription())));
      }
    };
  }

  private static boolean isOurs(JavaClass type) {
    return type.getPackageName().startsWith("io.caregrid.");
  }

  /** {@code io.caregrid.store.search.Plan} → {@code store}. */
  private static String room(JavaClass type) {
    String[] names = type.getPackageName().split("\\.");
    return names.length > 2 ? names[2] : "";
  }
}
