# Stands by a PostgreSQL server. Its input is a pipe that only the process holds which wants the server:
# when that process is gone, however it went, the input ends, and with it the server and its directory.
#
# Arguments: where the programs are, where to make the directory, and what the server is started with.
# Says `ready DIRECTORY`, or `failed WHY`. Then it starts a server for each port on its input, once the
# server before is gone, and says its process id.
bin=$1 parent=$2
shift 2

dir=
server=
end() {
  if [ -n "$server" ]; then
    # Continued, should it have been stopped. The immediate way out: nobody needs its data any more.
    kill -CONT "$server" 2>/dev/null
    kill -QUIT "$server" 2>/dev/null
    wait "$server"
  fi
  if [ -f "$dir/data/postmaster.pid" ]; then
    # It was killed, and not started again: its piece of shared memory is still there.
    ipcrm -m "$(awk 'NR == 7 { print $2 }' "$dir/data/postmaster.pid")" 2>/dev/null
  fi
  [ -n "$dir" ] && rm -rf "$dir"
}
trap end EXIT
trap 'exit 1' HUP INT TERM
# Nobody may be listening any more; it still has to clean up.
trap '' PIPE

if ! said=$(mktemp -d "$parent/pg.XXXXXX" 2>&1); then
  echo "failed $said"
  exit 1
fi
dir=$said
exec 2>"$dir/log"
if ! "$bin/initdb" -D "$dir/data" -U postgres -A trust -E UTF8 --locale=C.UTF-8 --no-sync \
  >"$dir/log" 2>&1; then
  echo "failed $(tr '\n' ' ' <"$dir/log")"
  exit 1
fi
echo "ready $dir"

while read -r port; do
  [ -n "$server" ] && wait "$server"
  "$bin/postgres" -D "$dir/data" -k "$dir" -p "$port" "$@" >>"$dir/log" 2>&1 &
  server=$!
  echo "$server"
done
