# What happens to the hosts, one scene after the other. Sourced by run; each leaves three hosts that are well.

scene_install() {
  say "three hosts; on n3 an earlier run broke off while it unpacked the release"
  network_up
  for name in n1 n2 n3; do host_up "$name"; done
  inventory n1 n2 n3
  cp "$archive" "$work/caregrid.tar.gz"
  on n3 "mkdir -p /opt/caregrid/$(sha256sum "$work/caregrid.tar.gz" | cut -c1-16)/bin && touch /opt/caregrid/$(sha256sum "$work/caregrid.tar.gz" | cut -c1-16)/bin/caregrid"

  say "pre-flight refuses what would not work"
  preflight_refuses "ansible_host must be an IPv4 address, not fd00::11" -e preflight_address=fd00::11
  preflight_refuses "3 nodes may hold 101 connections to the database, and postgresql_max_connections is 100" -e postgresql_max_connections=100
  preflight_refuses "HL7 v2 on an address of the network needs caregrid_hl7_client_ca" -e caregrid_hl7_client_ca=
  preflight_refuses "caregrid_anonymization must be the whole path of a folder" -e caregrid_anonymization=anonymization

  say "on n1 etcd runs as Debian's package starts it: with settings of its own, at localhost"
  on n1 "install -d -o etcd -g etcd -m 0700 /var/lib/etcd && : >/etc/default/etcd && systemctl start etcd"
  awaited 120 "Debian's etcd" on n1 "curl -sf http://localhost:2379/health"

  say "site.yml --diff installs three nodes"
  play_shown "$here/../site.yml" --diff
  nothing_secret_in "$work/play-site.yml.log"
  echo "max_connections on $(primary_of n1 n2 n3): $(on "$(primary_of n1 n2 n3)" "cd / && runuser -u postgres -- psql -Atc 'show max_connections'")"

  say "the cluster, as an operator sees it"
  cluster_shown n1
}

scene_doors() {
  say "a heartbeat in at n1 with a token is read at n3 with a token"
  heartbeat_in n1 monitor-1 72
  heartbeat_read n3 monitor-1 72
  say "a picture in at n2 is fetched at n1, byte for byte"
  picture_in n2
  picture_fetched n1
  say "a vital sign by kcat at the brokers, and what its certificate is not good for"
  vital_by_kcat n2
  say "an admission in at n1 by MLLP with a sender's certificate is a Patient at n3"
  admission_in n1 4711
  admission_read n3 4711
  say "a reading in at n2 by MQTT with a token is read at n3"
  reading_by_mqtt n2 monitor-8 78
  heartbeat_read n3 monitor-8 78
  say "an export by the house's own configuration has the id hashed with the inventory's key"
  export_deidentified 4711
  say "nobody gets in without a token"
  locked n2
  say "what must not work: Kafka and PostgreSQL without password or TLS, a stranger at Hazelcast's port"
  refusals
}

scene_renewal() {
  say "a new release and new certificates for every machine: the run is killed when all is configured and the log's brokers still run as before"
  # another archive with the same in it
  mkdir -p "$work/newer" && tar -xzf "$work/caregrid.tar.gz" -C "$work/newer" && date >"$(echo "$work"/newer/*)/NEWER" &&
    tar -czf "$work/caregrid.tar.gz" -C "$work/newer" "$(ls "$work/newer")" && rm -rf "$work/newer"
  play_broken_off "TASK [kafka : See whether it runs with what is configured]" "$here/../site.yml" -e tls_renew_before=900
  if current >"$work/current"; then fail "nothing was left to do"; fi
  grep -E 'shows an old certificate|runs another release' "$work/current" || fail "$(cat "$work/current")"
  say "the next run brings everything to what is configured, one by one, while readings come in"
  load_begins n2
  play_shown "$here/../site.yml" --diff
  load_ends
  current
  everything_counted n1
  nothing_secret_in "$work/play-site.yml.log"
  say "site.yml again changes nothing"
  play_unchanged "$here/../site.yml"
}

scene_scale() {
  say "a fourth node joins and gets its shards"
  host_up n4
  inventory n1 n2 n3 n4
  play_shown "$here/../scale-out.yml"
  shards_at_least n4 1
  say "it leaves again: drained, then stopped; its part of the audit trail is in the database"
  load_begins n1
  for n in 1 2 3 4 5; do curl_at n4 "/fhir/Device?identifier=monitor-$n" -f -o /dev/null; done
  play_shown "$here/../scale-in.yml" -e leaving=n4
  trail_arrived n4
  inventory n1 n2 n3
  shards_running
  load_ends
  everything_counted n1
}

scene_kill() {
  say "kill -9 of the node on n3 while readings come in"
  load_begins n1
  sleep 5
  on n3 systemctl kill caregrid
  sleep 15
  load_ends
  everything_counted n1
  on n3 systemctl start caregrid
  awaited 400 "n3 ready again" ready n3
}

scene_primary() {
  local primary others door lost
  awaited 120 "a primary" primary_of n1 n2 n3
  primary=$(primary_of n1 n2 n3)
  others=$(for name in n1 n2 n3; do [ "$name" = "$primary" ] || echo "$name"; done)
  door=$(echo "$others" | head -n 1)
  say "the primary's host, $primary, is lost while readings come in at $door: wire first, then power"
  load_begins "$door"
  sleep 5
  lost=$SECONDS
  host_lost "$primary"
  awaited 400 "another primary" primary_of $others
  say "$(primary_of $others) is primary $((SECONDS - lost)) s after the loss"
  awaited 400 "$door ready" ready "$door"
  say "$door may be given work $((SECONDS - lost)) s after the loss"
  sleep 10
  load_ends
  everything_counted "$door"
  say "it comes back"
  host_back "$primary"
  start_units "$primary"
  awaited 400 "$primary ready again" ready "$primary"
  awaited 400 "three databases" replicas 2
  on "$primary" patronictl -c /etc/patroni/config.yml list
}

scene_standby() {
  local primary standby door lost
  awaited 120 "a primary" primary_of n1 n2 n3
  primary=$(primary_of n1 n2 n3)
  awaited 120 "a synchronous standby" sync_standby "$primary"
  standby=$(sync_standby "$primary")
  door=$(for name in n1 n2 n3; do [ "$name" = "$standby" ] || echo "$name"; done | head -n 1)
  say "the synchronous standby's host, $standby, is lost while readings come in at $door"
  load_begins "$door"
  sleep 5
  lost=$SECONDS
  host_lost "$standby"
  sleep 5
  awaited 400 "a write at $door" write_goes_on "$door"
  say "a write is answered $((SECONDS - lost)) s after the loss"
  awaited 400 "$door ready" ready "$door"
  sleep 10
  load_ends
  everything_counted "$door"
  host_back "$standby"
  start_units "$standby"
  awaited 400 "$standby ready again" ready "$standby"
  shards_running
  say "the cluster at the end"
  cluster_shown n1
}
