# Hosts that are not there: each with network, mount, process and UTS namespaces of its own, over an overlay of / and with its own sshd.
# Sourced by run. Needs $work (a folder), $name_prefix's addresses 10.77.0.x, root, and to be in namespaces that end with the run.

bridge=cg0
subnet=10.77.0

address() { echo "$subnet.$((10 + ${1#n}))"; }

# The wire between the hosts, with the controller (us) at $subnet.1.
network_up() {
  ip link set lo up
  ip link add "$bridge" type bridge
  ip address add "$subnet.1/24" dev "$bridge"
  ip link set "$bridge" up
}

key_made() {
  [ -f "$work/key" ] || ssh-keygen -q -t ed25519 -N '' -C 'made for this run' -f "$work/key"
}

# A folder that every host sees at /srv/caregrid: what NFS or CephFS is to real machines.
host_up() { # name
  local name=$1 at=$work/hosts/$1
  key_made
  mkdir -p "$at/upper" "$at/work" "$at/root" "$work/shared"
  mountpoint -q "$at/root" || mount -t overlay "overlay-$name" -o "lowerdir=/,upperdir=$at/upper,workdir=$at/work" "$at/root"
  prepare "$name" "$at/root"
  ip netns list | grep -qw "$name" || ip netns add "$name"
  if ! ip link show "v-$name" >/dev/null 2>&1; then
    ip link add "v-$name" type veth peer name eth0 netns "$name"
    ip link set "v-$name" master "$bridge" up
  fi
  ip netns exec "$name" ip address replace "$(address "$name")/24" dev eth0
  ip netns exec "$name" ip link set eth0 up
  ip netns exec "$name" ip link set lo up
  ip netns exec "$name" ip route replace default via "$subnet.1"
  ip netns exec "$name" unshare --mount --pid --uts --fork --kill-child=KILL \
    /bin/bash "$here/host-init" "$name" "$at/root" "$work/shared" >"$at/console" 2>&1 &
  echo $! >"$at/pid"
  awaited 120 "ssh to $name" on "$name" true
}

# What tells this host from the machine it stands on. Goes into the overlay only.
prepare() { # name root
  local name=$1 root=$2
  [ -f "$work/hosts/$name/prepared" ] && return
  install -m 0755 "$here/systemctl" "$root/usr/bin/systemctl"
  rm -f "$root"/etc/ssh/ssh_host_*
  ssh-keygen -q -t ed25519 -N '' -C "$name" -f "$root/etc/ssh/ssh_host_ed25519_key"
  install -d -m 0700 "$root/root/.ssh"
  install -m 0600 "$work/key.pub" "$root/root/.ssh/authorized_keys"
  echo "$name" >"$root/etc/hostname"
  printf '127.0.0.1 localhost\n' >"$root/etc/hosts"
  echo "$(address "$name") $(cut -d ' ' -f 1,2 "$root/etc/ssh/ssh_host_ed25519_key.pub")" >>"$work/known_hosts"
  touch "$work/hosts/$name/prepared"
}

# The plug is pulled: first the wire, so that no process can say goodbye, then the power.
host_lost() { # name
  ip link set "v-$1" down
  kill -KILL "$(cat "$work/hosts/$1/pid")"
  wait "$(cat "$work/hosts/$1/pid")" 2>/dev/null || true
}

# The lost machine comes back with its disk as it was.
host_back() { # name
  ip link set "v-$1" up
  host_up "$1"
}

on() { # name command…: over ssh, as everything else
  local name=$1
  shift
  ssh -q -n -i "$work/key" -o UserKnownHostsFile="$work/known_hosts" -o StrictHostKeyChecking=yes -o ConnectTimeout=10 \
    -o ControlMaster=auto -o ControlPath="$work/ssh-%h" -o ControlPersist=30 -o ServerAliveInterval=5 -o ServerAliveCountMax=4 \
    "root@$(address "$name")" "$@"
}

awaited() { # seconds what command…
  local seconds=$1 what=$2 began=$SECONDS
  shift 2
  until "$@" >/dev/null 2>&1; do
    if [ $((SECONDS - began)) -ge "$seconds" ]; then
      echo "not after $seconds s: $what" >&2
      return 1
    fi
    sleep 0.3
  done
}

# Who signs the certificates of those who send HL7 v2, one who does, and the house's own configuration of exports; it holds no key.
house_made() {
  [ -d "$work/senders" ] && return
  mkdir -p "$work/senders" "$work/anonymization"
  for name in ca lab; do openssl ecparam -name prime256v1 -genkey -noout -out "$work/senders/$name.key"; done
  openssl req -x509 -new -key "$work/senders/ca.key" -subj "/CN=who signs for senders" -days 2 -out "$work/senders/ca.pem"
  openssl req -new -key "$work/senders/lab.key" -subj "/CN=lab" |
    openssl x509 -req -CA "$work/senders/ca.pem" -CAkey "$work/senders/ca.key" -CAcreateserial -days 2 -out "$work/senders/lab.pem" 2>/dev/null
  cat >"$work/anonymization/house.json" <<'RULES'
{"fhirVersion": "R4", "fhirPathRules": [{"path": "Patient.id", "method": "cryptoHash"}, {"path": "Patient.gender", "method": "keep"},
  {"path": "Resource", "method": "redact"}]}
RULES
}

# An inventory of the hosts that are up: the first three hold database and log.
inventory() { # name…
  local name
  house_made
  mkdir -p "$work/inventory/group_vars"
  {
    echo "all:"
    echo "  children:"
    echo "    caregrid:"
    echo "      hosts:"
    for name in "$@"; do echo "        $name: {ansible_host: $(address "$name")}"; done
    echo "    kafka:"
    echo "      hosts:"
    for name in n1 n2 n3; do echo "        $name: {kafka_node_id: ${name#n}}"; done
    echo "    postgresql:"
    echo "      hosts: {n1: , n2: , n3: }"
  } >"$work/inventory/hosts.yml"
  cat >"$work/inventory/group_vars/all.yml" <<VARS
ansible_user: root
ansible_python_interpreter: /usr/bin/python3
ansible_ssh_private_key_file: $work/key
ansible_ssh_common_args: >-
  -o UserKnownHostsFile=$work/known_hosts -o StrictHostKeyChecking=yes -o ControlMaster=auto -o ControlPersist=60 -o ControlPath=$work/a-%h
software_archive: $work/caregrid.tar.gz
caregrid_shared_folder: /srv/caregrid
# everything on one small machine
java_apt_update: false
preflight_memory_mb: 1000
caregrid_patience: 600
caregrid_heap: 400m
caregrid_java_options: -XX:TieredStopAtLevel=1
kafka_java_options: -XX:+UseSerialGC -XX:TieredStopAtLevel=1
caregrid_source_partitions: 3
caregrid_shards: 12
caregrid_settings:
  identity: {mode: Create}
  shard: {batchAge: 2s}
  dicom: {callers: ["STORESCU@127.0.0.1"]}
caregrid_mqtt_port: 8883
caregrid_hl7_port: 2575
caregrid_hl7_client_ca: $work/senders/ca.pem
caregrid_anonymization: $work/anonymization
kafka_heap: 320m
kafka_offsets_partitions: 3
postgresql_parameters: {shared_buffers: 48MB}
VARS
}

play() { # playbook arguments…
  ANSIBLE_CONFIG=$here/../ansible.cfg ANSIBLE_LOCAL_TEMP=$work/ansible HOME=$work ansible-playbook -i "$work/inventory" "$@"
}
