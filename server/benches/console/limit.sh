# The least that has to be done for a database that somebody can sign in to: programs, template, new directory, port.
set -euo pipefail
bin=$1 template=$2 dir=$3 port=$4
cp -a "$template" "$dir"
touch "$dir/data/berth.conf" # the template includes it; Berth writes a database's own settings there
"$bin/postgres" -D "$dir/data" -p "$port" -k "$dir" -c listen_addresses=127.0.0.1 -c logging_collector=off >"$dir/log" 2>&1 &
server=$!
trap 'kill -INT $server; wait $server' EXIT
export PGUSER=postgres PGPORT=$port PGPASSWORD=$(<"$dir/superuser")
until psql -X -q -h "$dir" -c "alter role postgres password 'limit'" 2>/dev/null; do
  kill -0 $server || { cat "$dir/log" >&2; exit 1; }
done
PGPASSWORD=limit psql -X -q -h 127.0.0.1 -A -t -c "select 'signed in'"
