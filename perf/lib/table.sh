# shellcheck shell=bash
# The table: a line for each figure with its target, ours, the floor's and mosquitto's, and whether the target is met. Sourced by perf/run.

ratio() { if [[ -n $1 && -n $2 ]]; then awk -v a="$1" -v b="$2" 'BEGIN { if (b > 0) printf "%.2f", a / b }'; fi; }
cell() { echo "${1:--}"; }

# holds A OPERATOR B: yes, NO, or - where a figure is missing or none is judged.
holds() {
    if [[ -z $1 || -z $3 || $quick == 1 ]]; then echo '-'; return 0; fi
    awk -v a="$1" -v b="$3" -v o="$2" 'BEGIN { print (o == "<=" ? a <= b : o == "<" ? a < b : a >= b) ? "yes" : "NO" }'
}

# all VERDICT...: NO when one is, - when one is missing.
all() {
    if [[ " $* " == *' NO '* ]]; then echo NO; elif [[ " $* " == *' - '* ]]; then echo '-'; else echo yes; fi
}

# row FIGURE TARGET OURS FLOOR RATIO THEIRS VERDICT
row() { if [[ -n $3 ]]; then echo "| $1 | $2 | $(cell "$3") | $(cell "$4") | $(cell "$5") | $(cell "$6") | $7 |"; fi; }

version_name() { if [[ $1 == 5 ]]; then echo 5; else echo 3.1.1; fi; }

# print_messages NAME TITLE QOS-LIST VERSION-LIST TARGETS: TARGETS is the most times mqlimit at QoS 0, and at QoS 1.
print_messages() {
    local name=$1 title=$2 levels=$3 protocols=$4 targets=$5 q v id floor ours theirs times most target verdict
    for q in $(both "$levels" "$qos"); do
        for v in $(both "$protocols" "$versions"); do
            id="$name-q$q-v$v" most=${targets%,*}
            if ((q > 0)); then most=${targets#*,}; fi
            floor=$(result "$id" mqlimit broker_us_per_out) ours=$(result "$id" nightjar broker_us_per_out) theirs=$(result "$id" mosquitto broker_us_per_out)
            if ((q == 2)); then
                times=$(ratio "$ours" "$(result "$name-q1-v$v" nightjar broker_us_per_out)")
                target='≤ 3 × our QoS 1' verdict=$(holds "$times" '<=' 3)
            else
                times=$(ratio "$ours" "$floor")
                target="≤ $most × mqlimit" verdict=$(holds "$times" '<=' "$most")
            fi
            if [[ $name == iot ]]; then target+=', < mosquitto' verdict=$(all "$verdict" "$(holds "$ours" '<' "$theirs")"); fi
            row "$title, QoS $q, v$(version_name "$v"): µs of CPU per message" "$target" "$ours" "$floor" "$times" "$theirs" "$verdict"
        done
    done
}

print_half() {
    local ours floor rate
    ours=$(result half nightjar p99_us) floor=$(result half mqlimit p99_us) rate=$(result half nightjar rate)
    row "p99 at half of the greatest throughput (${rate:-?}/s), µs" '≤ 2 × mqlimit' "$ours" "$floor" "$(ratio "$ours" "$floor")" \
        "$(result half mosquitto p99_us)" "$(holds "$(ratio "$ours" "$floor")" '<=' 2)"
    ours=$(result half nightjar max_us) floor=$(result half mqlimit max_us)
    row "longest pause in $minute s of it, µs (the generator's own: $(cell "$(result half nightjar pause_us)"))" '≤ 10 000' "$ours" "$floor" "$(ratio "$ours" "$floor")" \
        "$(result half mosquitto max_us)" "$(holds "$ours" '<=' 10000)"
}

megabytes() { if [[ -n $1 ]]; then awk -v us="$1" 'BEGIN { if (us > 0) printf "%.0f", 16384 / us }'; fi; }

print_payload() {
    local ours floor
    ours=$(megabytes "$(result payload-q0-v4 nightjar broker_us_per_out)") floor=$(megabytes "$(result payload-q0-v4 mqlimit broker_us_per_out)")
    row '16 KiB to 50 subscribers: MB per CPU second' '≥ 0.8 × mqlimit' "$ours" "$floor" "$(ratio "$ours" "$floor")" \
        "$(megabytes "$(result payload-q0-v4 mosquitto broker_us_per_out)")" "$(holds "$(ratio "$ours" "$floor")" '>=' 0.8)"
}

# print_plain ID KEY TITLE TARGET OPERATOR LIMIT: a figure that is judged by itself.
print_plain() {
    local ours floor
    ours=$(result "$1" nightjar "$2") floor=$(result "$1" mqlimit "$2")
    row "$3" "$4" "$ours" "$floor" "$(ratio "$ours" "$floor")" "$(result "$1" mosquitto "$2")" "$(holds "$ours" "$5" "$6")"
}

# print_beside ID KEY TITLE OPERATOR TIMES: a figure that is judged beside mosquitto's.
print_beside() {
    local ours theirs limit word='≤'
    ours=$(result "$1" nightjar "$2") theirs=$(result "$1" mosquitto "$2") limit=''
    case $4 in '<') word='<' ;; '>=') word='≥' ;; esac
    if [[ -n $theirs ]]; then limit=$(awk -v a="$theirs" -v b="$5" 'BEGIN { print a * b }'); fi
    row "$3" "$word $5 × mosquitto" "$ours" "$(result "$1" mqlimit "$2")" "${theirs:+$(ratio "$ours" "$theirs") × mosquitto}" "$theirs" "$(holds "$ours" "$4" "$limit")"
}

# The most of all shapes, QoS levels and versions that were measured.
print_alloc() {
    local file most worst='' each
    most=''
    for file in "$RESULTS"/alloc-*.nightjar; do
        if [[ ! -f $file ]]; then continue; fi
        each=$(result "$(basename "$file" .nightjar)" nightjar bytes_per_message)
        if [[ -z $most ]] || awk -v a="$each" -v b="$most" 'BEGIN { exit !(a > b) }'; then most=$each worst=$(basename "$file" .nightjar); fi
    done
    row "bytes allocated per message; the most, ${worst#alloc-}" '0 (below 0.01)' "$most" '' '' '' "$(holds "$most" '<' 0.01)"
}

print_table() {
    local name
    echo "One run, $reps repetitions, medians; 64-byte payloads; persistence off, an access file active. \`perf/run\`"
    echo
    echo '| figure | target | nightjar | mqlimit | ratio | mosquitto | met |'
    echo '|---|---|--:|--:|--:|--:|---|'
    for name in "${ROWS[@]}"; do
        if wanted "$name"; then print_row "$name"; fi
    done
}

print_row() {
    case $1 in
        pair) print_messages pair '10 pairs' 0,1,2 4,5 2.5,3.5 ;;
        fanout) print_messages fanout '1 to 50' 0,1,2 4,5 2.5,3.5 ;;
        fanin) print_messages fanin '20 to 1' 0,1,2 4,5 2.5,3.5 ;;
        wild) print_messages wild '10 000 topics, 4 to 4 on dev/+/temp' 0 4,5 3,3 ;;
        iot) print_messages iot '500 pairs, 20 000/s' 0,1 4,5 1.15,1.15 ;;
        crowd) print_messages crowd '1000 to 1, 30 000/s' 0,1 4,5 1.15,1.15 ;;
        half) print_half ;;
        payload) print_payload ;;
        idle)
            print_plain idle kb_per_conn "$idle_connections idle connections: KB resident each" '≤ 3' '<=' 3
            print_plain idle idle_cpu_pct "$idle_connections idle connections: % of a core" '< 1' '<' 1 ;;
        idletls) print_plain idletls brokerKilobytesPerConnection "$tls_connections idle TLS connections: KB resident each" '≤ 25' '<=' 25 ;;
        churn) print_beside churn broker_us_per_conn 'connect + disconnect: µs of CPU' '<=' 1 ;;
        tls)
            print_beside tls receivedPerSecond '10 pairs, TLS 1.3: messages/s' '>=' 5
            print_beside tls brokerMicrosecondsPerUnit '10 pairs, TLS 1.3: µs of CPU per message' '<' 1 ;;
        subs) print_plain subs bytes_per_sub "$subscriptions subscriptions: bytes resident each" '≤ 250' '<=' 250 ;;
        match)
            print_plain match cold_match_p99_us "$subscriptions subscriptions: match of a cold topic, p99 µs" '≤ 20' '<=' 20
            print_plain match cached_ratio "a cached route beside $subscriptions subscriptions: × its time beside 10" '1 (≤ 1.05)' '<=' 1.05 ;;
        alloc) print_alloc ;;
        start)
            print_plain start start_ms 'start to accepting connections, ms' '≤ 150' '<=' 150
            print_plain start rss_mb 'resident a second after the start, MB' '≤ 45' '<=' 45 ;;
    esac
}

# What the machine gave while it was measured: the greatest throughput, the latency at it, and how busy the generator was.
print_throughput() {
    local file id
    echo
    echo '| series | nightjar out/s | mqlimit out/s | mosquitto out/s | nightjar p50 / p99 µs | mqlimit p50 / p99 µs | generator, % of a core |'
    echo '|---|--:|--:|--:|--:|--:|--:|'
    for file in "$RESULTS"/*.nightjar; do
        id=$(basename "$file" .nightjar)
        if [[ $id != *-q[012]-v[45] || $id == alloc-* ]] || ! wanted "${id%%-*}"; then continue; fi
        echo "| $id | $(result "$id" nightjar out_per_s) | $(cell "$(result "$id" mqlimit out_per_s)") | $(cell "$(result "$id" mosquitto out_per_s)") |" \
            "$(result "$id" nightjar p50_us) / $(result "$id" nightjar p99_us) | $(cell "$(result "$id" mqlimit p50_us)") / $(cell "$(result "$id" mqlimit p99_us)") |" \
            "$(result "$id" nightjar gen_cpu_pct) |"
    done
}
