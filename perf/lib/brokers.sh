# shellcheck shell=bash
# Builds what is measured and what measures, and starts and ends brokers. Sourced by perf/run.

build_tools() {
    local tool
    command -v gcc >/dev/null || die 'gcc is needed to build the measuring tools'
    for tool in mqload mqlimit; do
        if [[ ! $OUT/$tool -nt perf/tools/$tool.c ]]; then gcc -O2 -w -o "$OUT/$tool" "perf/tools/$tool.c"; fi
    done
}

# build_project NAME: a project of this folder, where the solution's own build leaves it too.
build_project() {
    local assembly="perf/$1/bin/Release/net10.0/$1.dll"
    if is_newest "$assembly" src tests/Nightjar.Testing "perf/$1"; then return 0; fi
    log "building $1 (Release)"
    dotnet build "perf/$1" -c Release -v q --nologo -nodeReuse:false -p:UseSharedCompilation=false >"$OUT/build.log" 2>&1 ||
        { tail -n 20 "$OUT/build.log" >&2; die "building $1 failed"; }
    touch "$assembly"
}

# is_newest ASSEMBLY FOLDER...: whether it is newer than every source that it could be made of.
is_newest() {
    local assembly=$1
    shift
    [[ -f $assembly && -z $(find "$@" \( -name '*.cs' -o -name '*.csproj' \) -not -path '*/obj/*' -newer "$assembly" -print -quit) ]]
}

publish_nightjar() {
    if [[ -n $nightjar ]]; then return 0; fi
    nightjar="$OUT/nightjar/nightjar"
    if is_newest "$OUT/nightjar/nightjar.dll" src; then return 0; fi
    log 'publishing nightjar (Release)'
    local common=(src/Nightjar.Host/Nightjar.Host.csproj -c Release -o "$OUT/nightjar" -v q --nologo -nodeReuse:false -p:UseSharedCompilation=false)
    if ! dotnet publish "${common[@]}" -r linux-x64 --self-contained false -p:PublishReadyToRun=true >"$OUT/publish.log" 2>&1; then
        log 'no ReadyToRun here (see artifacts/perf/publish.log); publishing plain IL'
        dotnet publish "${common[@]}" >"$OUT/publish.log" 2>&1 || { tail -n 20 "$OUT/publish.log" >&2; die 'publishing failed'; }
    fi
    touch "$OUT/nightjar/nightjar.dll"
}

# The access file of both brokers: what the generators use is allowed among rules that are for others.
write_rules() {
    local i
    {
        printf '%s\n' 'topic readwrite t/#' 'topic readwrite dev/+/temp' 'topic readwrite site/#' 'pattern readwrite home/%c/#'
        for i in {1..50}; do printf '%s\n' "user user$i" "topic read building/$i/#" "topic write command/$i/+"; done
    } >"$OUT/rules.acl"
}

make_certificates() {
    if [[ -f $OUT/ca/broker.crt ]]; then return 0; fi
    "$nightjar" cert ca -d "$OUT/ca" >"$OUT/cert.log" && "$nightjar" cert server -d "$OUT/ca" broker >>"$OUT/cert.log" || die 'certificates cannot be made; see artifacts/perf/cert.log'
}

broker_pid=''

# A TCP port of 127.0.0.1 that nothing listens on, below the range the kernel takes ports of outgoing connections from.
free_port() {
    local port tries
    for ((tries = 0; tries < 200; tries++)); do
        port=$((20000 + RANDOM % 12000))
        if ! accepts "$port"; then echo "$port"; return 0; fi
    done
    die 'no free port'
}

accepts() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# write_configuration BROKER PORT [tls]: both get the same limits: with the default queue of 1000 messages a fan-in at QoS 1 would have to drop.
write_configuration() {
    local broker=$1 port=$2 tls=${3:-} conf="$OUT/$1.conf"
    printf '%s\n' "listener $port 127.0.0.1" 'allow_anonymous true' 'max_queued_messages 0' 'max_inflight_messages 0' \
        'persistence false' 'log_type error' "acl_file $OUT/rules.acl" >"$conf"
    if [[ -n $tls ]]; then
        sed -i "1s/.*/listener $port localhost/" "$conf"
        printf '%s\n' "certfile $OUT/ca/broker.crt" "keyfile $OUT/ca/broker.key" >>"$conf"
    fi
    # Started by root they would go on as a user who may not read this folder.
    if ((EUID == 0)); then echo 'user root' >>"$conf"; fi
    if [[ $broker == mosquitto ]]; then echo 'set_tcp_nodelay true' >>"$conf"; fi
}

# The command of a broker, in the array broker_command.
command_of() {
    case $1 in
        mqlimit) broker_command=("$OUT/mqlimit" "$2") ;;
        nightjar) broker_command=("$nightjar" -c "$OUT/nightjar.conf") ;;
        mosquitto) broker_command=(mosquitto -c "$OUT/mosquitto.conf") ;;
    esac
}

# start_broker BROKER PORT [tls]: each is started fresh for a measurement and ended by its own process id.
start_broker() {
    local broker=$1 port=$2 errors="$OUT/$1.log" tries
    write_configuration "$@"
    command_of "$broker" "$port"
    "${broker_command[@]}" >"$errors" 2>&1 &
    broker_pid=$!
    for ((tries = 0; tries < 200; tries++)); do
        if ! kill -0 "$broker_pid" 2>/dev/null; then break; fi
        if accepts "$port"; then return 0; fi
        sleep 0.05
    done
    log "$broker does not accept connections:"
    tail -n 5 "$errors" >&2
    stop_broker
    return 1
}

stop_broker() {
    local tries
    if [[ -z $broker_pid ]]; then return 0; fi
    kill "$broker_pid" 2>/dev/null || true
    for ((tries = 0; tries < 100; tries++)); do
        if ! kill -0 "$broker_pid" 2>/dev/null; then break; fi
        sleep 0.05
    done
    kill -9 "$broker_pid" 2>/dev/null || true
    wait "$broker_pid" 2>/dev/null || true
    broker_pid=''
}
