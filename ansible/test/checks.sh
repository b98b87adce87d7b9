# What is done to the hosts and asked of them. Sourced by run.

say() { printf '\n=== %s  (%d s)\n' "$1" "$SECONDS"; }

fail() {
  echo "FAILED: $*" >&2
  exit 1
}

# The whole output goes to a file; what changed where, and the recap, are shown.
play_shown() {
  local log=$work/play-$(basename "$1").log
  play "$@" >"$log" 2>&1 || { tail -n 60 "$log"; fail "$*"; }
  sed -n '/PLAY RECAP/,$p' "$log" | grep -E '^n|^local'
}

play_unchanged() {
  play_shown "$@" | tee "$work/second"
  ! grep -vq 'changed=0 ' "$work/second" || { grep -B 2 -E '^changed' "$work/play-$(basename "$1").log" | head -n 40; fail "a second run changed something"; }
}

url() { echo "https://$(address "$1"):8080"; }

# Made by the node's own key, which only that node takes. Kept, since each costs a JVM.
token() { # host role…
  local name=$1 file=$work/token-$1
  shift
  [ $# -eq 0 ] || file=$file-${1// /-}
  [ $# -gt 0 ] || set -- 'Telemetry Sender' 'FHIR Data Writer' 'FHIR Data Exporter' 'DICOM Data Reader' Operator Auditor
  [ -s "$file" ] || on "$name" "/opt/caregrid/current/bin/caregrid token --config /etc/caregrid/caregrid.yaml --hours 12 $(printf " --role '%s'" "$@")" >"$file"
  cat "$file"
}

curl_at() { # host path curl-arguments…
  local name=$1 path=$2
  shift 2
  on "$name" "curl -sS -m 60 --cacert /etc/caregrid/tls/ca.pem -H 'Authorization: Bearer $(token "$name")' $* '$(url "$name")$path'"
}

ready() { on "$1" "curl -sS -m 60 -f --cacert /etc/caregrid/tls/ca.pem $(url "$1")/health/ready"; }

cluster_shown() { # host
  on "$1" "CAREGRID_TOKEN=$(token "$1") /opt/caregrid/current/bin/caregrid cluster --once --to $(url "$1") --ca /etc/caregrid/tls/ca.pem"
}

# Without a token, and with one that is for something else.
locked() { # host
  local code
  for path in /fhir/Patient /cluster /metrics /dicom-web/studies '/fhir/AuditEvent?site=n1'; do
    code=$(on "$1" "curl -s -m 60 -o /dev/null -w '%{http_code}' --cacert /etc/caregrid/tls/ca.pem '$(url "$1")$path'")
    echo "GET $path without a token: $code"
    [ "$code" = 401 ]
  done
  code=$(on "$1" "curl -s -m 60 -o /dev/null -w '%{http_code}' --cacert /etc/caregrid/tls/ca.pem -H 'Content-Type: application/json' $(url "$1")/ingest --data '{}'")
  echo "POST /ingest without a token: $code"
  [ "$code" = 401 ]
  code=$(on "$1" "curl -s -m 60 -o /dev/null -w '%{http_code}' --cacert /etc/caregrid/tls/ca.pem -H 'Authorization: Bearer $(token "$1" 'Telemetry Sender')' $(url "$1")/fhir/Patient")
  echo "GET /fhir/Patient with the token of a Telemetry Sender: $code"
  [ "$code" = 403 ]
  if code=$(on "$1" "/opt/caregrid/current/bin/caregrid cluster --once --to $(url "$1") --ca /etc/caregrid/tls/ca.pem 2>&1"); then fail "caregrid cluster asks nobody"; fi
  echo "caregrid cluster without a token: $code"
  if on "$1" "storescu -aet STRANGER -aec CAREGRID 127.0.0.1 11112 /srv/caregrid/picture.dcm" >"$work/stranger" 2>&1; then fail "any DICOM caller is let in"; fi
  echo "a DICOM caller nobody named: $(grep -m 1 -i reason "$work/stranger")"
}

heartbeat_in() { # host device value
  local code
  code=$(curl_at "$1" /ingest -o /dev/null -w '%{http_code}' -H "'Content-Type: application/json'" \
    --data "'{\"deviceId\":\"$2\",\"patientId\":\"MRN-$2\",\"time\":\"$(date -u +%FT%TZ)\",\"heartRate\":$3}'")
  echo "$1 answers $code"
  [ "$code" = 202 ]
}

heartbeat_there() { # host device value
  local id
  id=$(curl_at "$1" "/fhir/Device?identifier=$2" | jq -er '.entry[0].resource.id') &&
    curl_at "$1" "/fhir/Observation?device=Device/$id" | jq -e --arg value "$3" '[.entry[].resource | .. | .data? // empty] | any(contains($value))'
}

heartbeat_read() { # host device value
  awaited 120 "heartbeat of $2 at $1" heartbeat_there "$@"
  local id
  id=$(curl_at "$1" "/fhir/Device?identifier=$2" | jq -er '.entry[0].resource.id')
  curl_at "$1" "/fhir/Observation?device=Device/$id" |
    jq -c '.entry[].resource | {resourceType, id, code: .code.coding[0].code, data: ([.. | .data? // empty][0] | split(" ") | map(select(. != "E")) | join(" "))}'
}

# A data set of our own making: DCMTK's dump2dcm.
picture_in() { # host
  cat >"$work/picture.dump" <<'DUMP'
(0008,0016) UI =SecondaryCaptureImageStorage
(0008,0018) UI [1.2.826.0.1.3680043.10.1.77.3]
(0008,0020) DA [20261122]
(0008,0060) CS [OT]
(0010,0010) PN [Node^Nora]
(0010,0020) LO [NODES-1]
(0020,000d) UI [1.2.826.0.1.3680043.10.1.77.1]
(0020,000e) UI [1.2.826.0.1.3680043.10.1.77.2]
(0020,0011) IS [1]
(0020,0013) IS [1]
(0028,0002) US 1
(0028,0004) CS [MONOCHROME2]
(0028,0010) US 2
(0028,0011) US 2
(0028,0100) US 8
(0028,0101) US 8
(0028,0102) US 7
(0028,0103) US 0
(7fe0,0010) OW 0102\0304
DUMP
  dump2dcm "$work/picture.dump" "$work/shared/picture.dcm"
  on "$1" "storescu -v -aec CAREGRID 127.0.0.1 11112 /srv/caregrid/picture.dcm" 2>&1 | grep -i 'Store Response'
}

picture_fetched() { # host
  local path=/dicom-web/studies/1.2.826.0.1.3680043.10.1.77.1/series/1.2.826.0.1.3680043.10.1.77.2/instances/1.2.826.0.1.3680043.10.1.77.3
  curl_at "$1" "$path" -f -H "'Accept: application/dicom; transfer-syntax=*'" -o /srv/caregrid/back.dcm
  # group 0002 is the receiver's: the data set is compared
  for file in picture back; do dcm2json "$work/shared/$file.dcm" "$work/$file.json"; done
  cmp "$work/picture.json" "$work/back.json" && echo identical
}

running() { curl_at "${1:-n1}" /cluster | jq -e '[.shards[] | select(.state == "running")] | length == 12'; }
shards_running() { awaited 300 "12 shards running" running && echo "all 12 shards run"; }
owned() { curl_at n1 /cluster | jq -r --arg name "$1" '[.shards[] | select(.owner == $name)] | length'; }
shards_at_least() { # host count
  local count
  count=$(owned "$1")
  echo "$1 owns $count of 12 shards"
  [ "$count" -ge "$2" ]
}

# Readings, numbered, one after the other; what was answered 202 must be there at the end.
load_begins() { # host
  run=$(($(cat "$work/loads" 2>/dev/null || echo 0) + 1))
  echo "$run" >"$work/loads"
  rm -f "$work/shared/stop" "$work/shared/stopped"
  install -m 0755 "$here/load" "$work/shared/load"
  on "$1" "setsid /srv/caregrid/load $run $(url "$1") $(token "$1") >/dev/null 2>&1 </dev/null &"
}

load_ends() {
  touch "$work/shared/stop"
  awaited 120 "the end of the load" test -e "$work/shared/stopped"
}

counted() { # host
  local n device id files=()
  for n in 0 1 2 3 4 5 6 7; do
    device=load-$run-$n
    id=$(curl_at "$1" "/fhir/Device?identifier=$device" | jq -er '.entry[0].resource.id') || return 1
    curl_at "$1" "/fhir/Observation?device=Device/$id&_count=1000" | jq --arg device "$device" '{device: $device, bundle: .}' >"$work/read-$n.json"
    files+=("$work/read-$n.json")
  done
  "$here/counted.py" "$work/shared/sent" "${files[@]}" >"$work/counted"
}

everything_counted() { # host
  awaited 240 "every reading of run $run at $1" counted "$1" || { cat "$work/counted"; fail "readings are missing"; }
  cat "$work/counted"
}

write_goes_on() { # host: a write that the database must commit
  [ "$(curl_at "$1" /fhir/Patient -o /dev/null -w '%{http_code}' -H "'Content-Type: application/fhir+json'" \
    --data "'{\"resourceType\":\"Patient\",\"active\":true}'")" = 201 ]
}

start_units() { # host: what systemd does when the machine boots
  on "$1" "for unit in etcd patroni caregrid-kafka caregrid; do systemctl is-enabled \$unit >/dev/null && systemctl start \$unit; done; nft -f /etc/nftables.conf"
}

primary_of() { # hosts…
  local name
  for name in "$@"; do
    [ "$(on "$name" "curl -s -m 15 -o /dev/null -w '%{http_code}' --cacert /etc/caregrid/tls/ca.pem https://$(address "$name"):8008/primary")" = 200 ] && echo "$name" && return
  done
  return 1
}

members() { on "$1" "curl -s -m 15 --cacert /etc/caregrid/tls/ca.pem https://$(address "$1"):8008/cluster"; }
sync_standby() { members "$1" | jq -er '.members[] | select(.role == "sync_standby") | .name' | head -n 1; }
replicas() { # count
  [ "$(members "$(primary_of n1 n2 n3)" | jq '[.members[] | select(.role != "leader" and .state == "running" and .lag == 0)] | length')" -ge "$1" ]
}

# Each must be refused, and for this reason; a way in that is open fails the run, and so does one that is closed for everybody.
refused() { # what reason host command…
  local what=$1 reason=$2 name=$3
  shift 3
  if on "$name" "$*" >"$work/refused" 2>&1; then
    cat "$work/refused"
    fail "$what is not refused"
  fi
  grep -qE -e "$reason" "$work/refused" || { cat "$work/refused"; fail "$what is refused for another reason than '$reason'"; }
  echo "refused: $what ($(grep -v '^$' "$work/refused" | tail -n 1 | cut -c1-110))"
}

# By Java's client, since librdkafka of Debian 12 cannot: the nodes' own password gets to what it may not, another one to nothing.
signs_in() {
  local password said
  for password in "$(cat "$work/inventory.secrets/kafka-caregrid")" x; do
    cat >"$work/shared/as.properties" <<PROPERTIES
bootstrap.servers=$(address n2):9092
security.protocol=SASL_SSL
ssl.truststore.type=PEM
ssl.truststore.location=/etc/caregrid/tls/ca.pem
sasl.mechanism=SCRAM-SHA-512
sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required username="caregrid" password="$password";
PROPERTIES
    said=$(on n1 "/opt/caregrid/current/bin/caregrid kafka check --admin-config /srv/caregrid/as.properties 2>&1" | tail -n 1 || true)
    if [ "$password" = x ]; then echo "$said" | grep -q 'Authentication failed' || fail "Kafka takes a wrong password: $said"; echo "refused: Kafka with a wrong password ($said)"; fi
    if [ "$password" != x ]; then echo "$said" | grep -q 'Cluster authorization failed' || fail "the nodes' account may not sign in, or may too much: $said"; echo "refused: the nodes' account to see the controllers ($said)"; fi
  done
  rm "$work/shared/as.properties"
}

refusals() {
  refused "Kafka without TLS" 'Disconnected|transport failure' n1 "kcat -b $(address n2):9092 -L -m 5"
  refused "Kafka without a password" 'Timed out|transport failure|Disconnected' n1 "kcat -b $(address n2):9092 -X security.protocol=SSL -X ssl.ca.location=/etc/caregrid/tls/ca.pem -L -m 5"
  signs_in
  refused "PostgreSQL without TLS" 'no pg_hba.conf entry' n1 "PGPASSWORD=x psql -w 'host=$(address n2) user=caregrid dbname=caregrid sslmode=disable' -c 'select 1'"
  refused "PostgreSQL with a wrong password" 'password authentication failed' n1 "PGPASSWORD=x psql -w 'host=$(address n2) user=caregrid dbname=caregrid sslmode=require' -c 'select 1'"
  refused "etcd without a certificate" 'alert|certificate required|bad certificate|Transport endpoint|errno' n1 "curl -sS -m 5 --cacert /etc/caregrid/tls/ca.pem https://$(address n2):2379/version"
  refused "Patroni's switches without a certificate" 'returned error: 403' n1 "curl -sS -f -m 5 --cacert /etc/caregrid/tls/ca.pem -X POST https://$(address n2):8008/restart"
  # we are at $subnet.1, which is in no inventory
  if timeout 5 bash -c "exec 3<>/dev/tcp/$(address n2)/5701" 2>/dev/null; then fail "a stranger reaches Hazelcast's port"; fi
  echo "refused: Hazelcast's port to a stranger (nothing answers)"
}

# A vital sign by kcat of Debian 12, on a log nobody may write without a certificate.
vital_by_kcat() { # host
  play "$here/../sender.yml" -e sender=ward7 >"$work/play-sender.log" 2>&1 || { tail -n 40 "$work/play-sender.log"; fail "sender.yml"; }
  local secrets=$work/inventory.secrets
  kcat -V | grep -o 'librdkafka [0-9.]*'
  echo "{\"deviceId\":\"monitor-7\",\"patientId\":\"MRN-7\",\"time\":\"$(date -u +%FT%TZ)\",\"heartRate\":77}" |
    kcat -P -b "$(address n1):9095,$(address n2):9095" -t devicedata -X security.protocol=SSL -X ssl.ca.location="$secrets/ca.pem" \
      -X ssl.certificate.location="$secrets/senders/ward7.pem" -X ssl.key.location="$secrets/senders/ward7.key"
  heartbeat_read "$1" monitor-7 77
  # what it may not, and who else may not
  kcat_refused "to read what devices send" 'authorization failed' -C -t devicedata -o beginning -e -m 8 -X ssl.certificate.location="$secrets/senders/ward7.pem" -X ssl.key.location="$secrets/senders/ward7.key"
  kcat_refused "to write measurements" 'authorization failed' -P -t measurements -X message.timeout.ms=8000 -X ssl.certificate.location="$secrets/senders/ward7.pem" -X ssl.key.location="$secrets/senders/ward7.key"
  kcat_refused "a sender without a certificate" 'certificate|alert|Disconnected|transport failure' -L -m 5
  on n1 'cat /etc/caregrid/tls/node.key' >"$work/n1.key"
  on n1 'cat /etc/caregrid/tls/node.pem' >"$work/n1.pem"
  kcat_refused "a machine's certificate in place of a sender's" 'certificate|alert|Disconnected|transport failure' -L -m 5 -X ssl.certificate.location="$work/n1.pem" -X ssl.key.location="$work/n1.key"
}

kcat_refused() { # what reason kcat-arguments…
  local what=$1 reason=$2
  shift 2
  if echo x | timeout 30 kcat -b "$(address n1):9095" -X security.protocol=SSL -X ssl.ca.location="$work/inventory.secrets/ca.pem" "$@" >"$work/refused" 2>&1 &&
    ! grep -qiE 'authorization failed|not authorized' "$work/refused"; then
    cat "$work/refused"
    fail "$what is not refused"
  fi
  grep -qiE -e "$reason" "$work/refused" || { cat "$work/refused"; fail "$what is refused for another reason than '$reason'"; }
  echo "refused: $what ($(grep -iE 'error|fail' "$work/refused" | tail -n 1 | cut -c1-150))"
}

# From a machine that is in no inventory, with a certificate that the house's own authority for senders has signed.
admission_in() { # host number
  local answer
  printf 'MSH|^~\\&|LAB|NORTH|CAREGRID|HUB|20261122101500||ADT^A01^ADT_A01|NODES-%s|P|2.5\rEVN|A01|20261122101500\rPID|1||%s^^^NORTH^MR||Berg^Ada||19700101|F\rPV1|1|I|WARD7\r' "$2" "$2" >"$work/admission.hl7"
  answer=$("$here/mllp.py" "$(address "$1")" 2575 "$work/admission.hl7" "$work/inventory.secrets/ca.pem" "$work/senders/lab.pem" "$work/senders/lab.key" | tr '\r' '\n' | grep '^MSA')
  echo "$1 answers $answer"
  [ "$answer" = "MSA|AA|NODES-$2" ]
  if "$here/mllp.py" "$(address "$1")" 2575 "$work/admission.hl7" "$work/inventory.secrets/ca.pem" >"$work/refused" 2>&1; then fail "HL7 v2 is taken without a certificate"; fi
  grep -qiE 'alert|reset|closed' "$work/refused" || { cat "$work/refused"; fail "HL7 v2 without a certificate is refused for another reason"; }
  echo "refused: HL7 v2 without a certificate ($(tail -n 1 "$work/refused" | cut -c1-110))"
}

patient_there() { curl_at "$1" "/fhir/Patient?identifier=$2" | jq -e '.entry[0].resource.name[0].family == "Berg"'; }
admission_read() { # host number
  awaited 120 "Patient $2 at $1" patient_there "$@"
  echo "$1 has Patient $2"
}

# QoS 1: it ends well when CONNECT was taken and Kafka has the reading.
reading_by_mqtt() { # host device value
  local said
  published "$1" "$(token "$1" 'Telemetry Sender')" "$2" "$3" || fail "MQTT: $(cat "$work/published")"
  echo "$1 acknowledges what is published with a Telemetry Sender's token"
  for said in x "$(token "$1" 'FHIR Data Reader')"; do
    if published "$1" "$said" "$2" 1; then fail "MQTT lets anybody send"; fi
    grep -qi 'not authori[sz]ed\|bad user name' "$work/published" || { cat "$work/published"; fail "MQTT refuses for another reason"; }
    echo "refused: MQTT with $([ "$said" = x ] && echo 'no token' || echo "a FHIR Data Reader's token") ($(head -n 1 "$work/published"))"
  done
}

published() { # host password device value
  timeout 90 mosquitto_pub -h "$(address "$1")" -p 8883 --cafile "$work/inventory.secrets/ca.pem" -V mqttv5 -u any -P "$2" -q 1 -i "$3" -t ward/7 \
    -m "{\"deviceId\":\"$3\",\"patientId\":\"MRN-$3\",\"time\":\"$(date -u +%FT%TZ)\",\"heartRate\":$4}" >"$work/published" 2>&1
}

# While it is under way there is no body, and jq says yes to nothing.
exported() { curl_at "$1" "$2" -f >"$work/manifest.json" && grep -q '"output"' "$work/manifest.json"; }

# Asked for at one node, awaited at another one, fetched at the third: by the configuration and with the key that every node has from the inventory.
export_deidentified() { # number of a Patient
  local id job hash
  id=$(curl_at n1 "/fhir/Patient?identifier=$1" -f | jq -er '.entry[0].resource.id')
  job=$(curl_at n1 '/fhir/$export?_type=Patient&_anonymizationConfig=house.json' -f -D - -o /dev/null -H "'Prefer: respond-async'" |
    tr -d '\r' | sed -n 's|^content-location: https://[^/]*||Ip')
  awaited 240 "the export" exported n3 "$job"
  curl_at n2 "$(jq -r '.output[0].url' "$work/manifest.json" | sed 's|^https://[^/]*||')" -f >"$work/exported.ndjson"
  hash=$(printf %s "$id" | openssl dgst -sha256 -hmac "$(cut -d ' ' -f 1 "$work/inventory.secrets/crypto-hash-key")" | sed 's/.* //')
  jq -r --arg id "$hash" 'select(.id == $id) | "\(.resourceType)/\(.id[0:12])…, \(.gender), members: \(keys | join(" "))"' "$work/exported.ndjson" | grep . ||
    { head -n 3 "$work/exported.ndjson"; fail "the export has no Patient whose id is the HMAC of $id by the key of the inventory"; }
  if grep -qF -e "$id" -e Berg "$work/exported.ndjson"; then fail "the export tells who it is"; fi
}

# No password and no key stands in what the playbooks print, with --diff.
nothing_secret_in() { # log…
  local file secret
  for file in "$work"/inventory.secrets/*; do
    case $file in *.pem | *.csr | *.key) continue ;; esac
    [ -f "$file" ] || continue
    secret=$(cut -d ' ' -f 1 "$file")
    case $file in */kafka-cluster) continue ;; esac
    if grep -qF -e "$secret" "$@"; then fail "the password in ${file##*/} stands in $*"; fi
  done
  if grep -q 'PRIVATE KEY' "$@"; then fail "a key stands in $*"; fi
  echo "no password and no key among $(cat "$@" | wc -l) lines"
}

serial_of() { openssl x509 -noout -serial 2>/dev/null; }

# The certificate that somebody shows, asked three times: on two busy cores a handshake may take long. Nothing when there is none.
shown_at() { # name port openssl's arguments…
  local name=$1 port=$2 shown
  shift 2
  for _ in 1 2 3; do
    shown=$(on "$name" "timeout 20 openssl s_client -connect $(address "$name"):$port $* </dev/null 2>/dev/null" | serial_of) || true
    [ -z "$shown" ] || break
  done
  echo "$shown"
}

# Every door of every host shows the certificate that lies on its disk, and runs the release that is configured.
current() {
  local name want port release shown
  release=$(sha256sum "$work/caregrid.tar.gz" | cut -c1-16)
  for name in n1 n2 n3; do
    want=$(on "$name" 'cat /etc/caregrid/tls/node.pem' | serial_of) || fail "on $name lies no certificate"
    for port in 2379 2380 2575 8008 8080 8883 9092 9093 9094 9095; do
      shown=$(shown_at "$name" "$port" -cert /etc/caregrid/tls/node.pem -key /etc/caregrid/tls/node.key)
      [ -n "$shown" ] || { echo "$name:$port shows no certificate"; return 1; }
      [ "$shown" = "$want" ] || { echo "$name:$port shows an old certificate"; return 1; }
    done
    [ "$(shown_at "$name" 5432 -starttls postgres)" = "$want" ] ||
      { echo "$name:5432 shows an old certificate"; return 1; }
    for unit in caregrid caregrid-kafka; do
      on "$name" "tr '\\0' ' ' </proc/\$(systemctl show $unit | sed -n 's/^MainPID=//p')/cmdline" | grep -q "/$release/" || { echo "$unit on $name runs another release"; return 1; }
    done
    echo "$name: certificate ${want#serial=} at every port, release $release"
  done
}

# The run is killed as soon as it says this.
play_broken_off() { # at-line playbook arguments…
  local at=$1 log=$work/play-broken.log pid began=$SECONDS
  shift
  : >"$log"
  set -m
  play "$@" >"$log" 2>&1 &
  pid=$!
  set +m
  until grep -qF "$at" "$log"; do
    kill -0 "$pid" 2>/dev/null || { tail -n 40 "$log"; fail "the run ended before it said: $at"; }
    [ $((SECONDS - began)) -lt 1800 ] || fail "the run never said: $at"
    sleep 0.2
  done
  kill -KILL -- "-$pid"
  wait "$pid" 2>/dev/null || true
  echo "killed at: $at"
}

preflight_refuses() { # sentence arguments…
  local sentence=$1
  shift
  if play "$here/../preflight.yml" "$@" >"$work/play-refused.log" 2>&1; then fail "preflight.yml lets pass: $*"; fi
  tr -s ' \n' ' ' <"$work/play-refused.log" | grep -oF -m 1 "$sentence" | head -n 1 || { tail -n 40 "$work/play-refused.log"; fail "it does not say: $sentence"; }
}

# What stood in the trail's files of a host that left is in the database.
trail_arrived() { # host-that-left
  local there asked
  there=$(on "$1" "cat /var/lib/caregrid/audit/*.jsonl | grep -c '\"node\":\"$1\"'")
  asked=$(curl_at n1 "/fhir/AuditEvent?site=$1&_count=500" -f | jq '[.entry[]?] | length')
  echo "lines in its files: $there, in the database: $asked"
  [ "$there" -gt 0 ] && [ "$there" = "$asked" ]
}
