package io.caregrid.perf.hapi;

import ca.uhn.fhir.batch2.jobs.config.Batch2JobsConfig;
import ca.uhn.fhir.context.FhirContext;
import ca.uhn.fhir.jpa.api.config.JpaStorageSettings;
import ca.uhn.fhir.jpa.api.config.ThreadPoolFactoryConfig;
import ca.uhn.fhir.jpa.api.dao.IFhirSystemDao;
import ca.uhn.fhir.jpa.batch2.JpaBatch2Config;
import ca.uhn.fhir.jpa.binary.api.IBinaryStorageSvc;
import ca.uhn.fhir.jpa.binstore.DatabaseBinaryContentStorageSvcImpl;
import ca.uhn.fhir.jpa.config.HapiJpaConfig;
import ca.uhn.fhir.jpa.config.r4.JpaR4Config;
import ca.uhn.fhir.jpa.config.util.HapiEntityManagerFactoryUtil;
import ca.uhn.fhir.jpa.model.config.PartitionSettings;
import ca.uhn.fhir.jpa.model.config.SubscriptionSettings;
import ca.uhn.fhir.jpa.model.dialect.HapiFhirPostgresDialect;
import ca.uhn.fhir.jpa.provider.JpaCapabilityStatementProvider;
import ca.uhn.fhir.jpa.provider.JpaSystemProvider;
import ca.uhn.fhir.jpa.search.DatabaseBackedPagingProvider;
import ca.uhn.fhir.jpa.subscription.channel.config.SubscriptionChannelConfig;
import ca.uhn.fhir.jpa.subscription.match.config.SubscriptionProcessorConfig;
import ca.uhn.fhir.jpa.subscription.match.deliver.email.IEmailSender;
import ca.uhn.fhir.jpa.subscription.submit.config.SubscriptionSubmitterConfig;
import ca.uhn.fhir.context.support.IValidationSupport;
import ca.uhn.fhir.rest.api.EncodingEnum;
import ca.uhn.fhir.rest.server.RestfulServer;
import ca.uhn.fhir.rest.server.interceptor.ResponseHighlighterInterceptor;
import ca.uhn.fhir.rest.server.provider.ResourceProviderFactory;
import ca.uhn.fhir.rest.server.util.ISearchParamRegistry;
import com.zaxxer.hikari.HikariDataSource;
import jakarta.persistence.EntityManagerFactory;
import java.util.Properties;
import javax.sql.DataSource;
import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.context.annotation.Primary;
import org.springframework.orm.jpa.JpaTransactionManager;
import org.springframework.orm.jpa.LocalContainerEntityManagerFactoryBean;
import org.springframework.transaction.annotation.EnableTransactionManagement;

/**
 * HAPI's JPA server and every setting that matters to speed. Without a word beside it a setting is HAPI's own default, which its starter project keeps; where that
 * project's default is another one, it is set here. Two are those of the published benchmark of FHIR servers instead: 32 connections (the starter: 10), and no
 * search is answered from an earlier one's result (the starter: for a minute). Three cost less than the starter's: answers are not indented, no narrative is made for
 * resources without one, and no request is written to an access log.
 */
@Configuration
@EnableTransactionManagement
@Import({JpaR4Config.class, HapiJpaConfig.class, JpaBatch2Config.class, Batch2JobsConfig.class,
    ThreadPoolFactoryConfig.class, SubscriptionSubmitterConfig.class, SubscriptionProcessorConfig.class,
    SubscriptionChannelConfig.class})
public class HapiConfig {
  private static final int CONNECTIONS = 32;
  private static final int PAGE = 20;

  @Bean
  public DataSource dataSource() {
    HikariDataSource pool = new HikariDataSource();
    pool.setJdbcUrl(System.getProperty("hapi.jdbc"));
    pool.setUsername(System.getProperty("hapi.user"));
    pool.setPassword(System.getenv("HAPI_PASSWORD"));
    pool.setMaximumPoolSize(CONNECTIONS);
    return pool;
  }

  @Bean
  @Primary
  public LocalContainerEntityManagerFactoryBean entityManagerFactory(DataSource dataSource,
      ConfigurableListableBeanFactory beans, FhirContext fhir, JpaStorageSettings settings) {
    LocalContainerEntityManagerFactoryBean factory = HapiEntityManagerFactoryUtil.newEntityManagerFactory(beans, fhir,
        settings);
    factory.setPersistenceUnitName("hapi");
    factory.setDataSource(dataSource);
    Properties hibernate = new Properties();
    hibernate.setProperty("hibernate.dialect", HapiFhirPostgresDialect.class.getName());
    hibernate.setProperty("hibernate.hbm2ddl.auto", "update");
    // its batches are of 30, and its inserts and updates ordered, as HAPI's own factory has them
    hibernate.setProperty("hibernate.cache.use_query_cache", "false");
    hibernate.setProperty("hibernate.cache.use_second_level_cache", "false");
    hibernate.setProperty("hibernate.cache.use_structured_entries", "false");
    hibernate.setProperty("hibernate.cache.use_minimal_puts", "false");
    hibernate.setProperty("hibernate.search.enabled", "false");
    factory.setJpaProperties(hibernate);
    return factory;
  }

  @Bean
  @Primary
  public JpaTransactionManager transactionManager(EntityManagerFactory factory) {
    return new JpaTransactionManager(factory);
  }

  @Bean
  public JpaStorageSettings storageSettings() {
    JpaStorageSettings settings = new JpaStorageSettings();
    settings.setReuseCachedSearchResultsForMillis(0L);
    settings.setAllowContainsSearches(true);
    settings.setDefaultSearchParamsCanBeOverridden(true);
    settings.setFilterParameterEnabled(true);
    settings.setExpungeEnabled(true);
    settings.setDeferIndexingForCodesystemsOfSize(100);
    settings.setFetchSizeDefaultMaximum(Integer.MAX_VALUE);
    return settings;
  }

  @Bean
  public PartitionSettings partitionSettings() {
    return new PartitionSettings();
  }

  @Bean
  public SubscriptionSettings subscriptionSettings() {
    return new SubscriptionSettings();
  }

  /** Must be there, and is never asked: no Subscription has a channel. */
  @Bean
  public IEmailSender emailSender() {
    return details -> {
      throw new UnsupportedOperationException("this server sends no mail");
    };
  }

  @Bean
  public IBinaryStorageSvc binaryStorage() {
    return new DatabaseBinaryContentStorageSvcImpl();
  }

  @Bean
  public RestfulServer restfulServer(FhirContext fhir, ResourceProviderFactory resources,
      JpaSystemProvider<?, ?> system, IFhirSystemDao<?, ?> dao, JpaStorageSettings settings,
      ISearchParamRegistry parameters, IValidationSupport validation, DatabaseBackedPagingProvider pages) {
    RestfulServer server = new RestfulServer(fhir);
    server.registerProviders(resources.createProviders());
    server.registerProvider(system);
    server.setServerConformanceProvider(
        new JpaCapabilityStatementProvider(server, dao, settings, parameters, validation));
    pages.setDefaultPageSize(PAGE);
    pages.setMaximumPageSize(Integer.MAX_VALUE);
    server.setPagingProvider(pages);
    server.setDefaultResponseEncoding(EncodingEnum.JSON);
    server.setDefaultPrettyPrint(false);
    server.registerInterceptor(new ResponseHighlighterInterceptor());
    return server;
  }
}
