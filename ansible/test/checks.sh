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

curl_at() { # host path curl-arguments…
  local name=$1 path=$2
  shift 2
  on "$name" "curl -sS -m 20 $* 'http://127.0.0.1:8080$path'"
}

ready() { curl_at "$1" /health/ready -f; }

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
  awaited 30 "heartbeat of $2 at $1" heartbeat_there "$@"
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
  on "$1" "curl -sS -f -H 'Accept: application/dicom; transfer-syntax=*' -o /srv/caregrid/back.dcm http://127.0.0.1:8080$path"
  # group 0002 is the receiver's: the data set is compared
  for file in picture back; do dcm2json "$work/shared/$file.dcm" "$work/$file.json"; done
  cmp "$work/picture.json" "$work/back.json" && echo identical
}

shards() { curl_at n1 /cluster; }
running() { curl_at "${1:-n1}" /cluster | jq -e '[.shards[] | select(.state == "running")] | length == 12'; }
shards_running() { awaited 90 "12 shards running" running && echo "all 12 shards run"; }
owned() { curl_at n1 /cluster | jq -r --arg name "$1" '[.shards[] | select(.owner == $name)] | length'; }
shards_at_least() { # host count
  local count
  count=$(owned "$1")
  echo "$1 owns $count of 12 shards"
  [ "$count" -ge "$2" ]
}

# Readings, numbered, one after the other; what was answered 202 must be there at the end.
run=0
load_begins() { # host
  run=$((run + 1))
  rm -f "$work/shared/stop" "$work/shared/stopped"
  install -m 0755 "$here/load" "$work/shared/load"
  on "$1" "setsid /srv/caregrid/load $run >/dev/null 2>&1 </dev/null &"
}

load_ends() {
  touch "$work/shared/stop"
  awaited 40 "the end of the load" test -e "$work/shared/stopped"
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
  awaited 60 "every reading of run $run at $1" counted "$1" || { cat "$work/counted"; fail "readings are missing"; }
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
    [ "$(on "$name" "curl -s -m 3 -o /dev/null -w '%{http_code}' --cacert /etc/caregrid/tls/ca.pem https://$(address "$name"):8008/primary")" = 200 ] && echo "$name" && return
  done
  return 1
}

members() { on "$1" "curl -s -m 3 --cacert /etc/caregrid/tls/ca.pem https://$(address "$1"):8008/cluster"; }
sync_standby() { members "$1" | jq -er '.members[] | select(.role == "sync_standby") | .name' | head -n 1; }
replicas() { # count
  [ "$(members "$(primary_of n1 n2 n3)" | jq '[.members[] | select(.role != "leader" and .state == "running" and .lag == 0)] | length')" -ge "$1" ]
}

# Each must be refused; a way in that is open fails the run.
refused() { # what host command…
  local what=$1 name=$2
  shift 2
  if on "$name" "$*" >"$work/refused" 2>&1; then
    cat "$work/refused"
    fail "$what is not refused"
  fi
  echo "refused: $what ($(grep -v '^$' "$work/refused" | tail -n 1 | cut -c1-110))"
}

refusals() {
  refused "Kafka without TLS" n1 "kcat -b $(address n2):9092 -L -m 5"
  refused "Kafka without a password" n1 "kcat -b $(address n2):9092 -X security.protocol=SSL -X ssl.ca.location=/etc/caregrid/tls/ca.pem -L -m 5"
  refused "PostgreSQL without TLS" n1 "PGPASSWORD=x psql -w 'host=$(address n2) user=caregrid dbname=caregrid sslmode=disable' -c 'select 1'"
  refused "PostgreSQL with a wrong password" n1 "PGPASSWORD=x psql -w 'host=$(address n2) user=caregrid dbname=caregrid sslmode=require' -c 'select 1'"
  refused "etcd without a certificate" n1 "curl -sS -m 5 --cacert /etc/caregrid/tls/ca.pem https://$(address n2):2379/version"
  refused "Patroni's switches without a certificate" n1 "curl -sS -f -m 5 --cacert /etc/caregrid/tls/ca.pem -X POST https://$(address n2):8008/restart"
  # we are at $subnet.1, which is in no inventory
  if timeout 5 bash -c "exec 3<>/dev/tcp/$(address n2)/5701" 2>/dev/null; then fail "a stranger reaches Hazelcast's port"; fi
  echo "refused: Hazelcast's port to a stranger (nothing answers)"
}
