# shellcheck shell=bash
# One function for each kind of row: makes one repetition of it and keeps its lines of JSON in $RESULTS/ID.BROKER. Sourced by perf/run.

# The number of a key in a line of JSON.
field() { sed -nE "s/.*\"$2\": ?(-?[0-9.]+).*/\1/p" <<<"$1"; }

median() { sort -g | awk '{ v[NR] = $1 } END { if (NR) printf "%.10g\n", (NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2) }'; }

# The median of a key over the repetitions; empty when nothing was measured.
result() {
    local file="$RESULTS/$1.$2" line
    if [[ ! -f $file ]]; then return 0; fi
    while read -r line; do field "$line" "$3"; done <"$file" | median
}

failures=0
fail() { log "$*"; failures=$((failures + 1)); }

# keep_line ID BROKER LINE: only what lost nothing counts; of the brokers beside ours a failure is told, and is no failure of the run.
keep_line() {
    local id=$1 broker=$2 line=$3 problem=''
    if [[ $line == *'"error"'* || $line != '{'* ]]; then problem=$line; fi
    if [[ $(field "$line" lost) =~ ^[1-9] ]]; then problem="lost $(field "$line" lost) messages"; fi
    if [[ $quick == 0 && $(field "$line" rate) =~ ^[1-9] ]] && (($(field "$line" in_per_s) < $(field "$line" rate) * 95 / 100)); then
        problem="only $(field "$line" in_per_s) messages a second of $(field "$line" rate)"
    fi
    if [[ -n $problem ]]; then
        if [[ $broker == nightjar ]]; then fail "$id on nightjar: $problem"; else log "$id on $broker: $problem; not counted"; fi
        return 0
    fi
    echo "$line" >>"$RESULTS/$id.$broker"
    log "$id $broker $(field "$line" broker_us_per_out)$(field "$line" kb_per_conn)$(field "$line" conns_per_s)$(field "$line" bytes_per_sub)$(field "$line" start_ms)"
}

# load BROKER ARGUMENTS...: mqload against a fresh broker; its line is in $line.
load() {
    local broker=$1 port
    shift
    port=$(free_port)
    line=''
    if ! start_broker "$broker" "$port"; then line="$broker could not be started"; return 0; fi
    line=$("$OUT/mqload" -p "$port" -B "$broker_pid" -L "$broker" "$@" 2>&1 </dev/null | tail -n 1) || true
    stop_broker
}

# messages NAME QOS-LIST VERSION-LIST OPTIONS...
measure_messages() {
    local name=$1 levels=$2 protocols=$3 q v broker
    shift 3
    for v in $(both "$protocols" "$versions"); do
        for q in $(both "$levels" "$qos"); do
            for broker in "${selected[@]}"; do
                # The floor knows no QoS 2, and that row is read against our own QoS 1. A smoke starts the floor for one row.
                if [[ $broker == mqlimit && ($q == 2 || ($quick == 1 && $name != pair)) ]]; then continue; fi
                load "$broker" -d "$seconds" -W "$warm" -q "$q" -v "$v" "$@"
                keep_line "$name-q$q-v$v" "$broker" "$line"
            done
        done
    done
}

# The members of a list with commas that are in another one too.
both() {
    local one
    for one in ${1//,/ }; do if [[ ",$2," == *",$one,"* ]]; then echo "$one"; fi; done
}

# Half of a broker's greatest throughput over ten pairs, in messages a second.
half_of() {
    local most
    most=$(result pair-q0-v4 "$1" out_per_s)
    if [[ -z $most ]]; then load "$1" -d "$seconds" -W "$warm" -m pair -P 10 -S 10; most=$(field "$line" out_per_s); fi
    if [[ -n $most ]]; then awk -v most="$most" 'BEGIN { printf "%d", most / 2 }'; fi
}

# Latency and the longest pause of a minute. The floor gets the rate that is half of ours; mosquitto, which does not reach it, half of its own.
measure_half() {
    local rate own broker
    if ((quick == 1)); then rate=50000; else rate=$(half_of nightjar); fi
    if [[ -z $rate ]]; then fail 'half: the greatest throughput could not be measured'; return 0; fi
    for broker in "${selected[@]}"; do
        own=$rate
        if [[ $broker == mosquitto ]]; then own=$(half_of mosquitto); fi
        load "$broker" -d "$minute" -W "$steady" -m pair -P 10 -S 10 -r "${own:-1000}"
        keep_line half "$broker" "$line"
    done
}

# QoS 0 and v3.1.1 whatever was asked for; few messages under way, because each is 16 KiB for each of fifty.
measure_payload() {
    local broker
    for broker in "${selected[@]}"; do
        load "$broker" -d "$seconds" -W "$warm" -m fanout -P 1 -S 50 -s 16384 -w 32
        keep_line payload-q0-v4 "$broker" "$line"
    done
}

# plain NAME BROKERS OPTIONS...: series that know no QoS.
measure_plain() {
    local name=$1 brokers_of=$2 broker
    shift 2
    for broker in "${selected[@]}"; do
        if [[ ",$brokers_of," != *",$broker,"* ]]; then continue; fi
        load "$broker" "$@"
        keep_line "$name" "$broker" "$line"
    done
}

measure_start() {
    local broker port turn
    for broker in "${selected[@]}"; do
        for ((turn = 0; turn < starts; turn++)); do
            port=$(free_port)
            write_configuration "$broker" "$port"
            command_of "$broker" "$port"
            line=$("$OUT/mqload" -m start -p "$port" -d 1 -L "$broker" -- "${broker_command[@]}" 2>"$OUT/$broker.log" </dev/null | tail -n 1) || true
            keep_line start "$broker" "$line"
        done
    done
}

# tls NAME SCENARIO AND OPTIONS...: with the load tests as the client. By name: the runtime's TLS client resumes no session with a bare address.
measure_tls() {
    local name=$1 broker port
    shift
    for broker in "${selected[@]}"; do
        if [[ $broker == mqlimit ]]; then continue; fi
        port=$(free_port)
        if ! start_broker "$broker" "$port" tls; then fail "$name: $broker could not be started"; continue; fi
        rm -f "$OUT/last.json"
        dotnet "$LOADTESTS" "$@" --broker "localhost:$port" --mqtt 3.1.1 --prefix t --cafile "$OUT/ca/ca.crt" --broker-pid "$broker_pid" \
            --no-progress --json "$OUT/last.json" >"$OUT/last.txt" 2>&1 </dev/null || true
        stop_broker
        if [[ -f $OUT/last.json ]]; then line=$(tr -d '\n' <"$OUT/last.json"); else line=$(tail -n 3 "$OUT/last.txt"); fi
        keep_line "$name" "$broker" "$line"
    done
}

# Inside one process, where no system call hides a microsecond.
measure_match() {
    line=$(dotnet "$MICROBENCHMARKS" many-subscriptions "$subscriptions" 2>&1 | tail -n 1) || true
    keep_line match nightjar "$line"
}

measure_alloc() {
    local key
    while read -r line; do
        key="alloc-$(sed -nE 's/.*"mode":"([a-z]+)".*/\1/p' <<<"$line")-q$(field "$line" qos)-v$(field "$line" v)"
        keep_line "$key" nightjar "$line"
    done < <(dotnet "$MICROBENCHMARKS" allocation "$OUT/mqload" "$seconds" "$shapes" "$qos" "$versions" 2>&1 </dev/null)
}
